"""Fixed-point operations and functions by their names in the golden files.

What a program can do (sums, products, quotients, decays, shifts) runs through the kernels of the emulator, the rest
through the functions that derive the first words of a core.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic, update
from emulator.conversion import FORMAT_BYTES, literal_to_accum
from emulator.program import Instruction, Op, Program, Register, Role
from toolchain.models.lif import membrane_factor
from toolchain.models.synapses import ONE_ULR, decay_factor, initial_factor

Integers = NDArray[np.int64]
Words = NDArray[np.int32]
Operation = Callable[[Integers, Integers], Words]


def _unary(function: Callable[[Integers], Words]) -> Operation:
    return lambda a, b: function(a)


def _constant(word: int) -> Operation:
    return lambda a, b: np.full(a.shape, word, dtype=np.int32)


def kernel(op: Op, shift: int = 0) -> Operation:
    """One operation of a program, run by the kernel that the emulator uses."""
    registers = (Register("a", Role.STATE), Register("b", Role.STATE), Register("out", Role.SCRATCH))
    program = Program(op.name, registers, (Instruction(op, 2, 0, 1, 0, shift),), 2, ())

    def run(a: Integers, b: Integers) -> Words:
        core = update.allocate(program, {"a": arithmetic.as_words(a), "b": arithmetic.as_words(b)}, len(a))
        update.run(program, core)
        return np.ascontiguousarray(core[2])

    return run


OPERATIONS: Mapping[str, Operation] = {
    "k+k": kernel(Op.ADD),
    "k*k": kernel(Op.MUL),
    "decay_s1615": kernel(Op.DECAY),
    "-k": _unary(arithmetic.k_neg),
    "k/k": kernel(Op.DIV),
    "satk+satk": arithmetic.k_add_sat,
    "satk*satk": arithmetic.k_mul_sat,
    "satk/satk": arithmetic.k_div_sat,
    "uk*uk": arithmetic.uk_mul,
    "uk/uk": arithmetic.uk_div,
    "lr*lr": kernel(Op.SCALE, 31),
    "ulr*ulr": arithmetic.ulr_mul,
    "k*ulr->k": arithmetic.k_mul_ulr,
    "k*lr->k": arithmetic.k_mul_lr,
    "k*int->k": kernel(Op.SCALE, 0),
    "k->int": _unary(arithmetic.k_to_int),
    "int->k": _unary(arithmetic.int_to_k),
    "k->ulr": kernel(Op.SHL, 17),
    "ulr->k": kernel(Op.LSR, 17),
    "k->lr": kernel(Op.SHL, 16),
    "lr->k": kernel(Op.SHR, 16),
    "k->uk": _unary(arithmetic.k_to_uk),
    "uk->k": _unary(arithmetic.uk_to_k),
    "double->k(x1e9)": lambda a, b: literal_to_accum(a / 1e9),
    "1.0ulr const": _constant(ONE_ULR),
    "expk": _unary(arithmetic.expk),
    "expuk": _unary(arithmetic.expuk),
    "expulr": _unary(arithmetic.expulr),
    "sqrtk": _unary(arithmetic.sqrtk),
    "kdivk": arithmetic.kdivk,
    "decay_s1615_to_u032": arithmetic.k_mul_ulr_to_ulr,
    "exp_TC(expk)": lambda dt, tau: membrane_factor(arithmetic.as_words(dt), arithmetic.as_words(tau)),
    "syn_decay": lambda dt, tau: decay_factor(arithmetic.as_words(dt), arithmetic.as_words(tau)),
    "syn_init": lambda dt, tau: initial_factor(arithmetic.as_words(dt), arithmetic.as_words(tau)),
}


def operation(name: str) -> Operation | None:
    """The operation or function that a golden file calls `name`; None if there is none."""
    if known := OPERATIONS.get(name):
        return known
    if shift := re.fullmatch(r"k(<<|>>)(\d+)", name):
        return kernel(Op.SHL if shift[1] == "<<" else Op.SHR, int(shift[2]))
    if literal := re.fullmatch(r"const (-?[\d.]+(?:e-?\d+)?)k", name):
        return _constant(int(literal_to_accum(float(literal[1]))))
    if name.startswith("sizeof ") and (size := FORMAT_BYTES.get(name.removeprefix("sizeof "))):
        return _constant(size)
    return None
