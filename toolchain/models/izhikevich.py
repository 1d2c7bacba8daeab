"""Izhikevich's membrane: dv/dt = 0.04 v^2 + 5 v + 140 - u + I, du/dt = a (b v - u).

At v >= v_thresh v becomes c and u grows by d.  E. M. Izhikevich 2003, "Simple model of spiking neurons",
IEEE Trans. Neural Networks 14(6).  This is sPyNNaker's cell: 1 nA of input is 1 mV/ms, and v_thresh is a parameter;
PyNN's is in ``solved_izhikevich``.

A core (sPyNNaker ``neuron_model_izh_impl.h``) takes a midpoint Runge-Kutta step of length h, which is the
timestep, but 1.85 times that in the step after a spike, to make up for the reset that came too late.
Operations stand in the order in which the released binary does them: the compiler regroups the source.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.program import Role
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.membrane import Membrane
from toolchain.models.tracing import Traced, select

QUADRATIC = 0.040008544921875
"""0.04 made one lowest bit larger for stability, by sPyNNaker; 1311 as a word."""
STRETCH = 1.85
"""The step after a spike, in steps."""


class IzhikevichMembrane(Membrane):
    """A quadratic membrane with a recovery variable u (mV/ms)."""

    parameters: tuple[Parameter, ...] = (
        Parameter("a", "/ms", 0.02),
        Parameter("b", "/ms", 0.2),
        Parameter("c", "mV", -65.0),
        Parameter("d", "mV/ms", 2.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("v_thresh", "mV", 30.0),
    )
    words = (
        Word("v", Role.STATE),
        Word("u", Role.STATE),
        Word("h", Role.STATE),
        *map(Word, ("a", "b", "c", "d", "i_offset", "v_thresh", "timestep_per_substep")),
    )
    state = (Variable("v", "mV", -70.0), Variable("u", "mV/ms", -14.0))
    linear = False
    resets_within_step = True
    ascending: tuple[tuple[str, str | float], ...] = (("c", "v_thresh"),)

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

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """All as the host writes it; the first step is as long as a timestep."""
        kept = {name: raw[name] for name in ("a", "b", "c", "d", "i_offset", "v_thresh")}
        return kept | {"h": timestep, "timestep_per_substep": dt}

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """One midpoint step of length h, then compare and reset."""
        v, u, h = s["v"], s["u"], s["h"]
        linear = 140 + current - u
        eta = v + h * (linear + _quadratic(v)) * 0.5
        ah = r["a"] * h
        beta = (r["b"] * v - u) * ah * 0.5
        v = v + (linear - beta + _quadratic(eta)) * h
        u = u + (r["b"] * eta - u - beta) * ah
        spike = v >= r["v_thresh"]
        reset_h = r["timestep_per_substep"]
        return {
            "v": select(spike, r["c"], v),
            "u": select(spike, u + r["d"], u),
            "h": select(spike, reset_h * STRETCH, reset_h),
        }, spike


def _quadratic(v: Traced) -> Traced:
    return (5 + v * QUADRATIC) * v
