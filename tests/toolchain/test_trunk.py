"""Trunk routing: the shared spanning tree, and the parts of it that nets take, against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from graphs import graphs_on_machines, links_of, populations
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.machine import Machine, neighbours, torus, without
from toolchain.errors import MappingError
from toolchain.graph import Graph, Net, Vertex
from toolchain.place import Placement
from toolchain.place.hilbert import place
from toolchain.place.scatter import place as scatter
from toolchain.route.cheapest_ways import route as cheapest_ways
from toolchain.route.check import check
from toolchain.route.trunk import NO_TREE, ROOT, route, spanning_tree, traffic


def tree_of(machine: Machine, up: np.ndarray[tuple[int], np.dtype[np.int8]]) -> nx.Graph:
    """The spanning tree as a networkx graph of chips."""
    neighbour = neighbours(machine).reshape(-1, 6)
    tree = nx.Graph()
    tree.add_nodes_from(np.flatnonzero(up != NO_TREE).tolist())
    tree.add_edges_from((c, int(neighbour[c, up[c]])) for c in np.flatnonzero(up >= 0).tolist())
    return tree


def chip_of(placement: Placement) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The chip of each vertex."""
    return placement.x.astype(np.int64) * placement.machine.height + placement.y


@given(drawn=graphs_on_machines(), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_the_tree_is_a_maximum_spanning_tree(drawn: tuple[Graph, Machine], seed: int) -> None:
    graph, machine = drawn
    placement = scatter(graph, machine, seed=seed)
    chip = chip_of(placement)
    weights = links_of(machine)
    nx.set_edge_attributes(weights, 0.0, "weight")
    used = set()
    for net in graph.nets:
        ends = set(chip[[net.source, *net.sinks]].tolist())
        used |= ends if len(ends) > 1 else set()
        for _, _, link in weights.subgraph(ends).edges(data=True):
            link["weight"] += net.weight
    load = traffic(graph, placement)
    assert set(np.flatnonzero(~np.isnan(load).any(axis=1)).tolist()) == used
    up = spanning_tree(machine, load)
    tree = tree_of(machine, up)
    assert not used or nx.is_forest(tree)
    assert used <= set(tree)
    assert nx.number_connected_components(tree) == (up == ROOT).sum()
    assert (up == ROOT).sum() == sum(bool(part & used) for part in nx.connected_components(weights))
    chosen = sum(weights.edges[edge]["weight"] for edge in tree.edges)
    assert chosen == pytest.approx(nx.maximum_spanning_tree(weights).size("weight"))


@given(drawn=graphs_on_machines(faults=False), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_nets_take_the_smallest_part_of_the_tree(drawn: tuple[Graph, Machine], seed: int) -> None:
    """With any detour allowed, every net takes the ways through the tree that networkx finds."""
    graph, machine = drawn
    placement = scatter(graph, machine, seed=seed)
    chip = chip_of(placement)
    trunk = tree_of(machine, spanning_tree(machine, traffic(graph, placement)))
    routes = route(graph, placement, detour=1e6)
    check(graph, placement, routes)
    for net, tree in zip(graph.nets, routes.trees, strict=True):
        ends = set(chip[net.sinks].tolist()) - {int(chip[net.source])}
        expected = {int(chip[net.source])}.union(*(nx.shortest_path(trunk, int(chip[net.source]), end) for end in ends))
        assert set((tree.x * machine.height + tree.y).tolist()) == expected


@given(drawn=graphs_on_machines(), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_without_a_detour_nets_are_no_longer_than_on_trees_of_their_own(
    drawn: tuple[Graph, Machine], seed: int
) -> None:
    graph, machine = drawn
    placement = scatter(graph, machine, seed=seed)
    try:
        own = cheapest_ways(graph, placement)
    except MappingError:
        return
    for tree, alone in zip(route(graph, placement).trees, own.trees, strict=True):
        assert tree.links <= alone.links


def test_a_dense_network_needs_a_link_less_than_chips_and_few_routes() -> None:
    graph = populations({"a": 320})
    placement = place(graph, torus(8, 8))
    trees = route(graph, placement).trees
    assert {tree.links for tree in trees} == {20}
    routes = [{(int(x), int(y), int(r)) for x, y, r in zip(t.x, t.y, t.route, strict=True)} for t in trees]
    # A chip of a tree of k chips tells apart what it sends itself and what comes in by each of its links.
    assert len(set.union(*routes)) == 21 + 2 * 20


def test_a_part_of_the_network_has_a_connected_part_of_the_tree() -> None:
    """Nets to the first half of the chips, much lighter than those to all, still need no other chip."""
    vertices = tuple(Vertex(f"v{i}", 256) for i in range(320))
    everything, half = np.arange(320, dtype=np.int32), np.arange(160, dtype=np.int32)
    nets = tuple(Net(i, half if i == 7 else everything, 256, 1.0 if i == 7 else 256.0) for i in range(320))
    graph = Graph("g", vertices, nets)
    placement = place(graph, torus(8, 8))
    trees = route(graph, placement, detour=1e6).trees
    assert trees[7].links == len(np.unique(chip_of(placement)[half])) - 1


def test_a_longer_way_is_taken_if_that_is_allowed() -> None:
    """A ring of six chips around one that is absent: on the tree, those at its gap are five links apart."""
    machine = without(torus(12, 12), [(1, 1)])
    ring = [(0, 0), (1, 0), (2, 1), (2, 2), (1, 2), (0, 1)]
    x, y = np.array([*ring, *ring], np.int32).T
    placement = Placement(machine, x.copy(), y.copy(), np.repeat(np.array([1, 2], np.int32), 6))
    vertices = tuple(Vertex(f"v{i}", 1) for i in range(12))
    everything = np.arange(6, dtype=np.int32)
    dense = [Net(i, everything, 1, 100.0) for i in range(6)]
    beside = [Net(6 + i, np.array([(i + 1) % 6], np.int32), 1, 1.0) for i in range(6)]
    graph = Graph("ring", vertices, (*dense, *beside))
    links = {d: [tree.links for tree in route(graph, placement, detour=d).trees] for d in (1.0, 9.0)}
    assert links[1] == [5] * 6 + [1] * 6
    assert sorted(links[9]) == [1] * 5 + [5] * 7
