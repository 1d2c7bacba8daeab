"""Adaptation by calcium: each spike lets some in, and what is there drives a current out of the cell.

The current i_ca2 grows by i_alpha at a spike and decays with tau_ca2 (Liu and Wang 2001, "Spike-frequency adaptation of
a generalized leaky integrate-and-fire model neuron", J. Computational Neuroscience 10:25-45).  On a core it decays
at the start of a step, before it acts (sPyNNaker ``additional_input_ca2_adaptive_impl.h``).
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.program import Role
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.derived import Derived, decay_word
from toolchain.models.lif import LeakyIntegrateAndFire, membrane_factor
from toolchain.models.tracing import Traced, select


class CalciumAdaptation(LeakyIntegrateAndFire):
    """A leaky membrane with the current i_ca2."""

    parameters = (
        *LeakyIntegrateAndFire.parameters,
        Parameter("tau_ca2", "ms", 50.0, above=0.0),
        Parameter("i_alpha", "nA", 0.1),
    )
    state = (*LeakyIntegrateAndFire.state, Variable("i_ca2", "nA", 0.0))
    words = (*LeakyIntegrateAndFire.words, Word("i_ca2", Role.STATE), Word("exp_tau_ca2"), Word("i_alpha"))

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Those of the membrane, less the current; decay."""
        return super().derivatives(s, p, current - s["i_ca2"]) | {"i_ca2": -s["i_ca2"] / p["tau_ca2"]}

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """The membrane's reset; calcium comes in."""
        return super().after_spike(s, p) | {"i_ca2": s["i_ca2"] + p["i_alpha"]}

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The membrane's words, and the decay of i_ca2."""
        own = {"exp_tau_ca2": membrane_factor(dt, raw["tau_ca2"]), "i_alpha": raw["i_alpha"]}
        return super().derive(raw, timestep, dt) | own

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What they stand for."""
        return super().exact(values, dt) | {"exp_tau_ca2": decay_word("tau_ca2", values["tau_ca2"], dt, "i_ca2")}

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """Decay, move the membrane, let calcium in."""
        calcium = s["i_ca2"] * r["exp_tau_ca2"]
        state, spike = super().step(r, s, current - calcium)
        return state | {"i_ca2": select(spike, calcium + r["i_alpha"], calcium)}, spike
