"""Recording: what PyNN's users get of spikes and signals, through resets, clears, views and files."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neo.io import PickleIO
from pyNN.errors import NothingToWriteError, RecordingError

import pyneuro as sim
from pyneuro import simulator
from pyneuro.errors import UnsupportedError
from pyneuro.options import Overrides

CURRENTS = [0.0, 2.0, 1.5, 0.2]


@pytest.fixture
def cells() -> Any:
    """Four cells, of which 1 and 2 spike."""
    sim.setup(timestep=0.1, backend="reference")
    return sim.Population(4, sim.IF_curr_exp(i_offset=CURRENTS), label="cells")


def times(segment: Any) -> list[list[float]]:
    return [train.rescale("ms").magnitude.round(6).tolist() for train in segment.spiketrains]


def test_spikes_and_samples(cells: Any) -> None:
    """n steps give n + 1 samples; a spike is timed at the end of its step."""
    cells.record(["spikes", "v"])
    sim.run(40.0)
    (segment,) = cells.get_data().segments
    (signal,) = segment.analogsignals
    assert signal.shape == (401, 4)
    assert (signal.name, str(signal.units.dimensionality)) == ("v", "mV")
    assert signal.array_annotations["channel_index"].tolist() == [0, 1, 2, 3]
    trains = times(segment)
    assert [len(train) > 0 for train in trains] == [False, True, True, False]
    at = round(trains[1][0] / 0.1)
    assert signal.magnitude[at, 1] == -65.0 > signal.magnitude[at - 1, 1] - 20.0
    assert [train.annotations["source_index"] for train in segment.spiketrains] == [0, 1, 2, 3]
    assert cells.get_spike_counts() == {i: len(train) for i, train in enumerate(trains)}
    assert cells[1:3].mean_spike_count() == np.mean([len(trains[1]), len(trains[2])])


def test_source_spikes_have_their_own_time() -> None:
    """A source that is told to spike at t does so at t; what falls on the end of the run is of the next."""
    sim.setup(timestep=0.5, backend="reference")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[0.0, 1.0, 5.0]))
    source.record("spikes")
    sim.run(5.0)
    assert times(source.get_data().segments[0]) == [[0.0, 1.0]]
    sim.run(1.0)
    assert times(source.get_data().segments[0]) == [[0.0, 1.0, 5.0]]


def test_resets_make_segments(cells: Any) -> None:
    """Each reset begins a segment, all alike; any of the variables can be asked for, again and again."""
    cells.record(["spikes", "v"])
    for number in range(3):
        if number:
            sim.reset(annotations={"number": number})
        sim.run(20.0)
    for variables, (signals, trains) in {"v": (1, 0), "spikes": (0, 4), "all": (1, 4)}.items():
        block = cells.get_data(variables)
        assert [(len(s.analogsignals), len(s.spiketrains)) for s in block.segments] == [(signals, trains)] * 3
    first, second, third = block.segments
    assert times(first) == times(second) == times(third)
    assert np.array_equal(first.analogsignals[0], third.analogsignals[0])
    assert [segment.annotations.get("number") for segment in block.segments] == [1, 2, None]
    view = cells[[1, 3]].get_data()
    assert [segment.analogsignals[0].shape for segment in view.segments] == [(201, 2)] * 3
    assert times(view.segments[0]) == [times(first)[1], times(first)[3]]


def test_clearing(cells: Any) -> None:
    """get_data(clear=True) gives each stretch once; nothing is lost between a clear and a reset."""
    cells.record(["spikes", "v"])
    sim.run(20.0)
    sim.reset()
    pieces = []
    for _ in range(2):
        sim.run(15.0)
        pieces.append(cells.get_data(clear=True))
    sim.run(10.0)
    sim.reset()
    sim.run(40.0)
    assert [len(piece.segments) for piece in pieces] == [2, 1]
    rest, whole = cells.get_data().segments
    parts = [pieces[0].segments[1], pieces[1].segments[0], rest]
    assert [[float(s.analogsignals[0].t_start), len(s.analogsignals[0])] for s in parts] == [
        [0.0, 151],
        [15.0, 151],
        [30.0, 101],
    ]
    together = [[t for train in trains for t in train] for trains in zip(*map(times, parts), strict=True)]
    assert together == times(whole)
    assert np.array_equal(parts[1].analogsignals[0], whole.analogsignals[0][150:301])


def test_sampling_interval(cells: Any) -> None:
    """A multiple of the timestep, one for a population."""
    cells.record("v", sampling_interval=0.5)
    sim.run(2.3)
    (signal,) = cells.get_data().segments[0].analogsignals
    assert signal.shape == (5, 4)
    assert float(signal.sampling_period.rescale("ms")) == 0.5
    with pytest.raises(ValueError, match="same sampling interval"):
        cells.record("isyn_exc", sampling_interval=0.2)
    sim.reset()
    other = sim.Population(1, sim.IF_curr_exp())
    for wrong in (0.25, 0.0, -1.0):
        with pytest.raises(ValueError, match=r"sampling_interval must be a multiple of the timestep, 0.1 ms, got"):
            other.record("v", sampling_interval=wrong)


def test_views_and_assemblies(cells: Any) -> None:
    """Recorded cells add up; an assembly's data are those of its members, side by side."""
    others = sim.Population(2, sim.IF_curr_exp(i_offset=3.0), label="others")
    cells[3:].record("v")
    cells[[0, 2]].record(["v", "spikes"])
    both = cells[2:] + others
    others.record(["v", "spikes"])
    sim.run(20.0)
    own = cells.get_data().segments[0]
    assert own.analogsignals[0].array_annotations["channel_index"].tolist() == [0, 2, 3]
    assert len(own.spiketrains) == 2
    merged = both.get_data().segments[0]
    assert [len(merged.spiketrains), merged.analogsignals[0].shape] == [3, (201, 4)]
    assert np.array_equal(merged.analogsignals[0].magnitude[:, 0], own.analogsignals[0].magnitude[:, 1])
    assert sum(both.get_spike_counts().values()) == sum(map(len, times(merged)))


def test_recording_again(cells: Any) -> None:
    """record(None) ends all recording; new cells of a recorded signal wait for a reset, new signals need not."""
    cells[1:2].record(["v", "spikes"])
    sim.run(5.0)
    with pytest.raises(UnsupportedError, match="'v' of population 'cells' is recorded already; more of its cells"):
        cells.record("v")
    cells.record("isyn_exc")
    sim.run(5.0)
    signals = {s.name: s for s in cells.get_data().segments[0].analogsignals}
    assert [(float(s.t_start), s.shape) for s in signals.values()] == [(0.0, (101, 1)), (5.0, (51, 4))]
    cells.record(None)
    cells[3:].record("v")
    sim.run(5.0)
    (segment,) = cells.get_data().segments
    assert [(float(s.t_start), s.shape) for s in segment.analogsignals] == [(10.0, (51, 1))]
    assert len(segment.spiketrains) == 0


@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_recording_that_is_asked_for_after_a_run(backend: str) -> None:
    """It begins there: until the next run there are no samples."""
    sim.setup(timestep=1.0, backend=backend)
    cells = sim.Population(2, sim.IF_curr_exp(), label="cells")
    cells.record("spikes")
    sim.run(5.0)
    cells.record("v")
    assert len(cells.get_data().segments[0].analogsignals) == 0
    sim.run(3.0)
    (signal,) = cells.get_data().segments[0].analogsignals
    assert (signal.shape, float(signal.t_start)) == ((4, 2), 5.0)


def test_what_cannot_be_recorded(cells: Any) -> None:
    """Variables that there are not, and data before there are any."""
    with pytest.raises(
        RecordingError, match=r"Cannot record 'gsyn_exc' from .* IF_curr_exp. Available variables are spikes,v"
    ):
        cells.record("gsyn_exc")
    cells.record("v")
    with pytest.raises(NothingToWriteError, match=r"'cells' has no data yet: call run\(\) first"):
        cells.get_data()
    assert cells.get_spike_counts() == {}


def test_files(cells: Any, tmp_path: Path) -> None:
    """Files hold the block, appear whole or not at all, and are written at end() if that was asked for."""
    cells.record("v", to_file=str(tmp_path / "at_end.pkl"))
    (cells[:2] + cells[3:]).record("spikes")
    sim.run(20.0)
    cells.write_data(str(tmp_path / "now.pkl"), annotations={"script": "test"})
    (cells[:1] + cells[1:]).write_data(str(tmp_path / "assembly.pkl"))
    cells.write_data(PickleIO(str(tmp_path / "io.pkl")))
    assert not (tmp_path / "at_end.pkl").exists()
    sim.end()
    sim.end()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["assembly.pkl", "at_end.pkl", "io.pkl", "now.pkl"]
    block = pickle.loads((tmp_path / "now.pkl").read_bytes())
    assert block.annotations["script"] == "test"
    assert block.annotations["simulator"] == "pyneuro"
    assert np.array_equal(block.segments[0].analogsignals[0], cells.get_data().segments[0].analogsignals[0])


def test_a_file_that_fails_leaves_the_old_one(cells: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while writing leaves neither a half-written file nor a trace."""
    path = tmp_path / "data.pkl"
    path.write_text("old")
    cells.record("v")
    sim.run(1.0)

    def fail(self: Any, block: Any) -> None:
        assert f".{os.getpid()}." in Path(self.filename).name, "another process may write the same file"
        Path(self.filename).write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(PickleIO, "write_block", fail)
    with pytest.raises(OSError, match="disk full"):
        cells.write_data(str(path))
    assert [p.name for p in tmp_path.iterdir()] == ["data.pkl"]
    assert path.read_text() == "old"


def test_results(cells: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line gets everything since the last reset, also what was cleared; after a reset what was before."""
    monkeypatch.setattr(simulator, "overrides", Overrides(keep_results=True))
    quiet = sim.Population(2, sim.IF_curr_exp(), label="not recorded")
    assert len(quiet) == 2
    cells.record(["spikes", "v"], sampling_interval=0.2)
    sim.run(20.0)
    whole = simulator.state.results()
    sim.reset()
    assert simulator.state.results().steps == 200
    sim.run(7.1)
    cells.get_data(clear=True)
    sim.run(4.9)
    cells.get_data(clear=True)
    cells.record("isyn_exc")
    sim.run(8.0)
    sim.end()
    parts = simulator.state.results()
    (one,), (other,) = whole.populations, parts.populations
    assert (one.label, one.size, one.is_source, parts.steps, parts.timestep) == ("cells", 4, False, 200, 0.1)
    assert np.array_equal(one.spike_steps, other.spike_steps)
    assert np.array_equal(one.spike_indices, other.spike_indices)
    assert len(one.spike_steps) > 0
    assert (one.signals["v"].unit, one.signals["v"].interval_steps) == ("mV", 2)
    assert np.array_equal(one.signals["v"].values, other.signals["v"].values)
    sim.reset()
    assert np.array_equal(simulator.state.results().populations[0].spike_steps, one.spike_steps)
    late = other.signals["isyn_exc"].values
    assert late.shape == (101, 4)
    assert np.all(np.isnan(late[:60]))
    assert np.all(late[60:] == 0.0)


def test_results_have_the_networks_labels() -> None:
    """Two populations of one label can be told apart."""
    sim.setup(backend="reference")
    for _ in range(2):
        sim.Population(1, sim.IF_curr_exp(), label="cells").record("spikes")
    sim.run(1.0)
    assert [population.label for population in simulator.state.results().populations] == ["cells", "cells (2)"]


def test_results_of_nothing() -> None:
    """Before a run, and of a network in which nothing is recorded."""
    sim.setup(backend="reference")
    assert simulator.state.results().populations == ()
    sim.Population(1, sim.IF_curr_exp()).record("spikes")
    assert simulator.state.results().populations == ()
