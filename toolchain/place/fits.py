"""What is said when a graph does not fit: which population, how much it needs, what there is, what to try."""

from __future__ import annotations

import numpy as np

from emulator.machine import Machine, smallest
from toolchain.errors import LIMITS_OF_CORES, LIMITS_OF_SDRAM, CoresError, MappingError
from toolchain.graph import Graph, population_name

_LIMITS = ("reserved_cores", "dead_chips", "dead_cores", *LIMITS_OF_CORES, *LIMITS_OF_SDRAM, "dtcm_margin")
"""Where cores have less memory, they have fewer cells, and there must be more of them."""


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
                f"{machine.sdram_bytes:,}" + "; try fewer neurons a core" * graph.cut,
                limits=LIMITS_OF_SDRAM,
            )


def _cores_error(graph: Graph, machine: Machine) -> CoresError:
    """The error for too few cores: it names the first population, in order, that finds too few left."""
    groups: dict[str, int] = {}
    for vertex in graph.vertices:
        name = population_name(vertex)
        groups[name] = groups.get(name, 0) + 1
    free = machine.application_cores
    remedy = _try_machine(graph, len(graph.vertices), machine)
    spare = bool(graph.together)  # synapse cores: cells can keep their synapses, and fall behind
    if len(groups) == len(graph.vertices):
        what = f"network {graph.name!r} needs {_cores(len(graph.vertices))}"
        return CoresError(f"{what}, {machine.name} has {free}; {remedy}", spare, limits=_LIMITS)
    before = np.cumsum([0, *groups.values()])
    i = int(np.argmax(before[1:] > free))
    name, cores = list(groups.items())[i]
    left = free - before[i]
    available = f"{left} {'is' if left == 1 else 'are'} free on {machine.name}"
    return CoresError(f"population {name!r} needs {_cores(cores)}, {available}; {remedy}", spare, limits=_LIMITS)


def too_many_cores(graph: Graph) -> CoresError:
    """The error where there is no machine with as many cores left."""
    many = f"network {graph.name!r} needs {_cores(len(graph.vertices))}, more than any machine has"
    return CoresError(f"{many}; try {_fewer(graph)}", bool(graph.together), limits=_LIMITS)


def sdram_error(graph: Graph, machine: Machine) -> MappingError:
    """The error for SDRAM that is used up, or split so that the vertex that needs most fits on no chip."""
    vertex = max(range(len(graph.vertices)), key=lambda i: graph.vertices[i].sdram_bytes)
    need = graph.vertices[vertex].sdram_bytes
    total = sum(v.sdram_bytes for v in graph.vertices)
    cores = max(len(graph.vertices), machine.application_cores + 1, -(-total // machine.sdram_bytes) * 15)
    return MappingError(
        f"{_owner(graph, vertex)} needs {need:,} bytes of SDRAM for one core, and no chip of {machine.name} with a "
        f"free core has as much left (the network needs {total:,} bytes in all); {_try_machine(graph, cores, machine)}",
        limits=LIMITS_OF_SDRAM,
    )


def _owner(graph: Graph, vertex: int) -> str:
    """What to call a vertex: the population that it is a slice of, or its own name."""
    name = graph.vertices[vertex].name
    population = population_name(graph.vertices[vertex])
    return f"population {population!r}" if population != name else f"vertex {name!r}"


def _try_machine(graph: Graph, cores: int, machine: Machine) -> str:
    larger = next((other for other in smallest(cores) if other.name != machine.name), None)
    return f"try machine={larger.name!r}" if larger else f"no machine is as large; try {_fewer(graph)}"


def _fewer(graph: Graph) -> str:
    return "more neurons a core" if graph.cut else "a netlist of fewer vertices"


def _cores(number: int) -> str:
    return f"{number:,} core" if number == 1 else f"{number:,} cores"
