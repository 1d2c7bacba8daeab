"""The programs of an STDP mechanism: its rules, traced into what a core runs.

A timing rule and a weight rule make four programs: one for the traces of the source, one for those of the target, and
two for the weight.  Exponentials are tables of s4.11, an entry a timestep or a power of two of them, floored, as
sPyNNaker's host writes them (``plasticity/stdp/common.py``); weights are s16.15.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from emulator.conversion import ACCUM_ONE, host_to_accum
from emulator.program import Kind, Program, Register, Role, Table
from emulator.synaptic_rows import MOST_LEARNT
from toolchain.models.tracing import Step, Traced, convert, interpolate, lookup, trace
from toolchain.synapses.declaration import Scale, TimingRule, WeightRule
from toolchain.synapses.modulation import limited

TRACE_ONE: Final = 1 << 11
CURVE_POINTS: Final = 256
"""Entries of the table of a curve, at the most."""

LARGEST_MARK_BITS: Final = 5
MOST_MARKED: Final = MOST_LEARNT / ACCUM_ONE
"""Where eligibilities stop."""

Given = Mapping[str, Traced]


@dataclass(frozen=True)
class RuleWords:
    """The words that a host writes for a rule.

    Parameters
    ----------
    decays : mapping of str to Table
        Table of each time constant, of timesteps.
    constants : mapping of str to int
        Those of the timing rule, s4.11.
    weights : mapping of str to int
        Amplitudes, w_min and w_max, s16.15.
    curves : mapping of str to Table
        Table of each curve of the weight rule.
    meant : mapping of str to float
        What the words of `weights` stand for.
    numbers : mapping of str to float
        Parameters of both rules that are no weights; formulas that use one make a constant of it.
    """

    decays: Mapping[str, Table]
    constants: Mapping[str, int]
    weights: Mapping[str, int]
    curves: Mapping[str, Table]
    meant: Mapping[str, float]
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class StdpPrograms:
    """The programs of a mechanism; see `emulator.synaptic_rows.PlasticRows` and `History`."""

    add_pre: Program
    add_post: Program
    apply_pre: Program
    apply_post: Program

    @property
    def of_rows(self) -> tuple[Program, Program, Program]:
        """Those that run when a row is fetched."""
        return self.add_pre, self.apply_pre, self.apply_post


def decay_table(tau: float, timestep: float, shift: int) -> Table:
    """The table of ``exp(-t * timestep / tau)`` for every ``2**shift``-th t, up to where it is below 2^-11, then 0."""
    size = 2 * math.ceil(math.log(TRACE_ONE) * tau / timestep / (1 << shift) / 2)
    entries = np.floor(np.exp((np.arange(size) << shift) * (-timestep / tau)) * TRACE_ONE)
    return lut(entries.astype(int).tolist(), shift)


def lut(entries: Sequence[int], shift: int) -> Table:
    """A table of s4.11 for whole timesteps from 0, and 0 behind its end."""
    return Table((*entries, 0), 0, shift, Kind.TRACE, Kind.INTEGER)


def rule_words(
    timing: TimingRule, weight: WeightRule, p: Mapping[str, float], timestep: float, unit: float
) -> RuleWords:
    """The words of a mechanism with the parameters `p`, all of them given.

    Parameters
    ----------
    timestep : float
        ms.
    unit : float
        What a weight of 1 comes to in the synaptic input.
    """
    weights = {name: p[name] * unit for name in ("w_min", "w_max")}
    for name, scale in timing.amplitudes.items():
        direction = Scale.POTENTIATION if scale is Scale.NONE else scale
        weights[name] = amplitude(weight, p, name, scale) * (unit if direction in weight.absolute else 1.0)
    words = _words(timing, p, timestep, weights)
    return replace(words, curves={name: _curve(c, words.weights, unit) for name, c in weight.curves(p).items()})


def marking_words(
    timing: TimingRule, weight: WeightRule, p: Mapping[str, float], timestep: float, unit: float
) -> tuple[RuleWords, int]:
    """The words of a mechanism whose changes are eligibilities, and by how many bits more than weights these have.

    The largest amplitude is from 16 to 32, so that an eligibility has room for a thousand such steps.
    """
    marks = {name: amplitude(weight, p, name, scale) * unit for name, scale in timing.amplitudes.items()}
    largest = max(map(abs, marks.values()), default=0.0)
    bits = LARGEST_MARK_BITS - math.frexp(largest)[1]
    return _words(timing, p, timestep, {name: math.ldexp(mark, bits) for name, mark in marks.items()}), bits


def amplitude(weight: WeightRule, p: Mapping[str, float], name: str, scale: Scale) -> float:
    """An amplitude, a share of what the weight rule says."""
    return p[name] * weight.scales(p).get(scale, 1.0)


def _words(timing: TimingRule, p: Mapping[str, float], timestep: float, weights: Mapping[str, float]) -> RuleWords:
    """The words of a timing rule, and those of `weights`, s16.15."""
    return RuleWords(
        decays={tau: decay_table(p[tau], timestep, timing.table_shifts.get(tau, 0)) for tau in timing.time_constants},
        constants={name: round(value * TRACE_ONE) for name, value in timing.constants(p).items()},
        weights={name: int(host_to_accum(np.float64(value))) for name, value in weights.items()},
        curves={},
        meant=weights,
        numbers={name: value for name, value in p.items() if name not in weights},
    )


def _curve(curve: Callable[[Any], Any], raw: Mapping[str, int], unit: float) -> Table:
    """The table of a curve of weights, whose argument is the s16.15 weight."""
    low, high = raw["w_min"], raw["w_max"]
    shift = max(0, math.ceil(math.log2(max(high - low, 1) / CURVE_POINTS)))
    points = low + (np.arange(2 + ((high - low) >> shift)) << shift)
    values = curve(np.minimum(points, high) / ACCUM_ONE / unit)
    return Table(tuple(host_to_accum(np.asarray(values, dtype=np.float64)).tolist()), low, shift)


def stdp_programs(timing: TimingRule, weight: WeightRule, words: RuleWords, changed: str = "weight") -> StdpPrograms:
    """The programs of a timing rule with a weight rule; what is `changed` may be the eligibility instead of the weight.

    Raises
    ------
    ProgramError
        If a formula does what a core cannot.
    """

    def traced(what: str, states: Sequence[str], inputs: Sequence[str], formula: Callable[..., Any]) -> Program:
        registers = [Register(name, Role.STATE, 0, _kind(name)) for name in states]
        registers += [Register(name, Role.INPUT, 0, _kind(name)) for name in inputs]
        registers += [Register(name, Role.CONSTANT, word, Kind.TRACE) for name, word in words.constants.items()]
        if changed in states:
            registers += [Register(name, Role.CONSTANT, word, Kind.ACCUM) for name, word in words.weights.items()]
        name = f"{timing.name}.{what}" + (f" with {weight.name}" if changed in states else "")
        where = f"{type(timing).__name__}.{what}()" + (f" with {weight.name}" if changed in states else "")
        return trace(name, registers, lambda r: Step(formula(moment(r, timing, weight, words), r), None, {}), where)

    moment = _Moment if changed == "weight" else _Marked
    pre = [f"pre_{name}" for name in timing.pre_traces]
    post = [f"post_{name}" for name in timing.post_traces]
    both = [*pre, *post, "since_pre", "since_post", "seen_pre", "seen_post"]
    return StdpPrograms(
        add_pre=traced("add_pre", pre, ("since_pre", "seen_pre"), lambda x, r: _named("pre", timing.add_pre(x))),
        add_post=traced("add_post", post, ("since_post", "seen_post"), lambda x, r: _named("post", timing.add_post(x))),
        apply_pre=traced("apply_pre", [changed], both, lambda x, r: {changed: timing.apply_pre(x, r[changed])}),
        apply_post=traced("apply_post", [changed], both, lambda x, r: {changed: timing.apply_post(x, r[changed])}),
    )


def default_programs(timing: TimingRule, weight: WeightRule) -> StdpPrograms:
    """The programs with default parameters, in steps of 1 ms; amplitudes that neither rule has are 0.5."""
    p = dict.fromkeys(timing.amplitudes, 0.5)
    p |= {parameter.name: parameter.default for parameter in (*timing.parameters, *weight.parameters)}
    return stdp_programs(timing, weight, rule_words(timing, weight, p, 1.0, 1.0))


def _kind(register: str) -> Kind:
    if register in ("weight", "eligibility"):
        return Kind.ACCUM
    return Kind.INTEGER if register.startswith("since") else Kind.TRACE


def _named(side: str, traces: Mapping[str, Traced]) -> dict[str, Traced]:
    return {f"{side}_{name}": value for name, value in traces.items()}


class _Moment:
    """What a rule finds at a spike, as traced values; see `toolchain.synapses.declaration.Moment`."""

    def __init__(self, r: Given, timing: TimingRule, weight: WeightRule, words: RuleWords) -> None:
        self._r, self._weight, self._words = r, weight, words
        self._unlimited: dict[tuple[int, Scale], Traced] = {}
        self.pre = {name: r[f"pre_{name}"] for name in timing.pre_traces if f"pre_{name}" in r}
        self.post = {name: r[f"post_{name}"] for name in timing.post_traces if f"post_{name}" in r}
        self.p: dict[str, Any] = {**words.numbers, **{name: r[name] for name in words.constants}}
        self._limits: dict[str, Any] = {**words.numbers, **{name: r[name] for name in words.weights if name in r}}
        self._limits |= {name: _interpolated(table) for name, table in words.curves.items()}

    def __getattr__(self, name: str) -> Traced:
        """Intervals, and whether there was a spike before."""
        return self._r[name]

    def decay(self, tau: str, since: Traced) -> Traced:
        """The entry of the table of `tau`."""
        return lookup(self._words.decays[tau], since)

    def potentiate(self, weight: Traced, amount: Traced, amplitude: str = "A_plus") -> Traced:
        """The weight after a potentiation."""
        a, step = self._r[amplitude], convert(amount, Kind.ACCUM)
        start = self._before_limit(weight, Scale.POTENTIATION)
        moved: Traced = self._weight.potentiate(start, a, step, self._limits)
        return self._reached(moved, start, a * step, Scale.POTENTIATION)

    def depress(self, weight: Traced, amount: Traced, amplitude: str = "A_minus") -> Traced:
        """The weight after a depression."""
        a, step = self._r[amplitude], convert(amount, Kind.ACCUM)
        start = self._before_limit(weight, Scale.DEPRESSION)
        moved: Traced = self._weight.depress(start, a, step, self._limits)
        return self._reached(moved, start, -(a * step), Scale.DEPRESSION)

    def _before_limit(self, weight: Traced, direction: Scale) -> Traced:
        """Where the next step in a direction starts: what the step before came to, without its limit."""
        return self._unlimited.get((weight.number, direction), weight)

    def _reached(self, moved: Traced, start: Traced, step: Traced, direction: Scale) -> Traced:
        """The weight that a step comes to, having noted what it is without a limit."""
        if self._weight.sums:
            self._unlimited[moved.number, direction] = start + step
        return moved


class _Marked(_Moment):
    """The same where changes go into an eligibility, which does not look at the weight."""

    def potentiate(self, weight: Traced, amount: Traced, amplitude: str = "A_plus") -> Traced:
        """The eligibility after a potentiation."""
        changed: Traced = limited(weight + self._r[amplitude] * convert(amount, Kind.ACCUM), MOST_MARKED)
        return changed

    def depress(self, weight: Traced, amount: Traced, amplitude: str = "A_minus") -> Traced:
        """The eligibility after a depression."""
        changed: Traced = limited(weight - self._r[amplitude] * convert(amount, Kind.ACCUM), MOST_MARKED)
        return changed


def _interpolated(table: Table) -> Callable[[Traced], Traced]:
    return lambda weight: interpolate(table, weight)
