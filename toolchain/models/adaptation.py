"""Adaptation by calcium: each spike lets some in, and what is there drives a current out of the cell.

The current i_ca2 grows by i_alpha at a spike and decays with tau_ca2 (Liu and Wang 2001, "Spike-frequency adaptation of
a generalized leaky integrate-and-fire model neuron", J. Computational Neuroscience 10:25-45).  On a core it decays
at the start of a step, before it acts (sPyNNaker ``additional_input_ca2_adaptive_impl.h``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.program import Role
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.derived import Derived, decay_word
from toolchain.models.lif import membrane_factor
from toolchain.models.membrane import WHOLE_STEP, Membrane, Substep
from toolchain.models.tracing import Traced, select


class CalciumAdaptation(Membrane):
    """A `membrane` with the current i_ca2."""

    def __init__(self, membrane: Membrane) -> None:
        self.membrane = membrane
        self.parameters = (
            *membrane.parameters,
            Parameter("tau_ca2", "ms", 50.0, above=0.0),
            Parameter("i_alpha", "nA", 0.1),
        )
        self.state = (*membrane.state, Variable("i_ca2", "nA", 0.0))
        self.words = (*membrane.words, Word("i_ca2", Role.STATE), Word("exp_tau_ca2"), Word("i_alpha"))
        self.clamped = membrane.clamped
        self.ascending = membrane.ascending
        self.linear = membrane.linear
        self.resets_within_step = membrane.resets_within_step
        self.compared = membrane.compared
        self.longest_step = membrane.longest_step
        self.arrays = membrane.arrays
        self.scale_bits = membrane.scale_bits

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Those of the membrane, less the current; decay."""
        slopes = self.membrane.derivatives(s, p, current - s["i_ca2"])
        return slopes | {"i_ca2": -s["i_ca2"] / p["tau_ca2"]}

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """That of the membrane."""
        return self.membrane.threshold(s, p)

    def spikes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], before: Mapping[str, Floats]
    ) -> NDArray[np.bool_]:
        """That of the membrane."""
        return self.membrane.spikes(s, p, before)

    def escapes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], drawn: Mapping[str, Floats], dt: float
    ) -> NDArray[np.bool_]:
        """That of the membrane."""
        return self.membrane.escapes(s, p, drawn, dt)

    def each_step(self, s: Mapping[str, Floats], p: Mapping[str, Floats], dt: float) -> dict[str, Floats]:
        """That of the membrane."""
        return self.membrane.each_step(s, p, dt)

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """The membrane's reset; calcium comes in."""
        return self.membrane.after_spike(s, p) | {"i_ca2": s["i_ca2"] + p["i_alpha"]}

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats | None:
        """That of the membrane."""
        return self.membrane.refractory_ms(p)

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The membrane's words, and the decay of i_ca2."""
        own = {"exp_tau_ca2": membrane_factor(dt, raw["tau_ca2"]), "i_alpha": raw["i_alpha"]}
        return self.membrane.derive(raw, timestep, dt) | own

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Those of the membrane."""
        return self.membrane.written(values, initial, dt)

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What they stand for."""
        return self.membrane.exact(values, dt) | {"exp_tau_ca2": decay_word("tau_ca2", values["tau_ca2"], dt, "i_ca2")}

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced | None]:
        """A timestep that is one step."""
        return self.substep(r, s, current, WHOLE_STEP)

    def substep(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced, when: Substep
    ) -> tuple[dict[str, Traced], Traced | None]:
        """Decay, move the membrane, let calcium in."""
        calcium = s["i_ca2"] * r["exp_tau_ca2"]
        state, spike = self.membrane.substep(r, s, current - calcium, when)
        after = calcium if spike is None else select(spike, calcium + r["i_alpha"], calcium)
        return state | {"i_ca2": after}, spike
