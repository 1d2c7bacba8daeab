"""Self-sustained irregular activity: benchmarks 1 and 2 of Brette et al. 2007, after Vogels and Abbott 2005.

4,000 cells, four fifths of them excitatory, each pair connected with probability 2 %.  Benchmark 1
(``--model coba``) has conductances and is kicked by a short burst of noise; benchmark 2 (``--model cuba``)
has currents and cells that would fire on their own.

    pyneuro compare examples/vogels_abbott.py
    pyneuro run examples/vogels_abbott.py --backend reference -- --model coba --duration 500
    pyneuro run examples/vogels_abbott.py -- --synapses tsodyks-markram
    python examples/vogels_abbott.py nest --cells 1000

Brette et al. (2007) Simulation of networks of spiking neurons, J. Comput. Neurosci. 23:349-398.
Vogels and Abbott (2005) Signal propagation and logic gating, J. Neurosci. 25:10786-10795.
"""

from itertools import count

from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.utility import get_simulator

sim, options = get_simulator(
    (
        "--model",
        "cuba (currents, the default) or coba (conductances)",
        {"choices": ["cuba", "coba"], "default": "cuba"},
    ),
    (
        "--synapses",
        "static (the default) or tsodyks-markram: depressing, as strong as static ones at the first spike",
        {"choices": ["static", "tsodyks-markram"], "default": "static"},
    ),
    ("--cells", "number of cells (default 4000)", {"type": int, "default": 4000}),
    ("--duration", "biological time in ms (default 1000)", {"type": float, "default": 1000.0}),
    ("--timestep", "timestep in ms (default 0.1)", {"type": float, "default": 0.1}),
    ("--seed", "seed of connections and first potentials (default 4242)", {"type": int, "default": 4242}),
)

REST, THRESHOLD, RESET = -60.0, -50.0, -60.0  # mV
MEAN_V = -60.0  # mV: where the conductances of benchmark 1 are turned into the currents of benchmark 2
AREA, LEAK, CAPACITANCE = 20000e-8, 5e-5, 1.0  # cm2, S/cm2, uF/cm2
cell = {
    "cm": CAPACITANCE * AREA * 1e3,  # 0.2 nF
    "tau_m": CAPACITANCE / LEAK * 1e-3,  # 20 ms
    "tau_syn_E": 5.0,
    "tau_syn_I": 10.0,
    "tau_refrac": 5.0,
    "v_rest": REST,
    "v_thresh": THRESHOLD,
    "v_reset": RESET,
}
coba = options.model == "coba"
if coba:
    cell_type = sim.IF_cond_exp(e_rev_E=0.0, e_rev_I=-80.0, **cell)
    weight_exc, weight_inh = 6e-3, 67e-3  # uS
else:
    cell_type = sim.IF_curr_exp(**{**cell, "v_rest": -49.0})
    weight_exc = 0.27e-3 * (0.0 - MEAN_V)  # nA
    weight_inh = 4.5e-3 * (-80.0 - MEAN_V)

sim.setup(timestep=options.timestep, min_delay=options.timestep)
rng = NumpyRNG(seed=options.seed)
n_exc = options.cells * 4 // 5
exc = sim.Population(n_exc, cell_type, label="exc")
inh = sim.Population(options.cells - n_exc, cell_type, label="inh")
for population in (exc, inh):
    population.initialize(v=RandomDistribution("uniform", (RESET, THRESHOLD), rng=rng))

seeds = count(options.seed + 1)


def connector(probability):
    """Random connections. PyNN draws from a copy of a connector's generator, so each projection has its own."""
    return sim.FixedProbabilityConnector(probability, allow_self_connections=False, rng=NumpyRNG(seed=next(seeds)))


delay = max(0.2, options.timestep)


def synapse(weight):
    """Static synapses, or such as tire: each spike uses a fifth of what is there, which comes back within 100 ms."""
    if options.synapses == "static":
        return sim.StaticSynapse(weight=weight, delay=delay)
    use = 0.2
    return sim.TsodyksMarkramSynapse(U=use, tau_rec=100.0, tau_facil=0.0, weight=weight / use, delay=delay)


excitation, inhibition = synapse(weight_exc), synapse(weight_inh)
for target in (exc, inh):
    sim.Projection(exc, target, connector(0.02), excitation, receptor_type="excitatory")
    sim.Projection(inh, target, connector(0.02), inhibition, receptor_type="inhibitory")

if coba:  # a kick of 50 ms, without which the network stays silent
    kick = sim.Population(200, sim.SpikeSourcePoisson(rate=100.0, duration=50.0), label="kick")
    for target in (exc, inh):
        sim.Projection(kick, target, connector(0.1), excitation, receptor_type="excitatory")

exc.record("spikes")
inh.record("spikes")
exc[:2].record("v")
sim.run(options.duration)

for population in (exc, inh):
    rate = population.mean_spike_count() / options.duration * 1e3
    print(f"{population.label}: {population.size} cells, {rate:.2f} spikes/s")
sim.end()
