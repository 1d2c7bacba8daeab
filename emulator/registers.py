"""The registers of a core in the host's memory, laid out so that few cache lines are touched.

State, and parameters that differ between neurons, have rows of their own.  A constant, or a parameter that is the
same for all neurons of a core, has one row for all cores that need its value.  A table is the program's own, for all
cores that run it.  What does not outlive a tick has no row here: each thread has one block of scratch for all its
cores.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emulator.image import NeuronCore
from emulator.program import Program, Register, Role
from emulator.update import aligned

SCRATCH = (Role.RECEPTOR, Role.RANDOM, Role.SCRATCH)
"""Registers that are written before they are read in every tick."""

Row = NDArray[np.int32]


class SharedRows:
    """Rows that hold one value each, for all cores.

    Parameters
    ----------
    n : int
        Neurons of the largest core.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._rows: dict[int, Row] = {}

    def of(self, value: int, n: int) -> Row:
        """`n` words of `value`, not to be written."""
        if value not in self._rows:
            row = aligned(1, self._n)[0]
            row[:] = value
            self._rows[value] = row
        return self._rows[value][:n]


def rows_of(program: Program, core: NeuronCore, shared: SharedRows) -> list[Row | None]:
    """The rows of the registers of a core, in their order, with their first words; None for scratch."""
    own = iter(aligned(len(program.registers), core.n))
    return [
        program.table(number).words if register.role == Role.TABLE else _row(register, core, own, shared)
        for number, register in enumerate(program.registers)
    ]


def _row(register: Register, core: NeuronCore, own: Iterator[Row], shared: SharedRows) -> Row | None:
    if register.role in SCRATCH:
        return None
    if register.role == Role.CONSTANT:
        return shared.of(register.value, core.n)
    if register.role == Role.CURRENT:
        return next(own)
    words = core.registers[register.name]
    if register.role == Role.PARAMETER and np.all(words == words[0]):
        return shared.of(int(words[0]), core.n)
    row = next(own)
    row[:] = words
    return row
