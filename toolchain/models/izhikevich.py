"""Izhikevich's membrane: dv/dt = 0.04 v^2 + 5 v + 140 - u + I, du/dt = a (b v - u).

At v >= v_thresh v becomes c and u grows by d.  E. M. Izhikevich 2003, "Simple model of spiking neurons",
IEEE Trans. Neural Networks 14(6).  As in sPyNNaker, and unlike PyNN's own cell, synapses are exponential
and 1 nA of input is 1 mV/ms; v_thresh is fixed at 30 mV in both and is a parameter here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from toolchain.models.declaration import Floats, Parameter, Variable
from toolchain.models.membrane import Membrane


class IzhikevichMembrane(Membrane):
    """A quadratic membrane with a recovery variable u (mV/ms)."""

    parameters = (
        Parameter("a", "/ms", 0.02),
        Parameter("b", "/ms", 0.2),
        Parameter("c", "mV", -65.0),
        Parameter("d", "mV/ms", 2.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("v_thresh", "mV", 30.0),
    )
    state = (Variable("v", "mV", -70.0), Variable("u", "mV/ms", -14.0))
    linear = False
    resets_within_step = True

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivatives of v (mV/ms) and u (mV/ms^2)."""
        v, u = s["v"], s["u"]
        return {"v": (0.04 * v + 5.0) * v + 140.0 - u + current + p["i_offset"], "u": p["a"] * (p["b"] * v - u)}

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v has reached v_thresh."""
        return s["v"] >= p["v_thresh"]

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Voltage v goes to c, recovery u up by d."""
        return {"v": p["c"], "u": s["u"] + p["d"]}
