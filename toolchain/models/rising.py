"""Receptors whose response rises before it decays: alpha functions and differences of two exponentials.

All follow one pair of equations, y' = -y / tau_rise and g' = k y - g / tau_decay.  A weight that arrives is added to
y, and k is such that g then peaks at the weight, as PyNN and NEST have it.  With two time constants g is a difference
of exponentials; with equal ones, the alpha function (t / tau) exp(1 - t / tau).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from emulator import arithmetic
from emulator.conversion import ACCUM_ONE, literal_to_accum
from emulator.program import Kind, Role
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.derived import Derived, decay_word
from toolchain.models.inputs import Input, Names
from toolchain.models.parameters import to_fraction
from toolchain.models.receptors import Receptor
from toolchain.models.synapses import decay_factor
from toolchain.models.tracing import Traced, decay, select

FINE_BITS: Final = 4
"""Bits to keep currents with beyond those of s16.15: each step cuts up to two units, which add up to as many as the
response lasts steps."""
LONGEST_RAMP: Final = 18.0
"""sPyNNaker's ramps are right within 1 % up to time constants of this times the root of the timestep (ms): their slope,
dt / tau^2, has 15 fractional bits, and what is beyond them is cut off."""
RATES: Final = ("climb", "loss")
"""What y and g are multiplied by for the slope of a conductance, times dt."""


class _Rising(Receptor):
    """The pair of equations; see the module.

    On a core the words are the means of y and g over the step that comes, so that the charge is right however long
    the step is: both means obey the same equations as y and g do.  Their coefficients are all below 1, and are
    computed by the host.
    """

    def __init__(self, names: Names, input: Input, rise: str, fall: str) -> None:
        super().__init__(names, input)
        self._rise, self._fall = names.of(rise), names.of(fall)
        self.jumps = f"{self.variable}.rise"
        self.state += (Variable(self.jumps, input.unit, 0.0, hidden=True),)
        self._coefficients = tuple(names.of(part) for part in _Coefficients._fields)
        states = (Word(names.state, Role.STATE), Word(names.word("rise"), Role.STATE))
        self.words = states + tuple(Word(name, kind=Kind.FRACTION) for name in self._coefficients)
        self.words += () if input.linear else tuple(Word(names.of(name)) for name in RATES)

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Both equations."""
        rise, fall = p[self._rise], p[self._fall]
        slope = _gain(rise, fall) * s[self.jumps] - s[self.variable] / fall
        return {self.variable: slope, self.jumps: -s[self.jumps] / rise}

    def derive(self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words) -> dict[str, Words]:
        """Nothing has come in yet."""
        return {self.names.state: arithmetic.as_words(0), self.names.word("rise"): arithmetic.as_words(0)}

    def written(self, values: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Coefficients of steps of `dt`."""
        rise, fall = values[self._rise], values[self._fall]
        words = dict(zip(self._coefficients, map(to_fraction, _coefficients(rise, fall, dt)), strict=True))
        rates = zip(RATES, (_gain(rise, fall) * dt, dt / fall), strict=True)
        return words | {self.names.of(name): literal_to_accum(rate) for name, rate in rates}

    def arrived(self, r: Mapping[str, Traced]) -> dict[str, Traced]:
        """The weights times the mean of what each causes in the step of arrival are added."""
        weight = r[self.names.receptor]
        words = ((self.names.state, "start"), (self.names.word("rise"), "start_rise"))
        return {word: r[word] + decay(weight, r[self.names.of(start)]) for word, start in words}

    def decayed(self, r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
        """The pair, one step on."""
        value, rise = s[self.names.state], s[self.names.word("rise")]
        fall, feed, fade = (r[self.names.of(part)] for part in ("fall", "feed", "fade"))
        return {self.names.state: decay(value, fall) + decay(rise, feed), self.names.word("rise"): decay(rise, fade)}

    def fine(self, s: Mapping[str, Traced]) -> Traced:
        """The word as it is."""
        return s[self.names.state]

    def change(self, r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
        """The slope of a conductance, k y - g / tau_decay, from the means over the step."""
        value, rise = s[self.names.state], s[self.names.word("rise")]
        climb, loss = (r[self.names.of(part)] for part in RATES)
        return {self.names.state: rise * climb - value * loss}


class Alpha(_Rising):
    """An alpha function that peaks at ``tau_syn``, whose default is `tau_syn` ms."""

    def __init__(self, names: Names, input: Input, tau_syn: float = 5.0) -> None:
        super().__init__(names, input, "tau_syn", "tau_syn")
        self.parameters = (Parameter(self._fall, "ms", tau_syn, above=0.0),)


class DualExponential(_Rising):
    """A difference of exponentials, of ``tau_decay`` less ``tau_rise``, whose defaults (ms) are given."""

    def __init__(self, names: Names, input: Input, tau_rise: float = 0.2, tau_decay: float = 1.7) -> None:
        super().__init__(names, input, "tau_rise", "tau_decay")
        defaults = ((self._rise, tau_rise), (self._fall, tau_decay))
        self.parameters = tuple(Parameter(name, "ms", tau, above=0.0) for name, tau in defaults)


class _Coefficients(NamedTuple):
    """What a core multiplies by; numbers from 0 to 1.

    Attributes
    ----------
    fall, fade : float64 array
        Decays of g and of y in a step.
    feed : float64 array
        What y of 1 adds to g in a step.
    start, start_rise : float64 array
        Means of g and of y over the step in which a weight of 1 arrives.
    """

    fall: Floats
    fade: Floats
    feed: Floats
    start: Floats
    start_rise: Floats


def _gain(rise: Floats, fall: Floats) -> Floats:
    """The k (per ms) with which g peaks at 1 after a jump of y by 1; there k y = g / tau_decay."""
    excess = np.asarray(rise / fall - 1.0)
    with np.errstate(invalid="ignore"):
        peak: Floats = np.where(excess == 0.0, 1.0, np.log1p(excess) / excess)  # time of the peak over tau_rise
    gain: Floats = np.exp(peak) / fall
    return gain


def _coefficients(rise: Floats, fall: Floats, dt: float) -> _Coefficients:
    """Solve the pair over steps of `dt`; all in ms."""
    gap = np.asarray(dt / fall - dt / rise)
    with np.errstate(invalid="ignore"):
        ratio = np.where(gap == 0.0, 1.0, np.expm1(gap) / gap)
    faded = np.exp(-dt / fall)
    feed = _gain(rise, fall) * dt * faded * ratio
    start_rise = -np.expm1(-dt / rise) * rise / dt
    start = fall * (_gain(rise, fall) * start_rise - feed / dt)
    return _Coefficients(faded, np.exp(-dt / rise), feed, start, start_rise)


class LinearExponential(Alpha):
    """An alpha function as sPyNNaker computes it (``synapse_types_alpha_impl.h``): a ramp times an exponential.

    An input adds 1 to the exponential, and lowers the ramp by as much as keeps their product; then the ramp grows by
    input times dt / tau_syn^2 a step.  Inputs that overlap share one slope, that of the latest: they add up exactly
    only if they are equal.  The area, and not the peak, of the response to an input of 1 is 1 ms.
    """

    def __init__(self, names: Names, input: Input, tau_syn: float = 0.5) -> None:
        super().__init__(names, input, tau_syn)
        self._slope, self._decay = names.of("dt_over_tau_sqr"), names.of("decay")
        self._ramp, self._exponential, self._latest = (names.word(word) for word in ("linear", "exponential", "q"))
        states = (Word(word, Role.STATE) for word in (self._ramp, self._exponential, self._latest))
        self.words = (*states, Word(self._slope), Word(self._decay, kind=Kind.FRACTION))
        self.first_word = self._ramp

    def weight_factor(self, p: Mapping[str, Floats]) -> Floats:
        """Area (ms) of an alpha function that peaks at 1."""
        return np.e * p[self._fall]

    def derive(self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words) -> dict[str, Words]:
        """Slope and decay for steps of `dt`; a response that is not 0 at the start is a ramp times 1."""
        tau, ramp = raw[self._fall], initial.get(self._ramp, arithmetic.as_words(0))
        return {
            self._ramp: ramp,
            self._exponential: arithmetic.as_words(np.where(ramp == 0, 0, ACCUM_ONE)),
            self._latest: arithmetic.as_words(0),
            self._slope: arithmetic.kdivk(dt, arithmetic.k_mul(tau, tau)),
            self._decay: decay_factor(dt, tau),
        }

    def written(self, values: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Nothing: a core derives it all."""
        return {}

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What slope and decay stand for."""
        tau, what = values[self._fall], self.names.receptor
        return {
            self._decay: decay_word(self._fall, tau, dt, f"the {what} synaptic input"),
            self._slope: Derived(
                parameters=(self._fall,),
                formula=f"timestep / {self._fall}^2",
                exact=dt / tau**2,
                scale=dt / tau**2,
                effect=f"lets {what} synaptic input rise in a step by",
                unit=" of the weight",
                remedy=f"use a longer timestep or a {self._fall} of at most {LONGEST_RAMP * math.sqrt(dt):.3g} ms",
            ),
        }

    def arrived(self, r: Mapping[str, Traced]) -> dict[str, Traced]:
        """Ramp and exponential after the inputs of this timestep, if there are any."""
        arriving = r[self.names.receptor]
        some = arriving > 0
        grown = decay(r[self._exponential], r[self._decay]) + 1
        ramp = (r[self._ramp] + arriving * r[self._slope]) * (1 - 1 / grown)
        return {
            self._ramp: select(some, ramp, r[self._ramp]),
            self._exponential: select(some, grown, r[self._exponential]),
            self._latest: select(some, arriving, r[self._latest]),
        }

    def decayed(self, r: Mapping[str, Traced], s: Mapping[str, Traced]) -> dict[str, Traced]:
        """The ramp goes up, the exponential down."""
        return {
            self._ramp: s[self._ramp] + s[self._latest] * r[self._slope],
            self._exponential: decay(s[self._exponential], r[self._decay]),
            self._latest: s[self._latest],
        }

    def value(self, s: Mapping[str, Traced]) -> Traced:
        """Ramp times exponential."""
        return s[self._ramp] * s[self._exponential]

    def fine(self, s: Mapping[str, Traced]) -> Traced:
        """The same."""
        return self.value(s)

    def read(self, registers: Mapping[str, Words]) -> Words:
        """The same."""
        return arithmetic.k_mul(registers[self._ramp], registers[self._exponential])
