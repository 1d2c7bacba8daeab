"""Run in real numbers, a program computes what its operations mean."""

import numpy as np
import pytest

from emulator import interpreter
from emulator.program import Instruction, Kind, Op, Program, Register, Role

A, B, F, M, OUT = range(5)
REGISTERS = (
    Register("a", Role.STATE),
    Register("b", Role.STATE),
    Register("f", Role.STATE, kind=Kind.FRACTION),
    Register("m", Role.STATE, kind=Kind.MASK),
    Register("out", Role.STATE),
)
RAW = np.array([[98304, -32768], [-16384, -32768], [1 << 30, -(1 << 31)], [-1, 0], [0, 0]], np.int32)


@pytest.mark.parametrize(
    ("op", "a", "b", "wanted"),
    [
        (Op.ADD, A, B, [2.5, -2.0]),
        (Op.SUB, A, B, [3.5, 0.0]),
        (Op.MUL, A, B, [-1.5, 1.0]),
        (Op.DECAY, A, F, [0.75, -0.5]),
        (Op.SHL, A, B, [12.0, -4.0]),
        (Op.SHR, A, B, [0.75, -0.25]),
        (Op.GE, A, B, [-1.0, -1.0]),
        (Op.GT, A, B, [-1.0, 0.0]),
        (Op.AND, M, M, [-1.0, 0.0]),
        (Op.OR, M, M, [-1.0, 0.0]),
        (Op.SELECT, M, A, [3.0, -1.0]),
        (Op.COPY, A, A, [3.0, -1.0]),
    ],
)
def test_real_and_words_agree_on_small_numbers(op: Op, a: int, b: int, wanted: list[float]) -> None:
    program = Program("one", REGISTERS, (Instruction(op, OUT, a, b, B, 2),), 0, ())
    reals = interpreter.real_registers(program, RAW)
    interpreter.run_real(program, reals)
    assert reals[OUT].tolist() == wanted
    words = RAW.copy()
    interpreter.run_words(program, words)
    kind = Kind.MASK if op in (Op.GE, Op.GT, Op.AND, Op.OR) else Kind.ACCUM
    np.testing.assert_allclose(interpreter.real(words[OUT], kind), wanted, atol=2.0**-15)
