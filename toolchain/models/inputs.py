"""Input kinds: how what a receptor holds becomes a current into the membrane.

A current is added as it is (nA).  A conductance (uS) is multiplied by its driving force, the distance of V to the
reversal potential (mV), which also gives nA.  A step of the voltage (mV) is no current; see ``synapses.Delta``.

Sign of the state in PyNN's units: weights of inhibitory current synapses are negative in PyNN, and
``isyn_inh`` sums signed weights, so that it is negative too and the total is a plain sum, as in NEST.
Conductances are never negative.  A core keeps magnitudes of both and subtracts the inhibitory ones; its
conductances are scaled up by 2^10, since those of single synapses are small (sPyNNaker
``input_type_conductance.h``), and scaled down before they are used or recorded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from toolchain.models.declaration import Floats, Parameter, Word
from toolchain.models.tracing import Traced


@dataclass(frozen=True)
class Names:
    """What a receptor and its parts are called in the cell.

    Parameters
    ----------
    receptor : str
        PyNN's receptor type.
    state : str
        The first word that a core keeps of its state; further ones have a suffix.
    part : str
        Pattern of its parameters and of a core's factors: ``{}_E`` makes tau_syn into tau_syn_E.
    variable : str
        Pattern of its state variables: ``{}_exc`` makes gsyn into gsyn_exc.
    reversal : str
        What its reversal potential is called, before the pattern.
    subtracted : bool
        Whether a core keeps a magnitude and subtracts it; currents then have negative weights.
    """

    receptor: str
    state: str
    part: str
    variable: str
    reversal: str = "e_rev"
    subtracted: bool = False

    def of(self, part: str) -> str:
        """The name of a parameter or factor."""
        return self.part.format(part)

    def word(self, suffix: str) -> str:
        """The name of a further word of the state."""
        return f"{self.state}_{suffix}"


EXCITATORY = Names("excitatory", "exc", "{}_E", "{}_exc")
INHIBITORY = Names("inhibitory", "inh", "{}_I", "{}_inh", subtracted=True)


class Input(ABC):
    """What the state of a receptor means to the membrane.

    Attributes
    ----------
    variable, unit : str
        PyNN's name, before the pattern, and unit of the state variable; the unit is also that of the weights.
    scale_bits : int
        A core's words are 2^scale_bits times the value.
    linear : bool
        Whether the current does not depend on the membrane.
    """

    variable: str
    unit: str
    scale_bits: int
    linear: bool

    def parameters(self, names: Names) -> tuple[Parameter, ...]:
        """Parameters that it adds to the cell."""
        return ()

    def words(self, names: Names) -> tuple[Word, ...]:
        """Words that a core keeps of them, as the host writes them."""
        return ()

    @abstractmethod
    def current(self, value: Floats, s: Mapping[str, Floats], p: Mapping[str, Floats], names: Names) -> Floats:
        """Current (nA) into a membrane of state `s` from the `value` of the receptor."""

    @abstractmethod
    def added(self, total: Traced | None, value: Traced, v: Traced, r: Mapping[str, Traced], names: Names) -> Traced:
        """Current `total` so far, with that of the magnitude `value` added or subtracted, on the core."""


@dataclass(frozen=True)
class CurrentInput(Input):
    """A synaptic current, which a core keeps with `scale_bits` more bits than s16.15 has."""

    scale_bits: int = 0
    variable = "isyn"
    unit = "nA"
    linear = True

    def current(self, value: Floats, s: Mapping[str, Floats], p: Mapping[str, Floats], names: Names) -> Floats:
        """The value; an inhibitory one is negative."""
        return value

    def added(self, total: Traced | None, value: Traced, v: Traced, r: Mapping[str, Traced], names: Names) -> Traced:
        """Sum or difference."""
        return combined(total, value, names)


@dataclass(frozen=True)
class ConductanceInput(Input):
    """A synaptic conductance with a reversal potential, whose default is `e_rev` mV."""

    e_rev: float
    variable = "gsyn"
    unit = "uS"
    scale_bits = 10
    linear = False

    def parameters(self, names: Names) -> tuple[Parameter, ...]:
        """Reversal potential."""
        return (Parameter(names.of(names.reversal), "mV", self.e_rev),)

    def words(self, names: Names) -> tuple[Word, ...]:
        """The same."""
        return (Word(names.of(names.reversal)),)

    def current(self, value: Floats, s: Mapping[str, Floats], p: Mapping[str, Floats], names: Names) -> Floats:
        """Conductance times driving force."""
        return value * (p[names.of(names.reversal)] - s["v"])

    def added(self, total: Traced | None, value: Traced, v: Traced, r: Mapping[str, Traced], names: Names) -> Traced:
        """Conductance times driving force; one that is subtracted is negated before the product is cut, too."""
        magnitude = -value if names.subtracted else value
        return combined(total, magnitude * (r[names.of(names.reversal)] - v), names)


def combined(total: Traced | None, value: Traced, names: Names) -> Traced:
    """Current `total` so far and `value`, which is subtracted where the names say so."""
    if total is None:
        return -value if names.subtracted else value
    return total - value if names.subtracted else total + value
