"""Trunk routing: the trees of all nets are parts of one spanning tree, where that makes them no longer.

Where every net takes a tree of its own, a chip sees packets that came the same way leave by many different
links, and needs an entry for each.  On one tree for all nets a packet that enters by one link leaves by all others
that have sinks beyond them: nets which end alike take the same route, so that one entry, or a few, can stand for all.
And a tree that joins k chips by k - 1 links cannot be beaten, whatever the source.

The tree is the maximum spanning tree of the links, each weighted by the packets of the nets that have chips at both
of its ends.  Chips on which a heavy net ends are so joined to each other before they are joined to others, and those
of a net that ends in a part of them, before the rest: a net takes a connected part of the tree wherever the placement
allows it.  The tree grows from the chip that is at the middle of most traffic; of links with the same weight the one
nearest to this chip is taken, which makes the tree shallow.

A net that the tree would lead by a detour takes a tree of its own, grown as in ``cheapest_ways``.  So it is with
most nets of sparse, local graphs, and with the nets of sources which are beside their sinks.

Source of the algorithm: R. C. Prim 1957, "Shortest connection networks and some generalizations", Bell System
Technical Journal 36.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, neighbours, opposite
from toolchain.algorithm_options import Between, with_options
from toolchain.graph import Graph
from toolchain.joined import joined
from toolchain.place import Placement
from toolchain.route import Routes
from toolchain.route.cheapest_ways import CheapestGrower
from toolchain.route.prune import prune
from toolchain.route.shape import Shape, routes

NO_TREE = -2
"""The `up` of a chip that no net needs."""
ROOT = -1


@with_options
def route(graph: Graph, placement: Placement, *, detour: Annotated[float, Between(1, 1e6)] = 1.0) -> Routes:
    """The tree of each net, on the shared tree if that has at most `detour` times the links of one of its own.

    Raises
    ------
    MappingError
        If absent links cut a sink off from its source, or `detour` is out of its bounds.
    """
    machine = placement.machine
    own = CheapestGrower(machine)
    shared = _Pruner(machine, spanning_tree(machine, traffic(graph, placement)))
    cost = np.ones((machine.cores.size, 6))

    def shape(source: int, sinks: NDArray[np.int32]) -> Shape:
        part = shared.shape(source, sinks)
        ends = len(sinks) + (source not in sinks)
        if part is not None and len(part.chips) == ends:
            return part
        alone = own.shape(cost, source, sinks)
        return alone if part is None or len(part.chips) - 1 > detour * (len(alone.chips) - 1) else part

    return routes(graph, placement, shape)


def traffic(graph: Graph, placement: Placement) -> NDArray[np.float64]:
    """The packets of the nets that start or end on both chips of each link, double[chips, 6].

    For a chip on which no net does, and for one whose nets stay there, all six are NaN.
    """
    machine = placement.machine
    chips = machine.width * machine.height
    neighbour = neighbours(machine).reshape(chips, 6)
    nets = joined(graph, placement.x.astype(np.int64) * machine.height + placement.y, chips)
    load = np.full((chips, 6), np.nan)
    ends = np.zeros(chips + 1, np.bool_)
    for first, end, weight in zip(nets.start[:-1].tolist(), nets.start[1:].tolist(), nets.weight.tolist(), strict=True):
        at = nets.member[first:end]
        ends[at] = True
        load[at] = np.nan_to_num(load[at]) + weight * ends[neighbour[at]]
        ends[at] = False
    return load


def spanning_tree(machine: Machine, load: NDArray[np.float64]) -> NDArray[np.int8]:
    """The maximum spanning tree of the chips that have a `load`: the link from each to its parent, int8[chips].

    Where links do not join all of them there are several trees.  Chips without a load are in a tree only if
    they lie on the way.
    """
    growth = _Growth(machine, load)
    total = load.sum(axis=1)
    needed = np.flatnonzero(~np.isnan(total))
    for root in needed[np.argsort(-total[needed], kind="stable")].tolist():
        if growth.up[root] == NO_TREE:
            growth.grow(root)
    return np.array(growth.up, np.int8)


class _Growth:
    """Trees that grow by the heaviest link, of the heaviest by the one nearest to the root."""

    def __init__(self, machine: Machine, load: NDArray[np.float64]) -> None:
        self.neighbour: list[list[int]] = neighbours(machine).reshape(-1, 6).tolist()
        self.load: list[list[float]] = np.nan_to_num(load).tolist()
        self.up = [NO_TREE] * len(load)
        self.needed: list[bool] = (~np.isnan(load[:, 0])).tolist()
        self.left = sum(self.needed)

    def grow(self, root: int) -> None:
        """Grow the tree of `root`, until it has all chips that have a load, or all that links join to it."""
        edges = [(0.0, 0, root, ROOT)]
        while edges and self.left:
            _, depth, chip, link = heappop(edges)
            if self.up[chip] != NO_TREE:
                continue
            self.up[chip] = link
            self.left -= self.needed[chip]
            for way, other in enumerate(self.neighbour[chip]):
                if other >= 0 and self.up[other] == NO_TREE:
                    heappush(edges, (-self.load[chip][way], depth + 1, other, opposite(way)))


class _Pruner:
    """A spanning tree, and scratch memory for cutting parts out of it."""

    def __init__(self, machine: Machine, up: NDArray[np.int8]) -> None:
        chips = machine.width * machine.height
        self.height = machine.height
        self.up = up
        self.neighbour = neighbours(machine).reshape(chips, 6)
        self.chip, self.seen = np.empty(chips, np.int32), np.empty(chips, np.int32)
        self.arrival = np.empty(chips, np.int8)
        self.links = np.empty(chips, np.uint32)
        self.mark = np.zeros(chips, np.uint8)

    def shape(self, source: int, sinks: NDArray[np.int32]) -> Shape | None:
        """The part of the tree that joins chip `source` to the chips `sinks`, if there is one."""
        rows = prune(
            self.neighbour, self.up, source, sinks, self.chip, self.arrival, self.links, self.mark, self.seen
        )  # fmt: skip
        return Shape.of(self.height, self.chip[:rows], self.arrival[:rows], self.links[:rows]) if rows else None
