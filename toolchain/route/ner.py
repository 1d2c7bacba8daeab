"""Neighbour-exploring routing: multicast trees that grow from sink to nearest sink.

The sinks are taken in order of their distance from the source.  Each is joined to the chip of the tree that is
nearest to it, by a path that goes all the way along its longest dimension first and then along the
other.  Near sinks so become the branching points of far ones, and packets are copied as late as possible.
The distance is that of the triangular torus, where a diagonal hop counts as one; of chips equally near, the
one that joined last is taken, which measured 1 to 3 % fewer hops than the first.

Where an absent chip or link breaks the straight path, a breadth-first search over the links that
exist finds a shortest way from the tree to the sink instead.  Neither way touches the tree before its end,
so no chip is entered twice.

Source: J. Navaridas, M. Lujan, L. A. Plana, S. Temple, S. B. Furber 2015, "SpiNNaker: Enhanced multicast
routing", Parallel Computing 45.  The paper looks for tree chips within a radius of the sink, and joins sinks that find
none to the source; here the whole tree is looked at in the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, hops, neighbours
from toolchain.errors import MappingError
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.route import Routes
from toolchain.route.grow import grow
from toolchain.route.shape import Shape, routes


def route(graph: Graph, placement: Placement) -> Routes:
    """The tree of each net.

    Nets that start on one chip and end on the same chips share the shape of their tree.

    Raises
    ------
    MappingError
        If absent links cut a sink off from its source.
    """
    return routes(graph, placement, Grower(placement.machine).shape)


class Grower:
    """What growing trees on one machine needs: its neighbours, and scratch memory.

    Parameters
    ----------
    explores : bool
        Whether sinks are joined to the chips of the tree that are nearest to them.
    """

    def __init__(self, machine: Machine, explores: bool = True) -> None:
        self.machine = machine
        self.explores = explores
        chips = machine.width * machine.height
        self.neighbour = neighbours(machine).reshape(chips, 6)
        self.chip = np.empty(chips, np.int32)
        self.arrival = np.empty(chips, np.int8)
        self.links = np.empty(chips, np.uint32)
        self.row = np.full(chips, -1, np.int32)
        self.queue = np.empty(chips, np.int32)
        self.towards = np.full(chips, -1, np.int8)
        self.path = np.empty(chips, np.int8)

    def shape(self, source: int, sinks: NDArray[np.int32]) -> Shape:
        """The tree from chip `source` to the chips `sinks`; a chip is numbered ``x * height + y``."""
        machine, height = self.machine, self.machine.height
        distance = hops(machine, sinks // height - source // height, sinks % height - source % height)
        sinks = sinks[np.argsort(distance, kind="stable")]
        rows = grow(
            self.neighbour, machine.width, height, machine.wraps, self.explores, source, sinks,
            self.chip, self.arrival, self.links, self.row, self.queue, self.towards, self.path,
        )  # fmt: skip
        if rows < 0:
            start, end = divmod(source, height), divmod(int(sinks[-1 - rows]), height)
            raise MappingError(f"chip {end} of {machine.name} cannot be reached from chip {start}: links are absent")
        return Shape.of(height, self.chip[:rows], self.arrival[:rows], self.links[:rows])
