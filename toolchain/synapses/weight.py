"""Weight rules: how a weight gives way to a timing rule, and where it stops.

Formulas and limits are those of sPyNNaker's cores (``neuron/plasticity/stdp/weight_dependence``): an additive rule
stops at the limit that it moves towards and leaves the other alone; a multiplicative rule slows down towards its limits
and needs no stop.  What sPyNNaker lacks (Guetig's rule, and additive potentiation with multiplicative depression) is
put together in the same manner.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toolchain.models.parameters import Parameter
from toolchain.models.tracing import select
from toolchain.registry import Registry
from toolchain.synapses.declaration import Curve, Scale, Value, Values, WeightRule

W_MIN = Parameter("w_min", "", 0.0)
W_MAX = Parameter("w_max", "", 1.0)


class AdditiveWeightDependence(WeightRule):
    """Steps that do not depend on the weight, in shares of w_max; the weight stops at w_min and w_max."""

    name = "AdditiveWeightDependence"
    parameters: tuple[Parameter, ...] = (W_MIN, W_MAX)
    additive = True
    absolute = (Scale.POTENTIATION, Scale.DEPRESSION)
    sums = True

    def potentiate(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """Up by ``a * amount``, at most to w_max."""
        moved = weight + a * amount
        return select(moved > p["w_max"], p["w_max"], moved)

    def depress(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """Down by ``a * amount``, at least to w_min."""
        moved = weight - a * amount
        return select(moved < p["w_min"], p["w_min"], moved)


class WeightDependenceAdditiveTriplet(AdditiveWeightDependence):
    """The additive rule with the amplitudes of the triplet terms, as sPyNNaker has it."""

    name = "WeightDependenceAdditiveTriplet"
    parameters = (W_MIN, W_MAX, Parameter("A3_plus", "", 0.01), Parameter("A3_minus", "", 0.01))


class MultiplicativeWeightDependence(WeightRule):
    """Steps in proportion to how far the weight is from the limit that it moves towards."""

    name = "MultiplicativeWeightDependence"
    parameters = (W_MIN, W_MAX)

    def potentiate(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """Up by a share of what is left to w_max."""
        return weight + (p["w_max"] - weight) * a * amount

    def depress(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """Down by a share of what is left to w_min."""
        return weight - (weight - p["w_min"]) * a * amount


class AdditivePotentiationMultiplicativeDepression(WeightRule):
    """Up in steps that do not depend on the weight, down in proportion to it (Morrison, Aertsen and Diesmann 2007)."""

    name = "AdditivePotentiationMultiplicativeDepression"
    parameters = (W_MIN, W_MAX)
    absolute = (Scale.POTENTIATION,)

    def potentiate(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """Up by ``a * amount``, at most to w_max."""
        moved = weight + a * amount
        return select(moved > p["w_max"], p["w_max"], moved)

    def depress(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """Down by a share of what is left to w_min."""
        return weight - (weight - p["w_min"]) * a * amount


class GutigWeightDependence(WeightRule):
    """Between additive and multiplicative (Guetig, Aharonov, Rotter and Sompolinsky 2003).

    Steps are in shares of w_max, times (1 - x)^mu_plus up and x^mu_minus down, where x is the place of the weight
    between w_min (0) and w_max (1).
    """

    name = "GutigWeightDependence"
    parameters = (W_MIN, W_MAX, Parameter("mu_plus", "", 0.5, minimum=0.0), Parameter("mu_minus", "", 0.5, minimum=0.0))
    absolute = (Scale.POTENTIATION, Scale.DEPRESSION)

    def curves(self, p: Mapping[str, float]) -> Mapping[str, Curve]:
        """The two powers."""

        def place(weight: Value) -> Value:
            return np.clip((weight - p["w_min"]) / (p["w_max"] - p["w_min"]), 0.0, 1.0)

        return {"up": lambda w: (1.0 - place(w)) ** p["mu_plus"], "down": lambda w: place(w) ** p["mu_minus"]}

    def potentiate(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """Up, at most to w_max."""
        moved = weight + p["up"](weight) * a * amount
        return select(moved > p["w_max"], p["w_max"], moved)

    def depress(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """Down, at least to w_min."""
        moved = weight - p["down"](weight) * a * amount
        return select(moved < p["w_min"], p["w_min"], moved)


WEIGHT_RULES: Registry[WeightRule] = Registry(
    "weight rule",
    (
        AdditiveWeightDependence(),
        WeightDependenceAdditiveTriplet(),
        MultiplicativeWeightDependence(),
        AdditivePotentiationMultiplicativeDepression(),
        GutigWeightDependence(),
    ),
)
