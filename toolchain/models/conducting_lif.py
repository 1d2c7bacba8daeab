"""The leaky integrate-and-fire membrane for conductances, where a core need not do as sPyNNaker does.

sPyNNaker makes a current of each conductance at the voltage that a step begins with, and then decays with tau_m.  With
many open synapses the membrane is faster than that, and 1 ms is long: V overshoots its equilibrium.  Here V relaxes
over the step with all conductances open (``relaxation``), exactly if they are constant:

    cm dV/dt = sum of g (E - V) + I,    the leak being one of the conductances.

A receptor gives the mean of its conductance over the step, and by how much it changes in it: where conductances count,
those at the end of a step matter more to the V at its end.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from emulator import arithmetic
from emulator.program import Kind, Role
from toolchain.models.channels import G_BITS, V_SCALE, passive
from toolchain.models.declaration import WHOLE, Floats, Word, Words
from toolchain.models.derived import Derived
from toolchain.models.lif import LeakyIntegrateAndFire
from toolchain.models.parameters import to_accum
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.receptors import Receptor
from toolchain.models.relaxation import LONGEST_Z, Z_SCALE, relaxed, times
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, interpolate, product, select


def _lag(z: Floats) -> Floats:
    """(coth(z / 2) / 2 - 1 / z) / z, which is 1 / 12 at 0."""
    some = np.maximum(z, 1e-3)
    return np.asarray((0.5 / np.tanh(some / 2.0) - 1.0 / some) / some)


LAG = tabulate(lambda z: _lag(z / 2.0**Z_SCALE), 0.0, LONGEST_Z * 2.0**Z_SCALE, 257)


class ConductingLIF(LeakyIntegrateAndFire):
    """A leaky membrane that relaxes with all its conductances."""

    scale_bits: Mapping[str, int] = {"v": V_SCALE}
    words = (
        Word("v", Role.STATE),
        Word("refract_timer", Role.STATE, Kind.INTEGER),
        *map(Word, ("gain", "gain_leak", "reversal_leak", "i_offset", "reset", "level")),
        Word("t_refract_steps", kind=Kind.INTEGER),
    )

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The injected current, and no refractory time yet; all else is `written`."""
        return {"i_offset": raw["i_offset"], "refract_timer": arithmetic.as_words(0)}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Gains of a step of `dt`, voltages and refractory steps."""
        steps = np.ceil(values["tau_refrac"] / dt - WHOLE)
        gains = {"gain": ("timestep / cm", dt / values["cm"]), "gain_leak": ("timestep / tau_m", dt / values["tau_m"])}
        words = {word: to_accum(label, "", gain, 2.0**Z_SCALE) for word, (label, gain) in gains.items()}
        for word, name in (("reversal_leak", "v_rest"), ("reset", "v_reset"), ("level", "v_thresh")):
            words[word] = to_accum(name, "mV", values[name], 2.0**V_SCALE)
        return words | {"t_refract_steps": steps.astype(np.int32)}

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """Nothing: the host computes it all."""
        return {}

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """Move V where all input is a current."""
        return self.moved(r, s, current, ())

    def moved(
        self,
        r: Mapping[str, Traced],
        s: Mapping[str, Traced],
        current: Traced,
        conductances: Sequence[tuple[Traced, Traced, Traced]],
    ) -> tuple[dict[str, Traced], Traced]:
        """Move V unless it is refractory, then compare and reset.

        Parameters
        ----------
        current : Traced
            Currents that are no conductances, s16.15.
        conductances : sequence of (Traced, Traced, Traced)
            2^10 times a conductance (uS) and its change in this step, and its reversal potential (mV), all s16.15.
        """
        refractory = s["refract_timer"] > 0
        z, pull = passive(r, s["v"], current, [(now, reversal) for now, _, reversal in conductances])
        if conductances:
            pull = pull + _ahead(r, s["v"], z, pull, conductances)
        v = select(refractory, s["v"], relaxed(s["v"], z, pull))
        timer = select(refractory, s["refract_timer"] - 1, s["refract_timer"])
        spike = v >= r["level"]
        return {
            "v": select(spike, r["reset"], v),
            "refract_timer": select(spike, r["t_refract_steps"], timer),
        }, spike


def _ahead(
    r: Mapping[str, Traced], v: Traced, z: Traced, pull: Traced, conductances: Sequence[tuple[Traced, Traced, Traced]]
) -> Traced:
    """What the trends of the conductances add to the pull.

    The target of V is pull / z ahead of V, and moves by a trend of both.  See ``relaxation``: a moving target stands
    for a constant one that is ahead by its trend times (coth(z / 2) / 2 - 1 / z), which is z times `LAG`.
    """
    trends = [product(change, r["gain"], G_BITS, Kind.ACCUM) for _, change, _ in conductances]
    of_z = reduce(operator.add, trends)
    pulls = ((reversal << V_SCALE) - v for _, _, reversal in conductances)
    of_pull = reduce(operator.add, map(times, pulls, trends))
    lag = interpolate(LAG, z)
    return times(of_pull, z * lag) - times(pull, of_z * lag)


class BareLIF(PointNeuron):
    """The membrane without receptors; which arithmetic it has depends on those that it gets."""

    def __init__(self) -> None:
        super().__init__("LIF", ConductingLIF(), ())
        self.words += LeakyIntegrateAndFire.words  # no receptor can have one of these names, either

    def extended(self, name: str, parts: tuple[Receptor, ...]) -> PointNeuron:
        """The membrane with `parts`."""
        if all(part.input.linear for part in parts):
            return PointNeuron(name, LeakyIntegrateAndFire(), parts)
        return ConductingNeuron(name, parts)


class ConductingNeuron(PointNeuron):
    """A point neuron of that membrane, to which conductances are given as such."""

    def __init__(self, name: str, parts: tuple[Receptor, ...]) -> None:
        super().__init__(name, ConductingLIF(), parts)
        self._membrane = ConductingLIF()

    def _moved(
        self, r: Mapping[str, Traced], state: Mapping[str, Traced], held: Mapping[str, Traced], left: int
    ) -> tuple[dict[str, Traced], Traced]:
        conductances = []
        current, v = r["i_offset"] + r["current"], self._plain("v", state)
        for part in self.parts:
            conductance = part.conductance(held, v, r)
            if conductance is None:
                current = part.added(current, held, v, r)
                continue
            change = part.conductance({**held, **part.change(r, held)}, v, r)
            assert change is not None
            conductances.append((conductance[0], change[0], conductance[1]))
        return self._membrane.moved(r, state, current, conductances)

    def extended(self, name: str, parts: tuple[Receptor, ...]) -> ConductingNeuron:
        """The same with further receptors."""
        return ConductingNeuron(name, self.parts + parts)
