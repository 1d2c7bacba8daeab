"""Izhikevich cells on any back end: ``izhikevich_script.py OUT.npz BACK_END TIMESTEP [SETUP_ARGUMENT=VALUE ...]``.

Six kinds of cells with constant currents and steps of the voltage; what is written is the spike times of each.
"""

from __future__ import annotations

import sys
from importlib import import_module

import numpy as np

sim = import_module(sys.argv[2])
timestep = float(sys.argv[3])
sim.setup(timestep=timestep, min_delay=1.0, max_delay=1.0, **dict(argument.split("=") for argument in sys.argv[4:]))

A = [0.02, 0.02, 0.02, 0.1, 0.02, 0.1]
B = [0.2, 0.2, 0.2, 0.2, 0.25, 0.26]
C = [-65.0, -55.0, -50.0, -65.0, -65.0, -65.0]
D = [8.0, 4.0, 2.0, 2.0, 2.0, 2.0]
cells = sim.Population(6, sim.Izhikevich(a=A, b=B, c=C, d=D, i_offset=0.008), initial_values={"v": -70.0, "u": -14.0})
source = sim.Population(1, sim.SpikeSourceArray(spike_times=[20.0, 51.0, 90.0]))
brake = sim.Population(1, sim.SpikeSourceArray(spike_times=[35.0, 70.0]))
sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=3.0, delay=1.0))
sim.Projection(brake, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=-2.0, delay=1.0), None, "inhibitory")
sim.DCSource(amplitude=0.002, start=60.0, stop=200.0).inject_into(cells)
cells.record("spikes")
sim.run(200.0)
trains = [np.asarray(train) for train in cells.get_data().segments[0].spiketrains]
sim.end()
np.savez(sys.argv[1], **{str(i): train for i, train in enumerate(trains)})
