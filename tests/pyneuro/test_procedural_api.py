"""PyNN's procedural functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from neo.io import PickleIO

import pyneuro as sim


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_create_connect_record(tmp_path: Path) -> None:
    """A cell that another drives, without a Population or Projection in the script."""
    sim.setup(timestep=0.1, backend="reference")
    source = sim.create(sim.SpikeSourceArray(spike_times=[1.0, 2.0, 3.0]))
    cells = sim.create(sim.IF_cond_exp, {"tau_m": 10.0}, n=3)
    sim.connect(source[0], cells[1], weight=0.005, delay=0.5)
    sim.connect(source, cells[2:], weight=0.005, delay=0.5, receptor_type="inhibitory")
    sim.set(cells, v_rest=-60.0)
    sim.initialize(cells, v=-60.0)
    sim.record("v", cells, str(tmp_path / "v.pkl"), annotations={"script": "here"})
    sim.record_gsyn(cells[1], str(tmp_path / "g.pkl"))
    sim.run(5.0)
    sim.end()
    v = PickleIO(str(tmp_path / "v.pkl")).read_block().segments[0].analogsignals[0]
    assert [float(np.sign(v[-1, i].magnitude + 60.0)) for i in range(3)] == [0.0, 1.0, -1.0]
    signals = PickleIO(str(tmp_path / "g.pkl")).read_block().segments[0].analogsignals
    assert {(signal.name, signal.shape) for signal in signals} == {("gsyn_exc", (51, 1)), ("gsyn_inh", (51, 1))}


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_record_v(tmp_path: Path) -> None:
    """The voltage, by its own function."""
    sim.setup(timestep=0.1, backend="reference")
    cells = sim.create(sim.IF_cond_exp())
    sim.record_v(cells, str(tmp_path / "v.pkl"))
    sim.run(1.0)
    sim.end()
    assert PickleIO(str(tmp_path / "v.pkl")).read_block().segments[0].analogsignals[0].shape == (11, 1)
