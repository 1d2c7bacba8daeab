"""From a plain ``step`` function to the program of a core.

The function is called once with traced values in place of numbers.  Each operator applied to them appends
one operation to the trace, and what the function returns tells which values are kept.  What nothing depends
on is dropped, equal operations are done once, and the rest is given registers: the value that becomes a
state goes straight into the state's register where the old state is no longer needed, others take a scratch
register until their last use.

A core has no branch within a program: choose with `select`.  It has no exponential: compute factors at start-up
(``CellModel.derive``), and take functions of what changes from a table (`tabulate`, `interpolate`).  It divides,
but two hundred cycles slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from emulator.errors import ProgramError
from emulator.program import NO_SPIKE, Instruction, Kind, Op, Program, Register, Role
from toolchain.models.functions import binomial, convert, decay, interpolate, lookup, power, product, select
from toolchain.models.traced import KIND_NAMES, Node, Number, Trace, Traced

__all__ = [
    "Step",
    "Traced",
    "binomial",
    "convert",
    "decay",
    "interpolate",
    "lookup",
    "power",
    "product",
    "select",
    "trace",
]


@dataclass(frozen=True)
class Step:
    """What a traced step returns.

    Parameters
    ----------
    state : mapping of str to Traced
        New values of the STATE registers, traced or plain numbers; one that is left out keeps its value.
    spike : Traced or None
        Mask of the cells that spike; None for a program that runs over synapses.
    recorded : mapping of str to Traced
        Values that can be recorded: states as they were given, or values computed in the step.
    """

    state: Mapping[str, Traced | Number]
    spike: Traced | None
    recorded: Mapping[str, Traced]


def trace(
    name: str, registers: Sequence[Register], step: Callable[[Mapping[str, Traced]], Step], where: str = ""
) -> Program:
    """The program of `step`, a function of the values of `registers` by name.

    Raises
    ------
    ProgramError
        If the step does what a core cannot; the message names `where` (or the step of `name`) and the remedy.
    """
    tracing = Trace(registers)
    names = [register.name for register in registers]
    if twice := [n for n in dict.fromkeys(names) if names.count(n) > 1]:
        raise ProgramError(f"{name}: '{twice[0]}' is declared twice")
    try:
        made = step(_Given({register.name: tracing.given(n) for n, register in enumerate(registers)}))
        return _assembled(name, tracing, made)
    except ProgramError as error:
        raise ProgramError(f"{where or f'{name}.step'}: {error}") from error


class _Given(dict[str, Traced]):
    """The values that a step is given; one that is missing is an error in the user's words."""

    def __missing__(self, name: str) -> NoReturn:
        raise ProgramError(f"there is no '{name}'; declared are {', '.join(self)}")


def _assembled(name: str, tracing: Trace, step: Step) -> Program:
    finals = _finals(tracing, step)
    kept = {value.number for value in (step.spike, *step.recorded.values()) if value is not None}
    live = _live(tracing.nodes, kept | set(finals.values()))
    places = _places(tracing, live, finals, kept)
    code = [_instruction(tracing.nodes[n], n, places) for n in live if tracing.nodes[n].register < 0]
    code += [
        Instruction(Op.COPY, state, places[n], kind=tracing.registers[state].kind)
        for state, n in finals.items()
        if places[n] != state
    ]
    recorded = tuple((variable, places[value.number], 0) for variable, value in step.recorded.items())
    spike = NO_SPIKE if step.spike is None else places[step.spike.number]
    registers = tuple(tracing.registers)
    return Program(name, registers, tuple(code), spike, recorded, tuple(tracing.tables))


def _instruction(node: Node, number: int, places: Mapping[int, int]) -> Instruction:
    a, b, c = (*(places[operand] for operand in node.operands), 0, 0)[:3]
    return Instruction(node.op, places[number], a, b, c, node.shift, node.kind)


def _finals(tracing: Trace, step: Step) -> dict[int, int]:
    """Node that each state register that changes ends with: an operation, and no two share one."""
    if step.spike is not None and step.spike.kind != Kind.MASK:
        raise ProgramError(f"the spike must be a mask, got {KIND_NAMES[step.spike.kind]}")
    states = {r.name: n for n, r in enumerate(tracing.registers) if r.role == Role.STATE}
    finals: dict[int, int] = {}
    for name, new in step.state.items():
        if name not in states:
            raise ProgramError(f"'{name}' is not a state; states are {', '.join(states)}")
        register = states[name]
        value = new if isinstance(new, Traced) else tracing.constant(new, tracing.registers[register].kind)
        if value.kind != tracing.registers[register].kind:
            wanted = KIND_NAMES[tracing.registers[register].kind]
            raise ProgramError(f"state '{name}' is {wanted}, got {KIND_NAMES[value.kind]}")
        source = tracing.nodes[value.number].register
        if source == register:
            continue
        final = tracing.copy(value) if source >= 0 or value.number in finals.values() else value
        finals[register] = final.number
    return finals


def _live(nodes: Sequence[Node], roots: set[int]) -> list[int]:
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
