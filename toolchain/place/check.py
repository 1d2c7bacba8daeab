"""The checker of placements: it knows the graph and the machine, and no algorithm."""

from __future__ import annotations

import numpy as np

from emulator.machine import MONITOR
from toolchain.errors import IllegalProductError
from toolchain.graph import Graph
from toolchain.place import Placement


def check(graph: Graph, placement: Placement) -> None:
    """Check that every vertex has a core of its own that exists, and that no chip's SDRAM is exceeded.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    machine, x, y, p = placement.machine, placement.x, placement.y, placement.p
    if not len(x) == len(y) == len(p) == len(graph.vertices):
        raise _illegal(f"{len(graph.vertices)} vertices have {len(x)} x, {len(y)} y and {len(p)} p")
    outside = (x < 0) | (x >= machine.width) | (y < 0) | (y >= machine.height)
    _refuse(graph, placement, outside, "is outside the machine")
    _refuse(graph, placement, machine.cores[x, y] == 0, "is on a chip that is absent")
    _refuse(graph, placement, p == MONITOR, "is on the monitor core")
    _refuse(graph, placement, (p < 0) | (p > machine.cores[x, y]), "is on a core that is absent")
    core = (x.astype(np.int64) * machine.height + y) * 32 + p
    _, first, inverse = np.unique(core, return_index=True, return_inverse=True)
    _refuse(graph, placement, first[inverse] != np.arange(len(core)), "shares its core with an earlier one")
    used = np.zeros((machine.width, machine.height), np.int64)
    np.add.at(used, (x, y), [vertex.sdram_bytes for vertex in graph.vertices])
    if np.any(used > machine.sdram_bytes):
        at_x, at_y = np.argwhere(used > machine.sdram_bytes)[0]
        raise _illegal(f"chip ({at_x}, {at_y}) holds {used[at_x, at_y]} bytes of SDRAM, it has {machine.sdram_bytes}")


def _refuse(graph: Graph, placement: Placement, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]], what: str) -> None:
    """Raise for the first vertex that is `wrong`."""
    if wrong.any():
        i = int(wrong.argmax())
        where = f"({placement.x[i]}, {placement.y[i]}) core {placement.p[i]}"
        raise _illegal(f"vertex {graph.vertices[i].name!r} at {where} {what}")


def _illegal(violation: str) -> IllegalProductError:
    return IllegalProductError("place", violation)
