"""The leaky integrate-and-fire membrane: cm dV/dt = cm (v_rest - V) / tau_m + I.

V is reset to v_reset when it reaches v_thresh, and held there for tau_refrac.  Parameters and defaults
are those of PyNN 0.13, ``pyNN.standardmodels.cells.IF_curr_exp``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from toolchain.models.declaration import Floats, Parameter, Variable
from toolchain.models.membrane import Membrane


class LeakyIntegrateAndFire(Membrane):
    """A leaky membrane with a fixed threshold and an absolute refractory time."""

    parameters = (
        Parameter("v_rest", "mV", -65.0),
        Parameter("cm", "nF", 1.0, above=0.0),
        Parameter("tau_m", "ms", 20.0, above=0.0),
        Parameter("tau_refrac", "ms", 0.1, minimum=0.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("v_reset", "mV", -65.0),
        Parameter("v_thresh", "mV", -50.0),
    )
    state = (Variable("v", "mV", -65.0),)
    clamped = ("v",)
    linear = True

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative of v (mV/ms)."""
        return {"v": (p["v_rest"] - s["v"]) / p["tau_m"] + (current + p["i_offset"]) / p["cm"]}

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v has reached v_thresh."""
        return s["v"] >= p["v_thresh"]

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Voltage v goes to v_reset."""
        return {"v": p["v_reset"]}

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats:
        """Absolute refractory time."""
        return p["tau_refrac"]
