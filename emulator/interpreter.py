"""A program run one operation at a time in numpy: the oracle of the kernels, and their real counterpart.

`run_words` computes in 64-bit integers what the kernels compute in vectors of 32-bit words, and must give
the same words.  `run_real` gives each operation its meaning for real numbers in float64; what differs
between the two is the error of fixed point alone, apart from the error of the algorithm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.program import Instruction, Kind, Op, Program

Words = NDArray[np.int64]
Reals = NDArray[np.float64]

SCALE: Mapping[Kind, float] = {Kind.ACCUM: 2.0**-15, Kind.FRACTION: 2.0**-32, Kind.INTEGER: 1.0, Kind.MASK: 1.0}
"""Value of the lowest bit of a word of each kind."""

_WORDS: Mapping[Op, Callable[[Words, Words, Words, int], Words]] = {
    Op.ADD: lambda a, b, c, n: a + b,
    Op.SUB: lambda a, b, c, n: a - b,
    Op.MUL: lambda a, b, c, n: (a * b) >> 15,
    Op.DECAY: lambda a, b, c, n: (a * (b & 0xFFFFFFFF)) >> 32,
    Op.SHL: lambda a, b, c, n: a << n,
    Op.SHR: lambda a, b, c, n: a >> n,
    Op.GE: lambda a, b, c, n: -(a >= b).astype(np.int64),
    Op.GT: lambda a, b, c, n: -(a > b).astype(np.int64),
    Op.AND: lambda a, b, c, n: a & b,
    Op.OR: lambda a, b, c, n: a | b,
    Op.SELECT: lambda a, b, c, n: (b & a) | (c & ~a),
    Op.COPY: lambda a, b, c, n: a,
}

_REALS: Mapping[Op, Callable[[Reals, Reals, Reals, int], Reals]] = {
    Op.ADD: lambda a, b, c, n: a + b,
    Op.SUB: lambda a, b, c, n: a - b,
    Op.MUL: lambda a, b, c, n: a * b,
    Op.DECAY: lambda a, b, c, n: a * b,
    Op.SHL: lambda a, b, c, n: a * 2.0**n,
    Op.SHR: lambda a, b, c, n: a / 2.0**n,
    Op.GE: lambda a, b, c, n: -(a >= b).astype(np.float64),
    Op.GT: lambda a, b, c, n: -(a > b).astype(np.float64),
    Op.AND: lambda a, b, c, n: -((a != 0) & (b != 0)).astype(np.float64),
    Op.OR: lambda a, b, c, n: -((a != 0) | (b != 0)).astype(np.float64),
    Op.SELECT: lambda a, b, c, n: np.where(a != 0, b, c),
    Op.COPY: lambda a, b, c, n: a,
}


def wrap(words: Words) -> NDArray[np.int32]:
    """Low 32 bits of each integer, as a signed word."""
    return (words & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def real(words: NDArray[np.int32], kind: Kind) -> Reals:
    """The values of `words` of one kind."""
    raw = words.view(np.uint32) if kind == Kind.FRACTION else words
    return raw.astype(np.float64) * SCALE[kind]


def _operands(instruction: Instruction) -> tuple[int, int, int]:
    return instruction.a, instruction.b, instruction.c


def run_words(program: Program, registers: NDArray[np.int32]) -> None:
    """Run `program` once over int32[registers, n], in place."""
    for instruction in program.instructions:
        a, b, c = (registers[r].astype(np.int64) for r in _operands(instruction))
        registers[instruction.out] = wrap(_WORDS[instruction.op](a, b, c, instruction.n))


def run_real(program: Program, registers: Reals) -> None:
    """Run `program` once over float64[registers, n] of real values, in place; a true mask is -1."""
    for instruction in program.instructions:
        a, b, c = (registers[r] for r in _operands(instruction))
        registers[instruction.out] = _REALS[instruction.op](a, b, c, instruction.n)


def real_registers(program: Program, registers: NDArray[np.int32]) -> Reals:
    """The values of int32[registers, n] by the kinds that the program declares, for `run_real`."""
    rows = zip(registers, program.registers, strict=True)
    return np.stack([real(np.ascontiguousarray(row), register.kind) for row, register in rows])
