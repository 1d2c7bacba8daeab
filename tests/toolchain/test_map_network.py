"""Mapping by settings: what a mapping file says is done, and what it requires is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest
from graphs import populations
from networks import cells, connect

from toolchain.errors import MappingError
from toolchain.figures import value
from toolchain.graph import Graph
from toolchain.language import read_text
from toolchain.map_graph import GraphMapping
from toolchain.map_network import Outcome, map_netlist, map_network
from toolchain.network import Network
from toolchain.problems import SettingsError
from toolchain.stopwatch import Stopwatch

GRAPH = populations({"a": 6, "b": 6})


def mapped(text: str, graph: Graph = GRAPH) -> Outcome[GraphMapping]:
    """What comes of a graph by a mapping file."""
    return map_netlist(graph, read_text(text))


def chips_of(mapping: GraphMapping, population: str) -> set[tuple[int, int]]:
    """The chips that slices of a population are on."""
    placement = mapping.placement
    return {
        (int(placement.x[i]), int(placement.y[i]))
        for i, vertex in enumerate(mapping.graph.vertices)
        if vertex.name.startswith(population)
    }


def test_nothing_said_is_the_smallest_machine_and_one_attempt() -> None:
    outcome = mapped("")
    assert outcome.mapping.machine.name == "spin3"
    assert [(one.changed, one.kept) for one in outcome.attempts] == [("", True)]
    assert outcome.passed
    assert sum(trial.kept for trial in outcome.trials) == 1


def test_machine_faults_places_and_keys() -> None:
    outcome = mapped(
        """
        machine spin5
        dead chip (0, 0)
        place "a" on chip (2, 2)
        place "b" apart from "a"
        keys of "b" from 0x10000 mask 0xFFFF0000
        """
    )
    mapping = outcome.mapping
    assert not mapping.machine.has_chip(0, 0)
    assert chips_of(mapping, "a") == {(2, 2)}
    assert (2, 2) not in chips_of(mapping, "b")
    keys = [int(key) for key, net in zip(mapping.keys.key, mapping.graph.nets, strict=True) if net.source >= 6]
    assert all(0x10000 <= key < 0x20000 for key in keys)


def test_algorithms_and_what_they_minimise() -> None:
    outcome = mapped("place using scatter(seed=3) or sequential minimising hops")
    tried = {
        str(trial.algorithms["place"]): trial for trial in outcome.trials if trial.algorithms["route"].name == "ner"
    }
    assert set(tried) == {"scatter(seed=3)", "sequential"}
    kept = next(trial for trial in outcome.trials if trial.kept)
    assert kept.figures["hops"] == min(trial.figures["hops"] for trial in outcome.trials)


def test_requirements_are_judged_with_the_place_and_the_remedy() -> None:
    outcome = mapped("require chips <= 1\nrequire table entries <= 1\nrequire hops < 1e9")
    chips, tables, hops = outcome.verdicts
    assert (chips.passed, tables.passed, hops.passed) == (True, outcome.mapping.entries_max <= 1, True)
    failing = mapped("require hops < 1", populations({"a": 40}))
    (verdict,) = failing.verdicts
    assert not failing.passed
    assert verdict.measured is not None
    assert verdict.measured.value == failing.mapping.hops
    assert verdict.remedy == "place using annealing(effort=4)"
    assert len(failing.attempts) == 3
    assert [bool(one.changed) for one in failing.attempts] == [False, True, True]


def test_remedies_are_those_that_are_left() -> None:
    """Algorithms that were tried are none, nor are cells a core for a netlist."""
    said = "place using hilbert\nroute using ner\nattempts 0\n"
    (verdict,) = mapped(said + "require table entries < 1", populations({"a": 40})).verdicts
    assert verdict.remedy == "route using trunk"
    (verdict,) = mapped(said + "require chips < 1", populations({"a": 40})).verdicts
    assert verdict.remedy == "place using compact"
    (verdict,) = mapped("require chips < 1", populations({"a": 40})).verdicts
    assert verdict.remedy == "asking for less: what is known to make it smaller was tried"
    (verdict,) = map_network(small(), read_text("require chips < 1")).verdicts
    assert verdict.remedy == "more neurons a core"


def test_errors_are_told_in_the_order_of_their_lines() -> None:
    with pytest.raises(SettingsError) as caught:
        mapped('population "a": neurons_per_core = 9\nplace "nobody" on chip (0, 0)')
    assert [problem.origin.line for problem in caught.value.problems] == [1, 2]


def test_what_cannot_be_met_is_told_after_all_attempts() -> None:
    outcome = mapped("require table entries <= 0\nrequire hops < 1\nattempts 9", populations({"a": 40}))
    assert not outcome.passed
    assert len(outcome.attempts) > 3
    assert all(attempt.verdicts for attempt in outcome.attempts)


def test_a_requirement_on_what_a_netlist_lacks_is_not_met() -> None:
    (verdict,) = mapped("require weight error < 1 %").verdicts
    assert (verdict.passed, verdict.measured) == (False, None)


def small() -> Network:
    """Two populations, connected."""
    return Network("n", 1.0, (cells("a", 40), cells("b", 40)), (connect((0, 1), [(i, i) for i in range(40)]),))


def test_a_network_is_cut_smaller_until_it_keeps_up() -> None:
    said = "set neurons_per_core = 40\nrequire cycle load <= {}"
    load = map_network(small(), read_text(said.format("100 %"))).verdicts[0].measured
    assert load is not None
    text = f"require cycle load <= {100 * load.value * 0.8:.3f} %"
    assert not map_network(small(), read_text(f"set neurons_per_core = 40\n{text}")).passed
    outcome = map_network(small(), read_text(f"attempts 5\n{text}"))
    assert [one.changed for one in outcome.attempts] == [
        "",
        "cycles_margin is what is required, for cycle load",
        "half as many cells a core, for cycle load",
    ]
    assert outcome.passed


@pytest.mark.parametrize(
    ("timestep", "said", "remedy"),
    [
        (0.1, "", "setup(time_scale_factor=1), with which the cores keep up, or setup(timestep=1.0)"),
        (0.01, "", "setup(time_scale_factor=1), for which slices are cut finer, or setup(timestep=1.0)"),
        (1.0, "set time_scale_factor = 4", "setup(time_scale_factor=1), with which the cores keep up"),
    ],
)
def test_what_no_mapping_makes_run_in_real_time(timestep: float, said: str, remedy: str) -> None:
    """Nothing is tried in vain: the way out is the user's."""
    network = replace(small(), timestep=timestep)
    outcome = map_network(network, read_text(f"require real time\n{said}"))
    (verdict,) = outcome.verdicts
    assert not verdict.passed
    assert verdict.remedy.startswith(remedy)
    assert len(outcome.attempts) == 1


def test_cores_that_do_not_keep_up_are_given_less() -> None:
    """With margins that let them have too much to do."""
    network = replace(small(), timestep=0.01)
    settings = read_text("set cycles_margin = 300 %\nset time_scale_factor = 1\nrequire real time\nattempts 1")
    outcome = map_network(network, settings)
    assert [one.changed for one in outcome.attempts] == ["", "half as many cells a core, for real time"]


def test_nothing_is_tried_for_what_no_placer_can_do() -> None:
    graph = populations({"a": 40})
    assert len(mapped("machine spin5\nrequire chips <= 2", graph).attempts) == 1
    assert len(mapped("machine 3 boards\nrequire boards < 1", graph).attempts) == 1
    assert len(mapped("place using scatter\nmachine spin5\nrequire chips <= 3\nattempts 9", graph).attempts) == 1
    (verdict,) = mapped("require chips >= 20", graph).verdicts
    assert (verdict.passed, verdict.remedy) == (False, "")
    assert len(mapped("require chips >= 20", graph).attempts) == 1


def test_partitioners_can_be_chosen_by_the_load_of_cores() -> None:
    network = Network("n", 1.0, (cells("a", 300), cells("b", 40)), (connect((0, 1), [(i, i) for i in range(40)]),))
    for text in (
        "partition using uniform or resource_balanced minimising cycle load",
        "minimise cycle load",
        "minimise hops + 1e6 cycle load",
    ):
        outcome = map_network(network, read_text(text))
        loads = {str(trial.algorithms["partition"]): trial.figures["cycle load"] for trial in outcome.trials}
        assert loads["resource_balanced"] < loads["uniform"], "slices of 150 and 150, or of 256 and 44"
        assert str(outcome.algorithms["partition"]) == "resource_balanced"
        assert value("cycle load", outcome.mapping.mapped) == loads["resource_balanced"]
    assert str(map_network(network, read_text("minimise dtcm")).algorithms["partition"]) == "resource_balanced"
    plain = map_network(network)
    assert {str(trial.algorithms["partition"]) for trial in plain.trials} == {"uniform"}


def test_a_netlist_is_not_minimised_by_what_it_does_not_tell() -> None:
    text = "minimise hops + 9 cycle load\nplace using hilbert minimising sdram\nroute using ner minimising link load"
    with pytest.raises(SettingsError) as error:
        mapped(text)
    assert [(str(one.origin), one.message) for one in error.value.problems] == [
        ("mapping:1", "cycle load cannot be minimised: the netlist tells no cycles"),
        ("mapping:2", "sdram cannot be minimised: the netlist tells no SDRAM"),
        ("mapping:3", "link load cannot be minimised: the netlist tells no rates"),
    ]


def test_figures_of_networks() -> None:
    outcome = map_network(
        small(),
        read_text(
            """
            require real time
            require weight error of "a -> b" < 50 %
            require dtcm < 99 %
            require sdram < 99 %
            require cycle load of "a" < 90 %
            require link load < 90 %
            """
        ),
    )
    assert [verdict.passed for verdict in outcome.verdicts] == [True] * 6
    cycles = outcome.verdicts[4].measured
    assert cycles is not None
    assert cycles.where.startswith("a")


def test_contradictions_name_both_lines() -> None:
    text = 'machine spin5\nplace "a" on chip (1, 1)\nplace "a" on chip (2, 2)'
    with pytest.raises(MappingError, match="mapping:2") as error:
        mapped(text)
    assert "mapping:3" in str(error.value)


def test_constraints_that_cannot_be_kept_are_shown_with_their_lines() -> None:
    crowded, cut = populations({"a": 30, "b": 700}), "dead links (0, 0) east, (0, 0) northeast, (0, 0) north"
    for text, graph, line in (
        ('machine spin5\nplace "a" apart from "*"', crowded, 2),
        (f'machine spin5\n{cut}\nplace "a" on chip (0, 0)', GRAPH, 3),
    ):
        with pytest.raises(SettingsError) as error:
            mapped(text, graph)
        (problem,) = error.value.problems
        assert problem.origin.line == line
        assert "but not with the placement constraint of" in problem.message


def test_lines_are_found_whatever_their_file_is_called() -> None:
    """Groups that share a vertex are one, said in two lines."""
    cut = "dead links (0, 0) east, (0, 0) northeast, (0, 0) north"
    said = f'machine spin5\nplace "a" with "b"\nplace "b" with "c"\n{cut}\n'
    settings = read_text(f'{said}place "a" on chip (0, 0)', "cats and dogs.map")
    with pytest.raises(SettingsError) as error:
        map_netlist(populations({"a": 3, "b": 3, "c": 3}), settings)
    assert "cats and dogs.map:5:7: error:" in str(error.value)
    apart = read_text('place "a" with "b"\nplace "b" with "c"\nplace "a" apart from "c"', "cats and dogs.map")
    with pytest.raises(SettingsError) as error:
        map_netlist(populations({"a": 3, "b": 3, "c": 3}), apart)
    (problem,) = {(one.origin.line, *(also.line for also in one.also)) for one in error.value.problems}
    assert problem == (3, 1, 2)


def test_unknown_labels_are_refused_with_the_nearest() -> None:
    text = 'population "aa": neurons_per_core = 8\nrequire real time of "c"'
    for attempt in (lambda: mapped(text), lambda: map_network(small(), read_text(text))):
        with pytest.raises(SettingsError) as error:
            attempt()
        assert [str(problem.origin) for problem in error.value.problems] == ["mapping:1", "mapping:2"]
        assert "did you mean 'a'?" in str(error.value)


def test_what_is_mapped_again_keeps_the_algorithms() -> None:
    outcome = map_network(small(), read_text("place using scatter(seed=3) or sequential"))
    kept = next(trial for trial in outcome.trials if trial.kept)
    again = outcome.again
    assert {stage: choice.algorithms for stage, choice in again.stages.items()} == {
        stage: (algorithm,) for stage, algorithm in kept.algorithms.items()
    }


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each stage was timed, by a clock of which every stage takes a second."""
    monkeypatch.setattr("toolchain.stopwatch.time", SimpleNamespace(perf_counter=count(0.0).__next__))
    made: Counter[str] = Counter()
    timed = Stopwatch.timed

    def noted(watch: Stopwatch, stage: str, work: Callable[..., object], *arguments: object) -> object:
        made[stage] += 1
        return timed(watch, stage, work, *arguments)

    monkeypatch.setattr(Stopwatch, "timed", noted)
    return made


def test_times_are_those_of_all_attempts(calls: Counter[str]) -> None:
    outcome = mapped("require hops < 1\nattempts 3", populations({"a": 40}))
    assert len(outcome.attempts) > 2
    assert outcome.mapping.seconds == calls


def test_times_are_those_of_all_partitions(calls: Counter[str]) -> None:
    network = Network("n", 1.0, (cells("a", 300), cells("b", 300)), (connect((0, 1), [(0, 0), (299, 299)]),))
    outcome = map_network(network, read_text("partition using uniform or resource_balanced"))
    assert {str(trial.algorithms["partition"]) for trial in outcome.trials} == {"uniform", "resource_balanced"}
    assert outcome.mapping.seconds == calls
    assert calls["partition"] == 3, "the workload, and two partitions of it"
