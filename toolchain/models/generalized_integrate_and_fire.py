"""The generalised integrate-and-fire membrane: spikes by chance, a current and a threshold that spikes move.

    cm dV/dt = cm / tau_m (v_rest - V) - i_eta + I
    hazard = lambda0 exp((V - v_t) / delta_v)

At a spike V becomes v_reset, where it is held for tau_refrac; the current i_eta is the sum of terms that jump by a_eta
and decay with tau_eta, the threshold v_t is v_t_star and terms that jump by a_gamma and decay with tau_gamma (Mensi et
al. 2012, J. Neurophysiology 107:1756-1775; Pozzorini et al. 2015, PLoS Comput. Biol. 11:e1004275).  Parameters and
defaults are those of PyNN 0.13, ``pyNN.standardmodels.cells.GIF_cond_exp``; its arrays have up to three elements here.

As in NEST's ``gif_cond_exp`` i_eta and v_t are what the terms sum up to where a timestep begins, for the whole of it,
and at its end a cell that is not refractory spikes with the probability 1 - exp(-hazard * timestep).  Unlike there V is
reset in the timestep of the spike.  Both simulators draw the same random numbers.

On a core V relaxes with all conductances (``conducting``), the probability is a table of ln(hazard * timestep), and
1 / delta_v is at most `SHARPEST`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic
from emulator.program import Kind, Role
from toolchain.models.channels import V_SCALE
from toolchain.models.conducting import (
    PASSIVE_WORDS,
    Conductance,
    ConductingMembrane,
    passive_words,
    relaxing,
    voltage,
)
from toolchain.models.declaration import Arrays, Floats, Parameter, Variable, Word, Words
from toolchain.models.grid import refractory_steps
from toolchain.models.membrane import Substep
from toolchain.models.parameters import to_accum, to_fraction
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, decay, interpolate, product, select

TERMS = (0, 1, 2)
"""Terms of the current, and of the threshold."""
PER_MS = 1e-3
"""Of a Hz."""
GAMMA_SCALE = 6
"""Terms of the threshold are kept as 2^6 times their value."""
ETA_SCALE = 10
"""Terms of the current are kept as 2^10 times their value."""
SHARPEST = 64.0
"""Largest 1 / delta_v on a core, 1/mV."""
NEVER = -1000.0
"""Logarithm of a hazard that is none."""
CHANCE = tabulate(lambda x: np.where(x > x[0], -np.expm1(-np.exp(x)), 0.0), -20.0, 4.0, 400, Kind.UNIT)


class GeneralizedIntegrateAndFire(ConductingMembrane):
    """A leaky membrane with a current i_eta (nA) and a threshold v_t (mV), which it crosses by chance."""

    parameters = (
        Parameter("v_rest", "mV", -65.0),
        Parameter("cm", "nF", 1.0, above=0.0),
        Parameter("tau_m", "ms", 20.0, above=0.0),
        Parameter("tau_refrac", "ms", 4.0, minimum=0.0),
        Parameter("v_reset", "mV", -65.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("delta_v", "mV", 0.5, above=0.0),
        Parameter("v_t_star", "mV", -48.0),
        Parameter("lambda0", "Hz", 1.0, minimum=0.0),
        *(Parameter(f"tau_eta_{i}", "ms", 10.0**i, above=0.0) for i in TERMS),
        *(Parameter(f"tau_gamma_{i}", "ms", 10.0**i, above=0.0) for i in TERMS),
        *(Parameter(f"a_eta_{i}", "nA", 1.0) for i in TERMS),
        *(Parameter(f"a_gamma_{i}", "mV", 1.0) for i in TERMS),
    )
    arrays = (Arrays(("tau_eta", "a_eta"), len(TERMS)), Arrays(("tau_gamma", "a_gamma"), len(TERMS)))
    state = (
        Variable("v", "mV", -65.0),
        Variable("i_eta", "nA", 0.0),
        Variable("v_t", "mV", -48.0),
        *(Variable(f"eta_{i}", "nA", 0.0, hidden=True) for i in TERMS),
        *(Variable(f"gamma_{i}", "mV", 0.0, hidden=True) for i in TERMS),
    )
    words = (
        *(Word(variable.name, Role.STATE) for variable in state),
        Word("refract_timer", Role.STATE, Kind.INTEGER),
        Word("chance", Role.RANDOM, Kind.UNIT),
        *PASSIVE_WORDS,
        *map(Word, ("reset", "baseline", "sharpness", "log_hazard")),
        *(Word(f"a_{variable.name}") for variable in state[3:]),
        *(Word(f"decay_{variable.name}", kind=Kind.FRACTION) for variable in state[3:]),
        Word("t_refract_steps", kind=Kind.INTEGER),
    )
    scale_bits: Mapping[str, int] = {"v": V_SCALE, "v_t": V_SCALE, "i_eta": ETA_SCALE}
    clamped = ("v",)
    linear = False

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative of v (mV/ms); the rest stands still within a step."""
        slope = (p["v_rest"] - s["v"]) / p["tau_m"] + (current - s["i_eta"] + p["i_offset"]) / p["cm"]
        return {variable.name: np.zeros_like(s["v"]) for variable in self.state} | {"v": slope}

    def each_step(self, s: Mapping[str, Floats], p: Mapping[str, Floats], dt: float) -> dict[str, Floats]:
        """Sums of the terms, which then decay over the step."""
        sums = {
            "i_eta": s["eta_0"] + s["eta_1"] + s["eta_2"],
            "v_t": p["v_t_star"] + s["gamma_0"] + s["gamma_1"] + s["gamma_2"],
        }
        return sums | {name: s[name] * np.exp(-dt / p[f"tau_{name}"]) for name in _terms()}

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """None: there is no voltage at which a cell must spike."""
        return np.zeros(np.shape(s["v"]), np.bool_)

    def escapes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], drawn: Mapping[str, Floats], dt: float
    ) -> NDArray[np.bool_]:
        """Whether the number drawn is below the probability of a spike."""
        above = np.minimum((s["v"] - s["v_t"]) / p["delta_v"], 600.0)
        return drawn["chance"] < -np.expm1(-PER_MS * p["lambda0"] * np.exp(above) * dt)

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Voltage v goes to v_reset, the terms up."""
        return {"v": p["v_reset"]} | {name: s[name] + p[f"a_{name}"] for name in _terms()}

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats:
        """Absolute refractory time."""
        return p["tau_refrac"]

    # --- the core -----------------------------------------------------------------------------------

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The injected current, refractory steps, and no spikes so far; all else is `written`."""
        zero = arithmetic.as_words(0)
        words = {"i_offset": raw["i_offset"], "t_refract_steps": refractory_steps(raw["tau_refrac"], timestep, dt)}
        return words | dict.fromkeys(("refract_timer", *_terms()), zero)

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Voltages, jumps, and factors of a sub-step of `dt` ms."""
        p = values
        words = passive_words(p, dt) | {"reset": voltage("v_reset", p), "baseline": voltage("v_t_star", p)}
        for i in TERMS:
            words[f"a_eta_{i}"] = to_accum(f"a_eta_{i}", "nA", p[f"a_eta_{i}"], 2.0**ETA_SCALE)
            words[f"a_gamma_{i}"] = to_accum(f"a_gamma_{i}", "mV", p[f"a_gamma_{i}"], 2.0**GAMMA_SCALE)
        hazard = PER_MS * p["lambda0"] * dt
        some = hazard > np.exp(NEVER)
        return words | {
            "sharpness": to_accum("1 / delta_v", "/mV", np.minimum(1.0 / p["delta_v"], SHARPEST)),
            "log_hazard": to_accum("lambda0", "Hz", np.where(some, np.log(np.where(some, hazard, 1.0)), NEVER)),
            **{f"decay_{name}": to_fraction(np.exp(-dt / p[f"tau_{name}"])) for name in _terms()},
        }

    def conduct(
        self,
        r: Mapping[str, Traced],
        s: Mapping[str, Traced],
        current: Traced,
        conductances: Sequence[Conductance],
        when: Substep,
    ) -> tuple[dict[str, Traced], Traced | None]:
        """The terms are summed up at the beginning of a timestep, spikes come at its end."""
        state = dict(s) if when.number else _summed(r, s)
        held, timer = s["refract_timer"] > 0, s["refract_timer"]
        moved = relaxing(r, s["v"], current - (state["i_eta"] >> ETA_SCALE), conductances)
        state |= {"v": select(held, s["v"], moved), "refract_timer": select(held, timer - 1, timer)}
        state |= {name: decay(s[name], r[f"decay_{name}"]) for name in _terms()}
        if when.left:
            return state, None
        above = product(state["v"] - state["v_t"], r["sharpness"], 15 + V_SCALE, Kind.ACCUM)
        chance = interpolate(CHANCE, above + r["log_hazard"] + math.log(when.parts))
        spike = (chance > r["chance"]) & (timer <= 0)
        jumped = {"v": r["reset"], "refract_timer": r["t_refract_steps"]}
        jumped |= {name: state[name] + r[f"a_{name}"] for name in _terms()}
        return {**state, **{name: select(spike, value, state[name]) for name, value in jumped.items()}}, spike


def _terms() -> list[str]:
    """Names of all terms."""
    return [f"{name}_{i}" for name in ("eta", "gamma") for i in TERMS]


def _summed(r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
    """The state with the sums of the terms."""
    threshold = s["gamma_0"] + s["gamma_1"] + s["gamma_2"] >> GAMMA_SCALE - V_SCALE
    return {**s, "i_eta": s["eta_0"] + s["eta_1"] + s["eta_2"], "v_t": r["baseline"] + threshold}
