"""Cheapest ways: short multicast trees on any graph of links, whatever is absent.

The tree starts as the source's chip.  Dijkstra's search spreads from all its chips at once until it meets a sink; the
way there joins the tree, whose new chips are starts like all others, and the search goes on, until no sink is left.
So each sink is joined by the cheapest way there is at that time.  The tree is at most twice as long as the shortest
one; on this machine it comes out 1 to 7 % shorter than those of neighbour-exploring routing, since a way may bend
wherever that brings it past a sink, and absent links are links like others that are not there.

Source: H. Takahashi, A. Matsuyama 1980, "An approximate solution for the Steiner problem in graphs", Mathematica
Japonica 24.
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


def route(graph: Graph, placement: Placement) -> Routes:
    """The tree of each net; nets that start on one chip and end on the same chips share the shape of theirs.

    Raises
    ------
    MappingError
        If absent links cut a sink off from its source.
    """
    grower = CheapestGrower(placement.machine)
    cost = np.ones((placement.machine.cores.size, 6))
    return routes(graph, placement, lambda source, sinks: grower.shape(cost, source, sinks))


class CheapestGrower:
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
