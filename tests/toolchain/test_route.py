"""Routes: trees reach exactly the sinks on any machine, or it is said which chip cannot be reached."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import networkx as nx
import numpy as np
import pytest
from graphs import graphs_on_machines, links_of, machines, populations
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import toolchain.route.check
from emulator.machine import Machine, boards, opposite, spin3, spin5, torus, without
from toolchain.algorithms import ROUTERS
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Graph, Net, Vertex
from toolchain.link_load import link_load, link_traffic
from toolchain.map_graph import Router
from toolchain.place import Placement
from toolchain.place.hilbert import place
from toolchain.place.scatter import place as scatter
from toolchain.route import Routes, Tree
from toolchain.route.cheapest_ways import route as cheapest_ways
from toolchain.route.check import check
from toolchain.route.congestion import route as congestion
from toolchain.route.longest_dimension import route as longest_dimension
from toolchain.route.ner import route

without_detours = partial(congestion, rounds=0)
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


def parent(machine: Machine, tree: Tree, row: int) -> tuple[int, int] | None:
    """The chip from which a row of a tree is entered."""
    return machine.neighbour(int(tree.x[row]), int(tree.y[row]), int(tree.arrival[row]))


# --- contract of every router ----------------------------------------------------------------------------------


@every_router
@given(drawn=graphs_on_machines(), seed=st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_trees_reach_exactly_the_sinks(route: Router, drawn: tuple[Graph, Machine], seed: int) -> None:
    graph, machine = drawn
    placement = scatter(graph, machine, seed=seed)
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


@pytest.mark.parametrize("route", [*(ROUTERS[name] for name in ROUTERS if name != "congestion"), without_detours])
@given(drawn=graphs_on_machines(faults=False))
@settings(max_examples=50, deadline=None)
def test_a_tree_is_no_longer_than_separate_ways(route: Router, drawn: tuple[Graph, Machine]) -> None:
    graph, machine = drawn
    placement = scatter(graph, machine, seed=3)
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
def test_five_hundred_nets_to_all_chips_of_a_board_are_routed(route: Router) -> None:
    graph = populations({"a": 460})
    placement = place(graph, spin5())
    check(graph, placement, route(graph, placement))


# --- neighbour-exploring routing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("route", [route, longest_dimension])
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
    machine: Machine, start: tuple[int, int], end: tuple[int, int], links: list[int], route: Router
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


@given(drawn=graphs_on_machines(faults=False))
@settings(max_examples=50, deadline=None)
def test_every_sink_is_joined_to_a_nearest_chip_of_the_tree(drawn: tuple[Graph, Machine]) -> None:
    graph, machine = drawn
    placement = scatter(graph, machine, seed=5)
    chip = placement.x * machine.height + placement.y
    lengths = dict(nx.all_pairs_shortest_path_length(links_of(machine)))
    for net, tree in zip(graph.nets, route(graph, placement).trees, strict=True):
        rows = (tree.x * machine.height + tree.y).tolist()
        ends = set(chip[net.sinks].tolist())
        joined = 1
        while joined < len(rows):
            # A way ends at the first row that is entered from no row of the same way.
            end = joined + 1
            while end < len(rows) and parent(machine, tree, end) == (tree.x[end - 1], tree.y[end - 1]):
                end += 1
            last = max(i for i in range(joined, end) if rows[i] in ends)
            assert min(lengths[rows[last]][row] for row in rows[:joined]) <= last + 1 - joined
            joined = end


# --- longest dimension first, cheapest ways, congestion -----------------------------------------------------------


def fork(machine: Machine, start: tuple[int, int], *ends: tuple[int, int]) -> tuple[Graph, Placement]:
    """One net from `start` to cores of the chips `ends`."""
    vertices = tuple(Vertex(f"v{i}", 1) for i in range(len(ends) + 1))
    graph = Graph("fork", vertices, (Net(0, np.arange(1, len(ends) + 1, dtype=np.int32), 1, 1.0),))
    x, y = np.array([start, *ends], np.int32).T
    return graph, Placement(machine, x.copy(), y.copy(), np.arange(1, len(ends) + 2, dtype=np.int32))


def test_ways_of_the_longest_dimension_part_where_the_ways_of_single_sinks_do() -> None:
    graph, placement = fork(torus(12, 12), (0, 0), (4, 0), (4, 1))
    tree = longest_dimension(graph, placement).trees[0]
    # (4, 1) is three hops to the east and one to the north-east: it is not joined to (4, 0), which is as near.
    assert list(zip(tree.x.tolist(), tree.y.tolist(), strict=True)) == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (4, 1)]
    assert tree.route.tolist() == [1, 1, 1, 1 | 2, 1 << 8, 1 << 9]


def test_cheapest_ways_bend_where_that_brings_them_past_a_sink() -> None:
    graph, placement = fork(torus(12, 12), (0, 0), (1, 1), (3, 1))
    tree = cheapest_ways(graph, placement).trees[0]
    assert list(zip(tree.x.tolist(), tree.y.tolist(), strict=True)) == [(0, 0), (1, 1), (2, 1), (3, 1)]


def test_cheapest_ways_make_shorter_trees_than_neighbour_exploring() -> None:
    graph = populations({"a": 300})
    placement = scatter(graph, boards(3))
    links = [sum(tree.links for tree in router(graph, placement).trees) for router in (cheapest_ways, route)]
    assert links[0] < links[1]


def parallel(rate: float = 0.0) -> tuple[Graph, Placement]:
    """Four nets from four cores of chip (0, 0) to cores of (2, 0), each to a chip more, so that no two are alike."""
    machine = torus(8, 8)
    vertices = tuple(Vertex(f"v{i}", 1) for i in range(12))
    sinks = [np.array([4 + i, 8 + i], np.int32) for i in range(4)]
    graph = Graph("parallel", vertices, tuple(Net(i, sinks[i], 1, 1.0, rate=rate) for i in range(4)))
    x = np.array([0] * 4 + [2] * 4 + [3, 3, 3, 3], np.int32)
    y = np.array([0] * 8 + [0, 1, 2, 3], np.int32)
    return graph, Placement(machine, x, y, np.array([1, 2, 3, 4] * 2 + [1] * 4, np.int32))


def test_trees_give_way_where_links_are_full() -> None:
    graph, placement = parallel()
    peaks, hops = [], []
    for router in (without_detours, congestion):
        routes = router(graph, placement)
        check(graph, placement, routes)
        traffic = link_traffic(graph, routes, placement.machine)
        peaks.append(traffic.max())
        hops.append(traffic.sum())
    assert peaks[1] < peaks[0]
    assert hops[0] <= hops[1] <= hops[0] + 4 * 2


def test_trees_stay_short_while_links_are_nearly_empty() -> None:
    graph, placement = parallel(rate=100.0)
    short = [tree.route.tolist() for tree in without_detours(graph, placement).trees]
    assert [tree.route.tolist() for tree in congestion(graph, placement, target=0.5).trees] == short
    busy, _ = parallel(rate=4e6)
    loads = [link_load(busy, congestion(busy, placement, target=share), placement.machine) for share in (1e3, 0.5)]
    assert loads[1] < loads[0]


def test_congestion_wears_the_peak_down() -> None:
    graph = populations({"a": 700})
    placement = scatter(graph, boards(3))
    peaks = [
        link_traffic(graph, congestion(graph, placement, rounds=rounds), placement.machine).max() for rounds in (0, 4)
    ]
    assert peaks[1] < 0.8 * peaks[0]


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


def test_broken_trees_are_caught_in_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain.route.check, "_ROWS", 3)
    graph = populations({"a": 60})
    placement = place(graph, spin5())
    trees = route(graph, placement).trees
    check(graph, placement, Routes(trees))
    for broken in (0, 30, 59):
        name = re.escape(f"'a[{broken}]'")
        wrong = setting("arrival", 0, 3)(trees[broken])
        with pytest.raises(IllegalProductError, match=f"in the tree of {name} is the source's and entered by a link"):
            check(graph, placement, Routes((*trees[:broken], wrong, *trees[broken + 1 :])))


def test_no_nets_have_no_trees() -> None:
    graph = Graph("silent", (Vertex("v", 1),), ())
    placement = place(graph, spin3())
    check(graph, placement, route(graph, placement))
