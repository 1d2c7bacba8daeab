"""Cells that spike by chance, on any back end: ``chance_script.py OUT.npz BACK_END [SETUP_ARGUMENT=VALUE ...]``.

A row of GIF cells for each of a few currents; their spike times.
"""

from __future__ import annotations

import sys
from importlib import import_module

import numpy as np

CELLS = 150
DURATION = 1000.0
CURRENTS = (1.2, 2.0, 4.0)
PARAMETERS = {"delta_v": 2.0, "lambda0": 10.0, "a_eta": [0.1, 0.1, 0.05], "a_gamma": [1.0, 0.5, 0.3]}
sim = import_module(sys.argv[2])
arguments = dict(argument.split("=") for argument in sys.argv[3:])
sim.setup(timestep=0.1, min_delay=0.1, max_delay=10.0, **arguments)
populations = [sim.Population(CELLS, sim.GIF_cond_exp(i_offset=current, **PARAMETERS)) for current in CURRENTS]
for population in populations:
    population.record("spikes")
sim.run(DURATION)
arrays = {}
for number, population in enumerate(populations):
    (segment,) = population.get_data().segments
    trains = [np.sort(np.asarray(train)) for train in segment.spiketrains]
    arrays[f"counts {number}"] = np.array([len(train) for train in trains])
    arrays[f"intervals {number}"] = np.concatenate([np.diff(train) for train in trains])
sim.end()
np.savez(sys.argv[1], **arrays)
