"""Membranes: the neuron proper, which a `PointNeuron` combines with receptors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from toolchain.models.declaration import Arrays, Floats, Parameter, Variable, Word, Words
from toolchain.models.derived import Derived
from toolchain.models.tracing import Traced


class Substep(NamedTuple):
    """Sub-step `number`, counted from 0, of the `parts` of a timestep."""

    number: int
    parts: int

    @property
    def left(self) -> int:
        """How many are still to come."""
        return self.parts - 1 - self.number


WHOLE_STEP: Final = Substep(0, 1)
"""A timestep that is not divided."""


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
    compared, longest_step, ascending, current_factor, arrays
        As `CellModel` has them.
    voltage : str
        The state variable that is the voltage; receptors get it.
    scale_bits : mapping of str to int
        STATE words of state variables that are 2^bits times the value.
    """

    parameters: tuple[Parameter, ...]
    state: tuple[Variable, ...]
    words: tuple[Word, ...]
    clamped: tuple[str, ...] = ()
    linear: bool
    resets_within_step: bool = False
    compared: tuple[str, ...] = ()
    longest_step: float | None = None
    ascending: tuple[tuple[str, str | float], ...] = ()
    current_factor: float = 1.0
    arrays: tuple[Arrays, ...] = ()
    voltage: str = "v"
    scale_bits: Mapping[str, int] = MappingProxyType({})

    @abstractmethod
    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative (per ms) of its state, for a total input current in nA without ``i_offset``."""

    @abstractmethod
    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Which cells are past their threshold."""

    def spikes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], before: Mapping[str, Floats]
    ) -> NDArray[np.bool_]:
        """Which cells spike at the end of a step that started with the `compared` variables `before`."""
        return self.threshold(s, p)

    def escapes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], drawn: Mapping[str, Floats], dt: float
    ) -> NDArray[np.bool_]:
        """Which cells spike by chance; see `CellModel.escapes`."""
        return self.threshold(s, p)

    def each_step(self, s: Mapping[str, Floats], p: Mapping[str, Floats], dt: float) -> dict[str, Floats]:
        """New values of what changes at once where a step begins."""
        return {}

    @abstractmethod
    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """New values of what a spike changes."""

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats | None:
        """Refractory time, or None if there is none."""
        return None

    @abstractmethod
    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """First words, for steps of `dt`, of all `words` but those that hold the state variables."""

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Words that the host computes; see `CellModel.written`."""
        return {}

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What those of them stand for that are not as the host writes them."""
        return {}

    @abstractmethod
    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced | None]:
        """New states, and the mask of the cells that spike, for a total current that includes all."""

    def substep(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced, when: Substep
    ) -> tuple[dict[str, Traced], Traced | None]:
        """`step`, for membranes to which it matters where in a timestep the sub-step is.

        The mask may be None but for the last of them.
        """
        return self.step(r, s, current)
