"""Functions for the steps and formulas of models: of traced values, and most of them of floats alike.

Given floats they compute in floats what the core computes in words, so that one formula can serve both simulators.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from emulator import interpreter
from emulator.errors import ProgramError
from emulator.interpreter import RESOLUTION
from emulator.program import Kind, Op, Table
from toolchain.models.traced import KIND_NAMES, NUMBERS, Number, Traced

Floats = NDArray[np.float64] | float
FRACTION_BITS: Mapping[Kind, int] = {
    Kind.INTEGER: 0,
    Kind.TRACE: 11,
    Kind.ACCUM: 15,
    Kind.UNIT: 31,
    Kind.FRACTION: 32,
}
BEYOND_SHIFTS = ({Kind.INTEGER, Kind.UNIT}, {Kind.INTEGER, Kind.FRACTION})
"""Kinds of which neither holds anything of the other."""


@overload
def select(mask: Traced, a: Traced | Number, b: Traced | Number) -> Traced: ...
@overload
def select(mask: NDArray[np.bool_] | bool, a: Floats, b: Floats) -> NDArray[np.float64]: ...
def select(mask: Any, a: Any, b: Any) -> Any:
    """`a` where `mask` is true, else `b`.

    Of traced values at least one is traced, and both are of one kind.
    """
    if not _any_traced(mask, a, b):
        return np.where(mask, a, b)
    if not isinstance(mask, Traced) or mask.kind != Kind.MASK:
        raise ProgramError(f"select() needs a mask, such as v >= threshold, got {_described(mask)}")
    known = a if isinstance(a, Traced) else b
    if not isinstance(known, Traced):
        raise ProgramError(f"select() between two plain numbers, {a!r} and {b!r}: make one a parameter")
    pair = [known.partner(x, "select between", tuple(Kind)) for x in (a, b)]
    return mask.trace.operation(Op.SELECT, known.kind, mask, *pair)


@overload
def decay(value: Traced, factor: Traced) -> Traced: ...
@overload
def decay(value: Floats, factor: Floats) -> Floats: ...
def decay(value: Any, factor: Any) -> Any:
    """`value` (s16.15, s0.31 or s4.11) times `factor` (u0.32), towards minus infinity, of the kind of `value`."""
    if not _any_traced(value, factor):
        return value * factor
    scaled, scale = _kinds(value, factor)
    if scaled not in (Kind.ACCUM, Kind.UNIT, Kind.TRACE) or scale != Kind.FRACTION:
        described = f"{_described(value)} and {_described(factor)}"
        raise ProgramError(f"decay() needs an s16.15, s0.31 or s4.11 value and a u0.32 factor, got {described}")
    return value.trace.operation(Op.DECAY, value.kind, value, factor)


@overload
def product(a: Traced, b: Traced, shift: int, kind: Kind) -> Traced: ...
@overload
def product(a: Floats, b: Floats, shift: int, kind: Kind) -> Floats: ...
def product(a: Any, b: Any, shift: int, kind: Kind) -> Any:
    """``floor(a * b / 2**shift)`` of the words of any signed kinds, read as `kind`; it wraps.

    The value of a product of numbers with p and q fractional bits is right where `kind` has ``p + q - shift`` of them.
    """
    if not _any_traced(a, b):
        return a * b
    for factor in (a, b):
        if not isinstance(factor, Traced) or factor.kind not in NUMBERS:
            raise ProgramError(f"product() needs two signed numbers, got {_described(a)} and {_described(b)}")
    if not 0 <= shift <= 32:
        raise ProgramError(f"product() shifts by 0 to 32 bits, got {shift}")
    return a.trace.operation(Op.SCALE, kind, a, b, shift=shift)


@overload
def stopped_product(a: Traced, b: Traced, shift: int, kind: Kind) -> Traced: ...
@overload
def stopped_product(a: Floats, b: Floats, shift: int, kind: Kind) -> Floats: ...
def stopped_product(a: Any, b: Any, shift: int, kind: Kind) -> Any:
    """The same as `product`, `shift` at least 1, but that it stops at the largest and the smallest word."""
    if not _any_traced(a, b):
        return a * b
    if not 1 <= shift <= 32:
        raise ProgramError(f"stopped_product() shifts by 1 to 32 bits, got {shift}")
    inside = product(a, b, shift, kind)
    if shift == 32:
        return inside
    high, half = product(a, b, 32, Kind.INTEGER), 1 << shift - 1
    largest, smallest = ((word * RESOLUTION[kind]) for word in (2**31 - 1, -(2**31)))
    return select(high >= half, largest, select(high < -half, smallest, inside))


@overload
def ratio(a: Traced, b: Traced) -> Traced: ...
@overload
def ratio(a: Floats, b: Floats) -> Floats: ...
def ratio(a: Any, b: Any) -> Any:
    """``a / b`` of two numbers of one kind, as s16.15: towards zero, wraps, 0 where b is 0."""
    if not _any_traced(a, b):
        return a / b
    if not (isinstance(a, Traced) and isinstance(b, Traced) and a.kind == b.kind and a.kind in NUMBERS):
        raise ProgramError(f"ratio() needs two signed numbers of one kind, got {_described(a)} and {_described(b)}")
    return a.trace.operation(Op.DIV, Kind.ACCUM, a, b)


@overload
def fade(value: Traced, factor: Traced) -> Traced: ...
@overload
def fade(value: Floats, factor: Floats) -> Floats: ...
def fade(value: Any, factor: Any) -> Any:
    """`value` times a `factor` (s0.31) of 0 to 1, towards zero: what fades ends at 0, whatever its sign."""
    if not _any_traced(value, factor):
        return value * factor
    return select(value < 0, -(-value * factor), value * factor)


@overload
def convert(x: Traced, kind: Kind) -> Traced: ...
@overload
def convert(x: Floats, kind: Kind) -> Floats: ...
def convert(x: Any, kind: Kind) -> Any:
    """`x` as another kind, as a C cast does it: towards zero to an integer, else towards minus infinity; it wraps.

    Floats stay what they are, but for whole numbers.
    """
    if not isinstance(x, Traced):
        return np.trunc(x) if kind == Kind.INTEGER else x
    if Kind.MASK in (x.kind, kind) or {x.kind, kind} in BEYOND_SHIFTS:
        raise ProgramError(f"cannot convert {KIND_NAMES[x.kind]} to {KIND_NAMES[kind]}")
    bits = FRACTION_BITS[kind] - FRACTION_BITS[x.kind]
    if bits == 0:
        return x
    if bits > 0:
        return x.trace.operation(Op.SHL, kind, x, shift=bits)
    if kind == Kind.INTEGER:
        x = x + select(x < 0, 1 - RESOLUTION[x.kind], x.trace.constant(0, x.kind))
    return x.trace.operation(Op.LSR if x.kind == Kind.FRACTION else Op.SHR, kind, x, shift=-bits)


@overload
def lookup(table: Table, x: Traced) -> Traced: ...
@overload
def lookup(table: Table, x: Floats) -> NDArray[np.float64]: ...
def lookup(table: Table, x: Any) -> Any:
    """The value of `table` at the last of its points at or before `x`; at its ends it goes on as there."""
    return _from_table(Op.LOOKUP, table, x) if isinstance(x, Traced) else interpreter.look_up(table, np.asarray(x))


@overload
def interpolate(table: Table, x: Traced) -> Traced: ...
@overload
def interpolate(table: Table, x: Floats) -> NDArray[np.float64]: ...
def interpolate(table: Table, x: Any) -> Any:
    """The value at `x` on straight lines between the points of `table`; at its ends it goes on as there."""
    return _from_table(Op.LERP, table, x) if isinstance(x, Traced) else interpreter.interpolate(table, np.asarray(x))


@overload
def power(factor: Traced, steps: Traced) -> Traced: ...
@overload
def power(factor: Floats, steps: Floats) -> Floats: ...
def power(factor: Any, steps: Any) -> Any:
    """`factor` (u0.32) to the power `steps` (integer), 1 where that is not positive: a decay over so many steps."""
    if not _any_traced(factor, steps):
        return factor ** np.maximum(steps, 0)
    if _kinds(factor, steps) != (Kind.FRACTION, Kind.INTEGER):
        given = f"{_described(factor)} and {_described(steps)}"
        raise ProgramError(f"power() needs a u0.32 factor and an integer exponent, got {given}")
    return factor.trace.operation(Op.POW, Kind.FRACTION, factor, steps)


@overload
def binomial(trials: Traced, probability: Traced, seed: Traced) -> Traced: ...
@overload
def binomial(trials: Floats, probability: Floats, seed: Floats) -> NDArray[np.float64]: ...
def binomial(trials: Any, probability: Any, seed: Any) -> Any:
    """How many of `trials` (integer, at most 1,023) succeed with `probability` (u0.32 or s0.31).

    The draws follow from the random word `seed`, of any kind: the same word gives the same number.  A float in [0, 1)
    stands for an s0.31 word.
    """
    if not _any_traced(trials, probability, seed):
        return interpreter.successes(*map(np.asarray, (trials, probability, seed)))
    given = _kinds(trials, probability, seed)
    if given[0] != Kind.INTEGER or given[1] not in (Kind.FRACTION, Kind.UNIT) or given[2] is None:
        described = ", ".join(_described(value) for value in (trials, probability, seed))
        raise ProgramError(f"binomial() needs an integer, a u0.32 or s0.31 probability and a seed, got {described}")
    fraction = convert(probability, Kind.FRACTION)
    return trials.trace.operation(Op.BINOMIAL, Kind.INTEGER, trials, fraction, seed)


def _from_table(op: Op, table: Table, x: Traced) -> Traced:
    if x.kind != table.argument:
        raise ProgramError(f"the table takes {KIND_NAMES[table.argument]}, got {KIND_NAMES[x.kind]}")
    return x.trace.operation(op, table.kind, x, x.trace.table(table))


def _any_traced(*values: object) -> bool:
    return any(isinstance(value, Traced) for value in values)


def _kinds(*values: object) -> tuple[Kind | None, ...]:
    """Kind of each value, None for one that is not traced."""
    return tuple(value.kind if isinstance(value, Traced) else None for value in values)


def _described(value: object) -> str:
    return KIND_NAMES[value.kind] if isinstance(value, Traced) else repr(value)
