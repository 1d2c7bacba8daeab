"""A neuron and a plasticity rule of one's own, on both simulators: no C, no compiler.

pyneuro run examples/own_model.py                        # on the emulated machine
pyneuro run examples/own_model.py --backend reference    # in float64
pyneuro compare examples/own_model.py                    # both, and where the difference comes from
"""

import pyneuro as sim
from pyneuro.own_models import Equations, Parameter, PointNeuron, TimingRule, Variable, declare, exponential_currents


class FatiguingMembrane(Equations):
    """A leaky membrane whose threshold rises by b at each spike and comes back with tau_b."""

    parameters = (
        Parameter("tau_m", "ms", 20.0, above=0.0),
        Parameter("tau_b", "ms", 100.0, above=0.0),
        Parameter("cm", "nF", 1.0, above=0.0),
        Parameter("b", "mV", 2.0),
        Parameter("v_rest", "mV", -65.0),
        Parameter("v_thresh", "mV", -50.0),
    )
    state = (Variable("v", "mV", -65.0), Variable("fatigue", "mV", 0.0))

    def slopes(self, s, p, current):
        return {"v": (p["v_rest"] - s["v"]) / p["tau_m"] + current / p["cm"], "fatigue": -s["fatigue"] / p["tau_b"]}

    def threshold(self, s, p):
        return s["v"] >= p["v_thresh"] + s["fatigue"]

    def after_spike(self, s, p):
        return {"v": p["v_rest"], "fatigue": s["fatigue"] + p["b"]}


class CoincidenceRule(TimingRule):
    """Every spike of the source costs A_minus; every spike of the target rewards the sources that spiked before it."""

    name = "CoincidenceRule"
    parameters = (
        Parameter("tau", "ms", 15.0, above=0.0),
        Parameter("A_plus", "", 0.02),
        Parameter("A_minus", "", 0.005),
    )
    time_constants = ("tau",)
    pre_traces = ("recent",)

    def add_pre(self, x):
        return {"recent": x.pre["recent"] * x.decay("tau", x.since_pre) + 1}

    def add_post(self, x):
        return {}

    def apply_pre(self, x, weight):
        return x.depress(weight, 1)

    def apply_post(self, x, weight):
        return x.potentiate(weight, x.pre["recent"] * x.decay("tau", x.since_pre))


Fatiguing = declare(PointNeuron("Fatiguing", FatiguingMembrane(), exponential_currents()))
Coincidence = declare(CoincidenceRule())

sim.setup(timestep=1.0)
noise = sim.Population(60, sim.SpikeSourcePoisson(rate=20.0), label="noise")
cells = sim.Population(10, Fatiguing(b=3.0), label="cells")
delays = sim.RandomDistribution("uniform_int", (1, 8), rng=sim.NumpyRNG(seed=1))  # ms
plastic = sim.STDPMechanism(Coincidence(tau=10.0), sim.AdditiveWeightDependence(w_max=1.0), weight=0.4, delay=delays)
learning = sim.Projection(noise, cells, sim.AllToAllConnector(), plastic)
cells.record(["spikes", "v", "fatigue"])
sim.run(1000.0)

weights = learning.get("weight", format="array")
print(f"{cells.mean_spike_count():g} spikes a cell; weights from {weights.min():.3f} to {weights.max():.3f} nA")
sim.end()
