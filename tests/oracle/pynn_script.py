"""A PyNN script for any back end: ``pynn_script.py OUT.npz BACK_END [SETUP_ARGUMENT=VALUE ...]``.

Two cells with input spikes, injected currents and a sampling interval; a random network; two runs.
"""

from __future__ import annotations

import sys
from importlib import import_module

import numpy as np
from pyNN.random import NumpyRNG, RandomDistribution

sim = import_module(sys.argv[2])
sim.setup(timestep=0.1, min_delay=0.1, max_delay=10.0, **dict(argument.split("=") for argument in sys.argv[3:]))

CELL = {"v_rest": -65.0, "cm": 0.25, "tau_m": 10.0, "tau_refrac": 2.0, "tau_syn_E": 0.5, "tau_syn_I": 3.0}
CELL |= {"v_reset": -65.0, "v_thresh": -50.0}
RNG = NumpyRNG(seed=42)

pair = sim.Population(2, sim.IF_curr_exp(**CELL), initial_values={"v": [-65.0, -60.0]}, label="pair")
source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 5.1, 20.0, 43.3]))
sim.Projection(source, pair, sim.AllToAllConnector(), sim.StaticSynapse(weight=2.0, delay=1.7))
sim.Projection(source, pair, sim.AllToAllConnector(), sim.StaticSynapse(weight=-1.0, delay=0.1), None, "inhibitory")
sim.DCSource(amplitude=0.5, start=10.0, stop=35.0).inject_into(pair[0:1])
sim.StepCurrentSource(times=[12.0, 30.0, 61.2], amplitudes=[0.2, 0.9, 0.0]).inject_into(pair)
pair.record("v", sampling_interval=0.2)

net = sim.Population(100, sim.IF_curr_exp(**CELL), label="net")
net.set(i_offset=RandomDistribution("uniform", (0.3, 0.5), rng=RNG), tau_syn_E=2.0)
net.initialize(v=RandomDistribution("uniform", (-65.0, -50.0), rng=RNG))
delays = RandomDistribution("uniform_int", (1, 8), rng=RNG)
excite = sim.StaticSynapse(weight=RandomDistribution("uniform", (0.05, 0.2), rng=RNG), delay=delays)
inhibit = sim.StaticSynapse(weight=-0.3, delay=1.5)
sim.Projection(net[:80], net, sim.FixedProbabilityConnector(0.1, rng=RNG), excite, receptor_type="excitatory")
sim.Projection(net[80:], net, sim.FixedProbabilityConnector(0.1, rng=RNG), inhibit, receptor_type="inhibitory")
net.record("v")

arrays = {}
for population in (pair, net):
    population.record("spikes")
sim.run(50.0)
pair[0:1].set(i_offset=0.6)
sim.run(50.0)
for population in (pair, net):
    (segment,) = population.get_data().segments
    (signal,) = segment.analogsignals
    arrays[f"{population.label} v"] = np.asarray(signal)
    arrays[f"{population.label} times"] = np.asarray(signal.times)
    trains = [np.asarray(train) for train in segment.spiketrains]
    arrays[f"{population.label} spikes"] = np.concatenate(trains)
    arrays[f"{population.label} counts"] = np.array([len(train) for train in trains])
sim.end()
np.savez(sys.argv[1], **arrays)
