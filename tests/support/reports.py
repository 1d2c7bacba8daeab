"""A small report in which every section is there, built of products made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from trains import population, signal, trains

from emulator.image import RoutingTable
from emulator.machine import named
from pyneuro.comparison import compare
from pyneuro.report import Counter, DiagnosticRow, QuantisationRow, Report
from pyneuro.report.build import Measured, Run, make_report
from pyneuro.report.running import Load, Slot
from pyneuro.requirements import parse_requirement, verdicts
from pyneuro.results import PopulationResult, Results
from toolchain.graph import Graph, Net, Vertex
from toolchain.keys import Keys
from toolchain.map_graph import GraphMapping
from toolchain.network import Network, Population, Projection, Recording, SpikeTimes
from toolchain.partition import Partition, Slice
from toolchain.place import Placement
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


def partition() -> Partition:
    """The slices of the vertices."""
    return Partition(
        (
            Slice(f"{NASTY}[0:2]", 0, 0, 2, "neurons", 2000, 4000, 900),
            Slice(f"{NASTY}[2:3]", 0, 2, 3, "neurons", 1500, 3000, 500),
            Slice("in[0:1]", 1, 0, 1, "array", 800, 64, 10),
        ),
        mapping().graph,
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


def measured() -> Measured:
    """A core that is nearly full, one that is idle, and a few counts."""
    load = Load(
        STEPS,
        1000.0,
        1.0,
        np.array([500.0, 250.0, 10.0]),
        np.array([950.0, 400.0, 40.0]),
        np.array([0, 0, 0]),
        np.array([0, 3, 0]),
    )
    sent = np.zeros((2, 2, 6), np.int64)
    sent[0, 0, 1] = 2
    counters = (
        Counter("Packets", 2, "packets sent by cores"),
        Counter("Saturations", 3, "additions that hit the ceiling of a ring buffer", "lower the weights"),
        Counter("Dropped packets", 0, "packets lost", "raise time_scale_factor"),
    )
    return Measured(load, sent, counters)


def report() -> Report:
    """The report of all that."""
    reference, emulated = runs()
    comparison = compare(reference, emulated)
    made = make_report(
        f"small {NASTY}.py",
        network=network(),
        mapping=mapping(),
        partition=partition(),
        slots=tuple(Slot(s.kind, s.dtcm_bytes, s.cycles / 1000) for s in partition().slices),
        quantisation=(QuantisationRow("in→E", "nA", 2, 1, 2**-14, 1e-4, 5e-5, 0),),
        diagnostics=(DiagnosticRow("delays", "in→E", "1 of 2 delays was rounded"),),
        measured=measured(),
        reference=Run(reference, {"build": 0.25, "sim": 0.5}, 0.5),
        emulated=Run(emulated, {"build": 0.25, "map": 0.125, "load": 0.0625, "sim": 0.03125}, 0.03),
        comparison=comparison,
        verdicts=verdicts(
            [parse_requirement("rate<50%"), parse_requirement("in:exact>99%"), parse_requirement("in:vrms<1")],
            comparison,
        ),
    )
    return replace(made, made_by="pyneuro")
