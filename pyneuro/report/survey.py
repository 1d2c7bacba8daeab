"""A survey of all multicast trees: how deep they are, which chips and links they load, and for which population.

Trees are looked at in batches of many rows, so that memory does not grow with their number; within a batch all is
numpy's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.machine import FIRST_CORE_BIT, LINKS, Machine, neighbours, opposite
from toolchain.graph import population_name
from toolchain.map_graph import GraphMapping
from toolchain.route import Routes

BATCH = 1 << 18
"""Rows of trees that are looked at together."""
_STRAIGHT_ON = np.array([1 << opposite(link) for link in range(len(LINKS))], np.uint32)
_CORES = np.uint32((0xFFFFFFFF << FIRST_CORE_BIT) & 0xFFFFFFFF)


@dataclass(frozen=True, eq=False)
class Survey:
    """What the trees of a mapping come to.

    Parameters
    ----------
    longest, sinks : int64[nets]
        Links from the source of each net to its farthest chip, and cores that it is delivered to.
    trees : uint64[nets]
        Numbers that differ where chips, links or cores of two trees do.
    through : float64[width, height]
        Packets that the router of each chip has to route if every source neuron fires once.
    rates : float64[width, height]
        The same a second, at the expected rates.
    defaultable : int64[width, height]
        Trees that go straight on at each chip.
    populations : tuple of str
        Those of the graph, by their first vertices.
    population : int64[vertices]
        Which of them each vertex belongs to.
    over : int64[...]
        Ascending codes ``(population * chips + chip) * 6 + link`` of the links that carry packets of each.
    """

    longest: NDArray[np.int64]
    sinks: NDArray[np.int64]
    trees: NDArray[np.uint64]
    through: NDArray[np.float64]
    rates: NDArray[np.float64]
    defaultable: NDArray[np.int64]
    populations: tuple[str, ...]
    population: NDArray[np.int64]
    over: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of some trees, one after the other; `net` and `chip` (``x * height + y``) of each."""

    net: NDArray[np.int64]
    chip: NDArray[np.int64]
    arrival: NDArray[np.int8]
    route: NDArray[np.uint32]

    @property
    def straight(self) -> NDArray[np.bool_]:
        """Where the packet leaves by the link opposite to the one it came by, and by no other."""
        straight: NDArray[np.bool_] = (self.arrival >= 0) & (self.route == _STRAIGHT_ON[self.arrival])
        return straight


def survey(mapping: GraphMapping) -> Survey:
    """Look at all trees of `mapping`."""
    machine, nets = mapping.machine, mapping.graph.nets
    size, ends = machine.width * machine.height, neighbours(machine).reshape(-1, len(LINKS))
    populations, population = _populations(mapping)
    sender = population[np.array([net.source for net in nets], np.int64)] if nets else np.zeros(0, np.int64)
    weight = np.array([net.weight for net in nets], np.float64)
    rate = np.array([net.rate for net in nets], np.float64)
    longest, sinks = np.zeros(len(nets), np.int64), np.zeros(len(nets), np.int64)
    trees = np.zeros(len(nets), np.uint64)
    through, rates, straight = np.zeros(size), np.zeros(size), np.zeros(size, np.int64)
    over: list[NDArray[np.int64]] = []
    for rows in _batches(mapping.routes, machine):
        np.maximum.at(longest, rows.net, _depths(rows, ends, size))
        np.add.at(sinks, rows.net, np.bitwise_count(rows.route & _CORES).astype(np.int64))
        np.add.at(trees, rows.net, _mixed(rows, machine.height))
        through += np.bincount(rows.chip, weight[rows.net], size)
        rates += np.bincount(rows.chip, rate[rows.net], size)
        straight += np.bincount(rows.chip[rows.straight], minlength=size)
        over.append(_links(rows, sender, size))
    shape = (machine.width, machine.height)
    return Survey(
        longest,
        sinks,
        trees,
        through.reshape(shape),
        rates.reshape(shape),
        straight.reshape(shape),
        populations,
        population,
        np.unique(np.concatenate(over)) if over else np.zeros(0, np.int64),
    )


def _populations(mapping: GraphMapping) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The populations by their first vertices, and that of each vertex."""
    number: dict[str, int] = {}
    of = [number.setdefault(population_name(vertex), len(number)) for vertex in mapping.graph.vertices]
    return tuple(number), np.array(of, np.int64)


def _batches(routes: Routes, machine: Machine) -> Iterator[_Rows]:
    lengths = np.array([len(tree.x) for tree in routes.trees], np.int64)
    for nets in np.split(np.arange(len(lengths)), np.flatnonzero(np.diff(np.cumsum(lengths) // BATCH)) + 1):
        trees = [routes.trees[net] for net in nets]
        if trees:
            x, y = (np.concatenate([getattr(tree, axis) for tree in trees]) for axis in "xy")
            yield _Rows(
                np.repeat(nets, lengths[nets]),
                x * np.int64(machine.height) + y,
                np.concatenate([tree.arrival for tree in trees]),
                np.concatenate([tree.route for tree in trees]),
            )


def _depths(rows: _Rows, ends: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    """Links between the chip of each row and the source of its tree.

    Every row points at its parent, a root at itself; then each looks twice as far in every turn.
    """
    code = rows.net * size + rows.chip
    order = np.argsort(code, kind="stable")
    inner = rows.arrival >= 0
    parent = np.arange(len(code))
    above = ends[rows.chip[inner], rows.arrival[inner]]
    parent[inner] = order[np.searchsorted(code, rows.net[inner] * size + above, sorter=order)]
    depth = inner.astype(np.int64)
    while np.any(depth[parent]):
        depth += depth[parent]
        parent = parent[parent]
    return depth


def _links(rows: _Rows, sender: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The links that `rows` leave by, coded with the population of the net."""
    code = (sender[rows.net] * size + rows.chip) * len(LINKS)
    left = [code[(rows.route >> np.uint32(link) & np.uint32(1)) > 0] + link for link in range(len(LINKS))]
    return np.unique(np.concatenate(left))


def _mixed(rows: _Rows, height: int) -> NDArray[np.uint64]:
    """A number for each row that says nothing but whether two are the same; their sum does not depend on their order.

    The chip, the link that the packet came by and where it goes are mixed as in SplitMix64: G. L. Steele, D. Lea,
    C. H. Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA.
    """
    x, y = np.divmod(rows.chip, height)
    state = (x << 48 | y << 32).astype(np.uint64) | rows.route.astype(np.uint64)
    state += (rows.arrival.astype(np.int64) + 2).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ state >> np.uint64(shift)) * np.uint64(factor)
    return state ^ state >> np.uint64(31)
