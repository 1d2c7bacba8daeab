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
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


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
    """A register: its name, its role and, for a constant, its word."""

    name: str
    role: Role
    value: int = 0


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
        (variable, register, left shift): what can be recorded, read before anything moves in the tick.
    """

    name: str
    registers: tuple[Register, ...]
    instructions: tuple[Instruction, ...]
    spike: int
    recorded: tuple[tuple[str, int, int], ...]

    def register(self, name: str) -> int:
        """The number of the register called `name`; KeyError if there is none."""
        for number, register in enumerate(self.registers):
            if register.name == name:
                return number
        raise KeyError(name)

    def numbers(self, role: Role) -> tuple[int, ...]:
        """The numbers of all registers of `role`, in order."""
        return tuple(n for n, register in enumerate(self.registers) if register.role == role)
