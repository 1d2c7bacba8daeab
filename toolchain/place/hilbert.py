"""Placement along a Hilbert curve.

A Hilbert curve visits every chip of a square and keeps neighbours in sequence near each other in the plane.
Vertices that are near in the graph's order (slices of one population, populations made one after the
other) come to lie on one chip or on chips side by side, so their nets are short.  Vertices that only send
come to lie beside their sinks (see ``follow``).  Where the graph's order says nothing, one that follows
its nets does better: ``breadth_first``.

The curve fills a square whose side is a power of two; chips that the machine lacks are skipped.

Source: D. Hilbert 1891, "Ueber die stetige Abbildung einer Linie auf ein Flaechenstueck"; used for placement
on this machine by rig (``rig.place_and_route.place.hilbert``).
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine
from toolchain.algorithm_options import OneOf, with_options
from toolchain.constraints import FREE, Constraints
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place.breadth_first import breadth_first
from toolchain.place.fill import fill
from toolchain.place.follow import sources_after_sinks


@with_options
def place(
    graph: Graph,
    machine: Machine,
    constraints: Constraints = FREE,
    *,
    order: Annotated[str, OneOf(("graph", "breadth_first"))] = "graph",
) -> Placement:
    """Place the vertices in order, sources after their sinks, on the chips along a Hilbert curve.

    Parameters
    ----------
    order : str
        That of the ``graph``, or ``breadth_first`` over its nets.

    Raises
    ------
    MappingError
        If they do not fit, or there is no such order.
    """
    ordered, kind = sources_after_sinks(graph, breadth_first(graph) if order == "breadth_first" else None)
    return fill(graph, machine, chips(machine), ordered, kind, constraints=constraints)


def chips(machine: Machine) -> NDArray[np.int32]:
    """The chips of `machine` in the order of the curve, int32[chips, 2]."""
    order = curve(max(machine.width, machine.height))
    inside = (order[:, 0] < machine.width) & (order[:, 1] < machine.height)
    order = order[inside]
    return order[machine.cores[order[:, 0], order[:, 1]] > 0]


def curve(side: int) -> NDArray[np.int32]:
    """The Hilbert curve over a square of at least `side` cells a side: int32[cells, 2], in order.

    The curve of twice the side is four copies: the first and the last are turned over a diagonal so
    that the ends meet.
    """
    cells = np.zeros((1, 2), np.int32)
    extent = 1
    while extent < side:
        first = cells[:, ::-1]
        second, third = cells + np.array([[[0, extent]], [[extent, extent]]], np.int32)
        last = np.array([2 * extent - 1, extent - 1], np.int32) - first
        cells = np.concatenate([first, second, third, last])
        extent *= 2
    return cells
