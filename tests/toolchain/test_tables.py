"""Tables: every key that is used goes the same way by generated and by minimised tables, as on its tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from graphs import graphs_on_machines, populations
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import Machine, opposite, spin3, torus
from toolchain.algorithms import MINIMISERS
from toolchain.errors import IllegalProductError, MappingError, TablesError
from toolchain.graph import Graph, Net, Vertex
from toolchain.keys import Keys
from toolchain.keys.dense import allocate
from toolchain.map_graph import Minimiser
from toolchain.place import Placement
from toolchain.place.hilbert import place
from toolchain.place.scatter import place as scatter
from toolchain.route import Routes
from toolchain.route.ner import route
from toolchain.tables import Tables
from toolchain.tables.check import Walker, check, check_lengths
from toolchain.tables.default_routes import minimise
from toolchain.tables.generate import generate

every_minimiser = pytest.mark.parametrize("minimise", MINIMISERS.values(), ids=MINIMISERS)


def mapped(graph: Graph, machine: Machine, seed: int) -> tuple[Placement, Keys, Routes, Tables]:
    """What comes before minimisation; unroutable graphs are not looked at."""
    placement = scatter(graph, machine, seed=seed)
    try:
        routes = route(graph, placement)
    except MappingError:
        assume(False)
    keys = allocate(graph, placement, routes)
    return placement, keys, routes, generate(machine, keys, routes)


def steps(key: int, chip: NDArray[np.int32], arrival: NDArray[np.int8], out: NDArray[np.uint32]) -> list[list[int]]:
    """Key, chip, arrival and route of each step, sorted."""
    return sorted([key, *step] for step in zip(chip.tolist(), arrival.tolist(), out.tolist(), strict=True))


def ways(graph: Graph, placement: Placement, keys: Keys, tables: Tables) -> list[list[list[int]]]:
    """The steps of each net through the tables; of a net whose keys go apart, those of every part."""
    walker = Walker(placement.machine, tables)
    chip = placement.x * placement.machine.height + placement.y
    return [
        [
            step
            for way in walker.walks("", int(chip[net.source]), int(keys.key[i]), int(keys.mask[i]))
            for step in steps(way.key, way.chip, way.arrival, way.route)
        ]
        for i, net in enumerate(graph.nets)
    ]


# --- generation, and the contract of every minimiser ---------------------------------------------------------


@given(drawn=graphs_on_machines(fixed=True), seed=st.integers(0, 9))
@settings(max_examples=80, deadline=None)
def test_generated_tables_follow_the_trees(drawn: tuple[Graph, Machine], seed: int) -> None:
    graph, machine = drawn
    placement, keys, routes, tables = mapped(graph, machine, seed)
    check(graph, placement, keys, tables)
    trees = [
        steps(key, tree.x * machine.height + tree.y, tree.arrival, tree.route)
        for tree, key in zip(routes.trees, keys.key.tolist(), strict=True)
    ]
    assert ways(graph, placement, keys, tables) == trees
    assert tables.entries == sum(len(tree.x) for tree in routes.trees)
    chips = [(table.x, table.y) for table in tables.tables]
    assert chips == sorted(set(chips))
    assert all((np.diff(table.key.astype(np.int64)) > 0).all() for table in tables.tables)


@every_minimiser
@given(drawn=graphs_on_machines(fixed=True), seed=st.integers(0, 9))
@settings(max_examples=80, deadline=None)
def test_minimised_tables_route_every_used_key_alike(
    minimise: Minimiser, drawn: tuple[Graph, Machine], seed: int
) -> None:
    graph, machine = drawn
    placement, keys, routes, tables = mapped(graph, machine, seed)
    minimised = minimise(machine, keys, routes, tables)
    check(graph, placement, keys, minimised)
    assert ways(graph, placement, keys, minimised) == ways(graph, placement, keys, tables)
    assert minimised.entries <= tables.entries
    assert minimised.entries_max <= tables.entries_max


@every_minimiser
def test_nothing_needs_no_tables(minimise: Minimiser) -> None:
    graph = Graph("silent", (Vertex("v", 1),), ())
    placement, keys, routes, tables = mapped(graph, spin3(), 1)
    assert tables.tables == minimise(spin3(), keys, routes, tables).tables == ()
    assert (tables.entries, tables.entries_max) == (0, 0)
    check(graph, placement, keys, tables)
    check_lengths(tables, spin3())


# --- default routes --------------------------------------------------------------------------------------------


def line(length: int = 4) -> tuple[Graph, Placement, Keys, Routes, Tables]:
    """A net of 4 keys, 0 to 3, from (0, 0) straight east to core 2 of (length - 1, 0), on a torus of 8 x 8."""
    graph = Graph("line", (Vertex("a", 4), Vertex("b", 4)), (Net(0, np.array([1], np.int32), 4, 4.0),))
    x = np.array([0, length - 1], np.int32)
    placement = Placement(torus(8, 8), x, np.zeros(2, np.int32), np.array([1, 2], np.int32))
    routes = route(graph, placement)
    keys = allocate(graph, placement, routes)
    return graph, placement, keys, routes, generate(placement.machine, keys, routes)


@given(drawn=graphs_on_machines(), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_all_entries_that_only_pass_straight_on_go(drawn: tuple[Graph, Machine], seed: int) -> None:
    graph, machine = drawn
    _, keys, routes, tables = mapped(graph, machine, seed)
    needed = sum(
        1
        for tree in routes.trees
        for arrival, out in zip(tree.arrival.tolist(), tree.route.tolist(), strict=True)
        if arrival < 0 or out != 1 << opposite(arrival)
    )
    assert minimise(machine, keys, routes, tables).entries == needed


def test_chips_between_two_ends_need_no_entry() -> None:
    graph, placement, keys, routes, tables = line()
    minimised = minimise(placement.machine, keys, routes, tables)
    assert [(table.x, table.y) for table in minimised.tables] == [(0, 0), (3, 0)]
    check(graph, placement, keys, minimised)


@pytest.mark.parametrize(
    ("key", "mask", "entries"),
    [(4, 0xFFFFFFFC, 1), (0, 0xFFFFFFF8, 2), (3, 0xFFFFFFFF, 2), (0, 0, 2), (8, 0xFFFFFFF8, 1)],
)
def test_an_entry_stays_if_another_could_capture_its_keys(key: int, mask: int, entries: int) -> None:
    graph, placement, keys, routes, tables = line()
    other = RoutingTable(1, 0, np.array([0, key], np.uint32), np.array([~3 & 0xFFFFFFFF, mask], np.uint32),
                         np.array([1, 1 << 7], np.uint32))  # fmt: skip
    changed = Tables(tuple(other if table.x == 1 else table for table in tables.tables))
    minimised = minimise(placement.machine, keys, routes, changed)
    assert [len(table.key) for table in minimised.tables if table.x == 1] == [entries]
    check(graph, placement, keys, minimised)


# --- the walk --------------------------------------------------------------------------------------------------


def with_table(tables: Tables, x: int, *entries: tuple[int, int, int]) -> Tables:
    """The tables with that of chip (x, 0) replaced."""
    key, mask, out = (np.array(column, np.uint32) for column in zip(*entries, strict=True))
    kept = tuple(table for table in tables.tables if table.x != x)
    return Tables((*kept, RoutingTable(x, 0, key, mask, out)))


EXACT = 0xFFFFFFFC


def test_the_lowest_entry_wins() -> None:
    graph, placement, keys, _, tables = line()
    check(graph, placement, keys, with_table(tables, 3, (0, EXACT, 1 << 8), (0, 0, 0)))
    with pytest.raises(IllegalProductError, match=r"key 0x0 of 'a' does not reach core 2 of chip \(3, 0\)"):
        check(graph, placement, keys, with_table(tables, 3, (0, 0, 0), (0, EXACT, 1 << 8)))


def test_keys_that_entries_tell_apart_are_walked_apart() -> None:
    graph, placement, keys, _, tables = line()
    split = with_table(tables, 1, (2, 0xFFFFFFFE, 1), (0, EXACT, 1))
    check(graph, placement, keys, split)
    walks = list(Walker(placement.machine, split).walks("a", 0, 0, EXACT))
    assert [(walk.key, walk.mask) for walk in walks] == [(0, 0xFFFFFFFE), (2, 0xFFFFFFFE)]
    for entry, key in (((2, 0xFFFFFFFF, 0), 2), ((1, 0xFFFFFFFD, 0), 1)):
        with pytest.raises(IllegalProductError, match=f"key {key:#x} of 'a' does not reach core 2"):
            check(graph, placement, keys, with_table(tables, 1, entry, (0, EXACT, 1)))


Change = Callable[[Tables], Tables]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: Tables(t.tables[1:]), r"key 0x0 of 'a' matches no entry where it is sent, at chip \(0, 0\)"),
        (lambda t: Tables(t.tables[:3]), r"key 0x0 of 'a' leaves for a chip where it has been, at chip \(7, 0\)"),
        (lambda t: with_table(t, 1, (0, EXACT, 1 | 1 << 9)), r"key 0x0 of 'a' reaches core 3 of chip \(1, 0\)"),
        (lambda t: with_table(t, 1, (0, EXACT, 0)), r"key 0x0 of 'a' does not reach core 2 of chip \(3, 0\)"),
        (lambda t: with_table(t, 2, (0, EXACT, 8)), r"leaves for a chip where it has been, at chip \(2, 0\)"),
        (lambda t: with_table(t, 3, (0, EXACT, 1 << 7)), r"does not reach core 2 of chip \(3, 0\)"),
    ],
)
def test_broken_tables_are_caught(change: Change, message: str) -> None:
    graph, placement, keys, _, tables = line()
    with pytest.raises(IllegalProductError, match=message):
        check(graph, placement, keys, change(tables))


def test_a_packet_that_leaves_by_an_absent_link_is_caught() -> None:
    graph, placement, keys, _, tables = line()
    mesh = replace(placement, machine=replace(placement.machine, links=np.zeros((8, 8, 6), np.bool_)))
    with pytest.raises(IllegalProductError, match=r"leaves by an absent link, at chip \(0, 0\)"):
        check(graph, mesh, keys, tables)


def test_a_table_longer_than_the_router_has_entries_is_refused() -> None:
    graph = populations({"a": 20})
    placement, _, _, tables = mapped(graph, spin3(), 1)
    machine = replace(placement.machine, table_entries=19)
    check_lengths(tables, replace(machine, table_entries=20))
    message = r"the routing table of chip \(\d, \d\) of spin3 needs 20 entries, it has 19; spread what sends and hears"
    for cut in (False, True):
        with pytest.raises(TablesError, match=message) as error:
            check_lengths(tables, machine, cut=cut)
        assert str(error.value).endswith(", or have fewer cores send, with more neurons on each") == cut
    assert place(graph, machine).machine is machine
