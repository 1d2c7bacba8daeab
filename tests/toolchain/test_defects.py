"""Seeded defects: one of each kind, put into a product that is legal otherwise; a checker finds every one.

Where a defect goes is drawn with a seed, so that checkers are not held to one spot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from networks import cells, connect, poisson_source

import toolchain.graph
from emulator.check_machine import check_machine
from emulator.emulator import Emulator
from emulator.errors import EmulatorError
from emulator.image import MachineImage, NeuronCore, RoutingTable
from emulator.machine import FIRST_CORE_BIT, LINKS, Machine, torus, without
from toolchain.algorithms import MINIMISERS
from toolchain.compile import Mapping, compile_network
from toolchain.constraints import Apart, Constraints, Near
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Graph
from toolchain.keys import Keys
from toolchain.keys.check import check as check_keys
from toolchain.map_graph import Algorithms, GraphMapping, map_graph
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.partition.check import check as check_partition
from toolchain.place import Placement
from toolchain.place.check import check as check_place
from toolchain.place.scatter import place as scatter
from toolchain.route import Routes, Tree
from toolchain.route.check import check as check_route
from toolchain.settings import Algorithm, Choice, Settings
from toolchain.tables import Tables
from toolchain.tables.check import check as check_tables
from toolchain.tables.check import check_lengths

Random = np.random.Generator
LINK_BITS = (1 << FIRST_CORE_BIT) - 1


@cache
def network() -> Network:
    """Two populations and a source: recurrent, with delays of up to 40 ms, on 12 cores and stages."""
    random = np.random.default_rng(1)

    def some(ends: tuple[int, int], sizes: tuple[int, int], longest: float) -> Any:
        pairs = np.argwhere(random.random(sizes) < 0.3).tolist()
        return connect(
            ends, pairs, 1.0 + random.random(len(pairs)), 1.0 + np.floor(longest * random.random(len(pairs)))
        )

    made = (some((0, 1), (60, 40), 14.0), some((1, 0), (40, 60), 40.0), some((2, 0), (60, 60), 1.0))
    return Network("whole", 1.0, (cells("a", 60), cells("b", 40), poisson_source("s", 60, 10.0)), made)


@cache
def compiled() -> Mapping:
    """The network on a torus, its vertices scattered so that routes are long."""
    options = {"neurons_per_core": 10, "sources_per_core": 10}
    stages = {"place": Choice((Algorithm("scatter"),))}
    return compile_network(network(), torus(8, 8), settings=Settings(options=options, stages=stages))


@cache
def mapped() -> GraphMapping:
    """The network's graph, whose tables have lost their default routes only; keys are in blocks of 16."""
    graph = compiled().graph_mapping.graph
    algorithms = Algorithms(place=scatter, minimise=MINIMISERS["default_routes"])
    return map_graph(graph, torus(8, 8), algorithms)


def changed(array: Any, at: Any, value: Any) -> Any:
    """A copy of `array` with another value at one place."""
    copy = array.copy()
    copy[at] = value
    return copy


# --- the defects: each makes a product illegal and gives it to its checker -----------------------------------------


def partition(random: Random, **changes: Any) -> None:
    """A slice is other than its cells, its vertex or its memory say."""
    made = compiled().partition
    slices = [found for found in made.slices if found.kind == "neurons"]
    number = made.slices.index(slices[random.integers(len(slices))])
    values = {name: change(getattr(made.slices[number], name)) for name, change in changes.items()}
    broken = (*made.slices[:number], replace(made.slices[number], **values), *made.slices[number + 1 :])
    check_partition(network(), replace(made, slices=broken), compiled().machine)


def cell_lost(random: Random) -> None:
    partition(random, stop=lambda stop: stop - 1)


def cell_twice(random: Random) -> None:
    partition(random, start=lambda start: start - 1)


def memory_exceeded(random: Random) -> None:
    partition(random, dtcm_bytes=lambda _: 1 << 17)


def more_cells_than_asked_for(random: Random) -> None:
    options = MappingOptions(neurons_per_core=int(random.integers(1, 10)))
    check_partition(network(), compiled().partition, compiled().machine, options)


def cells_that_are_sources(random: Random) -> None:
    partition(random, kind=lambda _: "array")


def slice_without_a_vertex(random: Random) -> None:
    made = compiled().partition
    broken = replace(made, memory=made.memory[: int(random.integers(len(made.memory)))])
    check_partition(network(), broken, compiled().machine)


def delayed(random: Random, change: Callable[[Any], Any]) -> None:
    """What delay stages repeat, bool[stages, cells], is another."""
    made = compiled().partition
    number = int(random.choice(sorted(made.sends)))
    broken = replace(made, sends={**made.sends, number: change(made.sends[number])})
    check_partition(network(), broken, compiled().machine)


def spike_not_repeated(random: Random) -> None:
    def change(sends: Any) -> Any:
        stage, cell = random.permutation(np.argwhere(sends))[0]
        return changed(sends, (stage, cell), False)

    delayed(random, change)


def stage_missing(random: Random) -> None:
    delayed(random, lambda sends: sends[:-1])


def spike_repeated_for_nobody(random: Random) -> None:
    """The second stage repeats spikes, and no delay needs more than the first."""
    short = tuple(
        replace(made, delay=np.minimum(made.delay, 17.0 + random.integers(16))) for made in network().projections
    )
    check_partition(replace(network(), projections=short), compiled().partition, compiled().machine)


def net_changed(random: Random, **changes: Any) -> None:
    graph = compiled().partition.graph
    number = int(random.integers(len(graph.nets)))
    values = {name: change(getattr(graph.nets[number], name)) for name, change in changes.items()}
    nets = (*graph.nets[:number], replace(graph.nets[number], **values), *graph.nets[number + 1 :])
    check_partition(network(), replace(compiled().partition, graph=replace(graph, nets=nets)), compiled().machine)


def net_asks_for_too_few_keys(random: Random) -> None:
    net_changed(random, keys=lambda keys: keys - 1)


def net_tells_of_other_packets(random: Random) -> None:
    net_changed(random, weight=lambda weight: weight + 1.0)


def sinks_changed(random: Random, change: Callable[[Any], Any]) -> Graph:
    """The graph with the sinks of one net that has several changed."""
    graph = compiled().partition.graph
    numbers = [number for number, net in enumerate(graph.nets) if 1 < len(net.sinks) < len(graph.vertices)]
    number = numbers[random.integers(len(numbers))]
    net = replace(graph.nets[number], sinks=change(graph.nets[number].sinks))
    return replace(graph, nets=(*graph.nets[:number], net, *graph.nets[number + 1 :]))


def net_misses_a_sink(random: Random) -> None:
    graph = sinks_changed(random, lambda sinks: np.delete(sinks, random.integers(len(sinks))))
    check_partition(network(), replace(compiled().partition, graph=graph), compiled().machine)


def net_has_a_sink_without_synapses(random: Random) -> None:
    everything = np.arange(len(compiled().partition.graph.vertices), dtype=np.int32)
    graph = sinks_changed(random, lambda sinks: everything)
    check_partition(network(), replace(compiled().partition, graph=graph), compiled().machine)


def net_repeats_a_sink(random: Random) -> None:
    toolchain.graph.check(sinks_changed(random, lambda sinks: changed(sinks, 1, sinks[0])))


def placement(random: Random, **changes: Callable[[Placement, int], Any]) -> None:
    made = mapped().placement
    vertex = int(random.integers(1, len(made.x)))
    arrays = {name: changed(getattr(made, name), vertex, change(made, vertex)) for name, change in changes.items()}
    check_place(mapped().graph, replace(made, **arrays))


def two_on_one_core(random: Random) -> None:
    placement(random, x=lambda p, _: p.x[0], y=lambda p, _: p.y[0], p=lambda p, _: p.p[0])


def on_the_monitor(random: Random) -> None:
    placement(random, p=lambda p, vertex: 0)


def on_a_core_that_is_absent(random: Random) -> None:
    placement(random, p=lambda p, vertex: 17)


def outside_the_machine(random: Random) -> None:
    placement(random, y=lambda p, vertex: 8)


def on_a_dead_chip(random: Random) -> None:
    made = mapped().placement
    vertex = random.integers(len(made.x))
    machine = without(made.machine, [(int(made.x[vertex]), int(made.y[vertex]))])
    check_place(mapped().graph, replace(made, machine=machine))


def more_sdram_than_a_chip_has(random: Random) -> None:
    graph = mapped().graph
    vertex = int(random.integers(len(graph.vertices)))
    large = replace(graph.vertices[vertex], sdram_bytes=200_000_000)
    check_place(
        replace(graph, vertices=(*graph.vertices[:vertex], large, *graph.vertices[vertex + 1 :])), mapped().placement
    )


def constraint_broken(random: Random, kind: str) -> None:
    made = mapped().placement
    one = int(random.integers(len(made.x)))
    far = int(np.argmax(np.abs(made.x - made.x[one]) + np.abs(made.y - made.y[one])))
    elsewhere = np.ones((8, 8), np.bool_)
    elsewhere[made.x[one], made.y[one]] = False
    pair = tuple(sorted((one, far)))
    broken = {
        "on": Constraints(chips={one: elsewhere}, origins={one: ("m.map:1",)}),
        "core": Constraints(core={one: int(made.p[one]) % 16 + 1}, origins={one: ("m.map:1",)}),
        "together": Constraints(together=(pair,)),
        "near": Constraints(near=(Near((one,), (far,), 0, "m.map:1"),)),
        "apart": Constraints(apart=(Apart((one,), (one, far), "m.map:1"),)),
    }
    if kind == "apart":
        x, y = changed(made.x, far, made.x[one]), changed(made.y, far, made.y[one])
        made = replace(made, x=x, y=y, p=changed(made.p, far, made.p[one] % 15 + 1))
    check_place(mapped().graph, made, broken[kind])


def tree(random: Random, change: Callable[[Tree], Tree], machine: Machine | None = None) -> None:
    """One tree of several chips is another."""
    routes = mapped().routes
    numbers = [number for number, found in enumerate(routes.trees) if len(found.x) > 3]
    number = numbers[random.integers(len(numbers))]
    trees = (*routes.trees[:number], change(routes.trees[number]), *routes.trees[number + 1 :])
    made = mapped().placement
    check_route(mapped().graph, replace(made, machine=machine or made.machine), Routes(trees))


def sink_not_reached(random: Random) -> None:
    tree(random, lambda made: replace(made, route=changed(made.route, -1, made.route[-1] & LINK_BITS)))


def core_that_is_no_sink(random: Random) -> None:
    tree(random, lambda made: replace(made, route=made.route | np.uint32(1 << (FIRST_CORE_BIT + 17))))


def branch_to_nowhere(random: Random) -> None:
    def change(made: Tree) -> Tree:
        free = [link for link in range(6) if not made.route[-1] >> link & 1 and link != made.arrival[-1]]
        return replace(made, route=changed(made.route, -1, made.route[-1] | 1 << free[random.integers(len(free))]))

    tree(random, change)


def chip_entered_twice(random: Random) -> None:
    def change(made: Tree) -> Tree:
        again = np.append(np.arange(len(made.x)), random.integers(1, len(made.x)))
        return Tree(made.x[again], made.y[again], made.arrival[again], made.route[again])

    tree(random, change)


def branch_without_a_sink(random: Random) -> None:
    """The tree goes on to a chip where nobody listens."""
    taken = mapped().placement
    listening = set(zip(taken.x.tolist(), taken.y.tolist(), strict=True))
    spots = []
    for number, made in enumerate(mapped().routes.trees):
        inside = set(zip(made.x.tolist(), made.y.tolist(), strict=True))
        for row, (x, y) in enumerate(zip(made.x.tolist(), made.y.tolist(), strict=True)):
            ends = (((x + dx) % 8, (y + dy) % 8, link) for link, (dx, dy) in enumerate(LINKS))
            spots += [(number, row, end) for end in ends if end[:2] not in inside | listening]
    number, row, (x, y, link) = spots[random.integers(len(spots))]
    made = mapped().routes.trees[number]
    longer = Tree(
        np.append(made.x, np.int32(x)),
        np.append(made.y, np.int32(y)),
        np.append(made.arrival, np.int8((link + 3) % 6)),
        np.append(changed(made.route, row, made.route[row] | np.uint32(1 << link)), np.uint32(0)),
    )
    trees = (*mapped().routes.trees[:number], longer, *mapped().routes.trees[number + 1 :])
    check_route(mapped().graph, mapped().placement, Routes(trees))


def tree_that_starts_elsewhere(random: Random) -> None:
    tree(random, lambda made: Tree(made.x[1:], made.y[1:], made.arrival[1:], made.route[1:]))


def dead_link_taken(random: Random) -> None:
    made = max(mapped().routes.trees, key=lambda found: len(found.x))
    row = int(random.integers(1, len(made.x)))
    machine = without(mapped().machine, links=[(int(made.x[row]), int(made.y[row]), int(made.arrival[row]))])
    check_route(mapped().graph, replace(mapped().placement, machine=machine), mapped().routes)


def keys(random: Random, change: Callable[[Keys, int], Keys]) -> None:
    check_keys(mapped().graph, change(mapped().keys, int(random.integers(1, len(mapped().keys.key)))))


def keys_overlap(random: Random) -> None:
    keys(random, lambda made, net: replace(made, key=changed(made.key, net, made.key[0] & made.mask[net])))


def too_few_keys(random: Random) -> None:
    keys(random, lambda made, net: replace(made, mask=changed(made.mask, net, 0xFFFFFFFF)))


def keys_not_aligned(random: Random) -> None:
    keys(random, lambda made, net: replace(made, key=changed(made.key, net, made.key[net] | 1)))


def mask_with_a_hole(random: Random) -> None:
    keys(random, lambda made, net: replace(made, mask=changed(made.mask, net, made.mask[net] & ~np.uint32(1 << 20))))


def fixed_keys_ignored(random: Random) -> None:
    graph = mapped().graph
    net = int(random.integers(len(graph.nets)))
    fixed = replace(graph.nets[net], key=0x70000000, mask=0xFFFFFF00)
    check_keys(replace(graph, nets=(*graph.nets[:net], fixed, *graph.nets[net + 1 :])), mapped().keys)


def tables(random: Random, change: Callable[[RoutingTable, int], RoutingTable], turning: bool = False) -> None:
    """One entry is another: any, or one that sends packets on by a link."""
    made = list(mapped().minimised.tables)
    spots = [
        (number, entry)
        for number, table in enumerate(made)
        for entry in range(len(table.key))
        if not turning or table.route[entry] & LINK_BITS
    ]
    number, entry = spots[random.integers(len(spots))]
    made[number] = change(made[number], entry)
    check_tables(mapped().graph, mapped().placement, mapped().keys, Tables(tuple(made)))


def entry_lost(random: Random) -> None:
    def change(table: RoutingTable, entry: int) -> RoutingTable:
        return replace(table, **{name: np.delete(getattr(table, name), entry) for name in ("key", "mask", "route")})

    tables(random, change)


def entry_hidden_by_a_wider_one(random: Random) -> None:
    def change(table: RoutingTable, entry: int) -> RoutingTable:
        first = {"key": 0, "mask": 0, "route": 1 << (FIRST_CORE_BIT + 16)}
        return replace(table, **{n: np.insert(getattr(table, n), 0, np.uint32(v)) for n, v in first.items()})

    tables(random, change)


def delivered_to_another_core(random: Random) -> None:
    tables(random, lambda table, entry: replace(table, route=changed(table.route, entry, table.route[entry] ^ 1 << 22)))


def sent_by_another_link(random: Random) -> None:
    def change(table: RoutingTable, entry: int) -> RoutingTable:
        # The opposite link would not do: round the torus a packet may come to its sinks from behind.
        link = next(link for link in range(6) if table.route[entry] >> link & 1)
        turned = table.route[entry] & ~np.uint32(1 << link) | np.uint32(1 << (link + 1) % 6)
        return replace(table, route=changed(table.route, entry, turned))

    tables(random, change, turning=True)


def one_neuron_goes_astray(random: Random) -> None:
    """The last key of a block has an entry of its own, which drops it."""

    def change(table: RoutingTable, entry: int) -> RoutingTable:
        first = {"key": table.key[entry] | ~table.mask[entry], "mask": 0xFFFFFFFF, "route": 0}
        return replace(table, **{n: np.insert(getattr(table, n), 0, np.uint32(v)) for n, v in first.items()})

    tables(random, change)


def way_that_is_not_the_trees(random: Random) -> None:
    """A packet goes on to one chip more, where it is dropped."""
    made, chips = list(mapped().minimised.tables), {(table.x, table.y) for table in mapped().minimised.tables}
    spots = []
    for number, table in enumerate(made):
        for link, (dx, dy) in enumerate(LINKS):
            x, y = (table.x + dx) % 8, (table.y + dy) % 8
            entries = np.flatnonzero(table.route & np.uint32(1 << link) == 0).tolist()
            spots += [(number, entry, link, x, y) for entry in entries if (x, y) not in chips]
    number, entry, link, x, y = spots[random.integers(len(spots))]
    table = made[number]
    made[number] = replace(table, route=changed(table.route, entry, table.route[entry] | np.uint32(1 << link)))
    made.append(RoutingTable(x, y, *np.zeros((3, 1), np.uint32)))
    check_tables(mapped().graph, mapped().placement, mapped().keys, Tables(tuple(made)), mapped().routes)


def two_tables_of_a_chip(random: Random) -> None:
    made = mapped().minimised.tables
    number = int(random.integers(len(made)))
    half = len(made[number].key) // 2
    parts = (
        replace(made[number], **{name: getattr(made[number], name)[part] for name in ("key", "mask", "route")})
        for part in (slice(half), slice(half, None))
    )
    check_tables(
        mapped().graph, mapped().placement, mapped().keys, Tables((*made[:number], *parts, *made[number + 1 :]))
    )


def table_of_an_absent_chip(random: Random) -> None:
    tables(random, lambda table, entry: replace(table, x=8))


def entry_that_matches_no_key(random: Random) -> None:
    def change(table: RoutingTable, entry: int) -> RoutingTable:
        return replace(table, key=changed(table.key, entry, table.key[entry] | ~table.mask[entry]))

    tables(random, change)


def table_of_unequal_columns(random: Random) -> None:
    tables(random, lambda table, entry: replace(table, route=table.route[1:]))


def table_too_long(random: Random) -> None:
    longest = mapped().minimised.entries_max
    check_lengths(mapped().minimised, replace(mapped().machine, table_entries=int(random.integers(longest))))


def cores(random: Random, change: Callable[[NeuronCore], NeuronCore]) -> MachineImage:
    """The image with one core of neurons changed."""
    made = compiled().image
    numbers = [number for number, core in enumerate(made.cores) if isinstance(core, NeuronCore)]
    number = numbers[random.integers(len(numbers))]
    core = made.cores[number]
    assert isinstance(core, NeuronCore)
    return replace(made, cores=(*made.cores[:number], change(core), *made.cores[number + 1 :]))


def row_outside_its_memory(random: Random) -> None:
    Emulator(cores(random, lambda core: replace(core, rows=core.rows[: len(core.rows) // 2])))


def row_names_a_neuron_that_is_absent(random: Random) -> None:
    def change(core: NeuronCore) -> NeuronCore:
        rows = core.rows.copy()
        row = next(row for row in core.table.address.tolist() if rows[row + 1])
        rows[row + 3] |= (1 << core.index_bits) - 1
        return replace(core, rows=rows)

    Emulator(cores(random, change))


def memory_that_a_core_has_not(random: Random) -> None:
    Emulator(cores(random, lambda core: replace(core, dtcm_bytes=1 << 16 | 1)))


def memory_that_a_chip_has_not(random: Random) -> None:
    Emulator(cores(random, lambda core: replace(core, sdram_bytes=1 << 28)))


def keys_of_another_core(random: Random) -> None:
    made = compiled().image
    sender = next(core for core in made.cores if core.key or core.mask)
    Emulator(replace(made, cores=tuple(replace(c, key=sender.key) if c.mask == sender.mask else c for c in made.cores)))


def link_with_one_end(random: Random) -> None:
    machine = torus(8, 8)
    x, y, link = (int(random.integers(limit)) for limit in (8, 8, 6))
    check_machine(replace(machine, links=changed(machine.links, (x, y, link), False)))


DEFECTS: dict[Callable[..., None], str] = {
    cell_lost: "slices .* do not cover",
    cell_twice: "slices .* do not cover|is not vertex",
    memory_exceeded: "exceeds the DTCM",
    more_cells_than_asked_for: "cells, . are asked for",
    cells_that_are_sources: "is one of array, its cells are IF_curr_exp",
    slice_without_a_vertex: "slices have",
    spike_not_repeated: "does not repeat the spikes that it should",
    stage_missing: "has not . stages",
    spike_repeated_for_nobody: "does not repeat the spikes that it should, or others",
    net_asks_for_too_few_keys: "keys, it needs",
    net_tells_of_other_packets: "packets if all cells spike, its net says",
    net_misses_a_sink: "lacks its packets",
    net_has_a_sink_without_synapses: "has no synapse for its packets",
    net_repeats_a_sink: "repeat or do not ascend",
    two_on_one_core: "shares its core with an earlier one",
    on_the_monitor: "is on the monitor core",
    on_a_core_that_is_absent: "is on a core that is absent",
    outside_the_machine: "is outside the machine",
    on_a_dead_chip: "is on a chip that is absent",
    more_sdram_than_a_chip_has: "bytes of SDRAM, it has",
    sink_not_reached: "does not deliver to core .*, a sink",
    core_that_is_no_sink: "which is no sink",
    branch_to_nowhere: "does not expect it",
    chip_entered_twice: "is in the tree twice",
    branch_without_a_sink: "where it has no sink",
    tree_that_starts_elsewhere: "is first and not the source's",
    dead_link_taken: "which is absent",
    keys_overlap: "overlap",
    too_few_keys: "keys, .* are needed",
    keys_not_aligned: "is not aligned",
    mask_with_a_hole: "is not ones followed by zeros",
    fixed_keys_ignored: "was fixed to 0x70000000",
    entry_lost: "does not reach|matches no entry|reaches|where it has been",
    entry_hidden_by_a_wider_one: "reaches|does not reach",
    delivered_to_another_core: "reaches|does not reach",
    sent_by_another_link: "where it has been|does not reach|reaches",
    one_neuron_goes_astray: "does not reach",
    way_that_is_not_the_trees: "does not take the way of its tree|has been",
    two_tables_of_a_chip: "a chip has two tables",
    table_of_an_absent_chip: "for a chip that is absent",
    entry_that_matches_no_key: "matches no key",
    table_of_unequal_columns: "keys, .* masks and .* routes",
    table_too_long: "needs .* entries, it has",
    row_outside_its_memory: "lies outside its rows",
    row_names_a_neuron_that_is_absent: "names a synapse type or a neuron that the core does not have",
    memory_that_a_core_has_not: "bytes of DTCM, there are",
    memory_that_a_chip_has_not: "bytes of the chip's SDRAM, there are",
    keys_of_another_core: "sends keys from",
    link_with_one_end: "has no other end",
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("defect", "message"), DEFECTS.items(), ids=[defect.__name__ for defect in DEFECTS])
def test_a_defect_is_caught(defect: Callable[[Random], None], message: str, seed: int) -> None:
    with pytest.raises((IllegalProductError, MappingError, EmulatorError), match=message):
        defect(np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["on", "core", "together", "near", "apart"])
def test_a_constraint_that_is_not_kept_is_caught(kind: str, seed: int) -> None:
    with pytest.raises(IllegalProductError, match="stage 'place' made an illegal product"):
        constraint_broken(np.random.default_rng(seed), kind)


def test_what_has_no_defect_is_legal() -> None:
    made = mapped()
    check_partition(network(), compiled().partition, compiled().machine)
    check_place(made.graph, made.placement)
    check_route(made.graph, made.placement, made.routes)
    check_keys(made.graph, made.keys)
    check_tables(made.graph, made.placement, made.keys, made.minimised, made.routes)
    Emulator(compiled().image)
