"""Receptors: what spikes do to a cell, from the weight that arrives to the current into the membrane.

A receptor has a shape, the course in time of its response to one spike (``synapses``), and an input kind, which says
whether that response is a current or a conductance (``inputs``).  A cell has any number of them, each with a name that
projections refer to and, on the machine, a ring buffer.

In the float reference a receptor has one state variable for each order of its equation; a weight that arrives is
added to one of them.  On a core it has whatever words suit the arithmetic.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TypeVar

from toolchain.models.declaration import Floats, Parameter, Variable, Weights, Word, Words
from toolchain.models.derived import Derived
from toolchain.models.inputs import ConductanceInput, Input, Names
from toolchain.models.tracing import Traced

Total = TypeVar("Total", bound=Traced | None)


class Receptor(ABC):
    """One receptor of a cell, called as `names` say.

    Attributes
    ----------
    variable : str
        The state variable that is recorded.
    parameters : tuple of Parameter
        Those of its shape; those of its input are ``input.parameters(names)``.
    state : tuple of Variable
        `variable` first, then hidden ones.
    jumps : str
        The state variable that an arriving weight is added to.
    words : tuple of Word
        What a core keeps of its shape: states, and factors.
    first_word : str
        The STATE word that the first value of `variable` is written to.
    """

    parameters: tuple[Parameter, ...]
    words: tuple[Word, ...]

    def __init__(self, names: Names, input: Input) -> None:
        self.names = names
        self.input = input
        self.variable = names.variable.format(input.variable)
        self.state: tuple[Variable, ...] = (Variable(self.variable, input.unit, 0.0),)
        self.jumps = self.variable
        self.first_word = names.state

    @property
    def weights(self) -> Weights:
        """Unit, sign and scale of the weights."""
        negative = self.names.subtracted and self.input.unit != "uS"
        return Weights(self.input.unit, -1 if negative else 1, self.input.scale_bits)

    # --- the float reference ------------------------------------------------------------------------

    @abstractmethod
    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Time derivative (per ms) of its state variables."""

    def weight_factor(self, p: Mapping[str, Floats]) -> Floats | None:
        """What weights are multiplied by for a core, or None if it takes them as they are."""
        return None

    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Floats | None:
        """Current (nA) into the membrane, or None if there never is one."""
        return self.input.current(s[self.variable], s, p, self.names)

    # --- the core -----------------------------------------------------------------------------------

    @abstractmethod
    def derive(self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words) -> dict[str, Words]:
        """First words of its `words`, for steps of `dt`."""

    def written(self, values: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Words that the host computes from the parameters; see `CellModel.written`."""
        return {}

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What those of them stand for that are not as the host writes them."""
        return {}

    @abstractmethod
    def arrived(self, r: Mapping[str, Traced]) -> dict[str, Traced]:
        """Its STATE words with the inputs of this timestep added."""

    @abstractmethod
    def decayed(self, r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
        """Its STATE words `s` at the end of a step."""

    def value(self, s: Mapping[str, Traced]) -> Traced | None:
        """The magnitude (s16.15) of its response, from its STATE words: what is recorded; None if there is nothing."""
        word = s[self.names.state]
        return word >> self.input.scale_bits if self.input.scale_bits else word

    def fine(self, s: Mapping[str, Traced]) -> Traced | None:
        """2^scale_bits times its response, with the bits that `value` cuts off if it has them."""
        return self.effective(s)

    def effective(self, s: Mapping[str, Traced]) -> Traced | None:
        """2^scale_bits times the response as `added` has it."""
        value = self.value(s)
        return None if value is None else value << self.input.scale_bits

    def change(self, r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
        """By how much its STATE words change in a step; those that its response is made of, at least."""
        return {word: later - s[word] for word, later in self.decayed(r, s).items()}

    def conductance(self, s: Mapping[str, Traced], v: Traced, r: Mapping[str, Traced]) -> tuple[Traced, Traced] | None:
        """2^scale_bits times the conductance (uS) that it is at `v`, and its reversal potential; None if it is none."""
        fine = self.fine(s)
        if fine is None or not isinstance(self.input, ConductanceInput):
            return None
        return fine, r[self.names.of(self.names.reversal)]

    def added(self, total: Total, s: Mapping[str, Traced], v: Traced, r: Mapping[str, Traced]) -> Traced | Total:
        """Current `total` into the membrane so far, with its own added, from its STATE words."""
        value = self.value(s)
        return total if value is None else self.input.added(total, value, v, r, self.names)

    def jumped(self, r: Mapping[str, Traced], v: Traced) -> Traced:
        """Voltage `v` after the inputs of this timestep, for receptors that move it at once."""
        return v

    def read(self, registers: Mapping[str, Words]) -> Words:
        """The word of its response, scaled as its inputs are, from the words of the registers."""
        return registers[self.first_word]
