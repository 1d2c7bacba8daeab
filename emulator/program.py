"""The program of a core: a short list of operations, each done for all neurons of the core at once.

A program has registers; each register holds one 32-bit word a neuron (structure of arrays).  An
instruction names an operation, the register it writes and the registers it reads.  There is no jump:
a choice is a mask (0 or -1) and a SELECT.  So a program is data, it costs one dispatch an operation
and not one a neuron, and the loop of each operation is left to the C compiler to vectorise.

Words are two's complement.  Operations and their meaning, for words a, b, c (SPINNAKER arithmetic,
spinn_common ``stdfix-full-iso.h`` and sPyNNaker ``neuron/`` sources):

=========  =====================================================================
ADD        a + b, wraps
SUB        a - b, wraps
MUL        floor(a * b / 2**15), wraps: s16.15 times s16.15
DECAY      floor(a * b / 2**32), a signed, b unsigned: s16.15 times u0.32
SHL, SHR   a << n, a >> n (arithmetic); n is the instruction's immediate
GE, GT     -1 where a >= b (a > b), else 0
AND, OR    bitwise, for masks
SELECT     b where a is a true mask, else c
COPY       a
=========  =====================================================================

The spike register is read after the program.  Of what can be recorded, a STATE register is read before the
program (the state that the tick starts with) and a SCRATCH register after it (what the tick computed, as
the synaptic input after the arrivals of the tick).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emulator.errors import ProgramError

INSTRUCTION_WORDS = 6
"""Words of an instruction in `Program.code`: op, out, a, b, c, n."""
WORD_BITS = 32


class Op(IntEnum):
    """Operation codes."""

    ADD = 0
    SUB = 1
    MUL = 2
    DECAY = 3
    SHL = 4
    SHR = 5
    GE = 6
    GT = 7
    AND = 8
    OR = 9
    SELECT = 10
    COPY = 11


class Kind(IntEnum):
    """How the word of a register is read; the operations do not care, a reader does."""

    ACCUM = 0
    """s16.15: the value is word / 2**15."""
    FRACTION = 1
    """u0.32: the value is (unsigned word) / 2**32."""
    INTEGER = 2
    MASK = 3
    """-1 is true, 0 is false."""


class Role(IntEnum):
    """What a register is for."""

    STATE = 0
    """Kept from tick to tick; the image gives its first value."""
    PARAMETER = 1
    """Constant during a run; the image gives it, one word a neuron."""
    CONSTANT = 2
    """The same word for every neuron, given by the program."""
    RECEPTOR = 3
    """Input of one receptor in this tick: the ring-buffer slot, already shifted to s16.15."""
    CURRENT = 4
    """Sum of the injected currents in this tick."""
    SCRATCH = 5


@dataclass(frozen=True)
class Register:
    """A register: its name, its role and, for a constant, its word (signed)."""

    name: str
    role: Role
    value: int = 0
    kind: Kind = Kind.ACCUM


@dataclass(frozen=True)
class Instruction:
    """``out = op(a, b, c)``: register numbers, or the immediate `n` of a shift."""

    op: Op
    out: int
    a: int
    b: int = 0
    c: int = 0
    n: int = 0


@dataclass(frozen=True)
class Program:
    """The program of a core.

    Parameters
    ----------
    name : str
        The cell model it came from.
    registers : tuple of Register
        RECEPTOR registers stand in the order of the synapse types of the rows.
    instructions : tuple of Instruction
        Run once a tick, in order.
    spike : int
        The register that is a true mask (-1) for the neurons that spike in this tick.
    recorded : tuple of (str, int, int)
        (variable, register, left shift): what can be recorded; the value is word << shift, as s16.15.
    """

    name: str
    registers: tuple[Register, ...]
    instructions: tuple[Instruction, ...]
    spike: int
    recorded: tuple[tuple[str, int, int], ...]

    @cached_property
    def code(self) -> NDArray[np.int32]:
        """The instructions as the kernels take them: int32[instructions, 6], rows of op, out, a, b, c, n.

        Raises
        ------
        ProgramError
            If an instruction names a register that there is not, writes one that is not STATE or SCRATCH,
            or shifts by more than a word; if the spike or a recorded register is not there.
        """
        for register in (self.spike, *(register for _, register, _ in self.recorded)):
            self._check_register(f"program '{self.name}'", register)
        for number, instruction in enumerate(self.instructions):
            self._check(number, instruction)
        rows = [(i.op, i.out, i.a, i.b, i.c, i.n) for i in self.instructions]
        code = np.array(rows, dtype=np.int32).reshape(-1, INSTRUCTION_WORDS)
        code.flags.writeable = False
        return code

    def _check(self, number: int, instruction: Instruction) -> None:
        where = f"program '{self.name}', instruction {number} ({instruction.op.name})"
        for register in (instruction.out, instruction.a, instruction.b, instruction.c):
            self._check_register(where, register)
        out = self.registers[instruction.out]
        if out.role not in (Role.STATE, Role.SCRATCH):
            raise ProgramError(f"{where}: writes register '{out.name}' of role {out.role.name}, which is read-only")
        if not 0 <= instruction.n < WORD_BITS:
            raise ProgramError(f"{where}: shift by {instruction.n}, must be 0..{WORD_BITS - 1}")

    def _check_register(self, where: str, register: int) -> None:
        if not 0 <= register < len(self.registers):
            raise ProgramError(f"{where}: register {register} does not exist, there are {len(self.registers)}")

    def register(self, name: str) -> int:
        """The number of the register called `name`; KeyError if there is none."""
        for number, register in enumerate(self.registers):
            if register.name == name:
                return number
        raise KeyError(name)

    def numbers(self, role: Role) -> tuple[int, ...]:
        """The numbers of all registers of `role`, in order."""
        return tuple(n for n, register in enumerate(self.registers) if register.role == role)
