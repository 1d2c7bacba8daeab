"""Values of which only the kind is known: operators on them are recorded instead of computed.

Kinds are kept apart: s16.15 and s4.11 numbers, s0.31 and u0.32 factors, integers and masks do not mix but in products;
`toolchain.models.functions.convert` turns one into another.  A Python number takes the kind of its partner, and is
cut as a C literal is: 0.1 is 3276 / 32768, and 1 is the largest number of a format that ends below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from emulator.errors import ProgramError
from emulator.interpreter import RESOLUTION
from emulator.program import Kind, Op, Register, Role, Table, fits_word

KIND_NAMES: Mapping[Kind, str] = {
    Kind.ACCUM: "s16.15",
    Kind.FRACTION: "u0.32",
    Kind.INTEGER: "integer",
    Kind.MASK: "mask",
    Kind.UNIT: "s0.31",
    Kind.TRACE: "s4.11",
}
Number = int | float
NUMBERS = (Kind.ACCUM, Kind.INTEGER, Kind.UNIT, Kind.TRACE)
"""Kinds that can be added, compared and shifted."""
PRODUCTS: Mapping[tuple[Kind, Kind], tuple[Op, Kind, int]] = {
    (Kind.ACCUM, Kind.ACCUM): (Op.MUL, Kind.ACCUM, 0),
    (Kind.ACCUM, Kind.UNIT): (Op.SCALE, Kind.ACCUM, 31),
    (Kind.UNIT, Kind.ACCUM): (Op.SCALE, Kind.ACCUM, 31),
    (Kind.UNIT, Kind.UNIT): (Op.SCALE, Kind.UNIT, 31),
    (Kind.TRACE, Kind.TRACE): (Op.SCALE16, Kind.TRACE, 11),
}
"""Operation, kind of the result and shift of the products that ``*`` stands for."""


@dataclass(frozen=True)
class Node:
    """A value of the trace: a register that is given (`register` >= 0), or an operation on other nodes."""

    kind: Kind
    register: int = -1
    op: Op = Op.COPY
    operands: tuple[int, ...] = ()
    shift: int = 0


class Trace:
    """The operations met so far; equal ones are the same node."""

    def __init__(self, registers: Sequence[Register]) -> None:
        self.registers = list(registers)
        self.nodes: list[Node] = []
        self.tables: list[Table] = []
        self._numbers: dict[Node, int] = {}

    def node(self, node: Node) -> Traced:
        """The traced value of `node`, which is added unless it is there."""
        if node not in self._numbers:
            self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return Traced(self, self._numbers[node], node.kind)

    def copy(self, value: Traced) -> Traced:
        """The same value as a node of its own."""
        self.nodes.append(Node(value.kind, -1, Op.COPY, (value.number,)))
        return Traced(self, len(self.nodes) - 1, value.kind)

    def given(self, number: int) -> Traced:
        """The value that register `number` holds when the program starts."""
        return self.node(Node(self.registers[number].kind, number))

    def constant(self, value: Number, kind: Kind) -> Traced:
        """A number as a constant of `kind`."""
        word = _literal(value, kind)
        register = Register(f"{KIND_NAMES[kind]} {value}", Role.CONSTANT, word, kind)
        for number, known in enumerate(self.registers):
            if (known.role, known.value, known.kind) == (Role.CONSTANT, word, kind):
                return self.given(number)
        self.registers.append(register)
        return self.given(len(self.registers) - 1)

    def table(self, table: Table) -> Traced:
        """A table, as the operand of an operation."""
        if table not in self.tables:
            self.tables.append(table)
            name = f"table {len(self.tables) - 1}"
            self.registers.append(Register(name, Role.TABLE, len(self.tables) - 1, table.kind))
        number = self.tables.index(table)
        [register] = [n for n, r in enumerate(self.registers) if (r.role, r.value) == (Role.TABLE, number)]
        return self.given(register)

    def operation(self, op: Op, kind: Kind, *operands: Traced, shift: int = 0) -> Traced:
        """The value of an operation."""
        return self.node(Node(kind, -1, op, tuple(operand.number for operand in operands), shift))


def _literal(value: Number, kind: Kind) -> int:
    if kind == Kind.MASK or (kind == Kind.INTEGER and not isinstance(value, int)):
        raise ProgramError(f"the number {value} cannot be used as {KIND_NAMES[kind]}")
    word = int(value / RESOLUTION[kind])
    if kind in (Kind.UNIT, Kind.FRACTION) and value == 1:
        word -= 1
    if kind == Kind.FRACTION and 2**31 <= word < 2**32:
        return word - 2**32
    if not fits_word(word) or (kind == Kind.FRACTION and word < 0):
        raise ProgramError(f"the number {value} does not fit {KIND_NAMES[kind]}")
    return word


class Traced:
    """A value of which only the kind is known; operators on it are recorded."""

    __slots__ = ("kind", "number", "trace")
    __hash__ = object.__hash__

    def __init__(self, trace: Trace, number: int, kind: Kind) -> None:
        self.trace = trace
        self.number = number
        self.kind = kind

    def partner(self, other: Traced | Number, what: str, kinds: tuple[Kind, ...]) -> Traced:
        """`other` as a value of the same kind, which must be one of `kinds`."""
        if not isinstance(other, Traced):
            if isinstance(other, bool) or not isinstance(other, int | float):
                raise ProgramError(f"cannot {what} {KIND_NAMES[self.kind]} and {other!r}")
            other = self.trace.constant(other, self.kind)
        if self.kind not in kinds or other.kind != self.kind:
            self._refuse(what, other)
        return other

    def _refuse(self, what: str, other: Traced) -> NoReturn:
        hint = "; convert(x, kind) changes the kind" if self.kind != other.kind else ""
        if what == "multiply":
            hint = "; product(a, b, shift, kind) multiplies what * does not"
        if Kind.FRACTION in (self.kind, other.kind):
            hint = "; use decay(x, factor) to scale by a u0.32"
        raise ProgramError(f"cannot {what} {KIND_NAMES[self.kind]} and {KIND_NAMES[other.kind]}{hint}")

    def _binary(self, op: Op, other: Traced | Number, what: str) -> Traced:
        return self.trace.operation(op, self.kind, self, self.partner(other, what, NUMBERS))

    def __add__(self, other: Traced | Number) -> Traced:
        return self._binary(Op.ADD, other, "add")

    __radd__ = __add__

    def __sub__(self, other: Traced | Number) -> Traced:
        return self._binary(Op.SUB, other, "subtract")

    def __rsub__(self, other: Number) -> Traced:
        return self.partner(other, "subtract", NUMBERS) - self

    def __neg__(self) -> Traced:
        return 0 - self

    def __mul__(self, other: Traced | Number) -> Traced:
        if isinstance(other, Traced) and (self.kind, other.kind) in PRODUCTS:
            partner = other
        else:
            partner = self.partner(other, "multiply", (Kind.ACCUM, Kind.UNIT, Kind.TRACE))
        op, kind, shift = PRODUCTS[self.kind, partner.kind]
        return self.trace.operation(op, kind, self, partner, shift=shift)

    __rmul__ = __mul__

    def __truediv__(self, other: Traced | Number) -> Traced:
        return self.trace.operation(Op.DIV, Kind.ACCUM, self, self.partner(other, "divide", (Kind.ACCUM,)))

    def __rtruediv__(self, other: Number) -> Traced:
        return self.partner(other, "divide", (Kind.ACCUM,)) / self

    def _shifted(self, op: Op, by: int) -> Traced:
        if self.kind not in NUMBERS or isinstance(by, bool) or not isinstance(by, int):
            raise ProgramError(f"cannot shift {KIND_NAMES[self.kind]} by {by!r}: only a number by a plain integer")
        return self.trace.operation(op, self.kind, self, shift=by)

    def __lshift__(self, by: int) -> Traced:
        return self._shifted(Op.SHL, by)

    def __rshift__(self, by: int) -> Traced:
        return self._shifted(Op.SHR, by)

    def _compared(self, op: Op, other: Traced | Number, *, swap: bool) -> Traced:
        partner = self.partner(other, "compare", NUMBERS)
        pair = (partner, self) if swap else (self, partner)
        return self.trace.operation(op, Kind.MASK, *pair)

    def __ge__(self, other: Traced | Number) -> Traced:
        return self._compared(Op.GE, other, swap=False)

    def __gt__(self, other: Traced | Number) -> Traced:
        return self._compared(Op.GT, other, swap=False)

    def __le__(self, other: Traced | Number) -> Traced:
        return self._compared(Op.GE, other, swap=True)

    def __lt__(self, other: Traced | Number) -> Traced:
        return self._compared(Op.GT, other, swap=True)

    def _masks(self, op: Op, other: Traced) -> Traced:
        return self.trace.operation(op, Kind.MASK, self, self.partner(other, "combine", (Kind.MASK,)))

    def __and__(self, other: Traced) -> Traced:
        return self._masks(Op.AND, other)

    def __or__(self, other: Traced) -> Traced:
        return self._masks(Op.OR, other)

    # --- what a core cannot do ----------------------------------------------------------------------

    def __bool__(self) -> NoReturn:
        raise ProgramError("a traced value has no truth: use select(mask, a, b) instead of if, and, or, not")

    def __eq__(self, other: object) -> NoReturn:
        raise ProgramError("a core does not compare for equality: use >= and >")

    def __ne__(self, other: object) -> NoReturn:
        raise ProgramError("a core does not compare for equality: use >= and >")

    def __floordiv__(self, other: object) -> NoReturn:
        raise ProgramError("a core has no quotient in whole numbers: use / between s16.15, or shift")

    __rfloordiv__ = __mod__ = __rmod__ = __floordiv__

    def __pow__(self, other: object) -> NoReturn:
        raise ProgramError("a core has no such power: multiply x * x, or use power(factor, steps) of a u0.32")

    def __float__(self) -> NoReturn:
        raise ProgramError(
            "a core has no such function: derive it at start-up, as exp(-dt / tau) is, or interpolate() it in a table"
        )

    __int__ = __index__ = __float__

    def __array_ufunc__(self, *arguments: Any, **options: Any) -> NoReturn:
        self.__float__()
