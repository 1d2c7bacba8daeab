"""A network of Hodgkin-Huxley cells: benchmark 3 of Brette et al. 2007.

4,000 cells with the channels of Traub and Miles, four fifths of them excitatory, each pair connected with probability
2 %.  Conductances that the cells start with kick the network, which then goes on by itself.

    pyneuro compare examples/hh_network.py -- --cells 1000 --duration 200
    pyneuro run examples/hh_network.py
    python examples/hh_network.py nest --cells 1000

Brette et al. (2007) Simulation of networks of spiking neurons, J. Comput. Neurosci. 23:349-398.
"""

from itertools import count

import numpy as np
from pyNN.random import NumpyRNG
from pyNN.utility import get_simulator

sim, options = get_simulator(
    ("--cells", "number of cells (default 4000)", {"type": int, "default": 4000}),
    ("--duration", "biological time in ms (default 1000)", {"type": float, "default": 1000.0}),
    ("--timestep", "timestep in ms (default 0.1)", {"type": float, "default": 0.1}),
    ("--seed", "seed of connections and first states (default 4242)", {"type": int, "default": 4242}),
)

AREA = 20000e-8  # cm2
REST = -60.0  # mV
cell_type = sim.HH_cond_exp(
    cm=1.0 * AREA * 1e3,  # 0.2 nF
    g_leak=5e-5 * AREA * 1e6,  # 0.01 uS
    gbar_Na=100e-3 * AREA * 1e6,  # 20 uS
    gbar_K=30e-3 * AREA * 1e6,  # 6 uS
    e_rev_leak=REST,
    e_rev_Na=50.0,
    e_rev_K=-90.0,
    v_offset=-63.0,
    e_rev_E=0.0,
    e_rev_I=-80.0,
    tau_syn_E=5.0,
    tau_syn_I=10.0,
)
WEIGHT_EXC, WEIGHT_INH = 6e-3, 67e-3  # uS

sim.setup(timestep=options.timestep, min_delay=options.timestep)
rng = np.random.default_rng(options.seed)
n_exc = options.cells * 4 // 5
exc = sim.Population(n_exc, cell_type, label="exc")
inh = sim.Population(options.cells - n_exc, cell_type, label="inh")
for population in (exc, inh):
    population.initialize(
        v=rng.normal(REST - 5.0, 5.0, population.size),
        gsyn_exc=np.maximum(0.0, rng.normal(0.04, 0.015, population.size)),
        gsyn_inh=np.maximum(0.0, rng.normal(0.2, 0.12, population.size)),
    )

seeds = count(options.seed + 1)


def connector():
    """Random connections. PyNN draws from a copy of a connector's generator, so each projection has its own."""
    return sim.FixedProbabilityConnector(0.02, allow_self_connections=False, rng=NumpyRNG(seed=next(seeds)))


excitation, inhibition = (
    sim.StaticSynapse(weight=weight, delay=options.timestep) for weight in (WEIGHT_EXC, WEIGHT_INH)
)
for target in (exc, inh):
    sim.Projection(exc, target, connector(), excitation, receptor_type="excitatory")
    sim.Projection(inh, target, connector(), inhibition, receptor_type="inhibitory")

exc.record("spikes")
inh.record("spikes")
exc[:2].record("v")
sim.run(options.duration)

for population in (exc, inh):
    rate = population.mean_spike_count() / options.duration * 1e3
    print(f"{population.label}: {population.size} cells, {rate:.2f} spikes/s")
sim.end()
