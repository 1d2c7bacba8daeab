"""Filling chips: given an order of the chips and one of the vertices, each vertex takes the next free core.

What the placers share: they differ in the two orders.  A vertex goes to the first chip in order that has a core
and enough SDRAM left.  Here also is what is said when a graph does not fit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, smallest
from toolchain.errors import MappingError
from toolchain.graph import Graph, population_name
from toolchain.place import Placement


def fill(graph: Graph, machine: Machine, chips: NDArray[np.int32], order: NDArray[np.int64] | None = None) -> Placement:
    """Place the vertices of `graph`, taken in `order`, on `chips`, int32[chips, 2], first come first served.

    Raises
    ------
    MappingError
        If they do not fit: which population, needed, available, what to try.
    """
    check_fits(graph, machine)
    sdram = np.array([vertex.sdram_bytes for vertex in graph.vertices], np.int64)
    free_cores = machine.cores[chips[:, 0], chips[:, 1]].astype(np.int64)
    free_sdram = np.full(len(chips), machine.sdram_bytes, np.int64)
    chip = np.empty(len(sdram), np.int64)
    core = np.empty(len(sdram), np.int32)
    first = 0
    for vertex in range(len(sdram)) if order is None else order.tolist():
        while free_cores[first] == 0:
            first += 1
        at = _first_fit(free_cores, free_sdram, first, sdram[vertex])
        if at < 0:
            raise _sdram_error(graph, machine, vertex)
        x, y = chips[at]
        chip[vertex], core[vertex] = at, 1 + machine.cores[x, y] - free_cores[at]
        free_cores[at] -= 1
        free_sdram[at] -= sdram[vertex]
    return Placement(machine, chips[chip, 0], chips[chip, 1], core)


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


def _first_fit(cores: NDArray[np.int64], sdram: NDArray[np.int64], first: int, need: int) -> int:
    """The first chip from `first` on with a free core and `need` bytes; -1 if there is none."""
    if cores[first] and sdram[first] >= need:
        return first
    fits = (cores[first:] > 0) & (sdram[first:] >= need)
    at = int(fits.argmax())
    return first + at if fits[at] else -1


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
    return MappingError(f"population {name!r} needs {_cores(cores)}, {left} are free on {machine.name}; {remedy}")


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
