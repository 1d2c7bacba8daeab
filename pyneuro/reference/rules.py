"""Rules of plasticity in numbers: a timing rule and a weight rule put together, with their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.network import Projection
from toolchain.synapses.declaration import TimingRule, Value, Values, WeightRule
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules of one projection.

    Parameters
    ----------
    timing, weight : TimingRule, WeightRule
        What they are.
    timing_parameters, weight_parameters : mapping of str to Value
        What their formulas find in `p`.
    amplitudes : mapping of str to float
        What a potentiation or depression is multiplied by, in the unit of the weight where the rule scales it.
    timestep : float
        ms.
    """

    timing: TimingRule
    weight: WeightRule
    timing_parameters: Values
    weight_parameters: Values
    amplitudes: Mapping[str, float]
    timestep: float


def rules(projection: Projection, timestep: float) -> Rules:
    """The rules that `projection` names, with its parameters."""
    timing, weight = TIMING_RULES[projection.rules[0]], WEIGHT_RULES[projection.rules[1]]
    given = {name: float(np.asarray(value)) for name, value in projection.parameters.items()}
    p, w = ({q.name: given.get(q.name, q.default) for q in rule.parameters} for rule in (timing, weight))
    scales = weight.scales(w)
    amplitudes = {name: (p | w)[name] * scales.get(scale, 1.0) for name, scale in timing.amplitudes.items()}
    return Rules(timing, weight, {**p, **timing.constants(p)}, {**w, **weight.curves(w)}, amplitudes, timestep)


@dataclass(frozen=True, eq=False)
class Found:
    """What a rule finds at a spike: `toolchain.synapses.declaration.Moment` in numbers, one a synapse or a cell."""

    rules: Rules
    pre: Values
    post: Values
    since_pre: Value
    since_post: Value

    @property
    def p(self) -> Values:
        """Parameters of the timing rule."""
        return self.rules.timing_parameters

    @property
    def seen_pre(self) -> Value:
        """Whether the source has spiked before."""
        return np.isfinite(self.since_pre).astype(np.float64)

    @property
    def seen_post(self) -> Value:
        """Whether the target has spiked before."""
        return np.isfinite(self.since_post).astype(np.float64)

    def decay(self, tau: str, since: Value) -> Value:
        """``exp(-since * timestep / tau)``."""
        return np.exp(since * (-self.rules.timestep / self.p[tau]))

    def potentiate(self, weight: Value, amount: Value, amplitude: str = "A_plus") -> Value:
        """The weight after a potentiation."""
        a, p = self.rules.amplitudes[amplitude], self.rules.weight_parameters
        return within(weight, self.rules.weight.potentiate(weight, a, amount, p), p)

    def depress(self, weight: Value, amount: Value, amplitude: str = "A_minus") -> Value:
        """The weight after a depression."""
        a, p = self.rules.amplitudes[amplitude], self.rules.weight_parameters
        return within(weight, self.rules.weight.depress(weight, a, amount, p), p)


def within(before: Floats, after: Floats, p: Values) -> Floats:
    """The weights `after` a change, none of which has taken one past its limits, or farther past them than it was.

    A core stops a weight only at the limit that its rule has in view; this matters where a rule potentiates by a
    negative amount (Vogels et al.).
    """
    if "w_min" in p:
        after = np.maximum(after, np.minimum(before, p["w_min"]))
    if "w_max" in p:
        after = np.minimum(after, np.maximum(before, p["w_max"]))
    return after
