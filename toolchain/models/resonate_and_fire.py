"""The resonate-and-fire cell: a damped oscillator with a threshold, which answers best to inputs in its rhythm.

    dw/dt = -w / tau_m - omega (v - v_rest) + I / cm
    dv/dt = omega w - (v - v_rest) / tau_m,        omega = 2 pi frequency

In complex numbers, for z = w + i (v - v_rest), these are z' = (-1 / tau_m + i omega) z + I / cm.  When v reaches
v_thresh, it goes to v_reset, and w to w_reset.  E. M. Izhikevich 2001, "Resonate-and-fire neurons", Neural Networks
14:883-894, where v_rest is 0, v_thresh is 1, and the reset is any function of z.

Both variables are in mV.  The equations are linear: reference and core solve them, a core for the current at the start
of a step.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.program import Kind, Role
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.membrane import Membrane
from toolchain.models.parameters import to_accum, to_unit
from toolchain.models.tracing import Traced, select

BITS = 5
"""Further fractional bits of v and w."""
VOLTAGES = ("v_rest", "v_reset", "w_reset", "v_thresh")


class ResonateAndFire(Membrane):
    """A damped oscillator with a threshold and a reset."""

    parameters = (
        Parameter("v_rest", "mV", -65.0),
        Parameter("cm", "nF", 1.0, above=0.0),
        Parameter("tau_m", "ms", 30.0, above=0.0),
        Parameter("frequency", "Hz", 50.0, minimum=0.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("v_reset", "mV", -65.0),
        Parameter("w_reset", "mV", 0.0),
        Parameter("v_thresh", "mV", -50.0),
    )
    state = (Variable("v", "mV", -65.0), Variable("w", "mV", 0.0))
    words = (
        Word("v", Role.STATE),
        Word("w", Role.STATE),
        Word("along", kind=Kind.UNIT),
        Word("across", kind=Kind.UNIT),
        *map(Word, ("into_v", "into_w", *(f"fine_{name}" for name in VOLTAGES), "i_offset")),
    )
    scale_bits: Mapping[str, int] = {"v": BITS, "w": BITS}
    linear = True
    ascending = (("v_reset", "v_thresh"),)

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivatives (mV/ms)."""
        omega, v, w = _omega(p), s["v"] - p["v_rest"], s["w"]
        driven = (current + p["i_offset"]) / p["cm"]
        return {"v": omega * w - v / p["tau_m"], "w": driven - omega * v - w / p["tau_m"]}

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v has reached v_thresh."""
        return s["v"] >= p["v_thresh"]

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Both variables are reset."""
        return {"v": p["v_reset"], "w": p["w_reset"]}

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The current; all else is `written`."""
        return {"i_offset": raw["i_offset"]}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Coefficients of steps of `dt`: z turns and shrinks by one factor, and a current adds another times I."""
        rate = -1.0 / values["tau_m"] + 1j * _omega(values)
        turn = np.exp(rate * dt)
        push = (turn - 1.0) / rate / values["cm"]
        words = {"along": to_unit("ResonateAndFire.tau_m", turn.real)}
        words |= {"across": to_unit("ResonateAndFire.tau_m", turn.imag)}
        words |= {"into_v": _word("cm", "nF", push.imag, 2.0**BITS), "into_w": _word("cm", "nF", push.real, 2.0**BITS)}
        return words | {f"fine_{name}": _word(name, "mV", values[name], 2.0**BITS) for name in VOLTAGES}

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """Turn, shrink and push z, then compare and reset; v and w are 2^5 times as large."""
        v, w = s["v"] - r["fine_v_rest"], s["w"]
        moved = r["fine_v_rest"] + (v * r["along"] + w * r["across"]) + current * r["into_v"]
        other = w * r["along"] - v * r["across"] + current * r["into_w"]
        spike = moved >= r["fine_v_thresh"]
        reset = {"v": select(spike, r["fine_v_reset"], moved), "w": select(spike, r["fine_w_reset"], other)}
        return reset, spike


def _omega(p: Mapping[str, Floats]) -> Floats:
    """Angular frequency, rad/ms."""
    return p["frequency"] * (2e-3 * np.pi)


def _word(name: str, unit: str, values: Floats, factor: float) -> Words:
    return to_accum(f"ResonateAndFire.{name}", unit, values, factor)
