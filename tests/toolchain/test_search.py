"""Search over algorithms: every combination is tried once, and the one that costs least is kept."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from time import process_time

import numpy as np
import pytest
from graphs import graphs_on_machines, populations
from hypothesis import given, settings

from emulator.machine import Machine, boards, spin3, spin5
from toolchain.algorithms import bind
from toolchain.errors import MappingError
from toolchain.figures import Mapped, cost, value, values
from toolchain.graph import Graph, Net
from toolchain.map_graph import Algorithms, GraphMapping, Stages, map_graph, only
from toolchain.search import DEAR, LARGE, STAGES, YARDSTICK, _Walk, search
from toolchain.settings import Algorithm, Choice, Objective

GRAPH = populations({"a": 40, "b": 30})
PLAIN = {"place": "hilbert", "route": "ner", "keys": "along_trees", "minimise": "prefixes"}


def choices(**given: list[Algorithm]) -> dict[str, Choice]:
    """What is tried; plain algorithms for stages left out."""
    return {stage: Choice(tuple(given.get(stage, [Algorithm(PLAIN[stage])]))) for stage in STAGES}


def usual(graph: Graph, machine: Machine) -> GraphMapping:
    """The mapping that by default none is worse than."""
    return map_graph(graph, machine, Algorithms(**{stage: bind(stage, YARDSTICK[stage]) for stage in STAGES}))


def ring(size: int, step: int = 1) -> Graph:
    """Vertex i sends to vertex step * i + 1: a ring if the step is 1."""
    vertices = populations({"a": size}).vertices
    nets = tuple(Net(i, np.array([(step * i + 1) % size], np.int32), 256, 256.0) for i in range(size))
    return Graph("ring", vertices, nets)


PLACERS = [Algorithm("scatter", {"seed": 3}), Algorithm("hilbert"), Algorithm("sequential")]


def test_a_single_choice_is_the_plain_mapping() -> None:
    mapping, trials = search(GRAPH, only(spin5()), choices())
    assert mapping.figures == map_graph(GRAPH, spin5(), Algorithms()).figures
    (trial,) = trials
    assert trial.kept
    assert {stage: str(algorithm) for stage, algorithm in trial.algorithms.items()} == PLAIN
    assert trial.figures == values(Mapped(mapping))


@pytest.mark.parametrize("figure", ["hops", "entries"])
def test_the_best_is_kept(figure: str) -> None:
    mapping, trials = search(GRAPH, only(boards(3)), choices(place=PLACERS), objective=Objective({figure: 1.0}))
    assert [str(trial.algorithms["place"]) for trial in trials] == ["scatter(seed=3)", "hilbert", "sequential"]
    (kept,) = [trial for trial in trials if trial.kept]
    assert kept.figures[figure] == value(figure, Mapped(mapping)) == min(trial.figures[figure] for trial in trials)


def test_of_equals_the_first_is_kept() -> None:
    placers = [Algorithm("scatter", {"seed": 3}), Algorithm("scatter", {"seed": 3})]
    _, trials = search(GRAPH, only(boards(3)), choices(place=placers))
    assert [trial.kept for trial in trials] == [True, False]


def test_a_stage_keeps_what_is_best_by_its_own_objective() -> None:
    tried = choices(place=PLACERS)
    tried["place"] = Choice(tried["place"].algorithms, Objective({"hops": -1.0}))
    _, trials = search(GRAPH, only(boards(3)), tried, objective=Objective({"hops": 1.0}))
    assert [trial.kept for trial in trials] == [True, False, False]


def test_by_default_hops_entries_and_chips_weigh_alike() -> None:
    mapping, trials = search(GRAPH, only(boards(3)), choices(place=PLACERS))
    products = [trial.figures["hops"] * trial.figures["entries"] * trial.figures["chips"] for trial in trials]
    assert mapping.hops * mapping.entries_minimised * mapping.chips == min(products)
    assert cost(Mapped(mapping), Objective({"hops": 2.0, "chips": 3.0})) == 2 * mapping.hops + 3 * mapping.chips


@given(drawn=graphs_on_machines(faults=False))
@settings(max_examples=40, deadline=None)
def test_by_default_no_mapping_is_worse_than_the_usual_one(drawn: tuple[Graph, Machine]) -> None:
    graph, machine = drawn
    mapping, trials = search(graph, only(machine), {})
    yardstick = usual(graph, machine)
    assert mapping.hops <= yardstick.hops
    assert mapping.entries_minimised <= yardstick.entries_minimised
    assert dict(trials[0].algorithms)["place"] == YARDSTICK["place"]


def test_the_usual_mapping_is_kept_if_all_others_are_worse() -> None:
    scatter = Choice(tuple(PLACERS[:1]))
    walk = _Walk(Stages(GRAPH, only(boards(3))), choices(place=PLACERS[:1]), None, Mapped)
    mapping, kept = walk.placed_no_worse(YARDSTICK, scatter)
    assert kept == 0
    assert dict(walk.trials[0].algorithms) == dict(YARDSTICK)
    assert [str(trial.algorithms["place"]) for trial in walk.trials[1:]] == ["scatter(seed=3)"] * 2
    assert mapping.hops == walk.trials[0].figures["hops"] < walk.trials[1].figures["hops"]


def test_a_placer_for_which_entries_are_dear_is_tried_before_the_usual_mapping_is_kept() -> None:
    walk = _Walk(Stages(GRAPH, only(boards(3))), choices(place=PLACERS[:1]), None, Mapped)
    _, kept = walk.placed_no_worse(YARDSTICK, DEAR)
    places = [trial.algorithms["place"] for trial in walk.trials]
    assert places == [YARDSTICK["place"], PLACERS[0], *DEAR.algorithms]
    assert kept == 2
    assert all(walk.trials[2].figures[name] <= walk.trials[0].figures[name] for name in ("hops", "entries"))


def test_the_usual_mapping_is_not_made_where_something_is_said_or_the_graph_is_large() -> None:
    for said, objective in (({"route": Choice((Algorithm("ner"),))}, None), ({}, Objective({"hops": 1.0}))):
        _, trials = search(GRAPH, only(spin5()), said, objective=objective)
        assert all(trial.algorithms["keys"] == Algorithm("along_trees") for trial in trials)
    _, trials = search(ring(1001), only(boards(3)), {})
    assert [str(trial.algorithms["place"]) for trial in trials[::2]] == list(map(str, LARGE.algorithms))


def test_a_machine_on_which_the_usual_tables_are_too_long_may_do_for_others() -> None:
    full = replace(spin5(), table_entries=21)
    with pytest.raises(MappingError):
        usual(ring(70, 7), full)
    mapping, trials = search(ring(70, 7), only(full), {})
    assert trials[0].failure
    assert mapping.entries_max <= 21


def test_what_fails_is_noted_and_another_kept() -> None:
    placers = [Algorithm("scatter", {"seed": -1}), Algorithm("hilbert")]
    _, trials = search(GRAPH, only(boards(3)), choices(place=placers))
    assert [(trial.kept, bool(trial.failure)) for trial in trials] == [(False, True), (True, False)]


def test_if_all_fails_the_first_failure_is_the_users() -> None:
    with pytest.raises(MappingError, match="population 'b' needs 30 cores"):
        search(GRAPH, only(spin3()), choices(place=PLACERS))


def test_too_many_combinations_are_refused() -> None:
    many = [Algorithm("hilbert")] * 257
    with pytest.raises(MappingError, match="257 combinations"):
        search(GRAPH, only(spin5()), choices(place=many))


def test_every_combination_is_tried_once() -> None:
    twice = [Algorithm("hilbert"), Algorithm("sequential")]
    again = [Algorithm("dense"), Algorithm("dense")]
    _, trials = search(GRAPH, only(spin5()), choices(place=twice, keys=again))
    tried = [(trial.algorithms["place"].name, trial.algorithms["keys"].name) for trial in trials]
    assert tried == list(product(["hilbert", "sequential"], ["dense", "dense"]))


def test_trials_tell_their_cpu_time() -> None:
    """What they took adds up to no more than the whole; trials are the same if they only took another time."""
    before = process_time()
    _, trials = search(GRAPH, only(boards(3)), choices(place=PLACERS))
    whole = process_time() - before
    assert all(trial.cpu_s > 0 for trial in trials)
    assert sum(trial.cpu_s for trial in trials) <= whole
    assert replace(trials[0], cpu_s=99.0) == trials[0]
