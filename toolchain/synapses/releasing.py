"""The program of a release model, and the words that its synapses have.

States and parameters between 0 and 1 are s0.31, counts are integers, and other numbers that a host derives are s16.15.
A parameter that is the same for all synapses of a projection is a constant of the program, others are words of the
synapses.

An interval of n timesteps decays by f^n.  Where the time constant is that of a synapse, a core has f as u0.32 and
raises it to the power.  Where it is that of all, it has two tables: f^n for the low bits of n, and for the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.conversion import ACCUM_ONE
from emulator.cycles import DYNAMIC_ROW_CYCLES, DYNAMIC_SYNAPSE_CYCLES, routine_cycles
from emulator.program import Kind, Program, Register, Role, Table
from emulator.synaptic_rows import RELEASE_HEADER_WORDS, STREAM
from toolchain.models.functions import convert, lookup, power
from toolchain.models.tracing import Step, Traced, trace
from toolchain.network import Projection, Values
from toolchain.synapses.declaration import ReleaseModel
from toolchain.synapses.layout import RowLayout
from toolchain.synapses.release import RELEASE_MODELS

Floats = NDArray[np.float64]
Words = NDArray[np.int64]

LARGEST: Mapping[Kind, tuple[int, int]] = {
    Kind.UNIT: (-(2**31), 2**31 - 1),
    Kind.ACCUM: (-(2**31), 2**31 - 1),
    Kind.INTEGER: (-(2**31), 2**31 - 1),
    Kind.FRACTION: (0, 2**32 - 1),
}
UNITS: Mapping[Kind, float] = {
    Kind.UNIT: 2.0**31,
    Kind.ACCUM: float(ACCUM_ONE),
    Kind.INTEGER: 1.0,
    Kind.FRACTION: 2.0**32,
}
FACTOR = "factor of "
LIFETIMES: Final = 32.0 * math.log(2.0)
"""Time constants after which a decay is below the resolution of s0.31."""


@dataclass(frozen=True, eq=False)
class Releasing:
    """The synapses of one projection.

    Parameters
    ----------
    words : mapping of str to int64[...]
        First words of the registers of each synapse, states first; one for all or one each.
    """

    model: ReleaseModel
    program: Program
    words: Mapping[str, Words]

    @property
    def programs(self) -> tuple[Program, ...]:
        """All programs."""
        return (self.program,)

    @property
    def layout(self) -> RowLayout:
        """The layout of its rows."""
        return RowLayout(RELEASE_HEADER_WORDS, len(self.words))

    @property
    def cycles(self) -> int:
        """Estimated cycles of a synapse for a spike of the source."""
        return DYNAMIC_SYNAPSE_CYCLES + routine_cycles(self.program)

    @property
    def row_cycles(self) -> int:
        """Estimated cycles of a row, beside those of one that never changes."""
        return DYNAMIC_ROW_CYCLES

    @property
    def parameter_bytes(self) -> int:
        """Numbers that are the same for all synapses, and tables."""
        return 4 * (len(self.program.numbers(Role.CONSTANT)) + sum(len(table.values) for table in self.program.tables))


def releasing(made: Projection, timestep: float) -> Releasing:
    """The program and the words of a projection of a release model; `timestep` in ms."""
    return released(RELEASE_MODELS[made.synapse], made.parameters, made.initial, len(made), timestep)


def released(
    model: ReleaseModel, parameters: Mapping[str, Values], initial: Mapping[str, Values], n: int, timestep: float
) -> Releasing:
    """The program and the words of `n` synapses; parameters and first values that are left out have their defaults."""
    given = {parameter.name: parameter.default for parameter in model.parameters} | dict(parameters)
    derived = {name: np.asarray(value, dtype=np.float64) for name, value in model.derive(given).items()}
    first = {
        variable.name: np.asarray(initial.get(variable.name, _first(derived, variable.initial)), dtype=np.float64)
        for variable in model.state
    }
    numbers = {name: (_parameter_kind(model, name), value) for name, value in derived.items()}
    taus = {name: numbers.pop(name)[1] for name in model.time_constants}
    numbers |= _factors({name: tau for name, tau in taus.items() if not _is_one(tau)}, timestep)
    tables = decay_tables({name: float(tau.flat[0]) for name, tau in taus.items() if _is_one(tau)}, timestep)
    states = {name: (_state_kind(model, name), value) for name, value in first.items()}
    uniform = {name: (kind, value) for name, (kind, value) in numbers.items() if _is_one(value)}
    own = {name: numbers[name] for name in numbers if name not in uniform}
    return Releasing(
        model,
        _program(model, _Registers(states, own, uniform, tables)),
        {name: to_words(kind, value) for name, (kind, value) in (states | own).items()}
        | ({STREAM: np.arange(n)} if model.draws else {}),
    )


def to_words(kind: Kind, values: Floats) -> Words:
    """Nearest words of one kind, the largest for numbers beyond."""
    low, high = LARGEST[kind]
    words: Words = np.clip(np.rint(values * UNITS[kind]), low, high).astype(np.int64)
    return words


def _first(derived: Mapping[str, Floats], initial: float | str) -> Floats:
    return derived[initial] if isinstance(initial, str) else np.asarray(initial)


def _is_one(value: Floats) -> bool:
    return value.ndim == 0 or bool((value == value[:1]).all())


def _parameter_kind(model: ReleaseModel, name: str) -> Kind:
    if name in model.counts:
        return Kind.INTEGER
    limits = {parameter.name: (parameter.minimum, parameter.maximum) for parameter in model.parameters}
    return Kind.UNIT if limits.get(name) == (0.0, 1.0) else Kind.ACCUM


def _state_kind(model: ReleaseModel, name: str) -> Kind:
    return Kind.INTEGER if name in model.counts else Kind.UNIT


def _factors(taus: Mapping[str, Floats], timestep: float) -> dict[str, tuple[Kind, Floats]]:
    """``exp(-timestep / tau)`` of each time constant; 0 for one of 0."""
    with np.errstate(divide="ignore"):
        return {f"{FACTOR}{name}": (Kind.FRACTION, np.exp(-timestep / tau)) for name, tau in taus.items()}


@dataclass(frozen=True)
class DecayTables:
    """Two tables of s0.31 that multiply to ``exp(-n * timestep / tau)``: of the low bits of n, and of all of it."""

    fine: Table
    coarse: Table

    def __call__(self, steps: Traced) -> Traced:
        """The decay over an integer number of steps, at least 0."""
        shift = self.coarse.shift
        return lookup(self.fine, steps - (steps >> shift << shift)) * lookup(self.coarse, steps)


def decay_tables(taus: Mapping[str, float], timestep: float) -> dict[str, DecayTables | None]:
    """Tables of time constants (ms), all cut at the same bit, where they are shortest; None for a tau of 0."""
    longest = max((LIFETIMES * tau / timestep for tau in taus.values()), default=1.0)
    shift = max(4, math.ceil(math.log2(max(longest, 1.0)) / 2))
    return {name: _decay_tables(timestep / tau, shift) if tau else None for name, tau in taus.items()}


def _decay_tables(rate: float, shift: int) -> DecayTables:
    """Tables of ``exp(-rate * n)``; the coarse one ends with 0."""
    fine = to_words(Kind.UNIT, np.exp(-rate * np.arange(1 << shift)))
    blocks = math.ceil(LIFETIMES / rate / (1 << shift))
    coarse = to_words(Kind.UNIT, np.exp(-rate * (np.arange(blocks) << shift)))
    return DecayTables(
        Table(tuple(fine.tolist()), 0, 0, Kind.UNIT, Kind.INTEGER),
        Table((*coarse.tolist(), 0), 0, shift, Kind.UNIT, Kind.INTEGER),
    )


@dataclass(frozen=True, eq=False)
class _Registers:
    """What a program finds: states, parameters that synapses have of their own, those of all, and decays."""

    states: Mapping[str, tuple[Kind, Floats]]
    own: Mapping[str, tuple[Kind, Floats]]
    uniform: Mapping[str, tuple[Kind, Floats]]
    tables: Mapping[str, DecayTables | None]


def _program(model: ReleaseModel, given: _Registers) -> Program:
    """The traced program; states, then parameters of the synapses' own, then constants."""
    registers = [Register(name, Role.STATE, 0, kind) for name, (kind, _) in given.states.items()]
    registers += [Register(name, Role.PARAMETER, 0, kind) for name, (kind, _) in given.own.items()]
    registers += [Register(name, Role.CONSTANT, _constant(k, value), k) for name, (k, value) in given.uniform.items()]
    registers += [Register("weight", Role.INPUT), Register("since_pre", Role.INPUT, 0, Kind.INTEGER)]
    registers += [Register(f"draw_{number}", Role.INPUT, 0, Kind.UNIT) for number in range(model.draws)]
    registers += [Register("nothing", Role.CONSTANT, 0, Kind.UNIT)]

    def step(r: Mapping[str, Traced]) -> Step:
        decay = {tau: _decay(tau, given.tables, r) for tau in model.time_constants}
        draw = tuple(r[f"draw_{number}"] for number in range(model.draws))
        done = model.release({name: r[name] for name in given.states}, r, r["weight"], decay, draw)
        return Step(done.state, None, {"sent": done.sent})

    return trace(f"{model.name}.release", registers, step, f"{type(model).__name__}.release()")


def _decay(tau: str, tables: Mapping[str, DecayTables | None], r: Mapping[str, Traced]) -> Traced:
    """``exp(-since / tau)`` as s0.31."""
    if tau not in tables:
        return convert(power(r[f"{FACTOR}{tau}"], r["since_pre"]), Kind.UNIT)
    table = tables[tau]
    return r["nothing"] if table is None else table(r["since_pre"])


def _constant(kind: Kind, value: Floats) -> int:
    word = int(to_words(kind, value.reshape(-1)[:1])[0])
    return word - 2**32 if word >= 2**31 else word
