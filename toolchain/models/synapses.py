"""Synapse types: how the synaptic state of a point neuron decays between spikes."""

from __future__ import annotations

from collections.abc import Mapping

from toolchain.models.declaration import Floats, Parameter


class ExponentialSynapses:
    """One exponential decay for each of the receptors excitatory and inhibitory: ds/dt = -s / tau.

    A weight that arrives is added to s.
    """

    parameters = (Parameter("tau_syn_E", "ms", 5.0, above=0.0), Parameter("tau_syn_I", "ms", 5.0, above=0.0))

    def derivatives(self, s: tuple[Floats, Floats], p: Mapping[str, Floats]) -> tuple[Floats, Floats]:
        """Time derivatives (per ms) of the excitatory and the inhibitory state."""
        return -s[0] / p["tau_syn_E"], -s[1] / p["tau_syn_I"]
