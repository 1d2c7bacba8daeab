"""Timing rules: what each spike leaves behind, and what it then does to a weight.

A spike of either side leaves a trace that decays exponentially; a spike of the other side reads it.  Pair rules read
the trace of one side, the triplet rule also that of the side that spikes, as it was just before.

The formulas are those of sPyNNaker's cores (``neuron/plasticity/stdp/timing_dependence``), so that traced they give its
arithmetic; as numbers they are the rules of the literature.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from toolchain.models.parameters import Parameter
from toolchain.models.tracing import select
from toolchain.registry import Registry
from toolchain.synapses.declaration import Moment, Scale, TimingRule, Value, Values

TAU_PLUS = Parameter("tau_plus", "ms", 20.0, above=0.0)
TAU_MINUS = Parameter("tau_minus", "ms", 20.0, above=0.0)
AMPLITUDES = (Parameter("A_plus", "", 0.01), Parameter("A_minus", "", 0.01))


class SpikePairRule(TimingRule):
    """Every pair of spikes counts (Song, Miller and Abbott 2000).

    The weight grows by A_plus exp(-dt / tau_plus) when the target spikes dt after the source, and shrinks by
    A_minus exp(-dt / tau_minus) when it is the other way about.
    """

    name = "SpikePairRule"
    parameters = (TAU_PLUS, TAU_MINUS, *AMPLITUDES)
    time_constants = ("tau_plus", "tau_minus")
    pre_traces = ("r1",)
    post_traces = ("o1",)

    def add_pre(self, x: Moment) -> Values:
        """One more spike of the source."""
        return {"r1": x.pre["r1"] * x.decay("tau_plus", x.since_pre) + 1}

    def add_post(self, x: Moment) -> Values:
        """One more spike of the target."""
        return {"o1": x.post["o1"] * x.decay("tau_minus", x.since_post) + 1}

    def apply_pre(self, x: Moment, weight: Value) -> Value:
        """Depression by all spikes of the target so far."""
        return x.depress(weight, x.post["o1"] * x.decay("tau_minus", x.since_post))

    def apply_post(self, x: Moment, weight: Value) -> Value:
        """Potentiation by all spikes of the source so far."""
        return x.potentiate(weight, x.pre["r1"] * x.decay("tau_plus", x.since_pre))


class SpikeNearestPairRule(TimingRule):
    """Only the nearest pairs count.

    A spike of the source is paired with the last of the target before it; a spike of the target with the last of the
    source before it, unless the target has spiked since.
    """

    name = "SpikeNearestPairRule"
    parameters = (TAU_PLUS, TAU_MINUS, *AMPLITUDES)
    time_constants = ("tau_plus", "tau_minus")

    def add_pre(self, x: Moment) -> Values:
        """No trace: the time of the spike is enough."""
        return {}

    def add_post(self, x: Moment) -> Values:
        """No trace."""
        return {}

    def apply_pre(self, x: Moment, weight: Value) -> Value:
        """Depression by the last spike of the target."""
        return x.depress(weight, x.decay("tau_minus", x.since_post))

    def apply_post(self, x: Moment, weight: Value) -> Value:
        """Potentiation by the last spike of the source, if it is nearer than the last of the target."""
        return x.potentiate(weight, select(x.since_post < x.since_pre, 0, x.decay("tau_plus", x.since_pre)))


class PfisterSpikeTriplet(TimingRule):
    """Triplets of spikes count too (Pfister and Gerstner 2006).

    Potentiation grows with the spikes of the target before this one (tau_y, A3_plus), depression with those of the
    source (tau_x, A3_minus).
    """

    name = "PfisterSpikeTriplet"
    parameters = (
        TAU_PLUS,
        TAU_MINUS,
        Parameter("tau_x", "ms", 101.0, above=0.0),
        Parameter("tau_y", "ms", 125.0, above=0.0),
        *AMPLITUDES,
    )
    time_constants = ("tau_plus", "tau_minus", "tau_x", "tau_y")
    amplitudes = MappingProxyType(
        {
            "A_plus": Scale.POTENTIATION,
            "A_minus": Scale.DEPRESSION,
            "A3_plus": Scale.POTENTIATION,
            "A3_minus": Scale.DEPRESSION,
        }
    )
    pre_traces = ("r1", "r2")
    post_traces = ("o1", "o2")
    table_shifts = MappingProxyType({"tau_x": 2, "tau_y": 2})

    def add_pre(self, x: Moment) -> Values:
        """Trace r1 counts this spike, r2 only those before it."""
        return {
            "r1": x.pre["r1"] * x.decay("tau_plus", x.since_pre) + 1,
            "r2": (x.pre["r2"] + x.seen_pre) * x.decay("tau_x", x.since_pre),
        }

    def add_post(self, x: Moment) -> Values:
        """Trace o1 counts this spike, o2 only those before it."""
        return {
            "o1": x.post["o1"] * x.decay("tau_minus", x.since_post) + 1,
            "o2": (x.post["o2"] + x.seen_post) * x.decay("tau_y", x.since_post),
        }

    def apply_pre(self, x: Moment, weight: Value) -> Value:
        """Depression by pairs, and by triplets of two spikes of the source around one of the target."""
        pair = x.post["o1"] * x.decay("tau_minus", x.since_post)
        return x.depress(x.depress(weight, pair), pair * x.pre["r2"], "A3_minus")

    def apply_post(self, x: Moment, weight: Value) -> Value:
        """Potentiation by pairs, and by triplets of two spikes of the target around one of the source."""
        pair = x.pre["r1"] * x.decay("tau_plus", x.since_pre)
        return x.potentiate(x.potentiate(weight, pair), pair * x.post["o2"], "A3_plus")


class Vogels2011Rule(TimingRule):
    """Spikes that come together potentiate, every spike of the source depresses (Vogels et al. 2011).

    The order of the spikes does not matter, and each of the source costs 2 rho tau, so on inhibitory synapses the
    target settles at the rate rho.  ``eta`` is in the unit of the weight, as in PyNN, not a share of w_max.
    """

    name = "Vogels2011Rule"
    parameters = (
        Parameter("tau", "ms", 20.0, above=0.0),
        Parameter("eta", "", 1e-10, minimum=0.0),
        Parameter("rho", "Hz", 3.0, minimum=0.0),
    )
    time_constants = ("tau",)
    amplitudes = MappingProxyType({"eta": Scale.NONE})
    pre_traces = ("r1",)
    post_traces = ("o1",)

    def constants(self, p: Mapping[str, float]) -> Mapping[str, float]:
        """What each spike of the source costs."""
        return {"alpha": 2e-3 * p["rho"] * p["tau"]}

    def add_pre(self, x: Moment) -> Values:
        """One more spike of the source."""
        return {"r1": x.pre["r1"] * x.decay("tau", x.since_pre) + 1}

    def add_post(self, x: Moment) -> Values:
        """One more spike of the target."""
        return {"o1": x.post["o1"] * x.decay("tau", x.since_post) + 1}

    def apply_pre(self, x: Moment, weight: Value) -> Value:
        """Potentiation by all spikes of the target so far, less the constant."""
        return x.potentiate(weight, x.post["o1"] * x.decay("tau", x.since_post) - x.p["alpha"], "eta")

    def apply_post(self, x: Moment, weight: Value) -> Value:
        """Potentiation by all spikes of the source so far."""
        return x.potentiate(weight, x.pre["r1"] * x.decay("tau", x.since_pre), "eta")


TIMING_RULES: Registry[TimingRule] = Registry(
    "timing rule", (SpikePairRule(), SpikeNearestPairRule(), PfisterSpikeTriplet(), Vogels2011Rule())
)
