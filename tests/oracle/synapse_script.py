"""Synapses with dynamics in a PyNN script: writes to the .npz named in argv what the simulator named there gives."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np

DT = 0.25
"""A power of two: pyNN.nest takes min_delay off spike times, and NEST moves one that is a rounding error late."""


def run(sim: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Voltages and weights of cells that a few sources drive by synapses of several types."""
    sim.setup(timestep=DT, min_delay=DT, **options)
    rng = np.random.default_rng(3)
    trains = [np.unique(rng.integers(10, 1960, 30)) * DT for _ in range(10)]
    sources = sim.Population(10, sim.SpikeSourceArray(spike_times=[train.tolist() for train in trains]))
    depressed, plastic = (sim.Population(5, sim.IF_curr_exp(tau_syn_E=4.0, cm=0.3, tau_m=12.0)) for _ in range(2))
    everyone = sim.AllToAllConnector()
    sim.Projection(
        sources,
        depressed,
        everyone,
        sim.TsodyksMarkramSynapse(weight=1.5, delay=1.25, U=0.4, tau_rec=90.0, tau_facil=40.0),
        receptor_type="excitatory",
    )
    stdp = sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(tau_plus=15.0, tau_minus=25.0, A_plus=0.03, A_minus=0.02),
        weight_dependence=sim.MultiplicativeWeightDependence(w_min=0.0, w_max=1.0),
        weight=0.4,
        delay=1.25,
    )
    learning = sim.Projection(sources, plastic, everyone, stdp, receptor_type="excitatory")
    for cells in (depressed, plastic):
        cells.record(["spikes", "v"])
    found: dict[str, Any] = {}
    for part in ("first", "last"):
        sim.run(250.0)
        weights = np.array(learning.get("weight", "list", with_address=True))
        found[f"weights {part}"] = weights[np.lexsort(weights.T[1::-1])]
    for name, cells in (("depressed", depressed), ("plastic", plastic)):
        segment = cells.get_data().segments[0]
        found[f"{name} v"] = segment.filter(name="v")[0].magnitude
        found[f"{name} counts"] = np.array([len(train) for train in segment.spiketrains])
    sim.end()
    return found


if __name__ == "__main__":
    path, simulator, *rest = sys.argv[1:]
    np.savez(path, **run(import_module(simulator), dict(option.split("=") for option in rest)))
