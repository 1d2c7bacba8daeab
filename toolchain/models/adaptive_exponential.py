"""The adaptive exponential membrane: a leak, an upstroke that is exponential in V, and an adaptation current w.

    cm dV/dt = cm / tau_m (v_rest - V + delta_T exp((V - v_thresh) / delta_T)) - w + I
    tau_w dw/dt = a (V - v_rest) - w

At V >= v_spike V becomes v_reset, where it is held for tau_refrac, and w grows by b (Brette and Gerstner 2005,
"Adaptive exponential integrate-and-fire model as an effective description of neuronal activity", J. Neurophysiology
94:3637-3642; the firing patterns: Naud et al. 2008, Biological Cybernetics 99:335-347).  Parameters and defaults are
those of PyNN 0.13, ``pyNN.standardmodels.cells.EIF_cond_exp_isfa_ista``.

The upstroke reaches infinity in finite time: from x = (V - v_thresh) / delta_T on it takes about tau_m exp(-x).  A
cell is therefore reset within its timestep, as in NEST's ``aeif_cond_exp``: V is then held to the end of the timestep
and for tau_refrac, in whole timesteps, from there on.  No cell is followed further than x = `HIGHEST`, from where the
rest takes less than a millionth of tau_m; so v_spike may be as high as one likes.  Without an upstroke (delta_T = 0)
the membrane spikes at v_thresh.

A core takes steps of Strang's splitting: half a step of w, half a step of the leak and the synapses (``conducting``), a
step of the upstroke, and the halves again in turn.  Each part is solved exactly.  That of the upstroke is
V + delta_T g(y) with y = x + ln(h / tau_m) for a step of h and g(y) = -ln(1 - exp(y)), which no parameter enters: one
table serves all cells.  It reaches v_spike within the step if y is at least some y_s, which leaves the part
exp(-y_s) - exp(-y) of the step to a cell without refractory time to go on from v_reset.  (Without an upstroke V is
compared with v_thresh in the middle of the step, and a spike comes up to half a sub-step late.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic
from emulator.program import Kind, Role
from toolchain.models.channels import V_SCALE, passive
from toolchain.models.conducting import PASSIVE_WORDS, Conductance, ConductingMembrane, passive_words, voltage
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.grid import refractory_steps
from toolchain.models.membrane import Substep
from toolchain.models.parameters import to_accum, to_fraction
from toolchain.models.relaxation import relaxed
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, decay, interpolate, product, select

HIGHEST = 14.0
"""How far above v_thresh, in units of delta_T, a cell is followed at the most."""
MICROSIEMENS = 1e-3
"""Of a nS."""
NO_UPSTROKE = -30.0
"""A y at which the upstroke is none."""
UPSTROKE_BITS = 5
"""The upstroke is tabulated times 2^5, since most of the time it is small."""
HIGHEST_KICK = 4.0
"""The upstroke at and beyond infinity; a cell has spiked before it is as large."""
STEEPEST = 256.0
"""Largest 1 / delta_T (1/mV) that y is computed with."""
LONGEST_WAY = 10.0
"""Logarithm of the largest factor that the rest of a step is computed with."""


def _upstroke(y: Floats) -> Floats:
    """-ln(1 - exp(y)), bounded."""
    with np.errstate(divide="ignore"):
        exact = -np.log(-np.expm1(np.minimum(y, 0.0)))
    return np.minimum(exact, HIGHEST_KICK)


UPSTROKE = tabulate(lambda y: np.where(y > y[0], _upstroke(y) * 2.0**UPSTROKE_BITS, 0.0), -12.0, 0.0, 200)
PASSED = tabulate(lambda d: -np.expm1(-d), 0.0, 8.0, 160)


class AdaptiveExponential(ConductingMembrane):
    """A leaky membrane with an exponential upstroke and an adaptation current w (nA)."""

    parameters = (
        Parameter("cm", "nF", 0.281, above=0.0),
        Parameter("tau_refrac", "ms", 0.1, minimum=0.0),
        Parameter("v_spike", "mV", -40.0),
        Parameter("v_reset", "mV", -70.6),
        Parameter("v_rest", "mV", -70.6),
        Parameter("tau_m", "ms", 9.3667, above=0.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("a", "nS", 4.0),
        Parameter("b", "nA", 0.0805),
        Parameter("delta_T", "mV", 2.0, minimum=0.0),
        Parameter("tau_w", "ms", 144.0, above=0.0),
        Parameter("v_thresh", "mV", -50.4),
    )
    state = (Variable("v", "mV", -70.6), Variable("w", "nA", 0.0))
    words = (
        Word("v", Role.STATE),
        Word("w", Role.STATE),
        Word("refract_timer", Role.STATE, Kind.INTEGER),
        *PASSIVE_WORDS,
        *map(Word, ("reset", "level", "delta_T", "y_spike", "upstroke_scale", "upstroke_shift")),
        *map(Word, ("way", "w_slope", "w_jump", "reset_kick")),
        Word("w_decay", kind=Kind.FRACTION),
        Word("t_refract_steps", kind=Kind.INTEGER),
    )
    scale_bits: Mapping[str, int] = {"v": V_SCALE, "w": 10}
    clamped = ("v",)
    ascending = (("v_reset", "v_spike"),)
    linear = False
    resets_within_step = True
    longest_step = 0.5

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivatives of v (mV/ms) and w (nA/ms), the former bounded where no cell is followed."""
        bounded = np.minimum(s["v"], peak(p) + 5.0 * p["delta_T"])
        scale = np.where(p["delta_T"] > 0.0, p["delta_T"], 1.0)
        upstroke = p["delta_T"] * np.exp((bounded - p["v_thresh"]) / scale)
        return {
            "v": (p["v_rest"] - s["v"] + upstroke) / p["tau_m"] + (current - s["w"] + p["i_offset"]) / p["cm"],
            "w": (MICROSIEMENS * p["a"] * (bounded - p["v_rest"]) - s["w"]) / p["tau_w"],
        }

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v has reached v_spike, or infinity is near."""
        return s["v"] >= peak(p)

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Voltage v goes to v_reset, w up by b."""
        return {"v": p["v_reset"], "w": s["w"] + p["b"]}

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats:
        """Absolute refractory time."""
        return p["tau_refrac"]

    # --- the core -----------------------------------------------------------------------------------

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """What is kept as the host writes it, and the refractory steps; the rest is `written`."""
        steps = refractory_steps(raw["tau_refrac"], timestep, dt)
        kept = {name: raw[name] for name in ("i_offset", "delta_T")}
        return kept | {"refract_timer": arithmetic.as_words(0), "t_refract_steps": steps}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Voltages, and factors of a sub-step of `dt` ms and of half of it."""
        p, w_scale = values, 2.0 ** self.scale_bits["w"]
        rises = p["delta_T"] > 0.0
        scale = np.minimum(1.0 / np.where(rises, p["delta_T"], 1.0), STEEPEST)
        shift = np.where(rises, np.log(dt / p["tau_m"]), NO_UPSTROKE)
        at_peak, at_reset = ((v - p["v_thresh"]) * scale + shift for v in (peak(p), p["v_reset"]))
        y_spike = np.where(rises, -np.logaddexp(0.0, -at_peak), NO_UPSTROKE)
        accums = {
            "y_spike": ("v_spike", "mV", y_spike),
            "way": ("v_spike", "mV", np.exp(np.minimum(-y_spike, LONGEST_WAY))),
            "upstroke_scale": ("1 / delta_T", "/mV", scale),
            "upstroke_shift": ("timestep / tau_m", "", shift),
            "w_slope": ("a", "nS", MICROSIEMENS * p["a"] * w_scale),
            "w_jump": ("b", "nA", p["b"] * w_scale),
            "reset_kick": ("v_reset", "mV", p["delta_T"] * _upstroke(at_reset) * 2.0**V_SCALE),
        }
        words = {name: to_accum(label, unit, value) for name, (label, unit, value) in accums.items()}
        words |= passive_words(p, dt / 2) | {"reset": voltage("v_reset", p), "level": voltage("v_thresh", p)}
        return words | {"w_decay": to_fraction(np.exp(-0.5 * dt / p["tau_w"]))}

    def conduct(
        self,
        r: Mapping[str, Traced],
        s: Mapping[str, Traced],
        current: Traced,
        conductances: Sequence[Conductance],
        when: Substep,
    ) -> tuple[dict[str, Traced], Traced]:
        """Halves of w and the leak, the upstroke, the other halves, or the way from the reset on."""
        held, timer = s["refract_timer"] > 0, s["refract_timer"]
        early = [(now - (change >> 2), reversal) for now, change, reversal in conductances]
        late = [(now + (change >> 2), reversal) for now, change, reversal in conductances]
        w = _adapted(r, s["v"], s["w"])
        current = current - (w >> self.scale_bits["w"])
        v = relaxed(s["v"], *passive(r, s["v"], current, early))
        y = product(v - r["level"], r["upstroke_scale"], 15 + V_SCALE, Kind.ACCUM) + r["upstroke_shift"]
        beyond = y - r["y_spike"]
        spike = (beyond >= 0) & (timer <= 0)
        v = v + product(interpolate(UPSTROKE, y), r["delta_T"], 15 + UPSTROKE_BITS - V_SCALE, Kind.ACCUM)
        start = select(spike, r["reset"], v)
        w = select(spike, w + r["w_jump"], w)
        current = select(spike, current - (r["w_jump"] >> self.scale_bits["w"]), current)
        v = relaxed(start, *passive(r, start, current, late))
        way = r["way"] * interpolate(PASSED, beyond)
        way = select(r["t_refract_steps"] > 0, 0, select(way > 1, 1, way))
        v = select(spike, start + way * ((v - start << 1) + r["reset_kick"]), select(held, s["v"], v))
        timer = select(held, timer - 1, timer)
        return {
            "v": v,
            "w": _adapted(r, v, w),
            "refract_timer": select(spike, r["t_refract_steps"] + when.left, timer),
        }, spike


def _adapted(r: Mapping[str, Traced], v: Traced, w: Traced) -> Traced:
    """The current w half a step on, at a constant voltage."""
    target = product(r["w_slope"], v - r["reversal_leak"], 15 + V_SCALE, Kind.ACCUM)
    return target + decay(w - target, r["w_decay"])


def peak(p: Mapping[str, Floats]) -> Floats:
    """The voltage at which a cell spikes."""
    highest: Floats = np.minimum(p["v_spike"], p["v_thresh"] + HIGHEST * p["delta_T"])
    return highest
