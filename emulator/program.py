"""The program of a core: a short list of operations, each done for all neurons of the core at once.

A program has registers; each register holds one 32-bit word a neuron (structure of arrays), but for tables, which
all neurons of a core read.  An instruction names an operation, the register it writes and the registers it reads.
There is no jump: a choice is a mask (0 or -1) and a SELECT.  So a program is data, it costs one dispatch an
operation and not one a neuron, and the loop of each operation is left to the C compiler to vectorise.

Words are two's complement.  Operations and their meaning, for words a, b, c (SPINNAKER arithmetic,
spinn_common ``stdfix-full-iso.h`` and sPyNNaker ``neuron/`` sources):

=========  =====================================================================
ADD        a + b, wraps
SUB        a - b, wraps
MUL        floor(a * b / 2**15), wraps: s16.15 times s16.15
SCALE      floor(a * b / 2**n), wraps: products of other formats
SCALE16    floor(a * b / 2**n) of the low 16 bits of a and b, each with its sign
DECAY      floor(a * b / 2**32), a signed, b unsigned: a number times u0.32
DIV        a * 2**15 / b towards zero, wraps; 0 where b is 0: s16.15 by s16.15
SHL, SHR   a << n, a >> n (arithmetic); n is the instruction's immediate
LSR        a >> n, a unsigned
GE, GT     -1 where a >= b (a > b), else 0
AND, OR    bitwise, for masks
SELECT     b where a is a true mask, else c
COPY       a
LOOKUP     entry ``(a - first) >> shift`` of table b; the first or the last beyond it
LERP       the same, on the line from that entry to the next, towards minus infinity;
           the difference of two neighbours wraps
POW        a (u0.32) to the power b, a whole number: products of the squares a**(2**i),
           from the lowest bit of b up, each product floor((x + 1) * y / 2**32), in
           which all ones is 1; all ones where b <= 0
BINOMIAL   how many of a trials (1,023 at the most) succeed, each with probability b
           (u0.32, all ones is 1); word c seeds the draws, the same c draws the same
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
MOST_TRIALS = 1023
"""Trials of BINOMIAL at the most; for so many in each of ten neurons a core needs 0.7 ms."""
NO_SPIKE = -1
"""Spike register of a program of which nothing spikes."""


def fits_word(value: int) -> bool:
    """Whether `value` is a signed 32-bit word."""
    return -(2**31) <= value < 2**31


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
    DIV = 12
    SCALE = 13
    LOOKUP = 14
    LERP = 15
    LSR = 16
    POW = 17
    BINOMIAL = 18
    SCALE16 = 19


UNARY_OPS = (Op.SHL, Op.SHR, Op.LSR, Op.COPY)
TABLE_OPS = (Op.LOOKUP, Op.LERP)
"""Operations whose b is a table."""
TERNARY_OPS = (Op.SELECT, Op.BINOMIAL)


class Kind(IntEnum):
    """How the word of a register is read; the operations do not care, a reader does."""

    ACCUM = 0
    """s16.15: the value is word / 2**15."""
    FRACTION = 1
    """u0.32: the value is (unsigned word) / 2**32."""
    INTEGER = 2
    MASK = 3
    """-1 is true, 0 is false."""
    UNIT = 4
    """s0.31: the value is word / 2**31, for gates and probabilities."""
    TRACE = 5
    """s4.11 in 32 bits: the value is word / 2**11, as the traces of STDP; products take the low 16 bits."""


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
    TABLE = 6
    """A table, given by the program, which a core keeps once for all its neurons."""
    RANDOM = 7
    """A random number for each neuron in each tick, uniform in [0, 1) as s0.31, from a stream of the neuron's own."""
    INPUT = 8
    """Given whenever the program is run: what a program that runs over synapses finds; see `emulator.synaptic_rows`."""


@dataclass(frozen=True)
class Register:
    """A register: its name, its role and, for a constant, its word (signed); for a table, its number."""

    name: str
    role: Role
    value: int = 0
    kind: Kind = Kind.ACCUM


@dataclass(frozen=True)
class Table:
    """A function of a word, by its values at the points ``first + i * 2**shift``.

    Parameters
    ----------
    values : tuple of int
        Words (signed), at least two.
    first : int
        The word that ``values[0]`` belongs to; below it the table goes on as there, and likewise behind its end.
    shift : int
        How far the points are apart.
    kind : Kind
        How the values are read.
    argument : Kind
        How the argument is read.
    """

    values: tuple[int, ...]
    first: int
    shift: int
    kind: Kind = Kind.ACCUM
    argument: Kind = Kind.ACCUM

    @property
    def last(self) -> int:
        """The word that the last value belongs to."""
        return self.first + (len(self.values) - 1 << self.shift)

    @cached_property
    def words(self) -> NDArray[np.int32]:
        """The table as the kernels take it: int32[3 + values], first, shift, number of values, values.

        Raises
        ------
        ProgramError
            If it has fewer than two values, if values or points do not fit a word, or if first and last point are
            2**31 or more apart.
        """
        if not (0 <= self.shift < WORD_BITS and len(self.values) >= 2):
            size = f"{len(self.values)} values, 2**{self.shift} words apart"
            raise ProgramError(f"{size}: a table has at least 2 values and a shift of 0..{WORD_BITS - 1}")
        if not (fits_word(self.first) and fits_word(self.last) and fits_word(self.last - self.first)):
            raise ProgramError(f"points from {self.first} to {self.last} do not fit a word")
        if wrong := [value for value in self.values if not fits_word(value)]:
            raise ProgramError(f"the value {wrong[0]} does not fit a word")
        words = np.array([self.first, self.shift, len(self.values), *self.values], dtype=np.int32)
        words.flags.writeable = False
        return words


@dataclass(frozen=True)
class Instruction:
    """``out = op(a, b, c)``: register numbers, or the immediate `n` of a shift.

    How the result is read is told by `kind`, for who computes in real numbers; the kernels do not care.
    """

    op: Op
    out: int
    a: int
    b: int = 0
    c: int = 0
    n: int = 0
    kind: Kind = Kind.ACCUM

    @property
    def reads(self) -> tuple[int, ...]:
        """The registers that it reads."""
        operands = 1 if self.op in UNARY_OPS else 3 if self.op in TERNARY_OPS else 2
        return (self.a, self.b, self.c)[:operands]


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
        The register that is a true mask (-1) for the neurons that spike in this tick; `NO_SPIKE` if it runs over
        synapses.
    recorded : tuple of (str, int, int)
        (variable, register, left shift): what can be recorded; the value is word << shift, as s16.15.
    tables : tuple of Table
        The tables, which registers of role TABLE name by number.
    """

    name: str
    registers: tuple[Register, ...]
    instructions: tuple[Instruction, ...]
    spike: int
    recorded: tuple[tuple[str, int, int], ...]
    tables: tuple[Table, ...] = ()

    @cached_property
    def code(self) -> NDArray[np.int32]:
        """The instructions as the kernels take them: int32[instructions, 6], rows of op, out, a, b, c, n.

        Raises
        ------
        ProgramError
            If an instruction names a register that there is not, writes one that is not STATE or SCRATCH,
            shifts by more than a word, or takes a table for words of neurons or the other way round; if the spike
            or a recorded register is not there; if a table cannot be read.
        """
        for number in self.numbers(Role.TABLE):
            self.table(number)
        spike = () if self.spike == NO_SPIKE else (self.spike,)
        for register in (*spike, *(register for _, register, _ in self.recorded)):
            self._check_register(f"program '{self.name}'", register)
            if self.registers[register].role == Role.TABLE:
                raise ProgramError(f"program '{self.name}': '{self.registers[register].name}' is a table, no outcome")
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
        most = WORD_BITS if instruction.op == Op.SCALE else WORD_BITS - 1
        if not 0 <= instruction.n <= most:
            raise ProgramError(f"{where}: shift by {instruction.n}, must be 0..{most}")
        for operand, read in enumerate(instruction.reads):
            wanted = operand == 1 and instruction.op in TABLE_OPS
            if (self.registers[read].role == Role.TABLE) != wanted:
                name = f"register '{self.registers[read].name}'"
                raise ProgramError(f"{where}: takes {name} for {'a table' if wanted else 'words of neurons'}")

    def _check_register(self, where: str, register: int) -> None:
        if not 0 <= register < len(self.registers):
            raise ProgramError(f"{where}: register {register} does not exist, there are {len(self.registers)}")

    def table(self, register: int) -> Table:
        """The table that `register` names; ProgramError if it cannot be read."""
        number = self.registers[register].value
        where = f"program '{self.name}', register '{self.registers[register].name}'"
        if not 0 <= number < len(self.tables):
            raise ProgramError(f"{where}: table {number} does not exist, there are {len(self.tables)}")
        try:
            _ = self.tables[number].words
        except ProgramError as error:
            raise ProgramError(f"{where}: {error}") from error
        return self.tables[number]

    def register(self, name: str) -> int:
        """The number of the register called `name`; KeyError if there is none."""
        for number, register in enumerate(self.registers):
            if register.name == name:
                return number
        raise KeyError(name)

    def numbers(self, role: Role) -> tuple[int, ...]:
        """The numbers of all registers of `role`, in order."""
        return tuple(n for n, register in enumerate(self.registers) if register.role == role)
