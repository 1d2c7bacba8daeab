"""Synapse types: StaticSynapse, a fixed weight and delay."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pyNN import errors
from pyNN.standardmodels import build_translations, synapses

from pyneuro import simulator
from toolchain.network import Values


def check_weights(weights: Values, projection: Any) -> None:
    """Check the sign of weights: conductances and excitatory currents are at least 0, inhibitory ones at most 0.

    Raises
    ------
    ConnectionError
        PyNN's, if one has the wrong sign.
    """
    conductances, receptor = projection.post.conductance_based, projection.receptor_type
    inhibitory = receptor == "inhibitory" and not conductances
    worst = float(np.max(weights) if inhibitory else np.min(weights))
    if worst > 0 if inhibitory else worst < 0:
        unit, kind = ("uS", "conductances") if conductances else ("nA", "currents")
        raise errors.ConnectionError(
            f"projection {projection.label!r}: weights must be {'at most' if inhibitory else 'at least'} 0 {unit}, "
            f"as its {receptor} synapses are {kind}, got {worst:g}"
        )


class StaticSynapse(synapses.StaticSynapse):
    """Synapse with a fixed weight (nA, uS) and delay (ms)."""

    __doc__ = synapses.StaticSynapse.__doc__
    parameter_checks: ClassVar[dict[str, Any]] = {**synapses.StaticSynapse.parameter_checks, "weight": check_weights}
    translations = build_translations(("weight", "weight"), ("delay", "delay"))

    def _get_minimum_delay(self) -> float:
        return simulator.state.least_delay


__all__ = ["StaticSynapse"]
