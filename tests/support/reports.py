"""A small report in which every section is there, built of products made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from trains import population, signal, trains

from emulator.image import RoutingTable
from emulator.machine import named
from emulator.statistics import CoreStatistics, Statistics
from pyneuro.comparison import compare
from pyneuro.report import Report
from pyneuro.report.build import Run, make_report
from pyneuro.requirements import parse_requirement, verdicts
from pyneuro.results import PopulationResult, Results
from toolchain.diagnostics import Diagnostic
from toolchain.graph import Graph, Net, Vertex
from toolchain.keys import Keys
from toolchain.map_graph import GraphMapping
from toolchain.network import Network, Population, Projection, Recording, SpikeTimes
from toolchain.partition import Slice
from toolchain.place import Placement
from toolchain.quantisation import Quantisation
from toolchain.route import LOCAL, Routes, Tree
from toolchain.tables import Tables

NASTY = "<E&\"'>"
"""A label that must be escaped."""
STEPS = 40


def ints(*values: int) -> NDArray[np.int32]:
    """An int32 array."""
    return np.array(values, np.int32)


def words(*values: int) -> NDArray[np.uint32]:
    """A uint32 array."""
    return np.array(values, np.uint32)


def network() -> Network:
    """Two cells and a source."""
    everything = (Recording("spikes", ints(0, 1, 2)), Recording("v", ints(0), 2))
    cells = Population(
        NASTY, 3, "IF_curr_exp", {"tau_m": 20.0}, {"v": np.array([-65.0, -60.0, -70.0])}, None, (), everything
    )
    times = SpikeTimes(np.array([0, 2]), np.array([3.0, 8.0]))
    source = Population("in", 1, "SpikeSourceArray", {}, spike_times=times, recordings=(Recording("spikes", ints(0)),))
    made = Projection("in→E", 1, 0, "excitatory", ints(0, 0), ints(0, 2), np.array([0.5, 1.5]), 1.0)
    none = Projection("E→E", 0, 0, "inhibitory", ints(), ints(), -1.0, 1.0)
    return Network("small", 1.0, (cells, source), (made, none))


def mapping() -> GraphMapping:
    """The cells on two cores of two chips, the source beside the first; the key of the source goes to both."""
    machine = named("spin3")
    vertices = (Vertex(f"{NASTY}[0:2]", 2, 4000), Vertex(f"{NASTY}[2:3]", 1, 3000), Vertex("in[0:1]", 1, 64))
    graph = Graph("small", vertices, (Net(2, ints(0, 1), 1, 1.0),))
    placement = Placement(machine, ints(0, 1, 0), ints(0, 1, 0), ints(1, 1, 2))
    tree = Tree(ints(0, 1), ints(0, 1), np.array([LOCAL, 4], np.int8), words(1 << 1 | 1 << 7, 1 << 7))
    made = Tables((RoutingTable(0, 0, words(8), words(0xFFFFFFFF), words(130)), RoutingTable(1, 1, *[words(8)] * 3)))
    return GraphMapping(
        graph, placement, Keys(words(8), words(0xFFFFFFFF)), Routes((tree,)), made, Tables(made.tables[:1]), {}
    )


SLICES = (
    Slice(f"{NASTY}[0:2]", 0, 0, 2, "neurons", 2000, 4000, 900, substeps=2),
    Slice(f"{NASTY}[2:3]", 0, 2, 3, "neurons", 1500, 3000, 500, substeps=2),
    Slice("in[0:1]", 1, 0, 1, "array", 800, 64, 10),
)


def runs() -> tuple[Results, Results]:
    """The run of the reference, and one in which the last spike of cell 1 is late and cell 2 has one more."""
    volts = np.linspace(-65, -50, 21).reshape(21, 1)
    source = population("in", trains([(3, 0), (8, 0)], 1, STEPS), is_source=True)

    def cells(spikes: list[tuple[int, int]], v: NDArray[np.float64]) -> PopulationResult:
        return population(NASTY, trains(spikes, 3, STEPS), {"v": signal(v, 2)})

    shared = [(4, 0), (9, 1), (12, 0), (21, 0)]
    reference = cells([*shared, (25, 1)], volts)
    emulated = cells([*shared, (26, 1), (30, 2)], volts + 0.25)
    return (
        Results("small", "reference", 1.0, STEPS, (reference, source)),
        Results("small", "emulator", 1.0, STEPS, (emulated, source)),
    )


def statistics() -> Statistics:
    """A core that is nearly full, one that saturates, and a source."""

    def core(number: int, mean: float, most: int, counts: tuple[int, ...]) -> CoreStatistics:
        place = mapping().placement
        x, y, p = int(place.x[number]), int(place.y[number]), int(place.p[number])
        return CoreStatistics(SLICES[number].label, x, y, p, mean, most, *counts)

    sent = np.zeros((2, 2, 6), np.uint64)
    sent[0, 0, 1] = 2
    cores = (
        core(0, 500.0, 950, (0, 5, 0, 2, 0, 2, 2, 0)),
        core(1, 250.0, 400, (0, 1, 0, 2, 0, 2, 2, 3)),
        core(2, 10.0, 40, (0, 2, 2, 0, 0, 0, 0, 0)),
    )
    return Statistics(STEPS, 1000.0, cores, sent, 0, np.zeros((2, 2), np.uint64))


def report() -> Report:
    """The report of all that."""
    reference, emulated = runs()
    comparison = compare(reference, emulated)
    texts = ("rate<50%", "in:exact>99%", "in:vrms<1")
    made = make_report(
        f"small {NASTY}.py",
        network=network(),
        mapping=mapping(),
        slices=SLICES,
        quantisation=(Quantisation(0, "in→E", 2, "nA", 0.5, 1.0, 1.5, 1, 2**-14, 1e-4, 5e-5, 0),),
        diagnostics=(Diagnostic("delays", "in→E", "1 of 2 delays was rounded"),),
        mapping_seconds={"place": 0.5, "route": 0.25},
        cycles_per_tick=1000.0,
        statistics=statistics(),
        reference=Run(reference, {"build": 0.25, "sim": 0.5}, 0.5),
        emulated=Run(emulated, {"build": 0.25, "map": 0.125, "load": 0.0625, "sim": 0.03125}, 0.03),
        comparison=comparison,
        verdicts=verdicts([parse_requirement(text) for text in texts], comparison),
    )
    return replace(made, made_by="pyneuro")


NOISE = "noise"


def layered() -> Graph:
    """Noise onto cells, 70 cores in three populations on five chips at least; every slice of cells hears all cells."""
    sizes = {"exc": 52, "inh": 15, NOISE: 3}
    vertices = tuple(
        Vertex(f"{name}[{100 * i}:{100 * (i + 1)}]", 100, 20_000) for name, size in sizes.items() for i in range(size)
    )
    cells = np.arange(67, dtype=np.int32)
    nets = [Net(i, cells, 100, 100.0, rate=800.0) for i in range(67)]
    nets += [Net(67 + i, ints(2 * i, 2 * i + 1, 60 + i), 100, 100.0, rate=5000.0) for i in range(3)]
    return Graph("layered", vertices, tuple(nets))
