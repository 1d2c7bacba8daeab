"""The report of a network that was really compiled and run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from declared import same

from emulator.emulator import Emulator
from emulator.image import load_image, save_image
from pyneuro.report import Report
from pyneuro.report.build import compiled_report
from pyneuro.report.to_html import to_html
from pyneuro.report.to_json import to_json
from pyneuro.report.to_text import to_text
from toolchain.compile import compile_network
from toolchain.network import (
    Network,
    Population,
    Projection,
    Recording,
    SpikeTimes,
    load_network,
    save_network,
)
from toolchain.options import MappingOptions

CELLS, STEPS = 40, 20
OPTIONS = MappingOptions(neurons_per_core=8, sources_per_core=16)


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
    compiled = compile_network(network(), "spin5", OPTIONS)
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
    assert report.flow is not None
    assert [(row.label, row.synapses, row.zeroed) for row in report.quantisation] == [("in→E", CELLS, 0)]
    assert {"partition", "place", "route"} <= {row.stage for row in report.flow.stages}


def test_it_can_be_rendered(report: Report) -> None:
    assert json.loads(to_json(report))["machine"]["cores_used"] == 8
    assert "It fits on spin5: 8 of 767 cores" in to_text(report)
    assert "It keeps up with time" in to_html(report)


def test_a_loaded_image_and_network_run_like_those_saved(tmp_path: Path) -> None:
    save_network(tmp_path / "network.npz", network())
    again = load_network(tmp_path / "network.npz")
    compiled = compile_network(again, "spin5", OPTIONS)
    save_image(tmp_path / "image.npz", compiled.image)
    loaded = load_image(tmp_path / "image.npz")
    assert same(loaded, compiled.image)
    assert same(compiled.image, compile_network(network(), "spin5", OPTIONS).image)
    runs = [Emulator(image) for image in (compiled.image, loaded)]
    for run in runs:
        run.run(STEPS)
    for core in range(len(loaded.cores)):
        assert [part.tolist() for part in runs[0].spikes(core)] == [part.tolist() for part in runs[1].spikes(core)]
    assert runs[1].statistics().cores == runs[0].statistics().cores
    assert runs[1].statistics().spikes == 2 * CELLS
