"""A program run one operation at a time in numpy: the oracle of the kernels, and their real counterpart.

`run_words` computes in 64-bit integers what the kernels compute in vectors of 32-bit words, and must give
the same words.  `run_real` gives each operation its meaning for real numbers in float64; what differs
between the two is the error of fixed point alone, apart from the error of the algorithm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emulator.program import MOST_TRIALS, TABLE_OPS, Instruction, Kind, Op, Program, Table

Words = NDArray[np.int64]
Reals = NDArray[np.float64]

RESOLUTION: Mapping[Kind, float] = {
    Kind.ACCUM: 2.0**-15,
    Kind.FRACTION: 2.0**-32,
    Kind.INTEGER: 1.0,
    Kind.MASK: 1.0,
    Kind.UNIT: 2.0**-31,
    Kind.TRACE: 2.0**-11,
}
"""Value of the lowest bit of a word of each kind."""

DRAW_STEP = 0x9E3779B9
"""What lies between the seeds of two draws of BINOMIAL: 2^32 over the golden ratio, as in a Weyl sequence."""
SCRAMBLE = ((16, 0x7FEB352D), (15, 0x846CA68B))
"""Shifts and factors of the scrambler of BINOMIAL: C. Wellons 2018, "Prospecting for Hash Functions" (lowbias32)."""

_WORDS: Mapping[Op, Callable[[Words, Words, Words, int], Words]] = {
    Op.ADD: lambda a, b, c, n: a + b,
    Op.SUB: lambda a, b, c, n: a - b,
    Op.MUL: lambda a, b, c, n: (a * b) >> 15,
    Op.SCALE: lambda a, b, c, n: (a * b) >> n,
    Op.DECAY: lambda a, b, c, n: (a * _unsigned(b)) >> 32,
    Op.DIV: lambda a, b, c, n: _quotient(a << 15, b),
    Op.SHL: lambda a, b, c, n: a << n,
    Op.SHR: lambda a, b, c, n: a >> n,
    Op.LSR: lambda a, b, c, n: _unsigned(a) >> n,
    Op.GE: lambda a, b, c, n: -(a >= b).astype(np.int64),
    Op.GT: lambda a, b, c, n: -(a > b).astype(np.int64),
    Op.AND: lambda a, b, c, n: a & b,
    Op.OR: lambda a, b, c, n: a | b,
    Op.SELECT: lambda a, b, c, n: (b & a) | (c & ~a),
    Op.COPY: lambda a, b, c, n: a,
    Op.POW: lambda a, b, c, n: _power(a, b),
    Op.BINOMIAL: lambda a, b, c, n: _successes(a, b, c),
    Op.SCALE16: lambda a, b, c, n: a.astype(np.int16).astype(np.int64) * b.astype(np.int16) >> n,
}

_REALS: Mapping[Op, Callable[[Reals, Reals, Reals, float], Reals]] = {
    Op.ADD: lambda a, b, c, factor: a + b,
    Op.SUB: lambda a, b, c, factor: a - b,
    Op.MUL: lambda a, b, c, factor: a * b,
    Op.SCALE: lambda a, b, c, factor: a * b * factor,
    Op.SCALE16: lambda a, b, c, factor: a * b * factor,
    Op.DECAY: lambda a, b, c, factor: a * b,
    Op.DIV: lambda a, b, c, factor: np.divide(a, b, out=np.zeros_like(a), where=b != 0),
    Op.SHL: lambda a, b, c, factor: a * factor,
    Op.SHR: lambda a, b, c, factor: a * factor,
    Op.LSR: lambda a, b, c, factor: a * factor,
    Op.GE: lambda a, b, c, factor: -(a >= b).astype(np.float64),
    Op.GT: lambda a, b, c, factor: -(a > b).astype(np.float64),
    Op.AND: lambda a, b, c, factor: -((a != 0) & (b != 0)).astype(np.float64),
    Op.OR: lambda a, b, c, factor: -((a != 0) | (b != 0)).astype(np.float64),
    Op.SELECT: lambda a, b, c, factor: np.where(a != 0, b, c),
    Op.COPY: lambda a, b, c, factor: a,
    Op.POW: lambda a, b, c, factor: a ** np.maximum(b, 0.0),
    Op.BINOMIAL: lambda a, b, c, factor: _successes(*map(_integers, (a, b * 2.0**32, c * factor))).astype(np.float64),
}


def _unsigned(words: Words) -> Words:
    return words & 0xFFFFFFFF


def _quotient(a: Words, b: Words) -> Words:
    """Quotient of integers towards zero; 0 where the divisor is 0."""
    size = np.abs(a) // np.maximum(np.abs(b), 1)
    return np.where(b == 0, 0, np.where((a < 0) == (b < 0), size, -size))


def _power(a: Words, b: Words) -> Words:
    """Fractions `a` to whole powers `b`, by squaring."""
    square = _unsigned(a).astype(np.uint64)
    power, left = np.full_like(square, 0xFFFFFFFF), np.maximum(b, 0)
    while left.any():
        power = np.where(left & 1, _product_of_fractions(power, square), power)
        square, left = _product_of_fractions(square, square), left >> 1
    return power.astype(np.int64)


def _product_of_fractions(x: NDArray[np.uint64], y: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Product of u0.32 words in which all ones is 1."""
    return ((x + np.uint64(1)) * y) >> np.uint64(32)


def _successes(trials: Words, probability: Words, seed: Words) -> Words:
    """Successes in a number of trials, of probability u0.32."""
    count, probability = np.zeros_like(trials), _unsigned(probability)
    for trial in range(1, min(int(trials.max(initial=0)), MOST_TRIALS) + 1):
        drawn = _scrambled(_unsigned(seed + trial * DRAW_STEP))
        succeeds = (drawn < probability) | (probability == 0xFFFFFFFF)
        count += succeeds & (trial <= trials)
    return count


def successes(trials: Reals, probability: Reals, seed: Reals) -> Reals:
    """What BINOMIAL makes of real numbers, given a seed in [0, 1), which stands for an s0.31 word."""
    words = trials, np.minimum(probability * 2.0**32, 0xFFFFFFFF), seed * 2.0**31
    return _successes(*np.broadcast_arrays(*map(_integers, words))).astype(np.float64)


def _scrambled(word: Words) -> Words:
    """A bijection of 32-bit words after which counted numbers look random."""
    for shift, factor in SCRAMBLE:
        word = _unsigned((word ^ (word >> shift)) * factor)
    return word ^ (word >> 16)


def _integers(values: Reals) -> Words:
    return np.rint(values).astype(np.int64)


def wrap(words: Words) -> NDArray[np.int32]:
    """Low 32 bits of each integer, as a signed word."""
    return _unsigned(words).astype(np.uint32).view(np.int32)


def real(words: NDArray[np.int32], kind: Kind) -> Reals:
    """The values of `words` of one kind."""
    raw = words.view(np.uint32) if kind == Kind.FRACTION else words
    return raw.astype(np.float64) * RESOLUTION[kind]


# --- tables -----------------------------------------------------------------------------------------


def _table_words(table: Table, op: Op, a: Words) -> Words:
    """Words that the table has at the words `a`."""
    values: Words = table.words[3:].astype(np.int64)
    distance: Words = np.clip(a, table.first, table.last) - table.first
    entry: Words = distance >> table.shift
    if op == Op.LOOKUP:
        return np.take(values, entry)
    entry = np.minimum(entry, len(values) - 2)
    low, high = np.take(values, entry), np.take(values, entry + 1)
    rise: Words = wrap(high - low).astype(np.int64)
    return low + (rise * (distance - (entry << table.shift)) >> table.shift)


def look_up(table: Table, x: Reals) -> Reals:
    """The value of the last point at or before each of the real numbers `x`."""
    place = np.floor((x / RESOLUTION[table.argument] - table.first) / 2.0**table.shift)
    return real(table.words[3:], table.kind)[np.clip(place, 0, len(table.values) - 1).astype(np.intp)]


def interpolate(table: Table, x: Reals) -> Reals:
    """The values at the real numbers `x`, on straight lines between the points."""
    points = (table.first + (np.arange(len(table.values)) << table.shift)) * RESOLUTION[table.argument]
    return np.interp(x, points, real(table.words[3:], table.kind))


# --- programs ---------------------------------------------------------------------------------------


def _operands(instruction: Instruction) -> tuple[int, int, int]:
    return instruction.a, instruction.b, instruction.c


def run_words(program: Program, registers: NDArray[np.int32]) -> None:
    """Run `program` once over int32[registers, n], in place; rows of tables are left alone."""
    for instruction in program.instructions:
        a, b, c = (registers[r].astype(np.int64) for r in _operands(instruction))
        if instruction.op in TABLE_OPS:
            result = _table_words(program.table(instruction.b), instruction.op, a)
        else:
            result = _WORDS[instruction.op](a, b, c, instruction.n)
        registers[instruction.out] = wrap(result)


def run_real(program: Program, registers: Reals) -> None:
    """Run `program` once over float64[registers, n] of real values, in place; a true mask is -1.

    Where a shift turns one kind into another it keeps the value, but for what a lower resolution cuts off; only an
    integer is cut to whole numbers here too.
    """
    kinds = [register.kind for register in program.registers]
    for instruction in program.instructions:
        a, b, c = (registers[r] for r in _operands(instruction))
        if instruction.op in TABLE_OPS:
            result = (look_up if instruction.op == Op.LOOKUP else interpolate)(program.table(instruction.b), a)
        else:
            result = _REALS[instruction.op](a, b, c, _factor(instruction, kinds))
        if instruction.kind == Kind.INTEGER and instruction.op in (Op.SHR, Op.LSR, Op.SCALE, Op.SCALE16):
            result = np.floor(result)
        registers[instruction.out] = result
        kinds[instruction.out] = instruction.kind


def _factor(instruction: Instruction, kinds: Sequence[Kind]) -> float:
    """What a shift by n bits multiplies a number by, which depends on the kinds before and after.

    For BINOMIAL, which computes with words, what turns the seed into its word.
    """
    if instruction.op == Op.BINOMIAL:
        return 1.0 / RESOLUTION[kinds[instruction.c]]
    a, b, out = (RESOLUTION[kind] for kind in (kinds[instruction.a], kinds[instruction.b], instruction.kind))
    if instruction.op in (Op.SCALE, Op.SCALE16):
        return out / (a * b) / 2.0**instruction.n
    return out / a * 2.0 ** (instruction.n if instruction.op == Op.SHL else -instruction.n)


def real_registers(program: Program, registers: NDArray[np.int32]) -> Reals:
    """The values of int32[registers, n] by the kinds that the program declares, for `run_real`."""
    rows = zip(registers, program.registers, strict=True)
    return np.stack([real(np.ascontiguousarray(row), register.kind) for row, register in rows])
