"""A leaky membrane that spikes make leakier: conductances of spike-frequency adaptation and relative refractoriness.

    cm dV/dt = cm / tau_m (v_rest - V) + g_s (e_rev_sfa - V) + g_r (e_rev_rr - V) + I

At V >= v_thresh V becomes v_reset, where it is held for tau_refrac; g_s grows by q_sfa and g_r by q_rr, and they decay
with tau_sfa and tau_rr (Muller, Buesing, Schemmel and Meier 2007, "Spike-frequency adapting neural ensembles: beyond
mean adaptation and renewal theories", Neural Computation 19:2958-3010).  Parameters and defaults are those of
PyNN 0.13, ``pyNN.standardmodels.cells.IF_cond_exp_gsfa_grr``.

Right after a spike g_r is a multiple of the leak, and V follows its reversal potential within a fraction of a
millisecond: on a core V relaxes with all conductances (``conducting``).  As in NEST's ``iaf_cond_exp_sfa_rr`` spikes
are found at the ends of timesteps.
"""

from __future__ import annotations

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
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.grid import refractory_steps
from toolchain.models.membrane import Substep
from toolchain.models.parameters import to_accum, to_fraction
from toolchain.models.tracing import Traced, decay, select

MICROSIEMENS = 1e-3
"""Of a nS."""
G_SCALE = 10
"""Conductances (uS) are given as 2^10 times their value."""
CONDUCTANCES = {"g_r": "rr", "g_s": "sfa"}
"""State variables, and what the names of their parameters end in."""


class AdaptingConductances(ConductingMembrane):
    """A leaky membrane with the conductances g_r and g_s (nS)."""

    parameters = (
        Parameter("v_rest", "mV", -65.0),
        Parameter("cm", "nF", 1.0, above=0.0),
        Parameter("tau_m", "ms", 20.0, above=0.0),
        Parameter("tau_refrac", "ms", 0.1, minimum=0.0),
        Parameter("v_thresh", "mV", -50.0),
        Parameter("v_reset", "mV", -65.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("tau_sfa", "ms", 100.0, above=0.0),
        Parameter("e_rev_sfa", "mV", -75.0),
        Parameter("q_sfa", "nS", 15.0, minimum=0.0),
        Parameter("tau_rr", "ms", 2.0, above=0.0),
        Parameter("e_rev_rr", "mV", -75.0),
        Parameter("q_rr", "nS", 3000.0, minimum=0.0),
    )
    state = (Variable("v", "mV", -65.0), Variable("g_r", "nS", 0.0), Variable("g_s", "nS", 0.0))
    words = (
        *(Word(name, Role.STATE) for name in ("v", *CONDUCTANCES)),
        Word("refract_timer", Role.STATE, Kind.INTEGER),
        *PASSIVE_WORDS,
        *map(Word, ("reset", "level", "e_rev_sfa", "e_rev_rr", "q_sfa", "q_rr", "mean_sfa", "mean_rr")),
        *(Word(f"{word}_{name}", kind=Kind.FRACTION) for word in ("decay", "loss") for name in CONDUCTANCES.values()),
        Word("t_refract_steps", kind=Kind.INTEGER),
    )
    scale_bits: Mapping[str, int] = {"v": V_SCALE}
    clamped = ("v",)
    ascending = (("v_reset", "v_thresh"),)
    linear = False
    longest_step = 0.5

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivatives of v (mV/ms) and of the conductances (nS/ms)."""
        total, decays = current + p["i_offset"], {}
        for g, name in CONDUCTANCES.items():
            total = total + MICROSIEMENS * s[g] * (p[f"e_rev_{name}"] - s["v"])
            decays[g] = -s[g] / p[f"tau_{name}"]
        return {"v": (p["v_rest"] - s["v"]) / p["tau_m"] + total / p["cm"]} | decays

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v has reached v_thresh."""
        return s["v"] >= p["v_thresh"]

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Voltage v goes to v_reset, the conductances up."""
        return {"v": p["v_reset"]} | {g: s[g] + p[f"q_{name}"] for g, name in CONDUCTANCES.items()}

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats:
        """Absolute refractory time."""
        return p["tau_refrac"]

    # --- the core -----------------------------------------------------------------------------------

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """What is kept as the host writes it, and the refractory steps."""
        kept = {name: raw[name] for name in ("i_offset", "q_sfa", "q_rr", "e_rev_sfa", "e_rev_rr")}
        steps = refractory_steps(raw["tau_refrac"], timestep, dt)
        return kept | {"refract_timer": arithmetic.as_words(0), "t_refract_steps": steps}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Voltages, and factors of a sub-step of `dt` ms."""
        p = values
        words = passive_words(p, dt) | {"reset": voltage("v_reset", p), "level": voltage("v_thresh", p)}
        for name in CONDUCTANCES.values():
            tau = p[f"tau_{name}"]
            kept, lost = np.exp(-dt / tau), -np.expm1(-dt / tau)
            words[f"mean_{name}"] = to_accum("", "", MICROSIEMENS * 2.0**G_SCALE * tau / dt * lost)
            words |= {f"decay_{name}": to_fraction(kept), f"loss_{name}": to_fraction(lost)}
        return words

    def conduct(
        self,
        r: Mapping[str, Traced],
        s: Mapping[str, Traced],
        current: Traced,
        conductances: Sequence[Conductance],
        when: Substep,
    ) -> tuple[dict[str, Traced], Traced | None]:
        """Relax, let the conductances decay; at the end of a timestep compare and reset."""
        held, timer = s["refract_timer"] > 0, s["refract_timer"]
        own = [_own(r, s[g], name) for g, name in CONDUCTANCES.items()]
        state = {g: decay(s[g], r[f"decay_{name}"]) for g, name in CONDUCTANCES.items()}
        state["v"] = select(held, s["v"], relaxing(r, s["v"], current, [*own, *conductances]))
        state["refract_timer"] = select(held, timer - 1, timer)
        if when.left:
            return state, None
        spike = (state["v"] >= r["level"]) & (timer <= 0)
        jumped = {"v": r["reset"], "refract_timer": r["t_refract_steps"]}
        jumped |= {g: state[g] + r[f"q_{name}"] for g, name in CONDUCTANCES.items()}
        return {name: select(spike, value, state[name]) for name, value in jumped.items()}, spike


def _own(r: Mapping[str, Traced], g: Traced, name: str) -> Conductance:
    """A conductance of the membrane that is `g` (nS) at the beginning of a step."""
    mean = g * r[f"mean_{name}"]
    return Conductance(mean, -decay(mean, r[f"loss_{name}"]), r[f"e_rev_{name}"])
