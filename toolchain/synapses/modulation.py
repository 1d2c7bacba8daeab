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

from dataclasses import dataclass

from toolchain.models.functions import select
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


def elapse(x: Learning, decay: Values, p: Values) -> Learning:
    """A stretch of time without spikes.

    Parameters
    ----------
    x : Learning
        At its beginning.
    decay : mapping of str to Value
        Its ``exp(-t / tau)`` for ``tau_c`` and ``tau_d``.
    p : mapping of str to Value
        ``w_min``, ``w_max``, and ``tau``, which is T (ms).
    """
    share = decay["tau_c"] * decay["tau_d"]
    moved = x.weight + x.eligibility * x.dopamine * (p["tau"] - p["tau"] * share)
    return Learning(
        select(moved < p["w_min"], p["w_min"], select(moved > p["w_max"], p["w_max"], moved)),
        x.eligibility * decay["tau_c"],
        x.dopamine * decay["tau_d"],
    )
