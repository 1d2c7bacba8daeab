"""Placement by annealing: vertices change places at random, for the worse ever more rarely.

A move takes a vertex to a chip near one where a net of it starts or ends, on to a free core or in exchange for a
vertex there.  It is kept if the nets become shorter, and otherwise with a probability that falls with the temperature:
at first the placement can leave dead ends, at last it only improves.

The cost is what the packets will really travel: packets times links of each net's multicast tree, grown as
neighbour-exploring routing does (see ``toolchain.route.ner``), all links taken as working.  Half the perimeter of the
chips, the usual measure, knows of no branches: it would call a net to two chips as dear as one to all chips between.
What makes the true cost affordable is that few nets change.  Nets that end at the same vertices share a list of
sinks; a move that leaves a list's chips what they were, as most do in a dense network, costs it nothing, and nets of
one list that start on one chip are measured once.

The last round counts besides the entries that nets will need: the different pairs of a chip and what is to be done
there with a packet (see ``words``).  Often it finds placements that cost packets no more and treat more nets alike.

It starts from the best of ``hilbert``, in either order, ``bisection`` and ``compact``, and gives that back if it finds
nothing better.  Unless it may spread, no chip is opened that the start does without: the best is then of those on the
fewest chips.
Groups move as a whole, to free cores or in exchange for a group as large.  Vertices that others must be near stay.

Source: S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi 1983, "Optimization by simulated annealing", Science 220; moves in a
reach that shrinks: V. Betz, J. Rose 1997, "VPR: a new packing, placement and routing tool for FPGA research", FPL.
"""

from __future__ import annotations

import math
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, hops
from toolchain.algorithm_options import Between, Effort, Seed, with_options
from toolchain.constraints import FREE, Constraints
from toolchain.errors import MappingError
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place import anneal as loops
from toolchain.place.bisection import place as bisection
from toolchain.place.compact import place as compact
from toolchain.place.hilbert import place as hilbert
from toolchain.place.room import Room
from toolchain.place.units import Units, units_of
from toolchain.route import Tree
from toolchain.route.ner import route

STEPS: Final = 200_000
"""Steps of the inner loops for each vertex, at an effort of 1: about a millisecond."""
SAMPLES: Final = 500
ROUNDS: Final = ((0.03, False), (0.003, False), (0.01, True))
"""For each round its first temperature, as a share of the typical change of the cost by a move, and whether it counts
entries; each takes half of the steps.

Low, for the start is worth keeping; and each round begins with the best so far, whatever the one before has spoilt.
"""
COLD: Final = 0.05
"""The last temperature, as a share of the cost of a link of the lightest net: one link more is as good as refused."""
MOST_RULES: Final = 64


@with_options
def place(
    graph: Graph,
    machine: Machine,
    constraints: Constraints = FREE,
    *,
    effort: Effort = 1.0,
    entries: Annotated[float, Between(0, 1000)] = 1.0,
    spread: bool = False,
    seed: Seed = 1,
) -> Placement:
    """Place by annealing.

    Parameters
    ----------
    effort : float
        How long: about two seconds for each thousand vertices.
    entries : float
        How many per cent of packets times links a per cent of the entries is worth.
    spread : bool
        Whether it may use more chips than the start that uses fewest.
    seed : int
        Draws the moves.

    Raises
    ------
    MappingError
        If they do not fit, or an option is out of range.
    """
    starts = (
        hilbert(graph, machine, constraints),
        hilbert(graph, machine, constraints, order="breadth_first"),
        bisection(graph, machine, constraints, seed=seed),
        compact(graph, machine, constraints, effort=min(effort, 1.0), seed=seed),
    )
    start = min(starts, key=lambda placement: (not spread and _chips(placement), _cost(graph, placement, entries)))
    weights = [net.weight for net in graph.nets if net.weight > 0 and len(net.sinks)]
    if not weights:
        return start
    units = units_of(graph, machine, constraints)
    steps, cold = int(effort * STEPS * len(units)), COLD * min(weights)
    annealed = _annealed(graph, start, units, seed, steps=steps, cold=cold, entries=entries, spread=spread)
    return min((start, annealed), key=lambda placement: _cost(graph, placement, entries))


def _cost(graph: Graph, placement: Placement, entries: float) -> float:
    """The logarithm of packets times links, and of the entries so many times, by neighbour-exploring routing.

    Endless if a sink cannot be reached.
    """
    try:
        trees = route(graph, placement).trees
    except MappingError:
        return np.inf
    hops = sum((net.weight * tree.links for net, tree in zip(graph.nets, trees, strict=True)), 0.0)
    return math.log(max(hops, 1.0)) + entries * math.log(max(_entries(placement.machine, trees), 1))


def _entries(machine: Machine, trees: tuple[Tree, ...]) -> int:
    """The different routes of all chips, but for those that default routing gives."""
    if not trees:
        return 0
    needed = ~np.concatenate([tree.straight for tree in trees])
    x, y = np.concatenate([[tree.x, tree.y] for tree in trees], axis=1).astype(np.uint64)
    route = np.concatenate([tree.route for tree in trees])
    return len(np.unique(((x * np.uint64(machine.height) + y) << np.uint64(32) | route)[needed]))


def _chips(placement: Placement) -> int:
    """The number of chips in use."""
    return len(np.unique(placement.x.astype(np.int64) * placement.machine.height + placement.y))


def _annealed(
    graph: Graph,
    start: Placement,
    units: Units,
    seed: int,
    *,
    steps: int,
    cold: float,
    entries: float,
    spread: bool,
) -> Placement:
    annealing, chips = _annealing(graph, start, units, spread)
    change = annealing.typical_change(SAMPLES, seed)
    for hot, counts in ROUNDS:
        if entries or not counts:
            annealing.anneal(steps // 2, max(hot * change, cold), cold, seed, entries if counts else 0.0)
    settled = Room(start.machine, units)
    for unit, chip in enumerate(annealing.position.tolist()):
        settled.put(unit, int(chips[chip]))
    return settled.placement()


def _annealing(graph: Graph, start: Placement, units: Units, spread: bool) -> tuple[loops.Annealing, NDArray[np.int32]]:
    """The loops with all that they need, and the chips by their numbers there."""
    machine = start.machine
    height = machine.height
    room = Room(machine, units)
    first = [members[0] for members in units.members]
    for unit, vertex in enumerate(first):
        room.put(unit, int(start.x[vertex]) * height + int(start.y[vertex]))
    chips = np.flatnonzero(machine.cores).astype(np.int32)
    number = np.full(machine.width * height, -1, np.int32)
    number[chips] = np.arange(len(chips))
    cores = machine.cores.ravel()[chips].astype(np.int32)
    if not spread:
        cores[np.isin(chips, room.at, invert=True)] = 0
    annealing = loops.Annealing(
        _nets(graph, units),
        _limits(units, room, chips),
        chips // np.int32(height),
        chips % np.int32(height),
        cores,
        np.full(len(chips), machine.sdram_bytes, np.int64),
        number.reshape(machine.width, height),
        _ways(machine),
        number[room.at],
    )
    return annealing, chips


def _nets(graph: Graph, units: Units) -> loops.Nets:
    """The nets, those with the same sinks together; nets of one unit with the same sinks are one."""
    weights: dict[bytes, dict[int, float]] = {}
    for net in graph.nets:
        if net.weight > 0 and len(net.sinks):
            sources = weights.setdefault(np.unique(units.of[net.sinks]).astype(np.int32).tobytes(), {})
            start = int(units.of[net.source])
            sources[start] = sources.get(start, 0.0) + net.weight
    lists = [np.frombuffer(sinks, np.int32) for sinks in weights]
    sink = np.concatenate(lists)
    source = np.array([unit for sources in weights.values() for unit in sources], np.int32)
    sizes = np.array([len(sinks) for sinks in lists])
    counts = np.array([len(sources) for sources in weights.values()])
    list_of_sink = np.repeat(np.arange(len(lists), dtype=np.int32), sizes)
    return loops.Nets(
        source,
        np.array([weight for sources in weights.values() for weight in sources.values()], np.float64),
        _starts(counts),
        _starts(sizes),
        sink,
        _starts(np.bincount(sink, minlength=len(units))),
        list_of_sink[np.argsort(sink, kind="stable")],
        _starts(np.bincount(source, minlength=len(units))),
        np.argsort(source, kind="stable").astype(np.int32),
        np.repeat(np.arange(len(lists), dtype=np.int32), counts),
    )


def _starts(counts: NDArray[np.integer]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _limits(units: Units, room: Room, chips: NDArray[np.int32]) -> loops.Units:
    """What units take, and where they may go while those that they must be near stay."""
    pinned = np.zeros(len(units), np.int8)
    for near in units.near:
        pinned[list(near.those)] = 1
    these, those = np.zeros((2, len(units)), np.uint64)
    for rule, apart in enumerate(units.apart):
        bit = np.uint64(1 << rule % MOST_RULES)
        for bits, side in ((these, apart.these), (those, apart.those)):
            bits[list(side)] |= bit
            if rule >= MOST_RULES:
                pinned[list(side)] = 1
    reach = {unit: room.reach(unit)[chips] for unit in _limited(units)}
    rows = {mask.tobytes(): mask for mask in [np.ones(len(chips), np.bool_), *reach.values()]}
    row = {name: number for number, name in enumerate(rows)}
    limit = np.zeros(len(units), np.int32)
    for unit, mask in reach.items():
        limit[unit] = row[mask.tobytes()]
    return loops.Units(
        np.array(units.cores, np.int32),
        np.array(units.sdram, np.int64),
        pinned,
        limit,
        np.array(list(rows.values())).astype(np.uint8),
        np.array([units.fixed.get(unit, 0) for unit in range(len(units))], np.uint32),
        these,
        those,
    )


def _limited(units: Units) -> list[int]:
    """The units that may not go everywhere."""
    return sorted({*units.chips, *(unit for near in units.near for unit in near.these)})


def _ways(machine: Machine) -> NDArray[np.int16]:
    """Links, dx and dy of the shortest way between chips dx, dy apart: int16[2 * width - 1, 2 * height - 1, 3]."""
    width, height = machine.width, machine.height
    dx, dy = np.mgrid[1 - width : width, 1 - height : height].astype(np.int32)
    if machine.wraps:
        rounds = [(dx + i, dy + j) for i in (0, -width, width) for j in (0, -height, height)]
        spans = [np.maximum.reduce([np.abs(x), np.abs(y), np.abs(x - y)]) for x, y in rounds]
        shortest = np.argmin(spans, axis=0)
        dx, dy = (np.choose(shortest, side) for side in zip(*rounds, strict=True))
    return np.ascontiguousarray(np.stack([hops(machine, dx, dy), dx, dy], axis=-1), np.int16)
