"""Run a Network in NEST 3: reads a pickled (network, steps) from standard input, writes the .npz named in argv.

It is a process of its own, because NEST changes signal handlers, warnings and standard output, and keeps one
global state.  Arrays written, for population i: ``spikes_i`` [2, spikes] with steps and cells, and for each
state variable ``<variable>_i`` [steps, cells], of the times dt, 2 dt, ...
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

import nest
import numpy as np
from numpy.typing import NDArray

from toolchain.network import Network, Population, Projection

CELLS = {"IF_curr_exp": "iaf_psc_exp", "IF_cond_exp": "iaf_cond_exp", "HH_squid": "hh_psc_alpha"}
VARIABLES = {
    "iaf_psc_exp": {"v": ("V_m", 1.0), "isyn_exc": ("I_syn_ex", 1e-3), "isyn_inh": ("I_syn_in", 1e-3)},
    "iaf_cond_exp": {"v": ("V_m", 1.0), "gsyn_exc": ("g_ex", 1e-3), "gsyn_inh": ("g_in", 1e-3)},
    "hh_psc_alpha": {"v": ("V_m", 1.0), "m": ("Act_m", 1.0), "h": ("Inact_h", 1.0), "n": ("Act_n", 1.0)},
}
SQUID = {"C_m": 1e3, "g_Na": 1.2e5, "g_K": 3.6e4, "g_L": 3e2, "E_Na": 50.0, "E_K": -77.0, "E_L": -54.0}
"""Parameters of ``hh_psc_alpha`` that are the defaults of HH_squid, in NEST's units."""
GATES = {"m": "Act_m", "h": "Inact_h", "n": "Act_n"}
NAMES = {
    "v_rest": "E_L",
    "v_reset": "V_reset",
    "v_thresh": "V_th",
    "tau_m": "tau_m",
    "tau_refrac": "t_ref",
    "tau_syn_E": "tau_syn_ex",
    "tau_syn_I": "tau_syn_in",
    "e_rev_E": "E_ex",
    "e_rev_I": "E_in",
}


def create(population: Population) -> Any:
    """Make the cells or sources of `population`."""
    if population.cell == "SpikeSourceArray":
        assert population.spike_times is not None
        trains = np.split(population.spike_times.times, population.spike_times.offsets[1:-1])
        generators = nest.Create("spike_generator", population.size)
        generators.set([{"spike_times": train} for train in trains])
        return generators
    given = {name: np.broadcast_to(values, population.size) for name, values in population.parameters.items()}
    parameters = {NAMES[name]: values for name, values in given.items() if name in NAMES}
    if population.cell == "HH_squid":
        parameters |= {name: np.full(population.size, value) for name, value in SQUID.items()}
        parameters |= {name: np.broadcast_to(population.initial[v], population.size) for v, name in GATES.items()}
    else:
        parameters["C_m"] = 1e3 * given["cm"]
    parameters["I_e"] = 1e3 * given["i_offset"]
    if population.cell == "IF_cond_exp":
        parameters["g_L"] = 1e3 * given["cm"] / parameters.pop("tau_m")
    parameters["V_m"] = np.broadcast_to(population.initial["v"], population.size)
    cells = nest.Create(CELLS[population.cell], population.size)
    cells.set([{name: float(values[i]) for name, values in parameters.items()} for i in range(population.size)])
    return cells


def connect(projection: Projection, nodes: list[Any]) -> None:
    """Make the synapses of `projection`; in NEST the sign of a weight chooses the receptor."""
    sign = -1.0 if projection.receptor == "inhibitory" else 1.0
    synapses = len(projection)
    nest.Connect(
        np.array(nodes[projection.source])[projection.pre],
        np.array(nodes[projection.target])[projection.post],
        "one_to_one",
        {
            "weight": np.broadcast_to(1e3 * sign * np.abs(projection.weight), synapses),
            "delay": np.broadcast_to(np.asarray(projection.delay), synapses),
        },
    )


def by_cell(events: dict[str, NDArray[Any]], variable: str, cells: int) -> NDArray[np.float64]:
    """Samples [steps, cells] of a multimeter."""
    order = np.lexsort((events["senders"], events["times"]))
    return events[variable][order].reshape(-1, cells)


def simulate(network: Network, steps: int) -> dict[str, NDArray[Any]]:
    """Run `network` and return the arrays that are written."""
    nest.ResetKernel()
    nest.resolution = network.timestep
    nodes = [create(population) for population in network.populations]
    meters, recorders = {}, {}
    for i, population in enumerate(network.populations):
        if population.cell in CELLS:
            variables = [variable for variable, _ in VARIABLES[CELLS[population.cell]].values()]
            meters[i] = nest.Create("multimeter", params={"record_from": variables, "interval": network.timestep})
            recorders[i] = nest.Create("spike_recorder")
            nest.Connect(meters[i], nodes[i])
            nest.Connect(nodes[i], recorders[i])
    for projection in network.projections:
        connect(projection, nodes)
    # A multimeter hands over the sample of a step in the next one.
    nest.Simulate((steps + 1) * network.timestep)
    found: dict[str, NDArray[Any]] = {}
    for i, meter in meters.items():
        population = network.populations[i]
        for variable, (name, scale) in VARIABLES[CELLS[population.cell]].items():
            found[f"{variable}_{i}"] = scale * by_cell(meter.events, name, population.size)[:steps]
        events = recorders[i].events
        at = np.rint(events["times"] / network.timestep).astype(np.int64) - 1
        cell = events["senders"] - min(nodes[i].tolist())
        order = np.lexsort((cell, at))
        found[f"spikes_{i}"] = np.stack([at, cell])[:, order[at[order] < steps]]
    return found


if __name__ == "__main__":
    np.savez(sys.argv[1], **simulate(*pickle.load(sys.stdin.buffer)))
