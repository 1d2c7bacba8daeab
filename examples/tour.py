"""A first tour: a Poisson source drives ten cells; print their rates and plot one membrane potential.

pyneuro run examples/tour.py                 # on the emulated machine
pyneuro run examples/tour.py -- --plot       # the same, and a picture (needs matplotlib)
python examples/tour.py nest                 # on NEST, unchanged
"""

from pyNN.utility import get_simulator

sim, options = get_simulator(("--plot", "save tour.png", {"action": "store_true"}))

sim.setup(timestep=1.0)
noise = sim.Population(100, sim.SpikeSourcePoisson(rate=20.0), label="noise")
cells = sim.Population(10, sim.IF_curr_exp(tau_m=20.0, tau_syn_E=5.0), label="cells")
sim.Projection(
    noise,
    cells,
    sim.FixedProbabilityConnector(0.5, rng=sim.NumpyRNG(seed=1)),
    sim.StaticSynapse(weight=0.35, delay=2.0),
    receptor_type="excitatory",
)
cells.record(["spikes", "v"])
sim.run(1000.0)

data = cells.get_data().segments[0]
print("spikes of each cell:", [len(train) for train in data.spiketrains])
if options.plot:
    from pyNN.utility.plotting import Figure, Panel

    v = data.filter(name="v")[0]
    Figure(Panel(v[:, :3], ylabel="v (mV)"), Panel(data.spiketrains, xlabel="time (ms)", xticks=True)).save("tour.png")
sim.end()
