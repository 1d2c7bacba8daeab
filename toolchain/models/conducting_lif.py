"""The leaky integrate-and-fire membrane for conductances (``conducting``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from emulator import arithmetic
from emulator.program import Kind, Role
from toolchain.models.channels import V_SCALE
from toolchain.models.conducting import (
    PASSIVE_WORDS,
    Conductance,
    ConductingMembrane,
    ConductingNeuron,
    passive_words,
    relaxing,
    voltage,
)
from toolchain.models.declaration import WHOLE, Floats, Word, Words
from toolchain.models.derived import Derived
from toolchain.models.lif import LeakyIntegrateAndFire
from toolchain.models.membrane import WHOLE_STEP, Substep
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.receptors import Receptor
from toolchain.models.tracing import Traced, select


class ConductingLIF(ConductingMembrane, LeakyIntegrateAndFire):
    """A leaky membrane that relaxes with all its conductances."""

    scale_bits: Mapping[str, int] = {"v": V_SCALE}
    words = (
        Word("v", Role.STATE),
        Word("refract_timer", Role.STATE, Kind.INTEGER),
        *PASSIVE_WORDS,
        *map(Word, ("reset", "level")),
        Word("t_refract_steps", kind=Kind.INTEGER),
    )

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The injected current, and no refractory time yet; all else is `written`."""
        return {"i_offset": raw["i_offset"], "refract_timer": arithmetic.as_words(0)}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Gains of a step of `dt`, voltages and refractory steps."""
        steps = np.ceil(values["tau_refrac"] / dt - WHOLE)
        words = passive_words(values, dt) | {"reset": voltage("v_reset", values), "level": voltage("v_thresh", values)}
        return words | {"t_refract_steps": steps.astype(np.int32)}

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """Nothing: the host computes it all."""
        return {}

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """A timestep where all input is a current."""
        return self.conduct(r, s, current, (), WHOLE_STEP)

    def conduct(
        self,
        r: Mapping[str, Traced],
        s: Mapping[str, Traced],
        current: Traced,
        conductances: Sequence[Conductance],
        when: Substep,
    ) -> tuple[dict[str, Traced], Traced]:
        """Move V unless it is refractory, then compare and reset."""
        refractory = s["refract_timer"] > 0
        v = select(refractory, s["v"], relaxing(r, s["v"], current, conductances))
        timer = select(refractory, s["refract_timer"] - 1, s["refract_timer"])
        spike = v >= r["level"]
        return {
            "v": select(spike, r["reset"], v),
            "refract_timer": select(spike, r["t_refract_steps"], timer),
        }, spike


class BareLIF(PointNeuron):
    """The membrane without receptors; which arithmetic it has depends on those that it gets."""

    def __init__(self) -> None:
        super().__init__("LIF", ConductingLIF(), ())
        self.words += LeakyIntegrateAndFire.words  # no receptor can have one of these names, either

    def extended(self, name: str, parts: tuple[Receptor, ...]) -> PointNeuron:
        """The membrane with `parts`."""
        if all(part.input.linear for part in parts):
            return PointNeuron(name, LeakyIntegrateAndFire(), parts)
        return ConductingNeuron(name, ConductingLIF(), parts)
