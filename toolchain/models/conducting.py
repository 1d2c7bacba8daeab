"""Membranes that conductances act on within a step, where a core need not do as sPyNNaker does.

sPyNNaker makes a current of each conductance at the voltage that a step begins with, and then decays with tau_m.  With
many open synapses the membrane is faster than that, and 1 ms is long: V overshoots its equilibrium.  Here V relaxes
over the step with all conductances open (``relaxation``), exactly if they are constant:

    cm dV/dt = sum of g (E - V) + I,    the leak being one of the conductances.

A receptor gives the mean of its conductance over the step, and by how much it changes in it: where conductances count,
those at the end of a step matter more to the V at its end.
"""

from __future__ import annotations

import operator
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Final, NamedTuple

import numpy as np

from emulator.program import Kind
from toolchain.models.channels import G_BITS, V_SCALE, passive
from toolchain.models.declaration import Floats, Word, Words
from toolchain.models.membrane import WHOLE_STEP, Membrane, Substep
from toolchain.models.parameters import to_accum
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.receptors import Receptor
from toolchain.models.relaxation import LONGEST_Z, Z_SCALE, relaxed, times
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, interpolate, product

PASSIVE_WORDS: Final = tuple(map(Word, ("gain", "gain_leak", "reversal_leak", "i_offset")))
"""What a core keeps of a leaky membrane."""


class Conductance(NamedTuple):
    """An open conductance in a step.

    Attributes
    ----------
    now, change : Traced
        2^10 times its mean over the step (uS), and the change in the step, s16.15.
    reversal : Traced
        Its reversal potential, mV, s16.15.
    """

    now: Traced
    change: Traced
    reversal: Traced


def _lag(z: Floats) -> Floats:
    """(coth(z / 2) / 2 - 1 / z) / z, which is 1 / 12 at 0."""
    some = np.maximum(z, 1e-3)
    return np.asarray((0.5 / np.tanh(some / 2.0) - 1.0 / some) / some)


LAG: Final = tabulate(lambda z: _lag(z / 2.0**Z_SCALE), 0.0, LONGEST_Z * 2.0**Z_SCALE, 257)


def passive_words(values: Mapping[str, Floats], dt: float) -> dict[str, Words]:
    """The words `PASSIVE_WORDS` for steps of `dt` ms, but for the injected current."""
    gains = {"gain": ("timestep / cm", dt / values["cm"]), "gain_leak": ("timestep / tau_m", dt / values["tau_m"])}
    words = {word: to_accum(label, "", gain, 2.0**Z_SCALE) for word, (label, gain) in gains.items()}
    return words | {"reversal_leak": voltage("v_rest", values)}


def voltage(name: str, values: Mapping[str, Floats]) -> Words:
    """A parameter (mV) as voltages are kept."""
    return to_accum(name, "mV", values[name], 2.0**V_SCALE)


def relaxing(r: Mapping[str, Traced], v: Traced, current: Traced, conductances: Sequence[Conductance]) -> Traced:
    """The voltage `v` (with `V_SCALE`) one step on, for a current (nA) that is no conductance.

    The target of V is pull / z ahead of V, and moves by a trend of both.  See ``relaxation``: a moving target stands
    for a constant one that is ahead by its trend times (coth(z / 2) / 2 - 1 / z), which is z times `LAG`.
    """
    z, pull = passive(r, v, current, [(conductance.now, conductance.reversal) for conductance in conductances])
    if conductances:
        trends = [product(conductance.change, r["gain"], G_BITS, Kind.ACCUM) for conductance in conductances]
        of_z = reduce(operator.add, trends)
        forces = ((conductance.reversal << V_SCALE) - v for conductance in conductances)
        of_pull = reduce(operator.add, map(times, forces, trends))
        lag = interpolate(LAG, z)
        pull = pull + times(of_pull, z * lag) - times(pull, of_z * lag)
    return relaxed(v, z, pull)


class ConductingMembrane(Membrane):
    """A membrane that is given conductances as such."""

    @abstractmethod
    def conduct(
        self,
        r: Mapping[str, Traced],
        s: Mapping[str, Traced],
        current: Traced,
        conductances: Sequence[Conductance],
        when: Substep,
    ) -> tuple[dict[str, Traced], Traced | None]:
        """New states, and the mask of the cells that spike; see `Membrane.substep`.

        `current` is of all that are no conductances.
        """

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced | None]:
        """A timestep where all input is a current."""
        return self.substep(r, s, current, WHOLE_STEP)

    def substep(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced, when: Substep
    ) -> tuple[dict[str, Traced], Traced | None]:
        """A sub-step where all input is a current."""
        return self.conduct(r, s, current, (), when)


class ConductingNeuron(PointNeuron):
    """A point neuron whose `membrane` is given conductances as such."""

    def __init__(self, name: str, membrane: ConductingMembrane, parts: tuple[Receptor, ...]) -> None:
        super().__init__(name, membrane, parts)
        self._membrane = membrane

    def extended(self, name: str, parts: tuple[Receptor, ...]) -> ConductingNeuron:
        """The same with further receptors."""
        return ConductingNeuron(name, self._membrane, self.parts + parts)

    def _moved(
        self, r: Mapping[str, Traced], state: Mapping[str, Traced], held: Mapping[str, Traced], when: Substep
    ) -> tuple[dict[str, Traced], Traced | None]:
        conductances = []
        current, v = r["i_offset"] + r["current"], self._plain("v", state)
        for part in self.parts:
            conductance = part.conductance(held, v, r)
            if conductance is None:
                current = part.added(current, held, v, r)
                continue
            change = part.conductance({**held, **part.change(r, held)}, v, r)
            assert change is not None
            conductances.append(Conductance(conductance[0], change[0], conductance[1]))
        return self._membrane.conduct(r, state, current, conductances, when)
