"""Filling chips: given an order of the chips and one of the vertices, each vertex takes the next free core.

What the placers share: they differ in the two orders, and in which vertices they keep apart.  Each kind of
vertices fills one open chip, and opens the next one of the order when that is full.  No more chips are opened
than all vertices need: after that a vertex goes to the first chip that has a core and enough SDRAM left.

Here also is what is said when a graph does not fit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, smallest
from toolchain.errors import MappingError
from toolchain.graph import Graph, population_name
from toolchain.place import Placement


def fill(
    graph: Graph,
    machine: Machine,
    chips: NDArray[np.int32],
    order: NDArray[np.int64] | None = None,
    kind: NDArray[np.int64] | None = None,
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
        If they do not fit: which population, needed, available, what to try.
    """
    check_fits(graph, machine)
    vertices = len(graph.vertices)
    order = np.arange(vertices) if order is None else order
    kind = np.zeros(vertices, np.int64) if kind is None else kind
    shelf = _Shelf(machine, chips, vertices)
    chip, core = np.empty(vertices, np.int64), np.empty(vertices, np.int32)
    for vertex in order.tolist():
        at = shelf.find(int(kind[vertex]), graph.vertices[vertex].sdram_bytes)
        if at is None:
            raise _sdram_error(graph, machine, vertex)
        chip[vertex], core[vertex] = at, shelf.take(at, graph.vertices[vertex].sdram_bytes)
    return Placement(machine, chips[chip, 0], chips[chip, 1], core)


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

    def find(self, kind: int, sdram: int) -> int | None:
        """The chip for a vertex of `kind` that needs `sdram` bytes, or None."""
        at = self.opened.get(kind)
        if at is not None and self.used[at] < self.cores[at] and self.sdram[at] >= sdram:
            return at
        if self.unopened < self.needed:
            self.opened[kind] = self.unopened
            self.unopened += 1
            return self.unopened - 1
        fits = (self.used < self.cores) & (self.sdram >= sdram)
        first = int(fits.argmax())
        return first if fits[first] else None

    def take(self, at: int, sdram: int) -> int:
        """Take the next core of a chip: its number."""
        self.used[at] += 1
        self.sdram[at] -= sdram
        return int(self.used[at])


def check_fits(graph: Graph, machine: Machine) -> None:
    """Refuse what cannot fit whatever the order: more vertices than cores, or more SDRAM than there is.

    Raises
    ------
    MappingError
        In the user's words.
    """
    if len(graph.vertices) > machine.application_cores:
        raise _cores_error(graph, machine)
    for i, vertex in enumerate(graph.vertices):
        if vertex.sdram_bytes > machine.sdram_bytes:
            raise MappingError(
                f"{_owner(graph, i)} needs {vertex.sdram_bytes:,} bytes of SDRAM for one core, a chip has "
                f"{machine.sdram_bytes:,}; try fewer neurons a core"
            )


def _cores_error(graph: Graph, machine: Machine) -> MappingError:
    """The error for too few cores: it names the first population, in order, that finds too few left."""
    groups: dict[str, int] = {}
    for vertex in graph.vertices:
        name = population_name(vertex)
        groups[name] = groups.get(name, 0) + 1
    free = machine.application_cores
    remedy = _try_machine(len(graph.vertices), machine)
    if len(groups) == len(graph.vertices):
        what = f"network {graph.name!r} needs {_cores(len(graph.vertices))}"
        return MappingError(f"{what}, {machine.name} has {free}; {remedy}")
    before = np.cumsum([0, *groups.values()])
    i = int(np.argmax(before[1:] > free))
    name, cores = list(groups.items())[i]
    left = free - before[i]
    available = f"{left} {'is' if left == 1 else 'are'} free on {machine.name}"
    return MappingError(f"population {name!r} needs {_cores(cores)}, {available}; {remedy}")


def _sdram_error(graph: Graph, machine: Machine, vertex: int) -> MappingError:
    """The error for SDRAM that is used up, or split so that `vertex` fits on no chip with a free core."""
    need = graph.vertices[vertex].sdram_bytes
    total = sum(v.sdram_bytes for v in graph.vertices)
    cores = max(len(graph.vertices), machine.application_cores + 1, -(-total // machine.sdram_bytes) * 15)
    return MappingError(
        f"{_owner(graph, vertex)} needs {need:,} bytes of SDRAM for one core, and no chip of {machine.name} with a "
        f"free core has as much left (the network needs {total:,} bytes in all); {_try_machine(cores, machine)}"
    )


def _owner(graph: Graph, vertex: int) -> str:
    """What to call a vertex: the population that it is a slice of, or its own name."""
    name = graph.vertices[vertex].name
    population = population_name(graph.vertices[vertex])
    return f"population {population!r}" if population != name else f"vertex {name!r}"


def _try_machine(cores: int, machine: Machine) -> str:
    larger = next((other for other in smallest(cores) if other.name != machine.name), None)
    return f"try machine={larger.name!r}" if larger else "no machine is as large; try more neurons a core"


def _cores(number: int) -> str:
    return f"{number} core" if number == 1 else f"{number} cores"
