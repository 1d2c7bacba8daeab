"""What nets join: sets of places, held against sets of Python."""

from __future__ import annotations

import numpy as np
from graphs import graphs
from hypothesis import given
from hypothesis import strategies as st

from toolchain.graph import Graph, Net, Vertex
from toolchain.joined import Joined, joined


def sets_of(nets: Joined) -> dict[frozenset[int], float]:
    """The sets with their weights."""
    members = [nets.member[a:b].tolist() for a, b in zip(nets.start[:-1], nets.start[1:], strict=True)]
    assert all(sorted(set(places)) == places for places in members)
    found = {frozenset(places): weight for places, weight in zip(members, nets.weight.tolist(), strict=True)}
    assert len(found) == len(members)
    return found


@given(graph=graphs(40), places=st.integers(1, 8), seed=st.integers(0, 99))
def test_nets_that_join_the_same_places_are_one(graph: Graph, places: int, seed: int) -> None:
    place = np.random.default_rng(seed).integers(-1, places, len(graph.vertices))
    expected: dict[frozenset[int], float] = {}
    for net in graph.nets:
        ends = frozenset(place[[net.source, *net.sinks]].tolist()) - {-1}
        if len(ends) > 1:
            expected[ends] = expected.get(ends, 0.0) + net.weight
    nets = joined(graph, place, places)
    assert sets_of(nets) == expected
    assert nets.links == sum((len(ends) - 1) * weight for ends, weight in expected.items())
    start, sets = nets.of_places()
    order = list(sets_of(nets))
    for p in range(places):
        assert sets[start[p] : start[p + 1]].tolist() == [i for i, ends in enumerate(order) if p in ends]


def test_nets_that_send_nothing_do_not_count() -> None:
    graph = Graph("silent", (Vertex("a", 1), Vertex("b", 1)), (Net(0, np.array([1], np.int32), 1, 0.0),))
    nets = joined(graph, np.arange(2), 2)
    assert len(nets.weight) == 0
    assert nets.links == 0
    assert nets.of_places()[0].tolist() == [0, 0, 0]


def test_the_smallest_sets() -> None:
    start, member = np.array([0, 4, 6, 9], np.int32), np.array([0, 1, 2, 3, 1, 2, 0, 2, 3], np.int32)
    nets = Joined(4, start, member, np.array([1.0, 2.0, 3.0]))
    every = {frozenset(range(4)): 1.0, frozenset({1, 2}): 2.0, frozenset({0, 2, 3}): 3.0}
    # They have 6, 1 and 3 pairs.
    for pairs, number in [(0, 0), (1, 1), (3, 1), (4, 2), (9, 2), (10, 3)]:
        kept = sets_of(nets.smallest(pairs))
        assert kept.items() <= every.items()
        assert len(kept) == number
        assert all(len(ends) <= 2 + (pairs >= 4) + (pairs >= 10) for ends in kept)
