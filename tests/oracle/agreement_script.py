"""One cell type after another on any back end: ``agreement_script.py OUT.npz BACK_END [SETUP_ARGUMENT=VALUE ...]``.

On standard input: a JSON list of [cell type, weights by receptor], where the cell type is an expression in the names of
the back end.  Three cells of each type, with more and more current, get the same noise: a current that changes every
millisecond, and spikes.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import import_module
from typing import Any

import numpy as np

DURATION = 400.0
CELLS = 3
TIMES = np.arange(10, round(10 * DURATION)) / 10.0
# pyNN.nest takes a delay of 0.1 ms off the times of sources; where that leaves a trifle too much, NEST goes up a step.
TIMES = TIMES[np.round(TIMES - 0.1, 1) >= TIMES - 0.1]
ADAPTIVE = ("aeif_cond_exp", "aeif_cond_alpha", "aeif_cond_alpha_multisynapse", "gif_cond_exp")
FORGOTTEN = {  # by PyNN 0.13
    "IF_curr_delta": {"v": "V_m"},
    "IF_cond_exp_gsfa_grr": {"v": "V_m", "gsyn_exc": "g_ex", "gsyn_inh": "g_in", "g_r": "g_rr", "g_s": "g_sfa"},
}


def tighten() -> None:
    """Let NEST's models that have a tolerance, 1e-6 or 1e-3 if nothing is said, integrate as well as they can."""
    import nest

    for model in ADAPTIVE:
        nest.SetDefaults(model, {"gsl_error_tol": 1e-10})


sim = import_module(sys.argv[2])
arrays: dict[str, Any] = {}
for number, (expression, weights, current) in enumerate(json.load(sys.stdin)):
    sim.setup(timestep=0.1, min_delay=0.1, max_delay=10.0, **dict(argument.split("=") for argument in sys.argv[3:]))
    if sys.argv[2] == "pyNN.nest":
        tighten()
    cell_type = eval(expression, {name: getattr(sim, name) for name in re.findall(r"(\w+)\(", expression)})
    if sys.argv[2] == "pyNN.nest" and type(cell_type).__name__ in FORGOTTEN:
        cell_type.variable_map = FORGOTTEN[type(cell_type).__name__]
        cell_type.scale_factors = dict.fromkeys(cell_type.variable_map, 1.0)
    cells = sim.Population(CELLS, cell_type)
    rng = np.random.default_rng(number)
    times = np.arange(1.0, DURATION)
    for cell in range(CELLS):
        amplitudes = current * (0.6 + 0.3 * cell + 0.5 * rng.standard_normal(len(times)))
        sim.StepCurrentSource(times=times, amplitudes=amplitudes).inject_into(cells[cell : cell + 1])
    for receptor, weight in weights.items():
        trains = [np.unique(rng.choice(TIMES, 60)) for _ in range(10)]
        sources = sim.Population(10, sim.SpikeSourceArray(spike_times=trains))
        drawn = weight * rng.uniform(0.5, 1.5, (10, CELLS))
        synapse = sim.StaticSynapse(weight=drawn, delay=rng.integers(1, 50, (10, CELLS)) / 10.0)
        sim.Projection(sources, cells, sim.AllToAllConnector(), synapse, receptor_type=receptor)
    cells.record(["spikes", "v"])
    sim.run(DURATION)
    (segment,) = cells.get_data().segments
    arrays[f"v {number}"] = np.asarray(segment.analogsignals[0])
    for cell, train in enumerate(segment.spiketrains):
        arrays[f"spikes {number} {cell}"] = np.rint(np.asarray(train) * 10.0).astype(np.int64)
    sim.end()
np.savez(sys.argv[1], **arrays)
