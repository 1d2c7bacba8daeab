"""Neuromodulation: dopamine turns what STDP has marked into a change of weights.

A plastic synapse whose target has dopamine does not change its weight when spikes come.  The change that its rules
would have made goes into an eligibility trace c, which decays with `tau_c`.  A spike of the dopamine population adds
its weight to the concentration n at the target cell (receptor ``reward``) or takes it off (``punishment``); that
decays with `tau_d`.  The weight moves all the time, by dw/dt = c n (Izhikevich 2007, Cerebral Cortex 17:2443-2452;
sPyNNaker's Neuromodulation; NEST's stdp_dopamine_synapse, where a spike adds 1 / tau_n).  Between spikes of any kind
c and n are exponentials, and so

    w(t) = w + c n T (1 - exp(-t / T)),    1 / T = 1 / tau_c + 1 / tau_d.

As in sPyNNaker, a projection of this type onto a population makes all its plastic projections modulated, and a cell
that has no dopamine learns nothing.  Since the trace does not know the weight, the weight rule must be additive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emulator.program import Kind
from toolchain.models.functions import fade, ratio, select, stopped_product
from toolchain.models.parameters import Parameter
from toolchain.synapses.declaration import Value, Values

NEUROMODULATION = "Neuromodulation"
RECEPTORS = {"reward": 1, "punishment": -1}
"""Receptor types of such a projection, and the sign of its weights."""
PARAMETERS = (
    Parameter("tau_c", "ms", 1000.0, above=0.0),
    Parameter("tau_d", "ms", 200.0, above=0.0),
    Parameter("w_min", "", 0.0, minimum=0.0),
    Parameter("w_max", "", 1.0, minimum=0.0),
)
"""Those of all such projections onto a population are the same; the limits are those of the plastic weights."""

CONCENTRATION_BITS = 6
"""A core has 2^6 times the concentration: 16-bit doses of 0.01 are within 0.2 %, and the largest is 1023."""


def modulation_parameters(given: Mapping[str, Any]) -> dict[str, float]:
    """All parameters of a projection that brings dopamine, of which some are `given`."""
    return {p.name: float(np.asarray(given.get(p.name, p.default))) for p in PARAMETERS}


def time_constant(p: Mapping[str, float]) -> float:
    """T (ms) of the closed form."""
    return 1.0 / (1.0 / p["tau_c"] + 1.0 / p["tau_d"])


@dataclass(frozen=True)
class Learning:
    """A plastic synapse at some time.

    Parameters
    ----------
    weight : Value
        Magnitude, nA, uS or mV.
    eligibility : Value
        Change of the weight for each ms that a concentration of 1 lasts.
    dopamine : Value
        Concentration at the target cell.
    """

    weight: Value
    eligibility: Value
    dopamine: Value


def elapse(x: Learning, decay: Values, p: Values, shifts: tuple[int, int] = (1, 1)) -> Learning:
    """A stretch of time without spikes.

    The limits are looked at before the sum is made, which on a core might not fit a word.

    Parameters
    ----------
    x : Learning
        At its beginning.
    decay : mapping of str to Value
        Its ``exp(-t / tau)`` for ``tau_c`` and ``tau_d``.
    p : mapping of str to Value
        ``w_min``, ``w_max``, and ``tau``, which is T (ms).
    shifts : (int, int)
        On a core, of the words of eligibility times concentration, and of that times what ``tau`` becomes.
    """
    share = decay["tau_c"] * decay["tau_d"]
    rate = stopped_product(x.eligibility, x.dopamine, shifts[0], Kind.ACCUM)
    change = stopped_product(rate, p["tau"] - p["tau"] * share, shifts[1], Kind.ACCUM)
    up, down = p["w_max"] - x.weight, p["w_min"] - x.weight
    return Learning(
        select(change > up, p["w_max"], select(change < down, p["w_min"], x.weight + change)),
        fade(x.eligibility, decay["tau_c"]),
        fade(x.dopamine, decay["tau_d"]),
    )


def limited(x: Value, most: Value) -> Value:
    """`x`, or the nearest of -`most` and `most` where it is beyond."""
    return select(x > most, most, select(x < -most, -most, x))


def merged(first: Value, second: Value, decay: Value, decay_after: Value) -> Value:
    """The concentration from which dopamine has the same effect as from two, one after the other.

    Parameters
    ----------
    first, second : Value
        The two; the effect is the area under the concentration.
    decay, decay_after : Value
        What time leaves of it from the one to the other, and from there to the end.
    """
    dose = second - fade(first, decay)
    return first + dose * ratio(1 - decay_after, 1 - decay * decay_after)
