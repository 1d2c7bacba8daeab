"""Equations: a membrane that is nothing but its differential equations, a threshold and a reset.

Who has a new neuron in mind writes down its parameters, its state and the derivatives; the reference integrates
them, and a core gets a program made from the same formulas: one midpoint step (second-order Runge-Kutta) a
sub-step, in s16.15.  A neuron that needs a finer scheme, tables or another number format is a `Membrane` with a
``step`` of its own, as the models of this package are.

>>> from toolchain.models.declaration import Variable
>>> class Leaky(Equations):
...     parameters = (Parameter("tau_m", "ms", 20.0, above=0.0), Parameter("v_thresh", "mV", 15.0))
...     state = (Variable("v", "mV", 0.0),)
...
...     def slopes(self, s, p, current):
...         return {"v": (10.0 * current - s["v"]) / p["tau_m"]}
...
...     def threshold(self, s, p):
...         return s["v"] >= p["v_thresh"]
...
...     def after_spike(self, s, p):
...         return {"v": 0.0}
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from emulator.program import Kind, Role
from toolchain.errors import ModelError
from toolchain.models.declaration import Floats, Parameter, Word, Words
from toolchain.models.given import Given, known_only
from toolchain.models.lif import whole_steps
from toolchain.models.membrane import Membrane
from toolchain.models.tracing import Traced, select

OFFSET = Parameter("i_offset", "nA", 0.0)
STEP = "step_ms"
"""The PARAMETER word that is the length of a sub-step."""
TIMER, REST = "refract_timer", "t_refract_steps"


class Equations(Membrane):
    """A membrane given by its equations.

    Attributes
    ----------
    parameters, state : tuple
        Declarations; a parameter ``i_offset`` (nA) is added, and its current is part of what `slopes` gets.
    refractory : str, optional
        The parameter (ms) for whose length v stays where a spike has put it.

    Raises
    ------
    ModelError
        If `refractory` is not a parameter.

    Notes
    -----
    `slopes`, `threshold` and `after_spike` are called with arrays of numbers and with traced values: they use + - * /,
    comparisons and the functions of `toolchain.models.tracing`, and no ``if``.  Numbers on a core are multiples of
    2^-15 up to 65536, intermediate ones too.
    """

    refractory: str | None = None
    linear = False

    def __init__(self) -> None:
        own = tuple(parameter for parameter in self.parameters if parameter.name != OFFSET.name)
        self.parameters = (*own, OFFSET)
        if self.refractory is not None and self.refractory not in (parameter.name for parameter in self.parameters):
            raise ModelError(
                f"{type(self).__name__}: refractory = '{self.refractory}' is not a parameter; "
                f"add Parameter('{self.refractory}', 'ms', ...) to `parameters`"
            )
        self.clamped = ("v",) if self.refractory else ()
        self.words = tuple(Word(variable.name, Role.STATE) for variable in self.state)
        self.words += (*(Word(parameter.name) for parameter in self.parameters), Word(STEP))
        if self.refractory:
            self.words += (Word(TIMER, Role.STATE, Kind.INTEGER), Word(REST, kind=Kind.INTEGER))

    @abstractmethod
    def slopes(self, s: Mapping[str, Any], p: Mapping[str, Any], current: Any) -> Mapping[str, Any]:
        """Time derivative (per ms) of each state variable, for a total input current in nA."""

    @abstractmethod
    def threshold(self, s: Mapping[str, Any], p: Mapping[str, Any]) -> Any:
        """Which cells spike."""

    @abstractmethod
    def after_spike(self, s: Mapping[str, Any], p: Mapping[str, Any]) -> dict[str, Any]:
        """New values of what a spike changes."""

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative (per ms) of each state variable."""
        return self._returned("slopes", self.slopes(s, p, current + p[OFFSET.name]))

    def _returned(self, method: str, values: Any) -> dict[str, Any]:
        """What a method of the user's returns, which may have the state variables only."""
        return known_only(f"{type(self).__name__}.{method}()", values, (variable.name for variable in self.state))

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats | None:
        """Refractory time, if there is one."""
        return p[self.refractory] if self.refractory else None

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """Parameters as the host writes them; the refractory time in steps."""
        words = {parameter.name: raw[parameter.name] for parameter in self.parameters} | {STEP: dt}
        if self.refractory:
            words |= {TIMER: np.zeros((), np.int32), REST: whole_steps(raw[self.refractory], dt)}
        return words

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """One midpoint step, then compare and reset."""
        where, h = type(self).__name__, r[STEP]
        p = Given(where, "parameter", {parameter.name: r[parameter.name] for parameter in self.parameters})
        own = Given(where, "state variable", {variable.name: s[variable.name] for variable in self.state})
        first = self._returned("slopes", self.slopes(own, p, current))
        middle = {name: own[name] + ((h * slope) >> 1) for name, slope in first.items()}
        later = self.slopes(Given(where, "state variable", own | middle), p, current)
        new = own | {name: own[name] + h * slope for name, slope in later.items()}
        timer = None
        if self.refractory:
            held = s[TIMER] > 0
            new["v"] = select(held, s["v"], new["v"])
            timer = select(held, s[TIMER] - 1, s[TIMER])
        return self._after(Given(where, "state variable", new), p, timer, r)

    def _after(
        self, s: Given, p: Given, timer: Traced | None, r: Mapping[str, Traced]
    ) -> tuple[dict[str, Traced], Traced]:
        """States after the reset of the cells that spike, and which do."""
        spike = self.threshold(s, p)
        after, new = self._returned("after_spike", self.after_spike(s, p)), dict(s)
        if timer is not None:
            spike = spike & (timer <= 0)
            after, new = after | {TIMER: r[REST]}, new | {TIMER: timer}
        return new | {name: select(spike, value, new[name]) for name, value in after.items()}, spike
