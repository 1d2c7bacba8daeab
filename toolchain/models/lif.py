"""The leaky integrate-and-fire membrane: cm dV/dt = cm (v_rest - V) / tau_m + I.

V is reset to v_reset when it reaches v_thresh, and held there for tau_refrac.  Parameters and defaults
are those of PyNN 0.13, ``pyNN.standardmodels.cells.IF_curr_exp``.

A core (sPyNNaker ``neuron_model_lif_impl.h``) solves one step exactly for a constant current,
V' = a - exp(-dt / tau_m) (a - V) with a = I tau_m / cm + v_rest, and counts the refractory time in whole
steps, rounded up.  V is held while it counts, but is compared with the threshold all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic
from emulator.conversion import ACCUM_ONE
from emulator.program import Kind, Role
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.derived import Derived, decay_word
from toolchain.models.membrane import Membrane
from toolchain.models.tracing import Traced, select


def membrane_factor(dt: Words, tau: Words) -> Words:
    """exp(-dt/tau) as s16.15, from s16.15."""
    return arithmetic.expk(arithmetic.k_neg(arithmetic.kdivk(dt, tau)))


def whole_steps(time: Words, dt: Words) -> Words:
    """Number of steps of `dt` that `time` takes, rounded up; both s16.15."""
    ratio = arithmetic.kdivk(time, dt)
    return (ratio >> 15) + ((ratio & (ACCUM_ONE - 1)) > 0)


class LeakyIntegrateAndFire(Membrane):
    """A leaky membrane with a fixed threshold and an absolute refractory time."""

    parameters: tuple[Parameter, ...] = (
        Parameter("v_rest", "mV", -65.0),
        Parameter("cm", "nF", 1.0, above=0.0),
        Parameter("tau_m", "ms", 20.0, above=0.0),
        Parameter("tau_refrac", "ms", 0.1, minimum=0.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("v_reset", "mV", -65.0),
        Parameter("v_thresh", "mV", -50.0),
    )
    state: tuple[Variable, ...] = (Variable("v", "mV", -65.0),)
    words: tuple[Word, ...] = (
        Word("v", Role.STATE),
        Word("refract_timer", Role.STATE, Kind.INTEGER),
        Word("v_rest"),
        Word("r_membrane"),
        Word("exp_tc"),
        Word("i_offset"),
        Word("v_reset"),
        Word("v_thresh"),
        Word("t_refract_steps", kind=Kind.INTEGER),
    )
    clamped = ("v",)
    ascending = (("v_reset", "v_thresh"),)
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

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """Resistance, decay and refractory steps; the rest as the host writes it."""
        kept = {name: raw[name] for name in ("v_rest", "i_offset", "v_reset", "v_thresh")}
        return kept | {
            "refract_timer": arithmetic.as_words(0),
            "r_membrane": arithmetic.kdivk(raw["tau_m"], raw["cm"]),
            "exp_tc": membrane_factor(dt, raw["tau_m"]),
            "t_refract_steps": whole_steps(raw["tau_refrac"], dt),
        }

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What the words of `derive` stand for."""
        resistance = values["tau_m"] / values["cm"]
        steps = np.ceil(np.round(values["tau_refrac"] / dt, 6))
        return {
            "exp_tc": decay_word("tau_m", values["tau_m"], dt, "v"),
            "r_membrane": Derived(
                parameters=("tau_m", "cm"),
                formula="tau_m / cm",
                exact=resistance,
                scale=resistance,
                effect="gives the membrane a resistance of",
                unit=" MOhm",
                remedy="scale cm together with all currents and weights",
            ),
            "t_refract_steps": Derived(
                parameters=("tau_refrac",),
                formula="tau_refrac / timestep",
                exact=steps,
                scale=np.ones_like(steps),
                effect="holds v for",
                unit=" ms",
                remedy="use a timestep that is a multiple of 2^-15 ms, as 0.0625 ms, "
                f"or a tau_refrac {dt / 2:g} ms shorter",
                figure=lambda count: count * dt,
            ),
        }

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """Move V unless it is refractory, then compare and reset."""
        refractory = s["refract_timer"] > 0
        alpha = current * r["r_membrane"] + r["v_rest"]
        v = select(refractory, s["v"], alpha - r["exp_tc"] * (alpha - s["v"]))
        timer = select(refractory, s["refract_timer"] - 1, s["refract_timer"])
        spike = v >= r["v_thresh"]
        return {
            "v": select(spike, r["v_reset"], v),
            "refract_timer": select(spike, r["t_refract_steps"], timer),
        }, spike
