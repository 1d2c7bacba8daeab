"""How a cell model is declared: once, for both simulators.

A model is a class.  It names its parameters and state with units, defaults and bounds; gives the
continuous equations (`derivatives`) for the float reference; and gives one plain `step` that is traced
into the program of a core.  From that one class follow the PyNN cell type, the reference, the memory
layout, the program and its cycle estimate.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.program import Kind, Program, Register, Role
from toolchain.models.derived import Derived
from toolchain.models.parameters import (
    Parameter,
    Variable,
    check_initial,
    check_parameters,
    parameter_to_accum,
    timestep_to_accum,
)
from toolchain.models.tracing import Step, Traced, trace

__all__ = ["CellModel", "Floats", "Parameter", "SourceModel", "Variable", "Weights", "Word", "Words"]

Floats = NDArray[np.float64]
Words = NDArray[np.int32]
Bools = NDArray[np.bool_]
WordsByName = dict[str, Words]

WHOLE = 1e-6
"""Part of a step that a time may exceed whole steps by and still be counted as that many."""


@dataclass(frozen=True)
class Word:
    """A register of the core: STATE, PARAMETER or RANDOM, s16.15 unless told otherwise.

    A RANDOM one, which must be of kind UNIT, has a new number in [0, 1) for each cell in every timestep.
    """

    name: str
    role: Role = Role.PARAMETER
    kind: Kind = Kind.ACCUM


@dataclass(frozen=True)
class Weights:
    """What the weights of a receptor are.

    Parameters
    ----------
    unit : str
        nA, uS or mV.
    sign : int
        1 if they are at least 0, -1 if they are at most 0; a core keeps magnitudes.
    scale_bits : int
        The words of a core are 2^scale_bits times the value.
    """

    unit: str
    sign: int = 1
    scale_bits: int = 0


@dataclass(frozen=True)
class Arrays:
    """PyNN's parameters `names` that are arrays of one length, up to `most`.

    The elements are parameters of their own: of ``tau`` they are ``tau_0``, ``tau_1``, ...  Those that an array leaves
    out are 0, or have their default if they must be above 0.
    """

    names: tuple[str, ...]
    most: int

    def elements(self, name: str) -> tuple[str, ...]:
        """The parameters that are the elements of the array `name`."""
        return tuple(f"{name}_{number}" for number in range(self.most))


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
    weights : mapping of str to Weights
        Receptor type to what its weights are.
    linear : bool
        Whether `derivatives` is affine in the state with constant coefficients between input changes:
        the reference then uses the exact propagator.
    words : tuple of Word
        What a core keeps of a cell: the STATE and PARAMETER registers of the program, and the RANDOM ones.
    """

    name: str
    parameters: tuple[Parameter, ...]
    state: tuple[Variable, ...]
    receptors: Mapping[str, str]
    weights: Mapping[str, Weights]
    linear: bool
    recordable: tuple[str, ...]
    words: tuple[Word, ...]
    clamped: tuple[str, ...] = ()
    """State variables that hold their value while the cell is refractory."""
    resets_within_step: bool = False
    """Whether the state runs away past the threshold, so that a reset may not wait for the end of the timestep."""
    compared: tuple[str, ...] = ()
    """State variables whose values before a step `spikes` takes into account."""
    longest_step: float | None = None
    """Longest step (ms) that a core's program is accurate in; longer timesteps are divided. None: any timestep."""
    ascending: tuple[tuple[str, str | float], ...] = ()
    """Parameters (mV), and what they must be below: another parameter, or a number."""
    current_factor: float = 1.0
    """What a core's words of injected currents are multiplied by."""

    arrays: tuple[Arrays, ...] = ()
    """Parameters that are arrays in PyNN."""

    @property
    def draws(self) -> tuple[str, ...]:
        """Names of the random numbers that a cell draws in each timestep, in their order.

        They come from `emulator.random.UniformStreams`, seeded as Poisson sources are (`emulator.seeds.source_seeds`
        of network seed and population), on both simulators.
        """
        return tuple(word.name for word in self.words if word.role == Role.RANDOM)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the words that outlive a timestep."""
        return tuple(word.name for word in self.words if word.role != Role.RANDOM)

    @property
    def conductance_based(self) -> bool:
        """Whether all weights are conductances."""
        return all(weights.unit == "uS" for weights in self.weights.values())

    # --- the float reference ------------------------------------------------------------------------

    @abstractmethod
    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative (per ms) of each state variable; `current` in nA is what sources inject."""

    @abstractmethod
    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Bools:
        """Which cells are past their threshold, where most models spike."""

    def spikes(self, s: Mapping[str, Floats], p: Mapping[str, Floats], before: Mapping[str, Floats]) -> Bools:
        """Which cells spike at the end of a step; `before` has the `compared` variables as they were at its start."""
        return self.threshold(s, p)

    def escapes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], drawn: Mapping[str, Floats], dt: float
    ) -> Bools:
        """Which cells spike by chance at the end of a step of `dt` ms; only asked of a model that `draws`.

        `drawn` are its random numbers, in [0, 1).
        """
        return self.threshold(s, p)

    def each_step(self, s: Mapping[str, Floats], p: Mapping[str, Floats], dt: float) -> dict[str, Floats]:
        """New values of the state variables that change at once where a step of `dt` ms begins."""
        return {}

    @abstractmethod
    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """New values of the state variables that a spike changes."""

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats | None:
        """Refractory time, or None for a model that has none."""
        return None

    # --- the core -----------------------------------------------------------------------------------

    def weight_factor(self, receptor: str, p: Mapping[str, Floats]) -> Floats | None:
        """What the weights of a receptor are multiplied by for a core, shape () or (n,); None if they are not."""
        return None

    @abstractmethod
    def step(self, r: Mapping[str, Traced], substeps: int) -> Step:
        """One timestep in `substeps` equal parts, to be traced.

        `r` has the `words` by name, one s16.15 input a receptor by its name, and the injected ``current``.
        """

    @abstractmethod
    def derive(self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words, substeps: int) -> WordsByName:
        """First words of all STATE and PARAMETER words, computed as a core does at start-up, with its own functions.

        Parameters
        ----------
        raw : mapping of str to int32 array
            What the host writes for each parameter.
        initial : mapping of str to int32 array
            What it writes for STATE words; one that is left out starts as it does on the machine.
        dt : int32 array
            Timestep in ms, s16.15.
        substeps : int
            Parts of a timestep.
        """

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> WordsByName:
        """Words that the host computes in float64 and writes in place of those that `derive` has.

        For models that the machine's software lacks, so that no arithmetic of its own is to be followed.

        Parameters
        ----------
        values, initial : mapping of str to float64 array, shape () or (n,)
            Every parameter and the first value of every state variable, in PyNN's units.
        dt : float
            Length of a sub-step, ms.
        """
        return {}

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What the words that `derive` computes from several numbers stand for, by the name of the word.

        Parameters
        ----------
        values : mapping of str to float64 array, shape () or (n,)
            Every parameter, in PyNN's unit.
        dt : float
            Length of a sub-step, ms.
        """
        return {}

    @abstractmethod
    def encode(self, variable: str, values: Floats) -> tuple[str, Words]:
        """The STATE word that holds a state variable, and its words for `values` in PyNN's unit."""

    @abstractmethod
    def decode(self, variable: str, words: Words) -> Floats:
        """Recorded `words` of a variable in PyNN's unit."""

    @abstractmethod
    def read(self, variable: str, registers: Mapping[str, Words]) -> Floats:
        """Value of a state variable in PyNN's unit from the words of the registers."""

    def substeps(self, timestep: float, asked: int | None = None) -> int:
        """Parts of a timestep (ms): as many as are `asked` for, else as few as `longest_step` allows."""
        if asked is not None or self.longest_step is None:
            return asked or 1
        return max(1, math.ceil(timestep / self.longest_step - WHOLE))

    def program(self, substeps: int = 1) -> Program:
        """The program of a core: `step` traced, with `substeps` a timestep."""
        registers = [Register(word.name, word.role, 0, word.kind) for word in self.words]
        registers += [Register(receptor, Role.RECEPTOR) for receptor in self.receptors]
        registers.append(Register("current", Role.CURRENT))
        return trace(self.name, registers, lambda r: self.step(r, substeps))

    def registers(
        self, parameters: Mapping[str, Any], initial: Mapping[str, Any], n: int, timestep: float, substeps: int = 1
    ) -> WordsByName:
        """First words of the STATE and PARAMETER registers for `n` cells, derived as the core does at start-up.

        Parameters
        ----------
        parameters, initial : mapping of str to float or array[n]
            Parameters and first values of state variables, in PyNN's names and units; what is left out has
            its default.
        n : int
            Number of cells.
        timestep : float
            Timestep in ms.
        substeps : int
            Parts of a timestep.

        Returns
        -------
        dict of str to int32[n]

        Raises
        ------
        ParameterError
            If a value is out of its bounds, of a wrong shape, unknown, or too small for s16.15.
        """
        check_parameters(self, parameters, n)
        check_initial(self.name, self.state, initial, n)
        values = {p.name: parameters.get(p.name, p.default) for p in self.parameters}
        raw = {p.name: parameter_to_accum(self, p, values[p.name]) for p in self.parameters}
        shown = [variable for variable in self.state if not variable.hidden]
        first = {v.name: initial.get(v.name, values.get(str(v.initial), v.initial)) for v in shown}
        states = dict(self.encode(name, np.asarray(value, np.float64)) for name, value in first.items())
        dt = timestep_to_accum(timestep, substeps)
        words = self.derive(raw, states, dt, substeps)
        given, starts = ({k: np.asarray(v, np.float64) for k, v in each.items()} for each in (values, first))
        words |= self.written(given, starts, timestep / substeps)
        return {name: np.broadcast_to(words[name], n).astype(np.int32) for name in self.kept}
