"""Synapse types: how the synaptic state of a point neuron decays between spikes.

On a core (sPyNNaker ``exp_synapse_utils.h``) an input that arrives in a step is scaled by the mean of the decay
over that step, (tau/dt) (1 - exp(-dt/tau)), before it is added; after the membrane has moved, the state is
multiplied by exp(-dt/tau).  Both factors are u0.32, made of an s16.15 dt/tau: for long time constants the first may
wrap past 1 to nearly 0, and the second is 0 where dt/tau is.  So it is on the machine, and so it is here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emulator import arithmetic
from emulator.program import Kind, Role
from toolchain.models.declaration import Floats, Parameter, Word, Words
from toolchain.models.derived import Derived, decay_word, shorter_tau
from toolchain.models.tracing import Traced, decay

ONE_ULR = -1
"""The literal ``1.0ulr``: the largest u0.32, all bits set."""


def decay_factor(dt: Words, tau: Words) -> Words:
    """exp(-dt/tau) as u0.32, from s16.15."""
    return arithmetic.expulr(arithmetic.k_neg(arithmetic.kdivk(dt, tau)))


def initial_factor(dt: Words, tau: Words) -> Words:
    """(tau/dt) (1 - exp(-dt/tau)) as u0.32, from s16.15."""
    loss = arithmetic.k_sub(ONE_ULR, decay_factor(dt, tau))
    return arithmetic.k_mul_ulr_to_ulr(arithmetic.kdivk(tau, dt), loss)


class ExponentialSynapses:
    """One exponential decay for each of the receptors excitatory and inhibitory: ds/dt = -s / tau.

    A weight that arrives is added to s.
    """

    parameters = (Parameter("tau_syn_E", "ms", 5.0, above=0.0), Parameter("tau_syn_I", "ms", 5.0, above=0.0))
    words = (
        Word("exc", Role.STATE),
        Word("inh", Role.STATE),
        Word("decay_E", kind=Kind.FRACTION),
        Word("init_E", kind=Kind.FRACTION),
        Word("decay_I", kind=Kind.FRACTION),
        Word("init_I", kind=Kind.FRACTION),
    )

    def derivatives(self, s: tuple[Floats, Floats], p: Mapping[str, Floats]) -> tuple[Floats, Floats]:
        """Time derivatives (per ms) of the excitatory and the inhibitory state."""
        return -s[0] / p["tau_syn_E"], -s[1] / p["tau_syn_I"]

    def derive(self, raw: Mapping[str, Words], dt: Words) -> dict[str, Words]:
        """Factors for steps of `dt`."""
        return {
            f"{factor}_{receptor}": function(dt, raw[f"tau_syn_{receptor}"])
            for receptor in ("E", "I")
            for factor, function in (("decay", decay_factor), ("init", initial_factor))
        }

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What the words of `derive` stand for."""
        meant = {}
        for receptor, what in (("E", "excitatory"), ("I", "inhibitory")):
            name = f"tau_syn_{receptor}"
            tau = values[name]
            mean_decay = tau / dt * -np.expm1(-dt / tau)
            meant[f"decay_{receptor}"] = decay_word(name, tau, dt, f"the {what} synaptic input")
            meant[f"init_{receptor}"] = Derived(
                parameters=(name,),
                formula=f"{name} / timestep * (1 - exp(-timestep / {name}))",
                exact=mean_decay,
                scale=mean_decay,
                effect=f"scales arriving {what} weights by",
                unit="",
                remedy=shorter_tau(name, dt),
            )
        return meant

    def arrived(self, r: Mapping[str, Traced]) -> tuple[Traced, Traced]:
        """The state with the inputs of this timestep added."""
        return r["exc"] + decay(r["excitatory"], r["init_E"]), r["inh"] + decay(r["inhibitory"], r["init_I"])

    def decayed(self, r: Mapping[str, Traced], exc: Traced, inh: Traced) -> tuple[Traced, Traced]:
        """The state at the end of a step."""
        return decay(exc, r["decay_E"]), decay(inh, r["decay_I"])
