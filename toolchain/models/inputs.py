"""Input types: how the synaptic state becomes a current into the membrane.

Current-based cells add their synaptic currents (nA); conductance-based cells multiply each synaptic
conductance (uS) by its driving force, the distance of V to the reversal potential (mV), which also
gives nA.

Sign of the state in PyNN's units: weights of inhibitory current synapses are negative in PyNN, and
``isyn_inh`` sums signed weights, so that it is negative too and the total is a plain sum, as in NEST.
Conductances are never negative.  A core keeps magnitudes of both and subtracts the inhibitory one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from toolchain.models.declaration import Floats, Parameter


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
    parameters : tuple of Parameter
        What the input type adds to the cell's parameters.
    """

    excitatory: str
    inhibitory: str
    unit: str
    conductance_based: bool
    parameters: tuple[Parameter, ...] = ()

    @abstractmethod
    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Floats:
        """Synaptic current into the membrane, nA."""


class CurrentInput(InputType):
    """Synaptic currents, added."""

    excitatory = "isyn_exc"
    inhibitory = "isyn_inh"
    unit = "nA"
    conductance_based = False

    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Floats:
        """Sum of both; the inhibitory one is negative."""
        return s["isyn_exc"] + s["isyn_inh"]


class ConductanceInput(InputType):
    """Synaptic conductances with reversal potentials."""

    excitatory = "gsyn_exc"
    inhibitory = "gsyn_inh"
    unit = "uS"
    conductance_based = True
    parameters = (Parameter("e_rev_E", "mV", 0.0), Parameter("e_rev_I", "mV", -70.0))

    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Floats:
        """Conductance times driving force, both receptors."""
        return s["gsyn_exc"] * (p["e_rev_E"] - s["v"]) + s["gsyn_inh"] * (p["e_rev_I"] - s["v"])
