"""The checker of placements: it knows the graph and the machine, and no algorithm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.machine import MONITOR, hops
from toolchain.constraints import FREE, Apart, Constraints, Near
from toolchain.errors import IllegalProductError
from toolchain.graph import Graph
from toolchain.place import Placement


def check(graph: Graph, placement: Placement, constraints: Constraints = FREE) -> None:
    """Check that every vertex has a core of its own that exists, that chips' SDRAM suffices, that constraints are kept.

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
    _check_sdram(graph, placement)
    _check_limits(graph, placement, constraints)
    for group in (*graph.together, *constraints.together):
        vertices = np.array(group)
        away = (x[vertices] != x[vertices[0]]) | (y[vertices] != y[vertices[0]])
        _refuse_some(graph, placement, vertices, away, f"is not on the chip of {graph.vertices[group[0]].name!r}")
    for apart in constraints.apart:
        _check_apart(graph, placement, apart)
    for near in constraints.near:
        _check_near(graph, placement, near)


def _check_sdram(graph: Graph, placement: Placement) -> None:
    machine, x, y = placement.machine, placement.x, placement.y
    used = np.zeros((machine.width, machine.height), np.int64)
    np.add.at(used, (x, y), [vertex.sdram_bytes for vertex in graph.vertices])
    if np.any(used > machine.sdram_bytes):
        at_x, at_y = np.argwhere(used > machine.sdram_bytes)[0]
        raise _illegal(f"chip ({at_x}, {at_y}) holds {used[at_x, at_y]} bytes of SDRAM, it has {machine.sdram_bytes}")


def _check_limits(graph: Graph, placement: Placement, constraints: Constraints) -> None:
    """Each vertex is on one of its chips, and on its core."""
    x, y, p = placement.x, placement.y, placement.p
    wrong = np.zeros(len(x), np.bool_)
    for vertex, chips in constraints.chips.items():
        wrong[vertex] = not chips[x[vertex], y[vertex]]
    _refuse(graph, placement, wrong, "is on a chip where it may not be")
    wrong[:] = False
    for vertex, core in constraints.core.items():
        wrong[vertex] = p[vertex] != core
    _refuse(graph, placement, wrong, "is on a core other than the one that it must have")


def _check_apart(graph: Graph, placement: Placement, apart: Apart) -> None:
    """No chip holds one of these and another one of those."""
    chip = placement.x.astype(np.int64) * placement.machine.height + placement.y
    these, those = np.array(apart.these, np.int64), np.array(apart.those, np.int64)
    others = np.bincount(chip[those], minlength=placement.machine.width * placement.machine.height)
    wrong = others[chip[these]] > np.isin(these, those)
    _refuse_some(graph, placement, these, wrong, "shares its chip with what it must be apart from")


def _check_near(graph: Graph, placement: Placement, near: Near) -> None:
    """Each of these has one of those within the hops."""
    x, y = placement.x, placement.y
    these, those = np.array(near.these, np.int64), np.array(near.those, np.int64)
    distance = hops(placement.machine, x[those] - x[these][:, None], y[those] - y[these][:, None])
    wrong = np.all(distance > near.hops, axis=1)
    _refuse_some(graph, placement, these, wrong, f"is more than {near.hops} hops from what it must be near")


def _refuse_some(
    graph: Graph, placement: Placement, vertices: NDArray[np.int64], wrong: NDArray[np.bool_], what: str
) -> None:
    """Raise for the first of `vertices` that is `wrong`."""
    of_all = np.zeros(len(placement.x), np.bool_)
    of_all[vertices] = wrong
    _refuse(graph, placement, of_all, what)


def _refuse(graph: Graph, placement: Placement, wrong: NDArray[np.bool_], what: str) -> None:
    """Raise for the first vertex that is `wrong`."""
    if wrong.any():
        i = int(wrong.argmax())
        where = f"({placement.x[i]}, {placement.y[i]}) core {placement.p[i]}"
        raise _illegal(f"vertex {graph.vertices[i].name!r} at {where} {what}")


def _illegal(violation: str) -> IllegalProductError:
    return IllegalProductError("place", violation)
