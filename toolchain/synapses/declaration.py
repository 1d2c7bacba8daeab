"""How a synapse with dynamics is declared: once, for both simulators.

Two kinds of synapse do more than send a fixed weight.  One has *short-term* dynamics: what a spike sends depends on
the spikes before it from the same source, on chance, or on both (`ReleaseModel`).  The other is *plastic*: its weight
follows from the spikes of both sides.  That is a `TimingRule`, which says what each spike finds and leaves behind,
and a `WeightRule`, which says how the weight gives way; PyNN composes them in its STDPMechanism.

The methods are plain formulas.  With numbers they are the float reference; with traced values
(`toolchain.models.tracing`) they become the programs that a core runs, all synapses of a row at once.  So a formula
uses + - * and the functions of `tracing` that take both, and no `if`.

Both simulators look at a synapse when its source spikes, as sPyNNaker and NEST do: spikes of the target since
the previous spike of the source are kept, each with the traces that it left, and are gone through in order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol

from toolchain.models.parameters import Parameter, Variable

Value = Any
"""A number for each synapse, source or target: float64 array, or a traced value."""
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Release:
    """What a spike sends, and what it leaves behind.

    Parameters
    ----------
    state : mapping of str to Value
        New values of the state variables.
    sent : Value
        What arrives at the target, in the unit of the weight.
    """

    state: Values
    sent: Value


class ReleaseModel(ABC):
    """A synapse with short-term dynamics.

    Attributes
    ----------
    name : str
        PyNN's name of the synapse type.
    parameters : tuple of Parameter
        Besides weight and delay; PyNN's names and units.
    state : tuple of Variable
        Kept for each synapse; numbers from 0 up to, on a core, just below 1 (UNIT).
    counts : tuple of str
        State variables and parameters that are whole numbers instead (INTEGER).
    time_constants : tuple of str
        Parameters (ms), as `derive` returns them, of which the formula uses ``exp(-since / tau)``; a tau of 0 decays at
        once.
    draws : int
        Random numbers that a spike needs.
    of_target : mapping of str to str
        Parameters that users do not give because they are the target's: ``{"tau_psc": "tau_syn"}`` is the time constant
        of the receptor.
    """

    name: str
    parameters: tuple[Parameter, ...]
    state: tuple[Variable, ...] = ()
    counts: tuple[str, ...] = ()
    time_constants: tuple[str, ...] = ()
    draws: int = 0
    of_target: Mapping[str, str] = MappingProxyType({})

    def derive(self, p: Values) -> Values:
        """What `release` gets for `p`: the parameters, and numbers that a host computes from them."""
        return p

    def most(self, p: Values) -> Value:
        """The most that a spike may send, as a multiple of the weight."""
        return 1.0

    @abstractmethod
    def release(self, s: Values, p: Values, weight: Value, decay: Values, draw: tuple[Value, ...]) -> Release:
        """One spike of the source.

        Parameters
        ----------
        s, p : mapping of str to Value
            State after the previous spike, and what `derive` returns.
        weight : Value
            nA, uS or mV.
        decay : mapping of str to Value
            ``exp(-since / tau)`` of each of `time_constants`, since the previous spike of the source.
        draw : tuple of Value
            Random numbers, uniform in [0, 1): words of `emulator.draws`, of which the upper 31 bits are s0.31.
        """


class Scale(Enum):
    """What an amplitude of a timing rule is multiplied by before the weight rule gets it."""

    POTENTIATION = "potentiation"
    DEPRESSION = "depression"
    NONE = "none"


class Moment(Protocol):
    """What a rule finds at a spike: traces, intervals, and decays over them.

    While a trace is added, `pre` (or `post`) is what the spike before this one left.  While a weight changes, it is
    what this spike left; on the other side, what the latest spike before it left.  An interval is always since the
    spike before.  Before the first spike traces are 0; the interval is infinite in the reference, and on a core it
    counts from tick 0, as sPyNNaker has it.
    """

    @property
    def pre(self) -> Values:
        """Traces of the source."""

    @property
    def post(self) -> Values:
        """Traces of the target."""

    @property
    def since_pre(self) -> Value:
        """Timesteps since the spike of the source before."""

    @property
    def since_post(self) -> Value:
        """Timesteps since the spike of the target before."""

    @property
    def seen_pre(self) -> Value:
        """1 if there was a spike of the source before, else 0."""

    @property
    def seen_post(self) -> Value:
        """1 if there was a spike of the target before, else 0."""

    @property
    def p(self) -> Values:
        """Parameters of the timing rule, and its `TimingRule.constants`."""

    def decay(self, tau: str, since: Value) -> Value:
        """``exp(-since * timestep / tau)`` of the parameter `tau`; since >= 0."""

    def potentiate(self, weight: Value, amount: Value, amplitude: str = "A_plus") -> Value:
        """The weight after a potentiation by `amount` times `amplitude`, as the weight rule has it."""

    def depress(self, weight: Value, amount: Value, amplitude: str = "A_minus") -> Value:
        """The weight after a depression by `amount` times `amplitude`."""


class TimingRule(ABC):
    """What the timing of spikes does to a weight.

    Traces are numbers near 1 (TRACE, s4.11, on a core).

    Attributes
    ----------
    name : str
        PyNN's or sPyNNaker's name of the rule.
    parameters : tuple of Parameter
        PyNN's names and units.
    time_constants : tuple of str
        Parameters (ms) that `Moment.decay` may name.
    amplitudes : mapping of str to Scale
        Parameters that `Moment.potentiate` and `Moment.depress` may name; one that the timing rule does not declare
        is a parameter of the weight rule.
    pre_traces, post_traces : tuple of str
        Traces that a spike of the source leaves with its row, and a spike of the target in its history.
    table_shifts : mapping of str to int
        Time constants whose table on a core has an entry only every ``2**shift`` timesteps.
    """

    name: str
    parameters: tuple[Parameter, ...]
    time_constants: tuple[str, ...]
    amplitudes: Mapping[str, Scale] = MappingProxyType({"A_plus": Scale.POTENTIATION, "A_minus": Scale.DEPRESSION})
    pre_traces: tuple[str, ...] = ()
    post_traces: tuple[str, ...] = ()
    table_shifts: Mapping[str, int] = MappingProxyType({})

    def constants(self, p: Mapping[str, float]) -> Mapping[str, float]:
        """Numbers that follow from the parameters, for `Moment.p`; of the magnitude of traces."""
        return {}

    @abstractmethod
    def add_pre(self, x: Moment) -> Values:
        """Traces after a spike of the source."""

    @abstractmethod
    def add_post(self, x: Moment) -> Values:
        """Traces after a spike of the target."""

    @abstractmethod
    def apply_pre(self, x: Moment, weight: Value) -> Value:
        """The weight after a spike of the source; on a core it stays as it is until the target has spiked."""

    @abstractmethod
    def apply_post(self, x: Moment, weight: Value) -> Value:
        """The weight after a spike of the target."""


Curve = Callable[[Any], Any]
"""A function of weights, in their unit: float64 array to float64 array, or traced value to traced value."""


class WeightRule(ABC):
    """How a weight gives way.

    Attributes
    ----------
    name : str
        PyNN's name of the weight dependence.
    parameters : tuple of Parameter
        PyNN's names; ``w_min`` and ``w_max`` are in the unit of the weight, others are plain numbers.
    additive : bool
        Whether steps do not depend on the weight, so that dopamine can turn them into weight later.
    absolute : tuple of Scale
        Directions in which ``a * amount`` is in the unit of the weight; amplitudes are shares of w_max there.
    sums : bool
        Whether a step is just ``a * amount``: a core then sums several in one direction before it looks at the limit.
    """

    name: str
    parameters: tuple[Parameter, ...]
    additive: bool = False
    absolute: tuple[Scale, ...] = ()
    sums: bool = False

    def scales(self, p: Mapping[str, float]) -> Mapping[Scale, float]:
        """What amplitudes are multiplied by, for potentiation and depression; 1 for what is left out."""
        return dict.fromkeys(self.absolute, p["w_max"])

    def curves(self, p: Mapping[str, float]) -> Mapping[str, Curve]:
        """Functions of the weight, from w_min to w_max, with values of 0 to 1, which the formulas find in `p`.

        The reference calls them as they are; a core has a table of each and interpolates.
        """
        return {}

    @abstractmethod
    def potentiate(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """The weight after a potentiation by ``a * amount``."""

    @abstractmethod
    def depress(self, weight: Value, a: Value, amount: Value, p: Values) -> Value:
        """The weight after a depression by ``a * amount``."""
