"""Routes: trees reach exactly the sinks on any machine, or it is said which chip cannot be reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from graphs import graphs_on_machines, links_of, machines, populations
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emulator.machine import Machine, boards, opposite, spin3, spin5, torus, without
from toolchain.algorithms import ROUTERS
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Graph, Net, Vertex
from toolchain.map_graph import Router
from toolchain.place import Placement
from toolchain.place.hilbert import place
from toolchain.place.scatter import place as scatter
from toolchain.route import Routes, Tree
from toolchain.route.check import check
from toolchain.route.ner import route

every_router = pytest.mark.parametrize("route", ROUTERS.values(), ids=ROUTERS)


def pair(machine: Machine, start: tuple[int, int], end: tuple[int, int]) -> tuple[Graph, Placement]:
    """One net from a core of chip `start` to a core of chip `end`."""
    graph = Graph("pair", (Vertex("a", 1), Vertex("b", 1)), (Net(0, np.array([1], np.int32), 1, 1.0),))
    x, y = np.array([start, end], np.int32).T
    return graph, Placement(machine, x.copy(), y.copy(), np.array([1, 2], np.int32))


def reachable(graph: Graph, placement: Placement) -> bool:
    """Whether the links lead from every source to its sinks, as networkx finds."""
    machine = placement.machine
    component = {}
    for number, chips in enumerate(nx.connected_components(links_of(machine))):
        component.update(dict.fromkeys(chips, number))
    of = [component[x * machine.height + y] for x, y in zip(placement.x.tolist(), placement.y.tolist(), strict=True)]
    return all(of[net.source] == of[sink] for net in graph.nets for sink in net.sinks.tolist())


# --- contract of every router ----------------------------------------------------------------------------------


@every_router
@given(drawn=graphs_on_machines(), seed=st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_trees_reach_exactly_the_sinks(route: Router, drawn: tuple[Graph, Machine], seed: int) -> None:
    graph, machine = drawn
    placement = scatter(graph, machine, seed)
    if not reachable(graph, placement):
        with pytest.raises(MappingError, match=r"chip \(\d, \d\) of .* cannot be reached from chip \(\d, \d\)"):
            route(graph, placement)
        return
    routes = route(graph, placement)
    check(graph, placement, routes)
    again = route(graph, placement)
    assert all(
        one.route.tobytes() == other.route.tobytes() for one, other in zip(routes.trees, again.trees, strict=True)
    )


@every_router
@given(machine=machines(), data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_net_to_one_sink_takes_a_shortest_way(route: Router, machine: Machine, data: st.DataObject) -> None:
    chips = np.argwhere(machine.cores > 0).tolist()
    assume(chips)
    (a, b), (c, d) = (data.draw(st.sampled_from(chips)) for _ in range(2))
    links, start, end = links_of(machine), a * machine.height + b, c * machine.height + d
    assume(nx.has_path(links, start, end))
    tree = route(*pair(machine, (a, b), (c, d))).trees[0]
    assert tree.links == nx.shortest_path_length(links, start, end)


@every_router
@given(drawn=graphs_on_machines(faults=False))
@settings(max_examples=50, deadline=None)
def test_a_tree_is_no_longer_than_separate_ways(route: Router, drawn: tuple[Graph, Machine]) -> None:
    graph, machine = drawn
    placement = scatter(graph, machine, 3)
    links = links_of(machine)
    chip = placement.x * machine.height + placement.y
    for net, tree in zip(graph.nets, route(graph, placement).trees, strict=True):
        lengths = nx.single_source_shortest_path_length(links, int(chip[net.source]))
        ends = set(chip[net.sinks].tolist())
        assert len(ends - {int(chip[net.source])}) <= tree.links <= sum(lengths[end] for end in ends)


@every_router
def test_a_tree_ends_at_its_farthest_sinks(route: Router) -> None:
    graph = populations({"a": 200})
    placement = place(graph, boards(3))
    for net, tree in zip(graph.nets, route(graph, placement).trees, strict=True):
        leaves = (tree.route & 63) == 0
        assert (tree.route[leaves] != 0).all(), net.source


@every_router
def test_five_hundred_nets_to_all_chips_of_a_board_are_routed_at_once(route: Router) -> None:
    graph = populations({"a": 460})
    placement = place(graph, spin5())
    start = time.process_time()
    routes = route(graph, placement)
    assert time.process_time() - start < 1.0
    check(graph, placement, routes)


# --- neighbour-exploring routing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "start", "end", "links"),
    [
        (torus(8, 8), (0, 0), (3, 0), [0, 0, 0]),
        (torus(8, 8), (0, 0), (3, 1), [0, 0, 1]),
        (torus(8, 8), (0, 0), (1, 3), [2, 2, 1]),
        (torus(8, 8), (0, 0), (3, 3), [1, 1, 1]),
        (torus(8, 8), (0, 0), (7, 7), [4]),
        (torus(8, 8), (0, 0), (6, 1), [3, 3, 2]),
        (torus(8, 8), (7, 7), (0, 0), [1]),
        (spin5(), (4, 0), (1, 4), [2, 2, 2, 2, 3, 3, 3]),
        (spin3(), (0, 0), (1, 0), [0]),
        (spin3(), (0, 1), (1, 0), [1]),
    ],
)
def test_paths_go_along_their_longest_dimension_first(
    machine: Machine, start: tuple[int, int], end: tuple[int, int], links: list[int]
) -> None:
    tree = route(*pair(machine, start, end)).trees[0]
    assert [opposite(link) for link in tree.arrival[1:].tolist()] == links
    assert (tree.x[-1], tree.y[-1]) == end


def test_an_absent_link_is_gone_round() -> None:
    machine = without(torus(8, 8), links=[(1, 0, 0)])
    graph, placement = pair(machine, (0, 0), (3, 0))
    tree = route(graph, placement).trees[0]
    assert tree.links == 4
    check(graph, placement, Routes((tree,)))


def test_sinks_are_joined_to_the_nearest_chip_of_the_tree() -> None:
    graph = Graph("fork", tuple(Vertex(n, 1) for n in "abc"), (Net(0, np.array([1, 2], np.int32), 1, 1.0),))
    x, y = np.array([0, 4, 5], np.int32), np.array([0, 0, 1], np.int32)
    tree = route(graph, Placement(torus(12, 12), x, y, np.ones(3, np.int32))).trees[0]
    assert list(zip(tree.x.tolist(), tree.y.tolist(), strict=True)) == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 1)]
    assert tree.route.tolist() == [1, 1, 1, 1, 1 << 7 | 2, 1 << 7]


def test_near_sinks_are_joined_before_far_ones() -> None:
    graph = Graph("order", tuple(Vertex(n, 1) for n in "abc"), (Net(0, np.array([1, 2], np.int32), 1, 1.0),))
    x, y = np.array([5, 2, 4], np.int32), np.array([5, 6, 6], np.int32)
    tree = route(graph, Placement(torus(12, 12), x, y, np.ones(3, np.int32))).trees[0]
    # (2, 6) first would go along y = 5 until its last hop, and (4, 6) would need a hop of its own.
    assert tree.links == 4


def test_nets_between_the_same_chips_have_the_same_tree() -> None:
    graph = populations({"a": 100})
    placement = place(graph, spin5())
    trees = route(graph, placement).trees
    assert trees[0].x is trees[14].x
    assert trees[0].route.tobytes() == trees[14].route.tobytes()


def test_a_chip_that_is_cut_off() -> None:
    machine = without(torus(4, 4), links=[(2, 2, link) for link in range(6)])
    with pytest.raises(MappingError, match=r"chip \(2, 2\) of 4x4 cannot be reached from chip \(0, 0\)"):
        route(*pair(machine, (0, 0), (2, 2)))
    graph, placement = pair(machine, (0, 0), (3, 3))
    check(graph, placement, route(graph, placement))


# --- the checker ---------------------------------------------------------------------------------------------

Change = Callable[[Tree], Tree]


def setting(field: str, row: int, value: int) -> Change:
    """Set one element of a tree."""

    def change(tree: Tree) -> Tree:
        array = getattr(tree, field).copy()
        array[row] = value
        return replace(tree, **{field: array})

    return change


def rows(*order: int) -> Change:
    """Take only these rows of a tree, in this order."""
    at = list(order)
    return lambda tree: Tree(tree.x[at], tree.y[at], tree.arrival[at], tree.route[at])


def straight() -> tuple[Graph, Placement, Tree]:
    """A net from (0, 0) over (1, 0) and (2, 0) to core 2 of (3, 0), on a torus of 8 x 8."""
    machine = torus(8, 8)
    graph, placement = pair(machine, (0, 0), (3, 0))
    tree = route(graph, placement).trees[0]
    check(graph, placement, Routes((tree,)))
    assert tree.route.tolist() == [1, 1, 1, 1 << 8]
    return graph, placement, tree


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (setting("x", 1, 8), r"chip \(8, 0\) in the tree of 'a' is outside the machine"),
        (setting("y", 0, 1), r"chip \(0, 1\) in the tree of 'a' is first and not the source's"),
        (setting("arrival", 0, 2), "is the source's and entered by a link"),
        (setting("arrival", 1, -1), r"chip \(1, 0\) in the tree of 'a' is entered by no link"),
        (setting("arrival", 1, 6), "is entered by no link"),
        (setting("arrival", 1, 4), "is entered from a chip that is not above it in the tree"),
        (rows(0, 2, 3), r"chip \(2, 0\) in the tree of 'a' is entered from a chip that is not above it"),
        (rows(0, 2, 1, 3), "is entered from a chip that is not above it in the tree"),
        (rows(0, 1, 2, 3, 3), r"chip \(3, 0\) in the tree of 'a' is in the tree twice"),
        (rows(0, 1, 2), r"chip \(2, 0\) in the tree of 'a' is left by link 0 for a chip that does not expect it"),
        (rows(), "the arrays of the tree of 'a' are empty or differ in length"),
        (lambda tree: replace(tree, x=tree.x[1:]), "the arrays of the tree of 'a' are empty or differ in length"),
        (setting("route", 1, 0), "is entered by a link that its parent does not leave by"),
        (setting("route", 1, 3), r"chip \(1, 0\) in the tree of 'a' is left by link 1 for a chip that does not expect"),
        (setting("route", 1, 9), "is left by link 3 for a chip that does not expect it"),
        (setting("route", 3, 1 << 8 | 1 << 9), r"'a' delivers to core 3 of chip \(3, 0\), which is no sink"),
        (setting("route", 1, 1 | 1 << 6), r"'a' delivers to core 0 of chip \(1, 0\), which is no sink"),
        (setting("route", 3, 0), r"'a' does not deliver to core 2 of chip \(3, 0\), a sink"),
    ],
)
def test_a_broken_tree_is_caught(change: Change, message: str) -> None:
    graph, placement, tree = straight()
    with pytest.raises(IllegalProductError, match=message):
        check(graph, placement, Routes((change(tree),)))


def test_absent_chips_links_and_sinks_are_caught() -> None:
    graph, placement, tree = straight()
    with pytest.raises(IllegalProductError, match=r"chip \(1, 0\) in the tree of 'a' is absent"):
        check(graph, replace(placement, machine=without(placement.machine, [(1, 0)])), Routes((tree,)))
    with pytest.raises(IllegalProductError, match=r"chip \(1, 0\) in the tree of 'a' is left by link 0, which is abs"):
        check(graph, replace(placement, machine=without(placement.machine, links=[(1, 0, 0)])), Routes((tree,)))
    moved = replace(placement, y=np.array([0, 5], np.int32))
    cut = setting("route", 3, 0)(tree)
    with pytest.raises(IllegalProductError, match=r"the tree of 'a' does not reach chip \(3, 5\), where it has a sink"):
        check(graph, moved, Routes((cut,)))
    with pytest.raises(IllegalProductError, match="1 nets have 0 trees"):
        check(graph, placement, Routes(()))


def test_a_cycle_is_caught() -> None:
    graph, placement = pair(torus(8, 8), (0, 0), (0, 0))
    x, y = np.array([0, 1, 2, 2], np.int32), np.array([0, 0, 0, 1], np.int32)
    # (1, 0), (2, 0) and (2, 1) feed each other; nothing leads there from the source.
    routes = np.array([1 << 8, 1, 4, 16], np.uint32)
    tree = Tree(x, y, np.array([-1, 1, 3, 5], np.int8), routes)
    with pytest.raises(IllegalProductError, match="is entered from a chip that is not above it in the tree"):
        check(graph, placement, Routes((tree,)))


def test_no_nets_have_no_trees() -> None:
    graph = Graph("silent", (Vertex("v", 1),), ())
    placement = place(graph, spin3())
    check(graph, placement, route(graph, placement))
