"""Point neurons: a membrane, an input type and a synapse type, composed.

sPyNNaker builds its standard cells of these pieces, and so does this package: what makes IF_curr_exp
into IF_cond_exp is another input type, and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.errors import ProgramError
from emulator.program import Program
from toolchain.models.declaration import CellModel, Floats, Parameter, Variable
from toolchain.models.inputs import InputType
from toolchain.models.synapses import ExponentialSynapses


class Membrane(ABC):
    """The neuron proper: its voltage, threshold and reset, given the current into it.

    Attributes
    ----------
    parameters, state : tuple
        Declarations of its own.
    clamped : tuple of str
        State variables that hold while the cell is refractory.
    linear : bool
        Whether its equations are affine in state and current.
    resets_within_step : bool
        Whether v runs away past the threshold.
    """

    parameters: tuple[Parameter, ...]
    state: tuple[Variable, ...]
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
        self.recordable = ("spikes", *(variable.name for variable in self.state))
        self.clamped = membrane.clamped
        self.resets_within_step = membrane.resets_within_step
        self.conductance_based = inputs.conductance_based
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

    def program(self, substeps: int = 1) -> Program:
        """The program of a core: `step` traced, with `substeps` a timestep."""
        raise ProgramError(f"{self.name} has no program yet")

    def registers(
        self, parameters: Mapping[str, Any], initial: Mapping[str, Any], n: int, timestep: float, substeps: int = 1
    ) -> dict[str, NDArray[np.int32]]:
        """First words of the STATE and PARAMETER registers for `n` cells, derived as the core does at start-up."""
        raise ProgramError(f"{self.name} has no program yet")
