"""Shapes: trees without their cores.

Nets that start on one chip and end on the same chips differ in nothing but the cores they end at, so a
router finds the shape of their trees once.  Chips are numbers ``x * height + y``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.machine import FIRST_CORE_BIT
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.route import Routes, Tree


@dataclass(frozen=True, eq=False)
class Shape:
    """The rows of a tree without cores: `chips` in ascending order are its rows `rows`."""

    x: NDArray[np.int32]
    y: NDArray[np.int32]
    arrival: NDArray[np.int8]
    links: NDArray[np.uint32]
    chips: NDArray[np.int32]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, height: int, chip: NDArray[np.int32], arrival: NDArray[np.int8], links: NDArray[np.uint32]) -> Shape:
        """The shape whose rows are on the chips `chip` of a machine so high; the arrays are copied."""
        x, y, arrival, order = chip // height, chip % height, arrival.copy(), np.argsort(chip)
        for array in (x, y, arrival):
            array.setflags(write=False)
        return cls(x, y, arrival, links.copy(), chip[order], order)

    def tree(self, ends: NDArray[np.int32], cores: NDArray[np.uint32]) -> Tree:
        """The tree that delivers to the core bits `cores` on the chips `ends`."""
        route = self.links.copy()
        np.bitwise_or.at(route, self.rows[np.searchsorted(self.chips, ends)], cores)
        route.setflags(write=False)
        return Tree(self.x, self.y, self.arrival, route)


def routes(graph: Graph, placement: Placement, shape: Callable[[int, NDArray[np.int32]], Shape]) -> Routes:
    """The tree of each net, of the shape that `shape` finds from a source chip to its sink chips (ascending)."""
    chip = placement.x * np.int32(placement.machine.height) + placement.y
    core = (np.uint32(1) << (placement.p + FIRST_CORE_BIT).astype(np.uint32)).astype(np.uint32)
    shapes: dict[tuple[int, bytes], Shape] = {}
    trees = []
    for net in graph.nets:
        ends = chip[net.sinks]
        sinks = np.unique(ends)
        pair = int(chip[net.source]), sinks.tobytes()
        if pair not in shapes:
            shapes[pair] = shape(pair[0], sinks)
        trees.append(shapes[pair].tree(ends, core[net.sinks]))
    return Routes(tuple(trees))
