"""Input types: how the synaptic state becomes a current into the membrane.

Current-based cells add their synaptic currents (nA); conductance-based cells multiply each synaptic
conductance (uS) by its driving force, the distance of V to the reversal potential (mV), which also
gives nA.

Sign of the state in PyNN's units: weights of inhibitory current synapses are negative in PyNN, and
``isyn_inh`` sums signed weights, so that it is negative too and the total is a plain sum, as in NEST.
Conductances are never negative.  A core keeps magnitudes of both and subtracts the inhibitory one; its
conductances are scaled up by 2^10, since those of single synapses are small (sPyNNaker
``input_type_conductance.h``), and scaled down before they are used or recorded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from toolchain.models.declaration import Floats, Parameter, Word
from toolchain.models.tracing import Traced


class InputType(ABC):
    """What a point neuron's synaptic state means.

    Attributes
    ----------
    excitatory, inhibitory : str
        Names of the state variables.
    unit : str
        Their unit, which is also that of the weights.
    conductance_based : bool
        Whether weights are conductances.
    inhibitory_sign : int
        Sign of the inhibitory state variable; a core keeps its magnitude.
    scale_bits : int
        The synaptic words of a core are 2^scale_bits times the value.
    parameters, words : tuple
        What the input type adds to the cell.
    """

    excitatory: str
    inhibitory: str
    unit: str
    conductance_based: bool
    inhibitory_sign: int
    scale_bits: int
    parameters: tuple[Parameter, ...] = ()
    words: tuple[Word, ...] = ()

    @abstractmethod
    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Floats:
        """Synaptic current into the membrane, nA."""

    @abstractmethod
    def unscaled(self, synaptic: Traced) -> Traced:
        """The s16.15 value of a synaptic word: what is recorded, too."""

    @abstractmethod
    def step(self, r: Mapping[str, Traced], v: Traced, exc: Traced, inh: Traced) -> Traced:
        """Synaptic current on the core, from unscaled values and the voltage `v`."""


class CurrentInput(InputType):
    """Synaptic currents, added."""

    excitatory = "isyn_exc"
    inhibitory = "isyn_inh"
    unit = "nA"
    conductance_based = False
    inhibitory_sign = -1
    scale_bits = 0

    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Floats:
        """Sum of both; the inhibitory one is negative."""
        return s["isyn_exc"] + s["isyn_inh"]

    def unscaled(self, synaptic: Traced) -> Traced:
        """A current is kept as it is."""
        return synaptic

    def step(self, r: Mapping[str, Traced], v: Traced, exc: Traced, inh: Traced) -> Traced:
        """Excitatory current less the inhibitory one."""
        return exc - inh


class ConductanceInput(InputType):
    """Synaptic conductances with reversal potentials."""

    excitatory = "gsyn_exc"
    inhibitory = "gsyn_inh"
    unit = "uS"
    conductance_based = True
    inhibitory_sign = 1
    scale_bits = 10
    parameters = (Parameter("e_rev_E", "mV", 0.0), Parameter("e_rev_I", "mV", -70.0))
    words = (Word("e_rev_E"), Word("e_rev_I"))

    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Floats:
        """Conductance times driving force, both receptors."""
        return s["gsyn_exc"] * (p["e_rev_E"] - s["v"]) + s["gsyn_inh"] * (p["e_rev_I"] - s["v"])

    def unscaled(self, synaptic: Traced) -> Traced:
        """A conductance is shifted down."""
        return synaptic >> self.scale_bits

    def step(self, r: Mapping[str, Traced], v: Traced, exc: Traced, inh: Traced) -> Traced:
        """Both driving currents; the inhibitory one is negated before the product is cut, and subtracted."""
        return exc * (r["e_rev_E"] - v) - (-inh) * (r["e_rev_I"] - v)
