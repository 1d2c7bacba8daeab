"""Machines and graphs for tests, drawn or made."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from emulator.machine import Machine, named, neighbours, spin3, spin5, torus, without
from toolchain.graph import Graph, Net, Vertex
from toolchain.machines import candidates
from toolchain.settings import MachineSettings

NETLISTS = Path(__file__).parents[2].parent / "shared" / "netlists"


@st.composite
def machines(draw: st.DrawFn, faults: bool = True) -> Machine:
    """A machine of up to 64 chips, with a few chips and links absent."""
    size = st.integers(2, 8)
    cores = draw(st.integers(2, 5))
    machine = draw(
        st.one_of(st.just(spin3(cores)), st.just(spin5(cores)), st.builds(torus, size, size, cores=st.just(cores)))
    )
    if not faults:
        return machine
    chips = np.argwhere(machine.cores > 0).tolist()
    chip = st.sampled_from(chips)
    dead_chips = draw(st.lists(chip, max_size=len(chips) // 4))
    dead_links = draw(st.lists(st.tuples(chip, st.integers(0, 5)), max_size=len(chips) // 2))
    return without(machine, [(x, y) for x, y in dead_chips], [(x, y, link) for (x, y), link in dead_links])


@st.composite
def graphs(draw: st.DrawFn, cores: int, fixed: bool = False) -> Graph:
    """A graph of up to 40 vertices that fits on `cores`, with nets to any of them, some with keys that are fixed."""
    n = draw(st.integers(1, min(cores, 40)))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vertices = tuple(Vertex(f"p{i // 4}[{i % 4}]", int(generator.integers(1, 300))) for i in range(n))
    sources = np.flatnonzero(generator.random(n) < draw(st.sampled_from([0.3, 1.0])))
    fraction = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    nets = []
    for source in sources.tolist():
        sinks = np.flatnonzero(generator.random(n) < fraction).astype(np.int32)
        neurons = vertices[source].neurons
        key, mask = None, None
        if fixed and generator.random() < 0.3:
            key, mask = (source + 3) << 10, 0xFFFFFC00
        nets.append(Net(source, sinks, neurons, float(neurons), key, mask))
    return Graph("drawn", vertices, tuple(nets))


@st.composite
def graphs_on_machines(draw: st.DrawFn, faults: bool = True, fixed: bool = False) -> tuple[Graph, Machine]:
    """A graph and a machine that has the cores for it."""
    machine = draw(machines(faults).filter(lambda machine: machine.application_cores > 0))
    return draw(graphs(machine.application_cores, fixed)), machine


def populations(sizes: dict[str, int], sdram_bytes: int = 0) -> Graph:
    """Populations of so many slices each, every slice with a net to all slices."""
    vertices = tuple(Vertex(f"{name}[{i}]", 256, sdram_bytes) for name, size in sizes.items() for i in range(size))
    everything = np.arange(len(vertices), dtype=np.int32)
    return Graph("net", vertices, tuple(Net(i, everything, 256, 256.0) for i in range(len(vertices))))


def links_of(machine: Machine) -> nx.Graph:
    """The machine as a networkx graph of chips ``x * height + y``: an oracle for distances and ways."""
    ends = neighbours(machine).reshape(-1, 6)
    graph = nx.Graph()
    graph.add_nodes_from(np.flatnonzero(machine.cores.ravel()).tolist())
    graph.add_edges_from((chip, int(end)) for chip in range(len(ends)) for end in ends[chip] if end >= 0)
    return graph


def faulty(name: str, seed: int, links: float = 0.05, chips: float = 0.02) -> Machine:
    """The machine of that name with shares of its links and chips dead, at least one of each, drawn with `seed`."""
    whole, generator = named(name), np.random.default_rng(seed)
    # Links 0 to 2 are each link once; the others are their ends.
    there = np.argwhere(whole.links[:, :, :3])
    dead_links = generator.permutation(there)[: max(1, round(links * len(there)))].tolist()
    there = np.argwhere(whole.cores)
    dead_chips = generator.permutation(there)[: max(1, round(chips * len(there)))].tolist()
    said = MachineSettings(
        name,
        dead_chips=tuple((x, y) for x, y in dead_chips),
        dead_links=tuple((x, y, link) for x, y, link in dead_links),
    )
    return next(candidates(said))
