"""The check of what a core keeps for synapses with dynamics: programs get what they ask for, numbers are in range."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emulator.image import DELAY_SLOTS, MachineImage, NeuronCore
from emulator.program import NO_SPIKE, Program, Role
from emulator.synaptic_rows import (
    MOST_DRAWS,
    MOST_SIGNS,
    MOST_TRACES,
    MOST_WORDS,
    STREAM,
    Dopamine,
    FixedRows,
    History,
    ModulatedRows,
    PlasticRows,
    ReleaseRows,
)

Require = Callable[[bool, str], None]
"""Called with what must hold, and the words for when it does not."""
INTERVALS = ("since_pre", "since_post", "seen_pre", "seen_post")
OF_NEURONS = (Role.PARAMETER, Role.RECEPTOR, Role.CURRENT, Role.RANDOM)
LARGEST_SHIFT = 16
LONGEST_WAIT = 2**20
"""Ticks that a row may wait, or that a spike may count as later."""
MOST_BITS = 256
"""Eligibilities stand for no more, or less, than two to the power of this."""


def check_dynamic(image: MachineImage, core: NeuronCore, require: Require) -> None:
    """Check histories, dopamine and dynamic rows of `core`."""
    for number, history in enumerate(core.histories):
        _check_history(image, history, _at(f"history {number}", require))
    if core.dopamine is not None:
        _check_dopamine(image, core.dopamine, _at("dopamine", require))
    for number, rows in enumerate(core.dynamic):
        demand = _at(f"dynamic rows {number}", require)
        demand(0 <= rows.shift < LARGEST_SHIFT, f"weights cannot be shifted by {rows.shift}")
        demand(0 <= rows.defer <= LONGEST_WAIT, f"they cannot wait for {rows.defer} ticks")
        demand(isinstance(rows, FixedRows | PlasticRows | ReleaseRows), f"there are no {type(rows).__name__}")
        if isinstance(rows, PlasticRows):
            _check_plastic(image, core, rows, demand)
        elif isinstance(rows, ReleaseRows):
            _check_release(image, rows, demand)


def _at(where: str, require: Require) -> Require:
    return lambda holds, violation: require(holds, f"{where}: {violation}")


def _check_history(image: MachineImage, history: History, require: Require) -> None:
    require(len(history.traces) <= MOST_TRACES, f"{len(history.traces)} traces, {MOST_TRACES} at the most")
    states = [f"post_{name}" for name in history.traces]
    _check_program(image, history.program, states, ("since_post", "seen_post"), require)


def _check_dopamine(image: MachineImage, dopamine: Dopamine, require: Require) -> None:
    fits = 1 <= len(dopamine.signs) <= MOST_SIGNS and all(sign in (-1, 1) for sign in dopamine.signs)
    require(fits, f"signs {dopamine.signs}, it takes 1 to {MOST_SIGNS} of 1 and -1")
    _check_program(image, dopamine.add, ["dopamine"], ("since", "dose"), require)
    _check_program(image, dopamine.merge, ["dopamine"], ("next", "gap", "since"), require)


def _check_plastic(image: MachineImage, core: NeuronCore, rows: PlasticRows, require: Require) -> None:
    require(0 <= rows.history < len(core.histories), f"there is no history {rows.history}")
    require(len(rows.traces) <= MOST_TRACES, f"{len(rows.traces)} traces, {MOST_TRACES} at the most")
    require(_are_ticks(rows.back), f"spikes of the targets cannot count as {rows.back.tolist()} ticks later")
    pre = [f"pre_{name}" for name in rows.traces]
    post = [f"post_{name}" for name in core.histories[rows.history].traces]
    _check_program(image, rows.add_pre, pre, ("since_pre", "seen_pre"), require)
    changed = "eligibility" if isinstance(rows, ModulatedRows) else "weight"
    for program in (rows.apply_pre, rows.apply_post):
        _check_program(image, program, [changed], (*pre, *post, *INTERVALS), require)
    if isinstance(rows, ModulatedRows):
        require(core.dopamine is not None, "nothing brings dopamine")
        require(_are_ticks(rows.lag), f"dopamine cannot count as {rows.lag.tolist()} ticks later")
        require(abs(rows.bits) <= MOST_BITS, f"eligibilities cannot stand for 2^{-rows.bits}")
        _check_program(image, rows.elapse, ["weight", "eligibility", "dopamine"], ("since",), require)


def _are_ticks(table: NDArray[np.int32]) -> bool:
    """Whether this is how much later events may count, by delay."""
    return table.shape == (DELAY_SLOTS,) and bool(np.all((table >= -1) & (table <= LONGEST_WAIT)))


def _check_release(image: MachineImage, rows: ReleaseRows, require: Require) -> None:
    draws = [f"draw_{number}" for number in range(MOST_DRAWS)]
    require(0 <= rows.program < len(image.programs), f"there is no program {rows.program}")
    program = image.programs[rows.program]
    states, parameters = _names(program, Role.STATE), _names(program, Role.PARAMETER)
    _check_program(image, rows.program, states, ("weight", "since_pre", *draws), require, own=Role.PARAMETER)
    drawn = [name for name in _names(program, Role.INPUT) if name in draws]
    words = [*states, *parameters, *([STREAM] if drawn else [])]
    require(list(rows.words) == words, f"synapses have words for {list(rows.words)}, the program for {words}")
    require(len(words) <= MOST_WORDS, f"{len(words)} words a synapse, {MOST_WORDS} at the most")
    require(drawn == draws[: len(drawn)], f"the program draws {drawn}, not from the first on")
    require(
        [name for name, _, _ in program.recorded] == ["sent"], f"program {program.name!r} does not say what is sent"
    )
    require(0 <= rows.key < 2**64, f"key {rows.key} has not 64 bits")


def _check_program(
    image: MachineImage,
    number: int,
    states: Sequence[str],
    inputs: Sequence[str],
    require: Require,
    *,
    own: Role | None = None,
) -> None:
    """The program has exactly these states, no other inputs, and no registers that neurons have but for `own`."""
    require(0 <= number < len(image.programs), f"there is no program {number}")
    program = image.programs[number]
    found = _names(program, Role.STATE)
    require(found == list(states), f"program {program.name!r} has the states {found}, not {list(states)}")
    unknown = [name for name in _names(program, Role.INPUT) if name not in inputs]
    require(not unknown, f"program {program.name!r} asks for {unknown}, there are {list(inputs)}")
    foreign = [r.name for r in program.registers if r.role in OF_NEURONS and r.role != own]
    require(not foreign and program.spike == NO_SPIKE, f"program {program.name!r} is one of neurons")


def _names(program: Program, role: Role) -> list[str]:
    return [program.registers[number].name for number in program.numbers(role)]
