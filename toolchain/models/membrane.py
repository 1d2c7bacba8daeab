"""Point neurons: a membrane, an input type and a synapse type, composed.

sPyNNaker builds its standard cells of these pieces, and so does this package: what makes IF_curr_exp
into IF_cond_exp is another input type, and nothing else.

On a core a timestep goes (sPyNNaker ``neuron_impl_standard.h``): inputs are added to the synapses; then, once a
sub-step, the synaptic current is formed, the membrane moves, and the synapses decay.  Recorded are the
voltage as the timestep finds it and the synapses with the inputs of the timestep.  A cell that crosses its
threshold in several sub-steps of a timestep sends one spike here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic
from emulator.conversion import accum_to_real
from emulator.errors import ProgramError
from emulator.program import Role
from toolchain.models.declaration import CellModel, Floats, Parameter, Variable, Word, Words
from toolchain.models.derived import Derived
from toolchain.models.inputs import InputType
from toolchain.models.parameters import to_accum
from toolchain.models.synapses import ExponentialSynapses
from toolchain.models.tracing import Step, Traced


class Membrane(ABC):
    """The neuron proper: its voltage, threshold and reset, given the current into it.

    Attributes
    ----------
    parameters, state : tuple
        Declarations of its own.
    words : tuple of Word
        What a core keeps of it.
    clamped : tuple of str
        State variables that hold while the cell is refractory.
    linear : bool
        Whether its equations are affine in state and current.
    resets_within_step : bool
        Whether v runs away past the threshold.
    """

    parameters: tuple[Parameter, ...]
    state: tuple[Variable, ...]
    words: tuple[Word, ...]
    clamped: tuple[str, ...] = ()
    linear: bool
    resets_within_step: bool = False

    @abstractmethod
    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative (per ms) of its state, for a total input current in nA without ``i_offset``."""

    @abstractmethod
    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Which cells spike."""

    @abstractmethod
    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """New values of what a spike changes."""

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats | None:
        """Refractory time, or None if there is none."""
        return None

    @abstractmethod
    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """First words, for steps of `dt`, of all `words` but those that hold the state variables."""

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What those of them stand for that are not as the host writes them."""
        return {}

    @abstractmethod
    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """New states, and the mask of the cells that spike, for a total current that includes all."""


class PointNeuron(CellModel):
    """A cell model composed of `membrane`, `inputs` and `synapses`; see `CellModel` for the attributes."""

    def __init__(self, name: str, membrane: Membrane, inputs: InputType, synapses: ExponentialSynapses) -> None:
        self.name = name
        self.membrane = membrane
        self.inputs = inputs
        self.synapses = synapses
        self.parameters = membrane.parameters + inputs.parameters + synapses.parameters
        self.receptors = {"excitatory": inputs.excitatory, "inhibitory": inputs.inhibitory}
        self.state = membrane.state + tuple(Variable(s, inputs.unit, 0.0) for s in self.receptors.values())
        self.words = membrane.words + inputs.words + synapses.words
        self.recordable = ("spikes", *(variable.name for variable in self.state))
        self.clamped = membrane.clamped
        self.resets_within_step = membrane.resets_within_step
        self.conductance_based = inputs.conductance_based
        self.scale_bits = inputs.scale_bits
        self.linear = membrane.linear and not inputs.conductance_based

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative (per ms) of each state variable; `current` in nA is what sources inject."""
        total = self.inputs.current(s, p) + current
        decays = self.synapses.derivatives((s[self.inputs.excitatory], s[self.inputs.inhibitory]), p)
        return self.membrane.derivatives(s, p, total) | dict(zip(self.receptors.values(), decays, strict=True))

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Which cells spike."""
        return self.membrane.threshold(s, p)

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """New values of the state variables that a spike changes."""
        return self.membrane.after_spike(s, p)

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats | None:
        """Refractory time, or None for a model that has none."""
        return self.membrane.refractory_ms(p)

    # --- the core -----------------------------------------------------------------------------------

    def derive(
        self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words, substeps: int
    ) -> dict[str, Words]:
        """First words of all `words`, computed as a core does at start-up."""
        part = arithmetic.kdivui(dt, substeps)
        words = {"exc": arithmetic.as_words(0), "inh": arithmetic.as_words(0)}
        words |= {word.name: raw[word.name] for word in self.inputs.words}
        return words | self.synapses.derive(raw, part) | self.membrane.derive(raw, dt, part) | dict(initial)

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What the words that `derive` computes stand for."""
        return self.synapses.exact(values, dt) | self.membrane.exact(values, dt)

    def step(self, r: Mapping[str, Traced], substeps: int) -> Step:
        """One timestep in `substeps` equal parts."""
        exc, inh = self.synapses.arrived(r)
        seen = {self.inputs.excitatory: self.inputs.unscaled(exc), self.inputs.inhibitory: self.inputs.unscaled(inh)}
        recorded = {variable.name: r[variable.name] for variable in self.membrane.state} | seen
        state = {word.name: r[word.name] for word in self.membrane.words if word.role == Role.STATE}
        spikes: Traced | None = None
        for _ in range(substeps):
            synaptic = self.inputs.step(r, state["v"], self.inputs.unscaled(exc), self.inputs.unscaled(inh))
            state, spike = self.membrane.step(r, state, synaptic + r["i_offset"] + r["current"])
            spikes = spike if spikes is None else spikes | spike
            exc, inh = self.synapses.decayed(r, exc, inh)
        if spikes is None:
            raise ProgramError(f"a timestep has at least one sub-step, got {substeps}")
        return Step(state | {"exc": exc, "inh": inh}, spikes, recorded)

    def encode(self, variable: str, values: Floats) -> tuple[str, Words]:
        """The STATE word that holds a state variable, and its words for `values` in PyNN's unit."""
        unit = next(v.unit for v in self.state if v.name == variable)
        word, factor = self._word(variable)
        return word, to_accum(f"{self.name}.{variable}", unit, values, factor)

    def decode(self, variable: str, words: Words) -> Floats:
        """Recorded `words` of a variable in PyNN's unit."""
        sign = self.inputs.inhibitory_sign if variable == self.inputs.inhibitory else 1
        return accum_to_real(words) * sign + 0.0  # no -0.0

    def read(self, variable: str, registers: Mapping[str, Words]) -> Floats:
        """Value of a state variable in PyNN's unit from the words of the registers."""
        word, factor = self._word(variable)
        return accum_to_real(registers[word]) / factor + 0.0  # no -0.0

    def _word(self, variable: str) -> tuple[str, float]:
        """The STATE word of a state variable, and what a value is multiplied by to be kept there."""
        scale = 2.0**self.scale_bits
        synaptic = {
            self.inputs.excitatory: ("exc", scale),
            self.inputs.inhibitory: ("inh", scale * self.inputs.inhibitory_sign),
        }
        return synaptic.get(variable, (variable, 1.0))
