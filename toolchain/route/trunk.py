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

A net that the tree would lead by a detour takes a tree of its own, grown as in ``ner``.  So it is with most nets of
sparse, local graphs, and with the nets of sources which are beside their sinks.

Source of the algorithm: R. C. Prim 1957, "Shortest connection networks and some generalizations", Bell System
Technical Journal 36.
"""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, neighbours, opposite
from toolchain.errors import MappingError
from toolchain.graph import Graph
from toolchain.joined import joined
from toolchain.place import Placement
from toolchain.route import Routes
from toolchain.route.ner import Grower
from toolchain.route.prune import prune
from toolchain.route.shape import Shape, routes

NO_TREE = -2
"""The `up` of a chip that no net needs."""
ROOT = -1


def route(graph: Graph, placement: Placement, *, detour: float = 1.0) -> Routes:
    """The tree of each net, on the shared tree if that has at most `detour` times the links of one of its own.

    Raises
    ------
    MappingError
        If absent links cut a sink off from its source, or `detour` is below 1.
    """
    if not detour >= 1.0:
        raise MappingError(f"detour is {detour:g}, it must be at least 1")
    own = Grower(placement.machine)
    pruner = _Pruner(placement.machine, spanning_tree(placement.machine, traffic(graph, placement)))

    def shorter(source: int, sinks: NDArray[np.int32]) -> Shape:
        alone = own.shape(source, sinks)
        shared = pruner.shape(source, sinks)
        return alone if shared is None or len(shared.x) - 1 > detour * (len(alone.x) - 1) else shared

    return routes(graph, placement, shorter)


def traffic(graph: Graph, placement: Placement) -> NDArray[np.float64]:
    """The packets of the nets that have a core on both chips of each link, double[chips, 6]; NaN if on neither.

    A chip that has no core of any net has NaN for all its links.
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
    """The maximum spanning tree of the chips with a `load`: the link from each to its parent, int8[chips]."""
    neighbour = neighbours(machine).reshape(-1, 6).tolist()
    up = np.full(len(neighbour), NO_TREE, np.int8)
    total = load.sum(axis=1)
    needed = np.flatnonzero(~np.isnan(total))
    weights = np.nan_to_num(load).tolist()
    for root in needed[np.argsort(-total[needed], kind="stable")].tolist():
        if up[root] == NO_TREE:
            _grow(neighbour, weights, root, up)
    return up


def _grow(neighbour: list[list[int]], weights: list[list[float]], root: int, up: NDArray[np.int8]) -> None:
    """Grow the tree of the chips that links join to `root`, by the heaviest link, of these by the one nearest to it."""
    edge = [(0.0, 0, root, ROOT)]
    while edge:
        _, depth, chip, link = heappop(edge)
        if up[chip] != NO_TREE:
            continue
        up[chip] = link
        for way, other in enumerate(neighbour[chip]):
            if other >= 0 and up[other] == NO_TREE:
                heappush(edge, (-weights[chip][way], depth + 1, other, opposite(way)))


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
