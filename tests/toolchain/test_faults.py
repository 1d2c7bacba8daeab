"""Faults: whatever chips and links are dead, a mapping is legal, or it is said what cannot be reached.

The checkers run in `map_graph`; an illegal product would be an IllegalProductError.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from graphs import faulty, populations

from emulator.machine import Machine, largest_part, named, spin5, without
from toolchain.algorithms import PLACERS, ROUTERS
from toolchain.errors import MappingError
from toolchain.graph import Graph, Net, Vertex
from toolchain.map_graph import Algorithms, GraphMapping, map_graph

MACHINES = ("spin5", "3 boards", "12x12", "9x14", "10x10 mesh")
PAIRS = tuple(product(PLACERS, ROUTERS))


def sparse(vertices: int, seed: int) -> Graph:
    """A graph in which each vertex has a net to about eight near it, and each fourth one to anywhere."""
    generator = np.random.default_rng(seed)
    nets = []
    for source in range(vertices):
        far = source % 4 == 0
        ends = generator.integers(0, vertices, 8) if far else source + generator.integers(-20, 21, 8)
        sinks = np.unique(np.clip(ends, 0, vertices - 1)).astype(np.int32)
        nets.append(Net(source, sinks, 100, 100.0))
    return Graph("sparse", tuple(Vertex(f"p{i // 20}[{i % 20}]", 100) for i in range(vertices)), tuple(nets))


def mapped(graph: Graph, machine: Machine, placer: str, router: str) -> GraphMapping:
    """The mapping, on chips that are joined to each other."""
    mapping = map_graph(graph, machine, Algorithms(place=PLACERS[placer], route=ROUTERS[router]))
    part, used = largest_part(machine), mapping.placement
    assert part.cores[used.x, used.y].all()
    return mapping


@pytest.mark.parametrize(("placer", "router"), PAIRS)
def test_mappings_on_faulty_machines_are_legal(placer: str, router: str) -> None:
    seed = PAIRS.index((placer, router))
    machine = faulty(MACHINES[seed % len(MACHINES)], seed)
    mapped(sparse(300, seed), machine, placer, router)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_mappings_on_a_hundred_faulty_machines_are_legal(seed: int) -> None:
    machine = faulty(MACHINES[seed % len(MACHINES)], seed)
    graphs = (sparse(500, seed), populations({"a": 120, "b": 60}))
    for (placer, router), graph in product(PAIRS, graphs):
        mapped(graph, machine, placer, router)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("router", ROUTERS)
def test_machines_in_pieces(router: str, seed: int) -> None:
    machine = faulty("spin5", seed, links=0.8, chips=0.1)
    part = largest_part(machine)
    assert part.chips < machine.chips
    mapped(populations({"a": part.application_cores}), machine, "scatter", router)
    reason = rf"{machine.chips - part.chips} of its {machine.chips} chips cannot be reached from the others\)"
    with pytest.raises(MappingError, match=rf"population 'a' needs .*\({reason}"):
        map_graph(populations({"a": part.application_cores + 1}), machine)


def test_what_is_whole_is_one_part() -> None:
    for name in MACHINES:
        assert largest_part(named(name)).chips == named(name).chips


@pytest.mark.parametrize("router", ROUTERS)
def test_a_placement_on_two_parts_is_refused_with_the_reason(router: str) -> None:
    machine = without(spin5(), links=[(3, 3, link) for link in range(6)])
    placement = PLACERS["sequential"](populations({"a": 700}), machine)
    with pytest.raises(MappingError, match=r"chip \(3, 3\) of spin5 cannot be reached from chip \(0, 0\)"):
        ROUTERS[router](populations({"a": 700}), placement)
