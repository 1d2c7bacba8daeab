"""Sines and random sources, for any back end of PyNN: ``pynn_currents.py OUT.npz BACK_END [ARGUMENT=VALUE ...]``.

Sines of several offsets, frequencies and phases into cells; sources with gamma and with refractory intervals.
"""

from __future__ import annotations

import sys
from importlib import import_module

import numpy as np

sim = import_module(sys.argv[2])
sim.setup(timestep=0.1, min_delay=0.1, max_delay=10.0, **dict(argument.split("=") for argument in sys.argv[3:]))

CELL = {"v_rest": -65.0, "cm": 0.25, "tau_m": 10.0, "tau_refrac": 2.0, "v_reset": -65.0, "v_thresh": -50.0}
SINES = (
    {"amplitude": 0.3, "frequency": 10.0, "start": 0.1},  # NEST has no current before its least delay
    {"amplitude": 0.5, "offset": 0.2, "frequency": 80.0, "phase": 90.0, "start": 10.0, "stop": 70.0},
    {"amplitude": -0.4, "offset": 0.3, "frequency": 123.4, "phase": -33.0, "start": 20.3, "stop": 95.2},
)
cells = sim.Population(4, sim.IF_curr_exp(**CELL), initial_values={"v": -65.0})
sources = [sim.ACSource(**sine) for sine in SINES]
for source, targets in zip(sources, (cells[0:2], cells[1:3], cells[[0, 2]]), strict=True):
    source.inject_into(targets)
    source.record()
cells.record(["v", "spikes"])

random = {
    "gamma": sim.Population(300, sim.SpikeSourceGamma(alpha=4, beta=400.0)),
    "refractory": sim.Population(300, sim.SpikeSourcePoissonRefractory(rate=100.0, tau_refrac=5.0)),
}
for population in random.values():
    population.record("spikes")

sources[1].set_parameters(amplitude=0.9, frequency=40.0)  # in a run, NEST's would come a least delay late
sim.run(50.0)
sim.run(450.0)

arrays = {}
(segment,) = cells.get_data().segments
arrays["v"] = np.asarray(segment.analogsignals[0])
arrays["spikes"] = np.concatenate([np.asarray(train) for train in segment.spiketrains])
for number, source in enumerate(sources):
    arrays[f"current {number}"] = np.asarray(source.get_data())[:, 0]
for name, population in random.items():
    trains = [np.asarray(train) for train in population.get_data().segments[0].spiketrains]
    arrays[f"{name} counts"] = np.array([len(train) for train in trains])
    arrays[f"{name} intervals"] = np.concatenate([np.diff(train) for train in trains])
sim.end()
np.savez(sys.argv[1], **arrays)
