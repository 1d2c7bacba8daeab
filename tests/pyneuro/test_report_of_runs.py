"""The report of a network that was really compiled and run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from emulator.emulator import Emulator
from pyneuro.report import Report
from pyneuro.report.build import compiled_report
from pyneuro.report.to_html import to_html
from pyneuro.report.to_json import to_json
from pyneuro.report.to_text import to_text
from toolchain.compile import compile_network
from toolchain.network import Network, Population, Projection, Recording, SpikeTimes
from toolchain.options import MappingOptions

CELLS, STEPS = 40, 20


def network() -> Network:
    """Each of 40 sources drives one cell over the threshold at 5 ms."""
    every = np.arange(CELLS, dtype=np.int32)
    times = SpikeTimes(np.arange(CELLS + 1), np.full(CELLS, 5.0))
    source = Population("in", CELLS, "SpikeSourceArray", {}, spike_times=times)
    cells = Population("E", CELLS, "IF_curr_exp", {"tau_refrac": 20.0}, recordings=(Recording("spikes", every),))
    return Network(
        "one to one", 1.0, (source, cells), (Projection("in→E", 0, 1, "excitatory", every, every, 20.0, 1.0),)
    )


@pytest.fixture(scope="module")
def report() -> Report:
    compiled = compile_network(network(), "spin5", MappingOptions(neurons_per_core=8, sources_per_core=16))
    emulator = Emulator(compiled.image)
    emulator.run(STEPS)
    return compiled_report("one to one", network(), compiled, emulator.statistics())


def test_the_cores_and_their_loads_are_told(report: Report) -> None:
    assert report.cores is not None
    kinds = [row.kind for row in report.cores.rows]
    assert (kinds.count("array"), kinds.count("neurons")) == (3, 5)
    assert [(row.population, row.cores, row.largest) for row in report.partition] == [("in", 3, 16), ("E", 5, 8)]
    assert all(row.largest is not None and 0 < row.largest < 1 for row in report.cores.rows)
    assert sum(row.spikes or 0 for row in report.cores.rows) == 2 * CELLS
    assert len({(row.x, row.y, row.p) for row in report.cores.rows}) == 8


def test_the_counts_agree_with_each_other(report: Report) -> None:
    assert report.execution is not None
    assert report.machine is not None
    counted = {counter.name: counter.value for counter in report.execution.counters}
    assert counted["Synaptic events"] == CELLS
    assert counted["Packets sent"] == CELLS
    assert counted["Link traversals"] == sum(link.sent or 0 for link in report.machine.links)
    assert counted["Dropped packets"] == counted["Saturations"] == counted["Overruns"] == 0
    assert report.execution.ticks == STEPS


def test_quantisation_and_stages_are_told(report: Report) -> None:
    assert [(row.label, row.synapses, row.zeroed) for row in report.quantisation] == [("in→E", CELLS, 0)]
    assert {"partition", "place", "route"} <= {stage for stage, _ in report.mapping_seconds}


def test_it_can_be_rendered(report: Report) -> None:
    assert json.loads(to_json(report))["machine"]["cores_used"] == 8
    assert "It fits on spin5: 8 of 767 cores" in to_text(report)
    assert "It keeps up with time" in to_html(report)
