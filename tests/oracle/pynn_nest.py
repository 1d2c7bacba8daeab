"""A script on pyNN.nest: input spikes, injected currents, a sampling interval, two runs; writes the .npz of argv."""

from __future__ import annotations

import sys

import numpy as np
import pyNN.nest as sim

CELL = {"v_rest": -65.0, "cm": 0.25, "tau_m": 10.0, "tau_refrac": 2.0, "tau_syn_E": 0.5, "tau_syn_I": 3.0}
CELL |= {"i_offset": 0.0, "v_reset": -65.0, "v_thresh": -50.0}

sim.setup(timestep=0.1, spike_precision="on_grid", min_delay=0.1, max_delay=10.0)
cells = sim.Population(2, sim.IF_curr_exp(**CELL), initial_values={"v": [-65.0, -60.0]})
source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 5.1, 20.0, 43.3]))
sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=2.0, delay=1.7))
sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=-1.0, delay=0.1), None, "inhibitory")
sim.DCSource(amplitude=0.5, start=10.0, stop=35.0).inject_into(cells[0:1])
sim.StepCurrentSource(times=[12.0, 30.0, 61.2], amplitudes=[0.2, 0.9, 0.0]).inject_into(cells)
cells.record(["spikes"])
cells.record("v", sampling_interval=0.2)
sim.run(50.0)
sim.run(50.0)
segment = cells.get_data().segments[0]
(signal,) = segment.analogsignals
np.savez(
    sys.argv[1],
    v=np.asarray(signal),
    t=np.asarray(signal.times),
    **{f"spikes_{i}": np.asarray(train) for i, train in enumerate(segment.spiketrains)},
)
