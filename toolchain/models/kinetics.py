"""Kinetics of voltage-gated channels: how fast their gates open and close at a voltage.

A gate x opens at a rate alpha(V) and closes at a rate beta(V), both per ms: dx/dt = alpha (1 - x) - beta x.  So it
relaxes at the rate alpha + beta to alpha / (alpha + beta).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rates = Mapping[str, tuple[Floats, Floats]]

GATES = ("m", "h", "n")
"""Activation and inactivation of sodium, activation of potassium."""
NOTHING = 1e-300
"""Added to a number it changes nothing but 0, whose quotient with its own exponential less 1 it makes 1."""


def relative(x: Floats) -> Floats:
    """The quotient x / (exp(x) - 1), which is 1 at 0."""
    x = x + NOTHING
    ratio: Floats = x / np.expm1(x)
    return ratio


def traub_miles(v: Floats) -> Rates:
    """Rates of hippocampal pyramidal cells, of the voltage (mV) above about -63 mV.

    R. D. Traub and R. Miles 1991, "Neuronal Networks of the Hippocampus", with the constants that NEST
    (``hh_cond_exp_traub``) and NEURON's ``hh_traub`` of PyNN have.
    """
    return {
        "m": (0.32 * 4.0 * relative((13.0 - v) / 4.0), 0.28 * 5.0 * relative((v - 40.0) / 5.0)),
        "h": (0.128 * np.exp((17.0 - v) / 18.0), 4.0 / (1.0 + np.exp((40.0 - v) / 5.0))),
        "n": (0.032 * 5.0 * relative((15.0 - v) / 5.0), 0.5 * np.exp((10.0 - v) / 40.0)),
    }


def squid_axon(v: Floats) -> Rates:
    """Rates of the squid's giant axon at 6.3 degrees, of the voltage (mV) with rest at -65 mV.

    A. L. Hodgkin and A. F. Huxley 1952, J. Physiol. 117:500-544, with the sign and origin of V that are in use today.
    """
    return {
        "m": (0.1 * 10.0 * relative(-(v + 40.0) / 10.0), 4.0 * np.exp(-(v + 65.0) / 18.0)),
        "h": (0.07 * np.exp(-(v + 65.0) / 20.0), 1.0 / (1.0 + np.exp(-(v + 35.0) / 10.0))),
        "n": (0.01 * 10.0 * relative(-(v + 55.0) / 10.0), 0.125 * np.exp(-(v + 65.0) / 80.0)),
    }


@dataclass(frozen=True)
class Kinetics:
    """The gates of a membrane.

    Parameters
    ----------
    rates : callable
        alpha and beta (per ms) of each gate, by name, at voltages (mV).
    low, high : float
        The voltages (mV) between which a core has them; beyond, the rates are taken as constant.
    """

    rates: Callable[[Floats], Rates]
    low: float
    high: float

    def speed(self, gate: str, v: Floats) -> Floats:
        """Rate (per ms) at which a gate relaxes."""
        alpha, beta = self.rates(v)[gate]
        return alpha + beta

    def target(self, gate: str, v: Floats) -> Floats:
        """Where it relaxes to."""
        alpha, beta = self.rates(v)[gate]
        return alpha / (alpha + beta)


TRAUB_MILES = Kinetics(traub_miles, -80.0, 128.0)
SQUID_AXON = Kinetics(squid_axon, -120.0, 88.0)
