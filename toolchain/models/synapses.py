"""Shapes of receptors: the course in time of the response to a spike.

On a core (sPyNNaker ``exp_synapse_utils.h``) an input that arrives in a step is scaled by the mean of the decay
over that step, (tau/dt) (1 - exp(-dt/tau)), before it is added; after the membrane has moved, the state is
multiplied by exp(-dt/tau).  Both factors are u0.32, made of an s16.15 dt/tau: for long time constants the first may
wrap past 1 to nearly 0, and the second is 0 where dt/tau is.  So it is on the machine, and so it is here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emulator import arithmetic
from emulator.conversion import ACCUM_ONE
from emulator.program import Kind, Role
from toolchain.models.declaration import Floats, Parameter, Weights, Word, Words
from toolchain.models.derived import Derived, decay_word, shorter_tau
from toolchain.models.inputs import CurrentInput, Input, Names
from toolchain.models.receptors import Receptor
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


class Exponential(Receptor):
    """A step, then exponential decay: ds/dt = -s / tau.  A weight that arrives is added to s.

    Parameters
    ----------
    tau_syn : float
        Default of the time constant, ms.
    """

    def __init__(self, names: Names, input: Input, tau_syn: float = 5.0) -> None:
        super().__init__(names, input)
        self._tau, self._decay, self._init = (names.of(part) for part in ("tau_syn", "decay", "init"))
        self.parameters = (Parameter(self._tau, "ms", tau_syn, above=0.0),)
        factors = (Word(self._decay, kind=Kind.FRACTION), Word(self._init, kind=Kind.FRACTION))
        self.words = (Word(names.state, Role.STATE), *factors)

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Decay."""
        return {self.variable: -s[self.variable] / p[self._tau]}

    def derive(self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words) -> dict[str, Words]:
        """Factors for steps of `dt`."""
        tau = raw[self._tau]
        return {
            self.names.state: arithmetic.as_words(0),
            self._decay: decay_factor(dt, tau),
            self._init: initial_factor(dt, tau),
        }

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What the factors stand for."""
        tau, what = values[self._tau], self.names.receptor
        mean_decay = tau / dt * -np.expm1(-dt / tau)
        return {
            self._decay: decay_word(self._tau, tau, dt, f"the {what} synaptic input"),
            self._init: Derived(
                parameters=(self._tau,),
                formula=f"{self._tau} / timestep * (1 - exp(-timestep / {self._tau}))",
                exact=mean_decay,
                scale=mean_decay,
                effect=f"scales arriving {what} weights by",
                unit="",
                remedy=shorter_tau(self._tau, dt),
            ),
        }

    def arrived(self, r: Mapping[str, Traced]) -> dict[str, Traced]:
        """The weights times their mean decay are added."""
        state = self.names.state
        return {state: r[state] + decay(r[self.names.receptor], r[self._init])}

    def decayed(self, r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
        """Decay over one step."""
        state = self.names.state
        return {state: decay(s[state], r[self._decay])}

    def fine(self, s: Mapping[str, Traced]) -> Traced:
        """The word as it is."""
        return s[self.names.state]


class _Kick(Receptor):
    """What moves V at once, by a weight in mV; what arrives while a cell is refractory is lost."""

    parameters: tuple[Parameter, ...] = ()
    words: tuple[Word, ...] = ()

    def __init__(self, names: Names) -> None:
        super().__init__(names, CurrentInput())
        self.state = ()
        self.jumps = "v"

    @property
    def weights(self) -> Weights:
        """Steps of the voltage, mV."""
        return Weights("mV", -1 if self.names.subtracted else 1)

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Nothing of its own moves."""
        return {}

    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> None:
        """No current."""
        return

    def derive(self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words) -> dict[str, Words]:
        """Nothing is kept."""
        return {}

    def arrived(self, r: Mapping[str, Traced]) -> dict[str, Traced]:
        """Nothing is kept."""
        return {}

    def decayed(self, r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
        """Nothing is kept."""
        return {}


class Jump(_Kick):
    """A step of V by the weight, for membranes without a refractory time: on a core V moves before all else."""

    def value(self, s: Mapping[str, Traced]) -> None:
        """Nothing is left once V has moved."""
        return

    def jumped(self, r: Mapping[str, Traced], v: Traced) -> Traced:
        """Voltage after the inputs of this timestep."""
        arriving = r[self.names.receptor]
        return v - arriving if self.names.subtracted else v + arriving


class Delta(_Kick):
    """A step of V as sPyNNaker makes it (``input_type_delta.h``): by a current that lasts one step.

    The current is the input over dt, so that its charge moves V by input / cm, less what leaks away meanwhile.  The
    membrane lets no current in while it is refractory.
    """

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self.words = (Word(names.state, Role.STATE), Word("one_over_dt"))

    def weight_factor(self, p: Mapping[str, Floats]) -> Floats:
        """Charge (pC) for a step of 1 mV."""
        return p["cm"]

    def derive(self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words) -> dict[str, Words]:
        """Steps of `dt` a ms."""
        return {self.names.state: arithmetic.as_words(0), "one_over_dt": arithmetic.kdivk(ACCUM_ONE, dt)}

    def arrived(self, r: Mapping[str, Traced]) -> dict[str, Traced]:
        """The inputs of this timestep; nothing is left of those before."""
        return {self.names.state: r[self.names.state] + r[self.names.receptor]}

    def decayed(self, r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
        """What the state was before the inputs came, which is 0."""
        return {self.names.state: r[self.names.state]}

    def value(self, s: Mapping[str, Traced]) -> Traced:
        """The inputs of this timestep."""
        return s[self.names.state]

    def added(self, total: Traced | None, s: Mapping[str, Traced], v: Traced, r: Mapping[str, Traced]) -> Traced:
        """The current."""
        return self.input.added(total, self.value(s) * r["one_over_dt"], v, r, self.names)
