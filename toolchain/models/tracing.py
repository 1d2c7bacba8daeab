"""From a plain ``step`` function to the program of a core.

The function is called once with traced values in place of numbers.  Each operator applied to them appends
one operation to the trace, and what the function returns tells which values are kept.  What nothing depends
on is dropped, equal operations are done once, and the rest is given registers: the value that becomes a
state goes straight into the state's register where the old state is no longer needed, others take a scratch
register until their last use.

A core has no branch within a program: choose with `select`.  It has no exponential: compute factors at start-up
(``CellModel.derive``), and take functions of what changes from a table (`tabulate`, `interpolate`).  It divides,
but two hundred cycles slow.

Kinds are kept apart: s16.15 and s4.11 numbers, s0.31 and u0.32 factors, integers and masks do not mix but in products;
`convert` turns one into another.  A Python number takes the kind of its partner, and is cut as a C literal is:
0.1 is 3276 / 32768, and 1 is the largest number of a format that ends below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, overload

import numpy as np
from numpy.typing import NDArray

from emulator import interpreter
from emulator.errors import ProgramError
from emulator.interpreter import RESOLUTION
from emulator.program import Instruction, Kind, Op, Program, Register, Role, Table, fits_word

KIND_NAMES: Mapping[Kind, str] = {
    Kind.ACCUM: "s16.15",
    Kind.FRACTION: "u0.32",
    Kind.INTEGER: "integer",
    Kind.MASK: "mask",
    Kind.UNIT: "s0.31",
    Kind.TRACE: "s4.11",
}
Number = int | float
Floats = NDArray[np.float64] | float
NUMBERS = (Kind.ACCUM, Kind.INTEGER, Kind.UNIT, Kind.TRACE)
"""Kinds that can be added, compared and shifted."""
PRODUCTS: Mapping[tuple[Kind, Kind], tuple[Op, Kind, int]] = {
    (Kind.ACCUM, Kind.ACCUM): (Op.MUL, Kind.ACCUM, 0),
    (Kind.ACCUM, Kind.UNIT): (Op.SCALE, Kind.ACCUM, 31),
    (Kind.UNIT, Kind.ACCUM): (Op.SCALE, Kind.ACCUM, 31),
    (Kind.UNIT, Kind.UNIT): (Op.SCALE, Kind.UNIT, 31),
    (Kind.TRACE, Kind.TRACE): (Op.SCALE, Kind.TRACE, 11),
}
"""Operation, kind of the result and shift of the products that ``*`` stands for."""
FRACTION_BITS: Mapping[Kind, int] = {
    Kind.INTEGER: 0,
    Kind.TRACE: 11,
    Kind.ACCUM: 15,
    Kind.UNIT: 31,
    Kind.FRACTION: 32,
}
BEYOND_SHIFTS = ({Kind.INTEGER, Kind.UNIT}, {Kind.INTEGER, Kind.FRACTION})
"""Kinds of which neither holds anything of the other."""


@dataclass(frozen=True)
class _Node:
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
        self.nodes: list[_Node] = []
        self.tables: list[Table] = []
        self._numbers: dict[_Node, int] = {}

    def node(self, node: _Node) -> Traced:
        """The traced value of `node`, which is added unless it is there."""
        if node not in self._numbers:
            self._numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return Traced(self, self._numbers[node], node.kind)

    def copy(self, value: Traced) -> Traced:
        """The same value as a node of its own."""
        self.nodes.append(_Node(value.kind, -1, Op.COPY, (value.number,)))
        return Traced(self, len(self.nodes) - 1, value.kind)

    def given(self, number: int) -> Traced:
        """The value that register `number` holds when the program starts."""
        return self.node(_Node(self.registers[number].kind, number))

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
        return self.node(_Node(kind, -1, op, tuple(operand.number for operand in operands), shift))


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

    def _partner(self, other: Traced | Number, what: str, kinds: tuple[Kind, ...]) -> Traced:
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
        return self.trace.operation(op, self.kind, self, self._partner(other, what, NUMBERS))

    def __add__(self, other: Traced | Number) -> Traced:
        return self._binary(Op.ADD, other, "add")

    __radd__ = __add__

    def __sub__(self, other: Traced | Number) -> Traced:
        return self._binary(Op.SUB, other, "subtract")

    def __rsub__(self, other: Number) -> Traced:
        return self._partner(other, "subtract", NUMBERS) - self

    def __neg__(self) -> Traced:
        return 0 - self

    def __mul__(self, other: Traced | Number) -> Traced:
        if isinstance(other, Traced) and (self.kind, other.kind) in PRODUCTS:
            partner = other
        else:
            partner = self._partner(other, "multiply", (Kind.ACCUM, Kind.UNIT, Kind.TRACE))
        op, kind, shift = PRODUCTS[self.kind, partner.kind]
        return self.trace.operation(op, kind, self, partner, shift=shift)

    __rmul__ = __mul__

    def __truediv__(self, other: Traced | Number) -> Traced:
        return self.trace.operation(Op.DIV, Kind.ACCUM, self, self._partner(other, "divide", (Kind.ACCUM,)))

    def __rtruediv__(self, other: Number) -> Traced:
        return self._partner(other, "divide", (Kind.ACCUM,)) / self

    def _shifted(self, op: Op, by: int) -> Traced:
        if self.kind not in NUMBERS or isinstance(by, bool) or not isinstance(by, int):
            raise ProgramError(f"cannot shift {KIND_NAMES[self.kind]} by {by!r}: only a number by a plain integer")
        return self.trace.operation(op, self.kind, self, shift=by)

    def __lshift__(self, by: int) -> Traced:
        return self._shifted(Op.SHL, by)

    def __rshift__(self, by: int) -> Traced:
        return self._shifted(Op.SHR, by)

    def _compared(self, op: Op, other: Traced | Number, *, swap: bool) -> Traced:
        partner = self._partner(other, "compare", NUMBERS)
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
        return self.trace.operation(op, Kind.MASK, self, self._partner(other, "combine", (Kind.MASK,)))

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


# --- functions of traced values, and of floats --------------------------------------------------------


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
    pair = [known._partner(x, "select between", tuple(Kind)) for x in (a, b)]
    return mask.trace.operation(Op.SELECT, known.kind, mask, *pair)


@overload
def decay(value: Traced, factor: Traced) -> Traced: ...
@overload
def decay(value: Floats, factor: Floats) -> Floats: ...
def decay(value: Any, factor: Any) -> Any:
    """`value` (s16.15, s0.31 or s4.11) times `factor` (u0.32), towards minus infinity, of the kind of `value`."""
    if not _any_traced(value, factor):
        return value * factor
    kinds = tuple(x.kind if isinstance(x, Traced) else None for x in (value, factor))
    if kinds[0] not in (Kind.ACCUM, Kind.UNIT, Kind.TRACE) or kinds[1] != Kind.FRACTION:
        described = f"{_described(value)} and {_described(factor)}"
        raise ProgramError(f"decay() needs an s16.15, s0.31 or s4.11 value and a u0.32 factor, got {described}")
    return value.trace.operation(Op.DECAY, value.kind, value, factor)


def product(a: Traced, b: Traced, shift: int, kind: Kind) -> Traced:
    """``floor(a * b / 2**shift)`` of the words of any signed kinds, read as `kind`; it wraps.

    The value of a product of numbers with p and q fractional bits is right where `kind` has ``p + q - shift`` of them.
    """
    for factor in (a, b):
        if not isinstance(factor, Traced) or factor.kind not in NUMBERS:
            raise ProgramError(f"product() needs two signed numbers, got {_described(a)} and {_described(b)}")
    if not 0 <= shift <= 32:
        raise ProgramError(f"product() shifts by 0 to 32 bits, got {shift}")
    return a.trace.operation(Op.SCALE, kind, a, b, shift=shift)


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


def _from_table(op: Op, table: Table, x: Traced) -> Traced:
    if x.kind != table.argument:
        raise ProgramError(f"the table takes {KIND_NAMES[table.argument]}, got {KIND_NAMES[x.kind]}")
    return x.trace.operation(op, table.kind, x, x.trace.table(table))


def _any_traced(*values: object) -> bool:
    return any(isinstance(value, Traced) for value in values)


def _described(value: object) -> str:
    return KIND_NAMES[value.kind] if isinstance(value, Traced) else repr(value)


@dataclass(frozen=True)
class Step:
    """What a traced step returns.

    Parameters
    ----------
    state : mapping of str to Traced
        New values of the STATE registers; one that is left out keeps its value.
    spike : Traced
        Mask of the cells that spike.
    recorded : mapping of str to Traced
        Values that can be recorded: states as they were given, or values computed in the step.
    """

    state: Mapping[str, Traced]
    spike: Traced
    recorded: Mapping[str, Traced]


def trace(name: str, registers: Sequence[Register], step: Callable[[Mapping[str, Traced]], Step]) -> Program:
    """The program of `step`, a function of the values of `registers` by name.

    Raises
    ------
    ProgramError
        If the step does what a core cannot; the message names `name` and the remedy.
    """
    tracing = Trace(registers)
    names = [register.name for register in registers]
    if twice := [n for n in dict.fromkeys(names) if names.count(n) > 1]:
        raise ProgramError(f"{name}: '{twice[0]}' is declared twice")
    try:
        made = step(_Given({register.name: tracing.given(n) for n, register in enumerate(registers)}))
        return _assembled(name, tracing, made)
    except ProgramError as error:
        raise ProgramError(f"{name}.step: {error}") from error


class _Given(dict[str, Traced]):
    """The values that a step is given; one that is missing is an error in the user's words."""

    def __missing__(self, name: str) -> NoReturn:
        raise ProgramError(f"there is no '{name}'; declared are {', '.join(self)}")


def _assembled(name: str, tracing: Trace, step: Step) -> Program:
    finals = _finals(tracing, step)
    kept = {step.spike.number, *(value.number for value in step.recorded.values())}
    live = _live(tracing.nodes, kept | set(finals.values()))
    places = _places(tracing, live, finals, kept)
    code = [_instruction(tracing.nodes[n], n, places) for n in live if tracing.nodes[n].register < 0]
    code += [
        Instruction(Op.COPY, state, places[n], kind=tracing.registers[state].kind)
        for state, n in finals.items()
        if places[n] != state
    ]
    recorded = tuple((variable, places[value.number], 0) for variable, value in step.recorded.items())
    spike, registers = places[step.spike.number], tuple(tracing.registers)
    return Program(name, registers, tuple(code), spike, recorded, tuple(tracing.tables))


def _instruction(node: _Node, number: int, places: Mapping[int, int]) -> Instruction:
    a, b, c = (*(places[operand] for operand in node.operands), 0, 0)[:3]
    return Instruction(node.op, places[number], a, b, c, node.shift, node.kind)


def _finals(tracing: Trace, step: Step) -> dict[int, int]:
    """Node that each state register that changes ends with: an operation, and no two share one."""
    if step.spike.kind != Kind.MASK:
        raise ProgramError(f"the spike must be a mask, got {KIND_NAMES[step.spike.kind]}")
    states = {r.name: n for n, r in enumerate(tracing.registers) if r.role == Role.STATE}
    finals: dict[int, int] = {}
    for name, value in step.state.items():
        if name not in states:
            raise ProgramError(f"'{name}' is not a state; states are {', '.join(states)}")
        register = states[name]
        if value.kind != tracing.registers[register].kind:
            wanted = KIND_NAMES[tracing.registers[register].kind]
            raise ProgramError(f"state '{name}' is {wanted}, got {KIND_NAMES[value.kind]}")
        source = tracing.nodes[value.number].register
        if source == register:
            continue
        final = tracing.copy(value) if source >= 0 or value.number in finals.values() else value
        finals[register] = final.number
    return finals


def _live(nodes: Sequence[_Node], roots: set[int]) -> list[int]:
    """Numbers of the nodes that `roots` depend on, ascending; operands come before what uses them."""
    needed = set(roots)
    for n in range(len(nodes) - 1, -1, -1):
        if n in needed:
            needed.update(nodes[n].operands)
    return sorted(needed)


def _places(tracing: Trace, live: Sequence[int], finals: Mapping[int, int], kept: set[int]) -> dict[int, int]:
    """Register of each live node; new scratch registers are added to the trace as they are needed.

    What is `kept` (spikes, recorded values) has a scratch register to itself, since it is read after
    the program.
    """
    nodes, registers = tracing.nodes, tracing.registers
    last_use = {operand: n for n in live for operand in nodes[n].operands}
    home = {n: state for state, n in finals.items() if n not in kept}
    places = {n: node.register for n, node in enumerate(nodes) if node.register >= 0}
    old_state = {register: n for n, register in places.items()}
    free: list[int] = []
    for n in live:
        if n in places:
            continue
        for operand in dict.fromkeys(nodes[n].operands):
            temporary = operand not in kept and operand not in home
            if temporary and nodes[operand].register < 0 and last_use[operand] == n:
                free.append(places[operand])
        if n in home and last_use.get(old_state[home[n]], n) <= n:
            places[n] = home[n]
        elif free and n not in kept:
            places[n] = free.pop()
        else:
            places[n] = len(registers)
            scratches = sum(register.role == Role.SCRATCH for register in registers)
            registers.append(Register(f"scratch {scratches}", Role.SCRATCH))
    return places
