"""Search over algorithms: every combination is tried once, and the one that costs least is kept."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from time import process_time

import pytest
from graphs import populations

from emulator.machine import boards, spin3, spin5
from toolchain.errors import MappingError
from toolchain.figures import Mapped, cost, value, values
from toolchain.map_graph import Algorithms, map_graph, only
from toolchain.search import STAGES, search
from toolchain.settings import Algorithm, Choice, Objective

GRAPH = populations({"a": 40, "b": 30})
PLAIN = {"place": "hilbert", "route": "ner", "keys": "along_trees", "minimise": "prefixes"}


def choices(**given: list[Algorithm]) -> dict[str, Choice]:
    """What is tried; plain algorithms for stages left out."""
    return {stage: Choice(tuple(given.get(stage, [Algorithm(PLAIN[stage])]))) for stage in STAGES}


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
