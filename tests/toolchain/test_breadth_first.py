"""Breadth-first order: a sweep over the nets, from the better end."""

from __future__ import annotations

import numpy as np
from graphs import graphs
from hypothesis import given
from hypothesis import strategies as st

from toolchain.graph import Graph, Net, Vertex
from toolchain.place.breadth_first import breadth_first


def connected(sinks: list[list[int]], number: list[int]) -> Graph:
    """The graph in which vertex number[i] sends to those of number[sinks[i]]."""
    nets = [
        Net(number[i], np.array(sorted(number[j] for j in ends), np.int32), 1, 1.0)
        for i, ends in enumerate(sinks)
        if ends
    ]
    return Graph("g", tuple(Vertex(f"v{i}", 1) for i in range(len(sinks))), tuple(nets))


def span(graph: Graph, order: list[int]) -> int:
    """How far apart the vertices of each net are, at most; of all nets together."""
    rank = {vertex: place for place, vertex in enumerate(order)}
    ends = [[rank[net.source], *(rank[sink] for sink in net.sinks.tolist())] for net in graph.nets]
    return sum(max(places) - min(places) for places in ends)


@given(graph=graphs(60))
def test_every_vertex_comes_once(graph: Graph) -> None:
    assert sorted(breadth_first(graph).tolist()) == list(range(len(graph.vertices)))


@given(number=st.permutations(range(40)))
def test_chains_come_one_after_the_other_and_in_their_order(number: list[int]) -> None:
    chains = connected([[i + 1] if i % 20 < 19 else [] for i in range(40)], number)
    order = breadth_first(chains).tolist()
    assert span(chains, order) == 38
    assert {number.index(vertex) // 20 for vertex in order[:20]} in ({0}, {1})


def test_a_strip_is_swept_from_the_end_from_which_the_waves_are_straight() -> None:
    sites = [(x, y) for x in range(40) for y in range(3)]
    steps = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1))
    near = [[(x + dx, y + dy) for dx, dy in steps] for x, y in sites]
    strip = connected([[sites.index(site) for site in ends if site in sites] for ends in near], list(range(120)))
    across = span(strip, list(range(120)))
    assert span(strip, breadth_first(strip).tolist()) <= across


def test_vertices_without_nets_come_as_they_are() -> None:
    assert breadth_first(connected([[], [], []], [0, 1, 2])).tolist() == [0, 1, 2]
