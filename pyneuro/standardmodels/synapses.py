"""Synapse types: StaticSynapse, a fixed weight and delay."""

from __future__ import annotations

from pyNN.standardmodels import build_translations, synapses

from pyneuro import simulator


class StaticSynapse(synapses.StaticSynapse):
    """Synapse with a fixed weight (nA, uS) and delay (ms)."""

    __doc__ = synapses.StaticSynapse.__doc__
    translations = build_translations(("weight", "weight"), ("delay", "delay"))

    def _get_minimum_delay(self) -> float:
        return simulator.state.least_delay


__all__ = ["StaticSynapse"]
