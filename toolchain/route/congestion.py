"""Congestion-aware routing: trees give way to each other where links are full.

A tree grows by the cheapest way from any of its chips to any sink that it lacks, over and over (Dijkstra's search,
which goes on from the grown tree).  At first every link costs 1, and trees are short.  Then each is taken out and
grown again, round after round, while a link costs

    1 + detour * (carried / full) ** 4

with what the other trees carry over it.  An empty link stays at 1, so a tree leaves its short way only where that is
nearly full; a full link is worth a way round of `detour` more hops.  What is full is `capacity`, in packets a second,
where the rates of the nets are known; with no capacity given, or no rates, it is what the busiest link carries
while all trees are short, so that this peak is worn down.  Of all rounds the one with the least peak is kept, and of
several such the one with the fewest hops.

Sources: L. McMurchie, C. Ebeling 1995, "PathFinder: a negotiation-based performance-driven router for FPGAs", FPGA
(rip up all, route again by prices); J. Aspnes, Y. Azar, A. Fiat, S. Plotkin, O. Waarts 1997, "On-line routing of virtual
circuits with applications to load balancing and machine scheduling", J. ACM 44 (steep prices keep the peak low);
H. Takahashi, A. Matsuyama 1980, "An approximate solution for the Steiner problem in graphs", Math. Japonica 24 (trees
from cheapest ways).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, neighbours
from toolchain.errors import MappingError
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.route import Routes
from toolchain.route.cheapest import grow_cheapest
from toolchain.route.shape import Shape, routes

_STEEPNESS = 4


def route(
    graph: Graph, placement: Placement, *, rounds: int = 4, detour: float = 4.0, capacity: float = 0.0
) -> Routes:
    """The tree of each net; nets that start on one chip and end on the same chips share the shape of theirs.

    Parameters
    ----------
    rounds : int
        How often each tree is grown again, from 0 on.
    detour : float
        Hops that a full link is worth going round.
    capacity : float
        Packets a second that fill a link; 0 for what the busiest carries while all trees are short.

    Raises
    ------
    MappingError
        If an option is out of its bounds, or absent links cut a sink off from its source.
    """
    if not (rounds >= 0 and detour >= 0 and capacity >= 0):
        raise MappingError(
            f"the options of the router 'congestion' must be 0 or more, got rounds={rounds}, detour={detour:g}, "
            f"capacity={capacity:g}"
        )
    demands = _demands(graph, placement)
    negotiation = _Negotiation(placement.machine, demands)
    if not any(net.rate for net in graph.nets):
        capacity = 0.0
    negotiation.run(rounds, detour, capacity)
    return routes(graph, placement, negotiation.shape)


Pair = tuple[int, bytes]
"""A source chip, and the sink chips."""


def _demands(graph: Graph, placement: Placement) -> dict[Pair, float]:
    """Packets from each chip to each set of chips, in a second or, with no rate known, if all neurons fire once."""
    chip = placement.x * np.int32(placement.machine.height) + placement.y
    known = any(net.rate for net in graph.nets)
    demands: dict[Pair, float] = {}
    for net in graph.nets:
        pair = int(chip[net.source]), np.unique(chip[net.sinks]).tobytes()
        demands[pair] = demands.get(pair, 0.0) + (net.rate if known else net.weight)
    return demands


class _Negotiation:
    """The trees of all demands on one machine, and what they make each link carry."""

    def __init__(self, machine: Machine, demands: dict[Pair, float]) -> None:
        self.machine = machine
        self.demands = demands
        self.grower = _Grower(machine)
        self.carried = np.zeros((machine.width * machine.height, 6))
        self.cost = np.ones_like(self.carried)
        self.shapes: dict[Pair, Shape] = {}

    def shape(self, source: int, sinks: NDArray[np.int32]) -> Shape:
        """The shape of the tree from chip `source` to the chips `sinks`."""
        return self.shapes[source, sinks.tobytes()]

    def run(self, rounds: int, detour: float, capacity: float) -> None:
        """Grow the trees, and again in each of the `rounds`; keep those of the best round."""
        for pair, packets in self.demands.items():
            self._grow(pair, packets)
        full = capacity or float(self.carried.max(initial=0.0))
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


class _Grower:
    """What growing trees on one machine needs: its neighbours, and scratch memory."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        chips = machine.width * machine.height
        self.neighbour = neighbours(machine).reshape(chips, 6)
        self.chip = np.empty(chips, np.int32)
        self.arrival = np.empty(chips, np.int8)
        self.links = np.empty(chips, np.uint32)
        self.row = np.full(chips, -1, np.int32)
        self.distance = np.full(chips, 1e300)
        self.towards = np.empty(chips, np.int8)
        self.wanted = np.zeros(chips, np.uint8)
        self.heap = np.empty(chips, np.int32)
        self.place = np.full(chips, -1, np.int32)
        self.touched = np.empty(chips, np.int32)

    def shape(self, cost: NDArray[np.float64], source: int, sinks: NDArray[np.int32]) -> Shape:
        """The tree from chip `source` to the chips `sinks` where links have a `cost`."""
        height = self.machine.height
        rows = grow_cheapest(
            self.neighbour, cost, source, sinks, self.chip, self.arrival, self.links, self.row, self.distance,
            self.towards, self.wanted, self.heap, self.place, self.touched,
        )  # fmt: skip
        if rows < 0:
            start, end = divmod(source, height), divmod(int(sinks[-1 - rows]), height)
            raise MappingError(
                f"chip {end} of {self.machine.name} cannot be reached from chip {start}: links are absent"
            )
        return Shape.of(height, self.chip[:rows], self.arrival[:rows], self.links[:rows])
