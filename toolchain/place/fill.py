"""Filling chips: given an order of the chips and one of the vertices, each vertex takes the next free core.

What the placers share: they differ in the two orders, and in which vertices they keep apart.  Each kind of
vertices fills one open chip, and opens the next one of the order when that is full.  No more chips are opened
than all vertices need: after that a vertex goes to the first chip that has a core and enough SDRAM left.  Vertices
that must share a chip come together, when the first of them does.

Other constraints are not looked at here: what comes out is a wish, and `keep` makes a placement of it that keeps to
them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine
from toolchain.constraints import FREE, Constraints
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place.fits import check_fits
from toolchain.place.keep import keep


def fill(
    graph: Graph,
    machine: Machine,
    chips: NDArray[np.int32],
    order: NDArray[np.int64] | None = None,
    kind: NDArray[np.int64] | None = None,
    *,
    constraints: Constraints = FREE,
) -> Placement:
    """Place the vertices of `graph` on `chips`, first come first served.

    Parameters
    ----------
    chips : int32[chips, 2]
        The chips, in the order in which they are opened.
    order : int64[vertices], optional
        The vertices, in the order in which they come; as in the graph if left out.
    kind : int64[vertices], optional
        Vertices of different kinds fill different chips, as long as there are enough.

    Raises
    ------
    MappingError
        If they do not fit: which population or constraint, needed, available, what to try.
    """
    check_fits(graph, machine)
    vertices = len(graph.vertices)
    order = np.arange(vertices) if order is None else order
    kind = np.zeros(vertices, np.int64) if kind is None else kind
    shelf = _Shelf(machine, chips, vertices)
    chip, core = np.zeros(vertices, np.int64), np.empty(vertices, np.int32)
    together = {vertex: group for group in constraints.together for vertex in group}
    placed = np.zeros(vertices, np.bool_)
    fits = True
    for vertex in order.tolist():
        if placed[vertex]:
            continue
        group = list(together.get(vertex, (vertex,)))
        placed[group] = True
        sdram = sum(graph.vertices[one].sdram_bytes for one in group)
        at = shelf.find(int(kind[vertex]), len(group), sdram)
        if at is None:
            fits = False
        else:
            chip[group], core[group] = at, shelf.take(at, len(group), sdram)
    placement = Placement(machine, chips[chip, 0], chips[chip, 1], core)
    others = replace(constraints, together=(), together_origins=())
    return placement if fits and not others else keep(graph, placement, constraints)


class _Shelf:
    """The chips in order, with what is left of each, and the open chip of each kind."""

    def __init__(self, machine: Machine, chips: NDArray[np.int32], vertices: int) -> None:
        self.cores = machine.cores[chips[:, 0], chips[:, 1]].astype(np.int64)
        self.used = np.zeros(len(chips), np.int64)
        self.sdram = np.full(len(chips), machine.sdram_bytes, np.int64)
        self.opened: dict[int, int] = {}
        self.unopened = 0
        self.needed = int(np.searchsorted(np.cumsum(self.cores), vertices)) + 1
        """Chips that are opened in order; the others wait until no chip of these fits."""

    def find(self, kind: int, cores: int, sdram: int) -> int | None:
        """The chip for vertices of `kind` that need so many cores, and `sdram` bytes, or None."""
        fits = (self.used + cores <= self.cores) & (self.sdram >= sdram)
        at = self.opened.get(kind)
        if at is not None and fits[at]:
            return at
        if self.unopened < self.needed and fits[self.unopened]:
            self.opened[kind] = self.unopened
            self.unopened += 1
            return self.unopened - 1
        first = int(fits.argmax())
        return first if fits[first] else None

    def take(self, at: int, cores: int, sdram: int) -> range:
        """Take the next cores of a chip: their numbers."""
        self.used[at] += cores
        self.sdram[at] -= sdram
        return range(int(self.used[at]) - cores + 1, int(self.used[at]) + 1)
