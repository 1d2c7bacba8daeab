"""FitzHugh's and Nagumo's cell: tau_m dv/dt = v - v^3/3 - w + I, tau_w dw/dt = v + a - b w.

Two variables in which Hodgkin's and Huxley's excitability is left: v is fast and excites itself, w is slow and brings
it back.  Both are numbers without unit, and so is the input, of which 1 nA is 1.  With the defaults the cell rests at
v = -1.199, w = -0.624, and fires for inputs from 0.33 to 1.42.  Nothing is reset; a spike is where v rises through
v_thresh.  R. FitzHugh 1961, "Impulses and physiological states in theoretical models of nerve membrane", Biophysical
J. 1:445-466; J. Nagumo, S. Arimoto, S. Yoshizawa 1962, "An active pulse transmission line simulating nerve axon",
Proc. IRE 50:2061-2070.

On a core a sub-step is a midpoint step (second-order Runge-Kutta), of numbers with 23 fractional bits: close to the
onset v moves by less than 2^-15 in 0.1 ms.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.program import Kind, Role
from toolchain.errors import ParameterError
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.membrane import Membrane
from toolchain.models.parameters import to_accum, to_fraction
from toolchain.models.tracing import Traced, decay, product

FINE = 8
"""Further fractional bits of v, w and what is added to them."""
SHIFT = 15 + FINE
"""What `product` shifts two fine numbers by to give a third."""
LONGEST = 0.25
"""Longest step, as a part of tau_m."""


class FitzHughNagumo(Membrane):
    """The two equations."""

    parameters = (
        Parameter("a", "", 0.7),
        Parameter("b", "", 0.8),
        Parameter("tau_m", "ms", 1.0, above=0.0),
        Parameter("tau_w", "ms", 12.5, above=0.0),
        Parameter("v_thresh", "", 1.0),
        Parameter("i_offset", "nA", 0.0),
    )
    state = (Variable("v", "", -1.19941), Variable("w", "", -0.62426))
    words = (
        Word("v", Role.STATE),
        Word("w", Role.STATE),
        *(Word(name, kind=Kind.FRACTION) for name in ("step_m", "step_w", "third")),
        *map(Word, ("fine_a", "fine_b", "fine_v_thresh", "i_offset")),
    )
    linear = False
    compared = ("v",)
    longest_step = LONGEST
    scale_bits: Mapping[str, int] = {"v": FINE, "w": FINE}

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivatives (1/ms)."""
        v, w = s["v"], s["w"]
        pull = v - v**3 / 3.0 - w + current + p["i_offset"]
        return {"v": pull * (1.0 / p["tau_m"]), "w": (v + p["a"] - p["b"] * w) * (1.0 / p["tau_w"])}

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v is above v_thresh."""
        return s["v"] >= p["v_thresh"]

    def spikes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], before: Mapping[str, Floats]
    ) -> NDArray[np.bool_]:
        """Whether v has come from below."""
        return self.threshold(s, p) & ~self.threshold(before, p)

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Nothing changes."""
        return {}

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The current; all else is `written`."""
        return {"i_offset": raw["i_offset"]}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Coefficients of steps of `dt`.

        Raises
        ------
        ParameterError
            If a step is too long for a time constant.
        """
        shortest = min(float(np.min(values[name])) for name in ("tau_m", "tau_w"))
        if dt > LONGEST * shortest + 1e-9:
            raise ParameterError(
                f"FitzHughNagumo: sub-steps of {dt:g} ms are too long for a time constant (tau_m, tau_w) of "
                f"{shortest:g} ms; use {np.ceil(dt / (LONGEST * shortest)):.0f} times as many "
                "(mapping option 'substeps')"
            )
        fractions = {"step_m": dt / values["tau_m"], "step_w": dt / values["tau_w"], "third": np.asarray(1.0 / 3.0)}
        words = {name: to_fraction(value) for name, value in fractions.items()}
        numbers = ("a", "b", "v_thresh")
        return words | {
            f"fine_{name}": to_accum(f"FitzHughNagumo.{name}", "", values[name], 2.0**FINE) for name in numbers
        }

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """One midpoint step; a spike where v comes from below."""
        v, w, drive = s["v"], s["w"], current << FINE
        moves = _moves(r, v, w, drive)
        moves = _moves(r, v + (moves[0] >> 1), w + (moves[1] >> 1), drive)
        moved, threshold = v + moves[0], r["fine_v_thresh"]
        return {"v": moved, "w": w + moves[1]}, (moved >= threshold) & (v < threshold)


def _moves(r: Mapping[str, Traced], v: Traced, w: Traced, drive: Traced) -> tuple[Traced, Traced]:
    """What v and w change by in a step at the speed that they have here."""
    cube = product(product(v, v, SHIFT, Kind.ACCUM), v, SHIFT, Kind.ACCUM)
    bent = product(r["fine_b"], w, SHIFT, Kind.ACCUM)
    return decay(v - decay(cube, r["third"]) - w + drive, r["step_m"]), decay(v + r["fine_a"] - bent, r["step_w"])
