"""Congestion-aware routing: trees give way to each other where links are full.

At first every link costs 1, and trees of cheapest ways (``cheapest_ways``) are short.  Then each is taken out and
grown again, round after round, while a link costs

    1 + detour * (carried / full) ** 4

with what the other trees carry over it.  An empty link stays at 1, so a tree leaves its short way only where that is
nearly full; a full link is worth a way round of `detour` more hops.  What is full is a share `target` of what a link
can take, where the rates of the nets are known; with no target given, or no rates, it is what the busiest link
carries while all trees are short, so that this peak is worn down.  Of all rounds the one with the least peak is kept,
and of several such the one with the fewest hops.

Sources: L. McMurchie, C. Ebeling 1995, "PathFinder: a negotiation-based performance-driven router for FPGAs", FPGA
(rip up all, route again by prices); J. Aspnes, Y. Azar, A. Fiat, S. Plotkin, O. Waarts 1997, "On-line routing of
virtual circuits with applications to load balancing and machine scheduling", J. ACM 44 (steep prices keep the peak
low).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine
from toolchain.algorithm_options import Between, with_options
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.route import Routes
from toolchain.route.cheapest_ways import CheapestGrower
from toolchain.route.shape import Shape, routes

_STEEPNESS = 4


@with_options
def route(
    graph: Graph,
    placement: Placement,
    *,
    rounds: Annotated[int, Between(0, 1000)] = 4,
    detour: Annotated[float, Between(0, 1e6)] = 16.0,
    target: Annotated[float, Between(0, 1000)] = 0.0,
) -> Routes:
    """The tree of each net; nets that start on one chip and end on the same chips share the shape of theirs.

    Parameters
    ----------
    rounds : int
        How often each tree is grown again.
    detour : float
        Hops that a full link is worth going round.
    target : float
        Share of a link's capacity that fills it; 0 for what the busiest carries while all trees are short.

    Raises
    ------
    MappingError
        If an option is out of its bounds, or absent links cut a sink off from its source.
    """
    rates_known = any(net.rate for net in graph.nets)
    negotiation = _Negotiation(placement.machine, _demands(graph, placement, rates_known))
    negotiation.run(rounds, detour, target * placement.machine.link_capacity if rates_known else 0.0)
    return routes(graph, placement, negotiation.shape)


Pair = tuple[int, bytes]
"""A source chip, and the sink chips."""


def _demands(graph: Graph, placement: Placement, rates_known: bool) -> dict[Pair, float]:
    """Packets from each chip to each set of chips: in a second, or with no rates known if all neurons fire once."""
    chip = placement.x * np.int32(placement.machine.height) + placement.y
    demands: dict[Pair, float] = {}
    for net in graph.nets:
        pair = int(chip[net.source]), np.unique(chip[net.sinks]).tobytes()
        demands[pair] = demands.get(pair, 0.0) + (net.rate if rates_known else net.weight)
    return demands


class _Negotiation:
    """The trees of all demands on one machine, and what they make each link carry."""

    def __init__(self, machine: Machine, demands: dict[Pair, float]) -> None:
        self.machine = machine
        self.demands = demands
        self.grower = CheapestGrower(machine)
        self.carried = np.zeros((machine.width * machine.height, 6))
        self.cost = np.ones_like(self.carried)
        self.shapes: dict[Pair, Shape] = {}

    def shape(self, source: int, sinks: NDArray[np.int32]) -> Shape:
        """The shape of the tree from chip `source` to the chips `sinks`."""
        return self.shapes[source, sinks.tobytes()]

    def run(self, rounds: int, detour: float, full: float) -> None:
        """Grow the trees, and again in each of the `rounds`; keep those of the best round.

        So many packets fill a link; if 0, what the busiest one carries at first.
        """
        for pair, packets in self.demands.items():
            self._grow(pair, packets)
        full = full or float(self.carried.max(initial=0.0))
        best, kept = self._figures(), dict(self.shapes)
        for _ in range(rounds if full else 0):
            self.cost[:] = 1 + detour * (self.carried / full) ** _STEEPNESS
            for pair, packets in self.demands.items():
                self._price(self._carry(self.shapes[pair], -packets), detour, full)
                self._price(self._grow(pair, packets), detour, full)
            if self._figures() < best:
                best, kept = self._figures(), dict(self.shapes)
        self.shapes = kept

    def _figures(self) -> tuple[float, float]:
        return float(self.carried.max(initial=0.0)), float(self.carried.sum())

    def _grow(self, pair: Pair, packets: float) -> NDArray[np.intp]:
        """Grow a tree at the present costs; the links that it takes, as indices into the flat arrays."""
        shape = self.shapes[pair] = self.grower.shape(self.cost, pair[0], np.frombuffer(pair[1], np.int32))
        return self._carry(shape, packets)

    def _carry(self, shape: Shape, packets: float) -> NDArray[np.intp]:
        """Let the links of a tree carry so many packets more."""
        chip = shape.x.astype(np.intp) * self.machine.height + shape.y
        row, link = np.nonzero(shape.links[:, None] >> np.arange(6, dtype=np.uint32) & 1)
        links = chip[row] * 6 + link
        self.carried.reshape(-1)[links] += packets
        return links

    def _price(self, links: NDArray[np.intp], detour: float, full: float) -> None:
        carried = self.carried.reshape(-1)[links]
        self.cost.reshape(-1)[links] = 1 + detour * (np.maximum(carried, 0) / full) ** _STEEPNESS
