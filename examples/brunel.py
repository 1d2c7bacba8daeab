"""A balanced random network of excitatory and inhibitory cells, after Brunel 2000.

Four fifths of the cells are excitatory; each cell hears `indegree` others, four fifths of them excitatory,
whose synapses are g times weaker than the inhibitory ones, and an independent Poisson source whose rate
is `eta` times the rate that just reaches threshold.

    pyneuro run examples/brunel.py
    pyneuro run examples/brunel.py -- --cells 3125 --indegree 312 --plastic
    pyneuro compare examples/brunel.py -- --cells 2000 --duration 300
    python examples/brunel.py nest --cells 1000

Brunel (2000) Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons,
J. Comput. Neurosci. 8:183-208.
"""

from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.utility import get_simulator

sim, options = get_simulator(
    ("--cells", "number of cells (default 10000)", {"type": int, "default": 10000}),
    ("--indegree", "recurrent synapses of each cell (default 100)", {"type": int, "default": 100}),
    ("--g", "inhibitory strength relative to excitatory (default 5)", {"type": float, "default": 5.0}),
    ("--eta", "external rate relative to threshold (default 2)", {"type": float, "default": 2.0}),
    ("--plastic", "excitatory synapses learn, by spike pairs", {"action": "store_true"}),
    ("--duration", "biological time in ms (default 1000)", {"type": float, "default": 1000.0}),
    ("--timestep", "timestep in ms (default 0.1)", {"type": float, "default": 0.1}),
    ("--seed", "seed of connections and first potentials (default 1)", {"type": int, "default": 1}),
)

TAU_M, TAU_SYN, CM, THRESHOLD = 20.0, 0.5, 0.25, 20.0  # ms, ms, nF, mV above rest
DELAY = 1.5  # ms
k_exc = options.indegree * 4 // 5
k_inh = options.indegree - k_exc
jump = 0.1 * 1000 / options.indegree  # mV that one spike lifts the potential; 0.1 mV for Brunel's 1,000 synapses
weight = jump * CM / TAU_SYN  # nA
external_rate = options.eta * THRESHOLD / (jump * TAU_M) * 1e3  # spikes/s; at eta = 1 the mean just reaches threshold

sim.setup(timestep=options.timestep, min_delay=options.timestep)
rng = NumpyRNG(seed=options.seed)
cell_type = sim.IF_curr_exp(
    tau_m=TAU_M,
    cm=CM,
    tau_syn_E=TAU_SYN,
    tau_syn_I=TAU_SYN,
    tau_refrac=2.0,
    v_rest=0.0,
    v_reset=10.0,
    v_thresh=THRESHOLD,
)
n_exc = options.cells * 4 // 5
exc = sim.Population(n_exc, cell_type, label="exc")
inh = sim.Population(options.cells - n_exc, cell_type, label="inh")
for population in (exc, inh):
    population.initialize(v=RandomDistribution("uniform", (0.0, THRESHOLD), rng=rng))
    noise = sim.Population(
        population.size, sim.SpikeSourcePoisson(rate=external_rate), label=f"noise to {population.label}"
    )
    sim.Projection(
        noise,
        population,
        sim.OneToOneConnector(),
        sim.StaticSynapse(weight=weight, delay=DELAY),
        receptor_type="excitatory",
    )

excitation = sim.StaticSynapse(weight=weight, delay=DELAY)
if options.plastic:
    excitation = sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(tau_plus=20.0, tau_minus=20.0, A_plus=0.001, A_minus=0.00105),
        weight_dependence=sim.AdditiveWeightDependence(w_min=0.0, w_max=2 * weight),
        weight=weight,
        delay=DELAY,
    )
inhibition = sim.StaticSynapse(weight=-options.g * weight, delay=DELAY)
for target in (exc, inh):
    sim.Projection(exc, target, sim.FixedNumberPreConnector(k_exc, rng=rng), excitation, receptor_type="excitatory")
    sim.Projection(inh, target, sim.FixedNumberPreConnector(k_inh, rng=rng), inhibition, receptor_type="inhibitory")

for population in (exc, inh):
    population.record("spikes")
sim.run(options.duration)

for population in (exc, inh):
    rate = population.mean_spike_count() / options.duration * 1e3
    print(f"{population.label}: {population.size} cells, {rate:.2f} spikes/s")
sim.end()
