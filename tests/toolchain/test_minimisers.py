"""Minimisers on single chips: prefix tables are the smallest, and others never longer than they need be."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from graphs import NETLISTS, populations
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import spin5
from toolchain.algorithms import ALLOCATORS, MINIMISERS
from toolchain.graph import Graph, Net, Vertex
from toolchain.keys import Keys
from toolchain.map_graph import map_graph
from toolchain.netlist import read
from toolchain.place.hilbert import place
from toolchain.route import Routes
from toolchain.route.ner import route
from toolchain.tables import Tables, best, chain, default_routes, ordered_covering, pairs, prefixes
from toolchain.tables.chip import ChipMinimiser
from toolchain.tables.generate import generate

ALL_ONES = 0xFFFFFFFF
ROUTES = 4
Block = tuple[int, int, int, bool]
"""First key, height (the block has 2 ** height keys), route, and whether default routing does the same."""

CHIP_MINIMISERS: dict[str, ChipMinimiser] = {
    "default_routes": default_routes.minimise_chip,
    "prefixes": prefixes.minimise_chip,
    "pairs": pairs.minimise_chip,
    "ordered_covering": ordered_covering.minimise_chip,
    "ordered_covering from prefixes": lambda table, straight: ordered_covering.minimise_chip(
        table, straight, start="prefixes"
    ),
    "chain": lambda table, straight: chain.minimise_chip(table, straight, target=2),
    "best": best.minimise_chip,
}
every_minimiser = pytest.mark.parametrize("minimise", CHIP_MINIMISERS.values(), ids=CHIP_MINIMISERS)


@st.composite
def blocks(draw: st.DrawFn, bits: int, routes: int = ROUTES) -> list[Block]:
    """Disjoint blocks in a space of keys of so many bits, ascending, with gaps; those of some routes go straight on."""
    found: list[Block] = []
    key = 0
    while key < 1 << bits:
        height = draw(st.integers(0, min(bits, (key & -key).bit_length() - 1 if key else bits)))
        if draw(st.booleans()):
            number = draw(st.integers(0, routes - 1))
            found.append((key, height, number, number == 0 and draw(st.booleans())))
        key += 1 << height
    return found


def table_of(chosen: list[Block]) -> tuple[RoutingTable, NDArray[np.bool_]]:
    """The generated table of blocks; route r has the word 1 << r."""
    key = np.array([key for key, *_ in chosen], np.uint32)
    mask = np.array([ALL_ONES & -(1 << height) for _, height, *_ in chosen], np.uint32)
    words = np.array([1 << number for *_, number, _ in chosen], np.uint32)
    return RoutingTable(0, 0, key, mask, words), np.array([straight for *_, straight in chosen], np.bool_)


def looked_up(table: RoutingTable, key: int) -> int | None:
    """The route of a key: that of the lowest entry that matches."""
    matches = np.flatnonzero(key & table.mask == table.key)
    return int(table.route[matches[0]]) if len(matches) else None


def legal(chosen: list[Block], table: RoutingTable) -> bool:
    """Whether every key of every block goes where it is to."""
    return all(
        looked_up(table, k) in ((1 << number, None) if straight else (1 << number,))
        for key, height, number, straight in chosen
        for k in range(key, key + (1 << height))
    )


def fewest_prefixes(chosen: list[Block], bits: int) -> int:
    """The length of the smallest prefix table, by trying every route, or none, at every node of the full trie."""
    wanted: dict[int, tuple[int, bool]] = {
        k: (number, straight)
        for key, height, number, straight in chosen
        for k in range(key, key + (1 << height))
    }  # fmt: skip

    @cache
    def fewest(first: int, height: int, above: int | None) -> float:
        return min(inherited(first, height, above), *(1 + inherited(first, height, number) for number in range(ROUTES)))

    def inherited(first: int, height: int, above: int | None) -> float:
        if height == 0:
            number, straight = wanted.get(first, (above, False))
            return 0 if above == number or (above is None and straight) else np.inf
        half = 1 << height - 1
        return fewest(first, height - 1, above) + fewest(first + half, height - 1, above)

    return int(fewest(0, bits, None))


@every_minimiser
@given(chosen=blocks(6))
@settings(max_examples=60, deadline=None)
def test_every_key_that_is_used_goes_where_it_did(minimise: ChipMinimiser, chosen: list[Block]) -> None:
    if not chosen:
        return
    table, straight = table_of(chosen)
    minimised = minimise(table, straight)
    assert legal(chosen, minimised)
    assert len(minimised.key) <= len(table.key)
    assert np.all(minimised.key & ~minimised.mask == 0)
    again = minimise(table, straight)
    assert [a.tobytes() for a in (again.key, again.mask, again.route)] == [
        a.tobytes() for a in (minimised.key, minimised.mask, minimised.route)
    ]


@given(chosen=blocks(4))
@settings(max_examples=150, deadline=None)
def test_no_prefix_table_is_smaller(chosen: list[Block]) -> None:
    if chosen:
        assert len(prefixes.minimise_chip(*table_of(chosen)).key) == fewest_prefixes(chosen, 4)


def test_prefix_tables_are_the_smallest_of_all_over_two_bits() -> None:
    """All tables of up to three prefixes, against all ways to route four keys."""
    prefix = [(key, height) for height in range(3) for key in range(0, 4, 1 << height)]
    entries = [(key, height, number) for key, height in prefix for number in (0, 1)]
    fewest: dict[tuple[int | None, ...], int] = {}
    for length in range(4):
        for chosen in combinations(entries, length):
            ordered = sorted(chosen, key=lambda entry: entry[1])
            ways = tuple(next((r for k, h, r in ordered if key >> h == k >> h), None) for key in range(4))
            fewest.setdefault(ways, length)
    states: list[tuple[tuple[int | None, ...], list[tuple[int, bool]]]] = [
        ((None, 0, 1), []), ((0,), [(0, False)]), ((1,), [(1, False)]), ((None, 0), [(0, True)])
    ]  # fmt: skip
    for case in product(states, repeat=4):
        chosen_blocks = [(k, 0, *state[0]) for k, (_, state) in enumerate(case) if state]
        if chosen_blocks:
            smallest = min(fewest.get(ways, 4) for ways in product(*(allowed for allowed, _ in case)))
            assert len(prefixes.minimise_chip(*table_of(chosen_blocks)).key) == smallest


@given(chosen=blocks(6))
@settings(max_examples=100, deadline=None)
def test_the_best_is_as_short_as_any_and_the_chain_stops_when_it_may(chosen: list[Block]) -> None:
    if not chosen:
        return
    table, straight = table_of(chosen)
    lengths = {name: len(minimise(table, straight).key) for name, minimise in CHIP_MINIMISERS.items()}
    assert lengths["best"] == min(lengths.values())
    assert lengths["ordered_covering from prefixes"] <= lengths["prefixes"]
    assert len(chain.minimise_chip(table, straight, len(table.key)).key) == len(table.key)
    for target in range(1, len(table.key)):
        length = len(chain.minimise_chip(table, straight, target).key)
        assert length <= target or length == lengths["best"]


def entries_of(table: RoutingTable) -> list[tuple[str, int]]:
    """Entries as text, the low four bits alone: X for a bit that is free."""
    return [
        ("".join("X" if not m >> b & 1 else str(k >> b & 1) for b in (3, 2, 1, 0)), r)
        for k, m, r in zip(table.key.tolist(), table.mask.tolist(), table.route.tolist(), strict=True)
    ]


def test_a_general_entry_stands_below_its_exception() -> None:
    chosen = [(0b0100, 0, 2, False), (0b0101, 0, 0, False), (0b0111, 0, 2, False)]
    assert entries_of(ordered_covering.minimise_chip(*table_of(chosen))) == [("0101", 1), ("01XX", 4)]
    assert len(pairs.minimise_chip(*table_of(chosen)).key) == 3


def test_a_pair_that_differs_in_one_bit_is_merged_across_another_entry() -> None:
    chosen = [(0b0000, 0, 2, False), (0b0001, 0, 1, False), (0b1000, 0, 2, False), (0b1001, 0, 3, False)]
    assert ("X000", 4) in entries_of(pairs.minimise_chip(*table_of(chosen)))


def test_what_goes_straight_on_is_not_caught() -> None:
    chosen = [(0b0000, 0, 2, False), (0b0001, 0, 0, True), (0b0010, 0, 2, False), (0b0011, 0, 0, True)]
    for minimise in (pairs.minimise_chip, ordered_covering.minimise_chip, best.minimise_chip):
        assert entries_of(minimise(*table_of(chosen))) == [("00X0", 4)]


def test_a_chip_that_all_nets_pass_straight_has_no_table() -> None:
    for name in CHIP_MINIMISERS.keys() - {"chain"}:
        assert len(CHIP_MINIMISERS[name](*table_of([(0, 1, 0, True), (4, 2, 0, True)])).key) == 0


def test_more_routes_than_a_word_has_bits() -> None:
    key = np.arange(200, dtype=np.uint32)
    table = RoutingTable(0, 0, key, np.full(200, ALL_ONES, np.uint32), (key % 100 + 1) << np.uint32(6))
    for minimise in CHIP_MINIMISERS.values():
        minimised = minimise(table, np.zeros(200, np.bool_))
        assert all(looked_up(minimised, k) == table.route[k] for k in range(200))


def generated(graph: Graph, keys: str = "dense") -> tuple[Keys, Routes, Tables]:
    """Keys, routes and tables of a graph on spin5, along a Hilbert curve and by neighbour-exploring routing."""
    placement = place(graph, spin5())
    routes = route(graph, placement)
    allocated = ALLOCATORS[keys](graph, placement, routes)
    return allocated, routes, generate(placement.machine, allocated, routes)


def test_a_chain_leaves_alone_what_fits() -> None:
    keys, routes, tables = generated(populations({"a": 300}))
    assert chain.minimise(spin5(), keys, routes, tables).entries == tables.entries
    minimised = chain.minimise(spin5(), keys, routes, tables, target=30)
    shortest = {(t.x, t.y): len(t.key) for t in best.minimise(spin5(), keys, routes, tables).tables}
    assert all(len(t.key) <= max(30, shortest[t.x, t.y]) for t in minimised.tables)
    assert minimised.entries < tables.entries


# --- against rig 2.4.1: Hilbert curve, NER, ordered covering, keys in the order of the nets ------------------------


def lattice(side: int, steps: list[tuple[int, int]]) -> Graph:
    """A torus of cores, each with a net to those some steps away."""
    vertices = tuple(Vertex(f"v[{i}]", 256) for i in range(side * side))
    nets = []
    for x, y in product(range(side), repeat=2):
        sinks = sorted({(x + dx) % side * side + (y + dy) % side for dx, dy in steps})
        nets.append(Net(x * side + y, np.array(sinks, np.int32), 256, 256.0))
    return Graph("lattice", vertices, tuple(nets))


def netlist(name: str) -> Graph:
    """A shared netlist with its keys left to the allocator."""
    path = NETLISTS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    graph = read(path).graph
    return replace(graph, nets=tuple(replace(net, key=None, mask=None) for net in graph.nets))


@pytest.mark.parametrize(("name", "rig"), [("microcircuit-462", 712), ("brunel100k-592", 1103)])
def test_ordered_covering_is_no_worse_than_rigs_on_the_same_kind_of_routes(name: str, rig: int) -> None:
    keys, routes, tables = generated(netlist(name))
    assert ordered_covering.minimise(spin5(), keys, routes, tables).entries <= rig


def test_a_lattice_needs_no_more_entries_than_with_rig() -> None:
    neighbours = [*product((-1, 0, 1), repeat=2)]
    assert map_graph(lattice(24, neighbours), "spin5").entries_minimised <= 1972


@pytest.mark.parametrize(("name", "entries", "longest"), [("microcircuit-462", 420, 30), ("brunel100k-592", 500, 40)])
def test_keys_along_the_trees_make_tables_small(name: str, entries: int, longest: int) -> None:
    """The bars on entries, on routes that share no trunk, by each minimiser that knows priorities."""
    keys, routes, tables = generated(netlist(name), "along_trees")
    for minimiser in ("prefixes", "ordered_covering", "best"):
        minimised = MINIMISERS[minimiser](spin5(), keys, routes, tables)
        assert minimised.entries <= entries
        assert minimised.entries_max <= longest
