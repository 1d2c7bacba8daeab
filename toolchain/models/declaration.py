"""How a cell model is declared: once, for both simulators.

A model is a class.  It names its parameters and state with units, defaults and bounds; gives the
continuous equations (`derivatives`) for the float reference; and gives one plain `step` that is traced
into the program of a core.  From that one class follow the PyNN cell type, the reference, the memory
layout, the program and its cycle estimate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.program import Program

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """A parameter: PyNN's name and unit, default, and bounds (`above` is exclusive, `minimum` inclusive)."""

    name: str
    unit: str
    default: float
    above: float | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Variable:
    """A state variable: PyNN's name and unit, and its first value, or the parameter that gives it."""

    name: str
    unit: str
    initial: float | str


@dataclass(frozen=True)
class SourceModel:
    """A spike source: a cell without dynamics.

    Parameters
    ----------
    name : str
        PyNN's name of the cell type.
    parameters : tuple of Parameter
        Those with one number a source.
    sequences : tuple of (str, str)
        Name and unit of those with a sequence a source; ``spike_times`` is ``Population.spike_times``.
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    sequences: tuple[tuple[str, str], ...] = ()
    recordable: tuple[str, ...] = ("spikes",)


class CellModel(ABC):
    """Base of all cell models with dynamics.

    Attributes
    ----------
    name : str
        PyNN's name of the cell type.
    parameters, state : tuple
        Declarations. The reference integrates the state; what else a core keeps is the program's affair.
    receptors : mapping of str to str
        Receptor type to the state variable that an arriving weight is added to, in PyNN's order.
    conductance_based : bool
        Whether weights are conductances (uS) or currents (nA).
    linear : bool
        Whether `derivatives` is affine in the state with constant coefficients between input changes:
        the reference then uses the exact propagator.
    """

    name: str
    parameters: tuple[Parameter, ...]
    state: tuple[Variable, ...]
    receptors: Mapping[str, str]
    conductance_based: bool
    linear: bool
    recordable: tuple[str, ...]
    clamped: tuple[str, ...] = ()
    """State variables that hold their value while the cell is refractory."""
    resets_within_step: bool = False
    """Whether the state runs away past the threshold, so that a reset may not wait for the end of the timestep."""

    # --- the float reference ------------------------------------------------------------------------

    @abstractmethod
    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative (per ms) of each state variable; `current` in nA is what sources inject."""

    @abstractmethod
    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Which cells spike."""

    @abstractmethod
    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """New values of the state variables that a spike changes."""

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats | None:
        """Refractory time, or None for a model that has none."""
        return None

    # --- the core -----------------------------------------------------------------------------------

    @abstractmethod
    def program(self, substeps: int = 1) -> Program:
        """The program of a core: `step` traced, with `substeps` a timestep."""

    @abstractmethod
    def registers(
        self, parameters: Mapping[str, Any], initial: Mapping[str, Any], n: int, timestep: float, substeps: int = 1
    ) -> dict[str, NDArray[np.int32]]:
        """First words of the STATE and PARAMETER registers for `n` cells, derived as the core does at start-up."""
