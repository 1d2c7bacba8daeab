"""Broken images: each is refused, and the message names who and what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from images import (
    FULL,
    INTEGRATOR,
    Synapse,
    image,
    ints,
    mask_for,
    neurons,
    poisson,
    renewal,
    route,
    source,
    stages,
    table,
    words,
)
from random_images import random_image

from emulator.check import check
from emulator.emulator import Emulator
from emulator.errors import ImageError
from emulator.image import Core, Current, Injected, MachineImage, NeuronCore, Recording, WaveCurrent
from emulator.machine import spin5
from emulator.program import Instruction, Op, Program, Register, Role
from emulator.synaptic_rows import PopulationTable
from emulator.waves import Wave

KEY = 0x100
CELLS, INPUT, POISSON, DELAYS, RENEWAL = range(5)


def good() -> MachineImage:
    """An image with a core of each kind."""
    sender = source(4, [(0, 0), (0, 3), (5, 1)], KEY)
    rows = [[(0, 1, 1, 0), (2, 1, 16, 1)], [], [(1, 1, 1, 0)], []]
    block = (KEY, mask_for(4), rows)
    second: tuple[int, int, list[list[Synapse]]] = (0x200, mask_for(2), [[], []])
    cells = neurons(3, [block, second], key=0x400, currents=[Current(ints(0), ints(0, 5), ints(1, 2))])
    delay = stages(sender, np.ones((2, 4), dtype=bool), 0x300)
    cores = [cells, sender, poisson([1.0, 100.0], 0x200, (0, 0, 4)), delay, renewal(2, 0x500, (0, 0, 5))]
    return image(cores, [table(0, 0, (KEY, mask_for(4), route(1, 3)), (0x200, mask_for(2), route(1)))])


def test_good_images_pass() -> None:
    check(good())
    for seed in range(10):
        check(random_image(seed, 20))


def with_core(number: int, **fields: Any) -> MachineImage:
    """The good image with other fields of one core."""
    made = good()
    cores: list[Core] = list(made.cores)
    cores[number] = replace(cores[number], **fields)
    return replace(made, cores=tuple(cores))


def with_rows(at: int, word: int) -> MachineImage:
    """The good image with another word in the rows of its cells."""
    cells = good().cores[CELLS]
    assert isinstance(cells, NeuronCore)
    rows = cells.rows.copy()
    rows[at] = word
    return with_core(CELLS, rows=rows)


def with_table(**columns: list[int]) -> MachineImage:
    """The good image with other columns of the population table."""
    cells = good().cores[CELLS]
    assert isinstance(cells, NeuronCore)
    return with_core(CELLS, table=replace(cells.table, **{name: words(*column) for name, column in columns.items()}))


def with_program(**fields: Any) -> MachineImage:
    return replace(good(), programs=(replace(INTEGRATOR, **fields),))


def with_machine(**fields: Any) -> MachineImage:
    return replace(good(), machine=replace(good().machine, **fields))


def with_tables(*tables: Any) -> MachineImage:
    return replace(good(), tables=tables)


CELLS_NAME = r"core 'cells\[0:3\]' at chip \(0, 0\), processor 1: "
INPUT_NAME = r"core 'input\[0:4\]' at chip \(0, 0\), processor 2: "
POISSON_NAME = r"core 'poisson\[0:2\]' at chip \(0, 0\), processor 4: "
RENEWAL_NAME = r"core 'renewal\[0:2\]' at chip \(0, 0\), processor 5: "
DELAY_NAME = r"core 'delays of input\[0:4\]' at chip \(0, 0\), processor 3: "

BROKEN: dict[str, tuple[Callable[[], MachineImage], str]] = {
    "version": (lambda: replace(good(), version=99), "format 99, this emulator reads format 2"),
    "cycles": (lambda: replace(good(), time_scale_factor=0.0), "a tick has 0.0 cycles"),
    "cores of a chip": (
        lambda: with_machine(cores=np.full((4, 4), 40, dtype=np.uint8)),
        r"machine '4x4': chip \(0, 0\) has 40 cores, 17 is the limit",
    ),
    "cores in a row": (lambda: with_machine(cores=np.ones(4, dtype=np.uint8)), r"cores have the shape \(4,\), \(width"),
    "links of a column": (
        lambda: with_machine(links=np.ones((1, 4, 6), dtype=bool)),
        r"links have the shape \(1, 4, 6\), \(4, 4, 6\) is expected",
    ),
    "table off the machine": (lambda: with_tables(table(9, 1)), r"chip \(9, 1\): 4x4 has no such chip"),
    "two tables": (lambda: with_tables(table(1, 1), table(1, 1)), r"chip \(1, 1\): there is a second one"),
    "table columns": (
        lambda: with_tables(replace(table(0, 0, (1, 1, 1)), route=words())),
        r"chip \(0, 0\): 1 keys, 1 masks, 0 routes",
    ),
    "long table": (lambda: with_tables(table(0, 0, *[(1, 1, 1)] * 1024)), "1024 entries, a chip has room for 1023"),
    "table key": (
        lambda: with_tables(table(0, 0, (1, 1, 1), (3, 1, 1))),
        "entry 1 has key 0x00000003 outside its mask 0x00000001",
    ),
    "route": (
        lambda: with_tables(table(0, 0, (1, 1, 1 << 24))),
        "entry 0 has route 0x1000000, which is beyond core 17",
    ),
    "core off the machine": (lambda: with_core(INPUT, x=4), r"chip \(4, 0\), processor 2: 4x4 has no such chip"),
    "hole": (lambda: replace(good(), machine=spin5(), cores=(neurons(1, place=(7, 0, 1)),)), "spin5 has no such chip"),
    "monitor": (lambda: with_core(INPUT, p=0), "processor 0: the chip has processors 1 to 15 for applications"),
    "processor": (lambda: with_core(INPUT, p=16), "processor 16: the chip has processors 1 to 15"),
    "two cores": (lambda: with_core(INPUT, p=1), r"processor 1: 'cells\[0:3\]' is there too"),
    "no neurons": (lambda: with_core(INPUT, n=0, index=ints(), tick=ints(), record_spikes=ints()), "it has 0 neurons"),
    "key": (lambda: with_core(INPUT, key=0x101), INPUT_NAME + "key 0x00000101 lies outside its mask 0xfffffffc"),
    "wide key": (lambda: with_core(INPUT, key=1 << 32), INPUT_NAME + "key or mask is no 32-bit word"),
    "narrow mask": (lambda: with_core(INPUT, mask=FULL & ~1), INPUT_NAME + "mask 0xfffffffe leaves no room for 4 keys"),
    "record": (
        lambda: with_core(INPUT, record_spikes=ints(0, 4)),
        INPUT_NAME + "record_spikes names neuron 4, .* 0 to 3",
    ),
    "record twice": (lambda: with_core(INPUT, record_spikes=ints(1, 1)), INPUT_NAME + "record_spikes does not ascend"),
    "base class": (
        lambda: replace(good(), cores=(Core("odd", 0, 0, 1, 1, 0, 0, 0, 0, ints()),)),
        "core 'odd' .* no core is a Core",
    ),
    "program": (lambda: with_core(CELLS, program=1), CELLS_NAME + "there is no program 1"),
    "register missing": (
        lambda: with_core(CELLS, registers={"v": ints(0, 0, 0)}),
        "register 'threshold' has no values",
    ),
    "register shape": (
        lambda: with_core(CELLS, registers={"v": ints(0), "threshold": ints(1, 1, 1)}),
        CELLS_NAME + r"register 'v' is not \[3\]",
    ),
    "shifts": (lambda: with_core(CELLS, shift=(1,)), CELLS_NAME + "1 shifts for 2 synapse types"),
    "shift": (lambda: with_core(CELLS, shift=(1, 32)), CELLS_NAME + r"shifts \(1, 32\) are not all 0 to 31"),
    "index bits": (lambda: with_core(CELLS, index_bits=1), CELLS_NAME + "1 index bits for 3 neurons"),
    "type bits": (lambda: with_core(CELLS, type_bits=0), CELLS_NAME + "0 type bits for 2 synapse types"),
    "word": (
        lambda: with_core(CELLS, index_bits=12),
        "delay, type and index take 17 bits of a synaptic word, which has 16",
    ),
    "population columns": (lambda: with_table(key=[KEY]), CELLS_NAME + "the columns of its population table differ"),
    "population mask": (
        lambda: with_table(mask=[FULL & ~2, mask_for(2)]),
        CELLS_NAME + r"population-table entry 0 \(0x00000100/0xfffffffd\) has a mask that is not leading ones",
    ),
    "population key": (lambda: with_table(key=[KEY, 0x201]), r"entry 1 .* has a key outside its mask"),
    "population stride": (lambda: with_table(stride=[5, 2]), "entry 1 .* has rows shorter than their header"),
    "population overlap": (lambda: with_table(key=[KEY, KEY + 2]), "entry 1 .* overlaps the one before it"),
    "population order": (
        lambda: with_table(key=[0x200, KEY]),
        "entry 1 .* overlaps the one before it, or stands behind",
    ),
    "recording": (
        lambda: with_core(CELLS, recordings=(Recording("w", ints(0), 1),)),
        CELLS_NAME + r"integrator cannot record 'w', only \['v', 'net'\]",
    ),
    "recording of nothing": (
        lambda: with_core(CELLS, recordings=(Recording("v", ints(), 1),)),
        CELLS_NAME + "the recording of 'v' names no neuron",
    ),
    "interval": (lambda: with_core(CELLS, recordings=(Recording("v", ints(0), 0),)), "records 'v' every 0 ticks"),
    "recorded neuron": (
        lambda: with_core(CELLS, recordings=(Recording("v", ints(3), 1),)),
        "recording of 'v' names neuron 3",
    ),
    "recorded twice": (
        lambda: with_core(CELLS, recordings=(Recording("v", ints(0), 1),) * 2),
        "records a variable twice",
    ),
    "current neuron": (
        lambda: with_core(CELLS, currents=(Current(ints(-1), ints(0), ints(0)),)),
        "an injected current names neuron -1",
    ),
    "current lengths": (
        lambda: with_core(CELLS, currents=(Current(ints(0), ints(0, 1), ints(0)),)),
        "not one amplitude a tick",
    ),
    "current order": (
        lambda: with_core(CELLS, currents=(Current(ints(0), ints(1, 1), ints(0, 0)),)),
        "ticks of an injected current do not ascend",
    ),
    "wave index": (
        lambda: with_core(CELLS, currents=(WaveCurrent(ints(3), Wave(0.0, 9.0, 1.0, 0.0)),)),
        "an injected current names neuron 3",
    ),
    "wave fault": (
        lambda: with_core(CELLS, currents=(WaveCurrent(ints(0), Wave(0.0, 9.0, -1.0, 0.0)),)),
        CELLS_NAME + "an injected wave changes every -1.0 ms",
    ),
    "wave range": (
        lambda: with_core(CELLS, currents=(WaveCurrent(ints(0), Wave(0.0, 9.0, 1.0, 0.0, deviation=1e4)),)),
        "an injected wave of up to 70000 nA does not fit s16.15",
    ),
    "neither steps nor wave": (
        lambda: with_core(CELLS, currents=(Injected(ints(0)),)),
        "no injected current is a Injected",
    ),
    "poisson shapes": (
        lambda: with_core(POISSON, rate=np.ones(3)),
        POISSON_NAME + r"arrays of shapes \(\(3,\), .* for 2 sources",
    ),
    "poisson rate": (
        lambda: with_core(POISSON, rate=np.array([1, -1.0])),
        POISSON_NAME + r"source 1 has a rate of -1.0 Hz",
    ),
    "poisson NaN": (
        lambda: with_core(POISSON, rate=np.array([np.nan, 1.0])),
        POISSON_NAME + "source 0 has a rate of nan Hz",
    ),
    "renewal shapes": (
        lambda: with_core(RENEWAL, start=ints(0)),
        RENEWAL_NAME + r"arrays of shapes \(\(1,\), .* for 2 sources",
    ),
    "renewal intervals": (
        lambda: with_core(RENEWAL, intervals=renewal(2, 0, scale=-1.0).intervals),
        RENEWAL_NAME + "a scale is not above 0",
    ),
    "array lengths": (lambda: with_core(INPUT, tick=ints(0)), INPUT_NAME + "1 ticks for 3 spikes"),
    "array index": (lambda: with_core(INPUT, index=ints(0, 4, 1)), INPUT_NAME + "its list of spikes names neuron 4"),
    "array order": (lambda: with_core(INPUT, tick=ints(3, 1, 4)), INPUT_NAME + "its spikes are not sorted by tick"),
    "array tick": (
        lambda: with_core(INPUT, tick=ints(-7, 1, 4)),
        INPUT_NAME + "it has a spike in tick -7, before tick 0",
    ),
    "delay send": (
        lambda: with_core(DELAYS, send=np.ones((1, 3), dtype=bool)),
        DELAY_NAME + r"send is \(1, 3\), not \[stages, 4\]",
    ),
    "delay shift": (lambda: with_core(DELAYS, stage_shift=1), DELAY_NAME + "a stage shift of 1 for 4 neurons"),
    "negative delay shift": (lambda: with_core(DELAYS, stage_shift=-1), DELAY_NAME + "a stage shift of -1 for 4"),
    "wide delay shift": (lambda: with_core(DELAYS, stage_shift=32), DELAY_NAME + "a stage shift of 32 for 4 neurons"),
    "delay stages": (lambda: with_core(DELAYS, stage_shift=31), DELAY_NAME + "2 stages do not fit in a key"),
    "recorded stages": (
        lambda: with_core(DELAYS, record_spikes=ints(0)),
        DELAY_NAME + "delay stages have no spikes of their own to record",
    ),
    "delay source": (lambda: with_core(DELAYS, source_key=0x101), "source key 0x00000101 lies outside its mask"),
    "delay neurons": (
        lambda: with_core(DELAYS, n=3, send=np.ones((2, 3), dtype=bool)),
        DELAY_NAME + "it hears neuron 3 of its source slice, which has 3",
    ),
    "row outside": (
        lambda: with_table(address=[0, 26]),
        CELLS_NAME + r"the row of neuron 0 of 'poisson\[0:2\]' lies outside",
    ),
    "row length": (lambda: with_rows(1, 3), CELLS_NAME + r"the row of neuron 0 of 'input\[0:4\]' is longer than"),
    "row target": (
        lambda: with_rows(4, 0x10003),
        r"the row of neuron 0 of 'input\[0:4\]' names .* a neuron that the core",
    ),
    "plastic row": (lambda: with_rows(0, 1), r"the row of neuron 0 of 'input\[0:4\]' has a plastic part"),
    "plastic control": (lambda: with_rows(2, 1), r"the row of neuron 0 of 'input\[0:4\]' has a plastic part"),
    "later row": (lambda: with_rows(13, 0x10003), r"the row of neuron 2 of 'input\[0:4\]' names"),
    "instruction": (
        lambda: with_program(instructions=(Instruction(Op.ADD, 0, 0, 99),)),
        "register 99 does not exist",
    ),
    "scratch": (
        lambda: with_program(instructions=INTEGRATOR.instructions[1:]),
        "program 'integrator': instruction 0 reads 'net' before it is written",
    ),
    "spike": (
        lambda: with_program(instructions=INTEGRATOR.instructions[:3]),
        "program 'integrator': register 7, which tells the spikes, is not written",
    ),
    "recorded register": (
        lambda: with_program(recorded=(("v", 0, 0), ("x", 0, 32))),
        "program 'integrator': 'x' cannot be read from register 0",
    ),
    "two current registers": (
        lambda: with_program(registers=(*INTEGRATOR.registers, Register("more", Role.CURRENT))),
        "several registers for injected current",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_image_is_refused(name: str) -> None:
    made, message = BROKEN[name]
    with pytest.raises(ImageError, match=message):
        Emulator(made())


def test_a_type_that_is_not_there() -> None:
    """With two type bits, types 2 and 3 can be written, but only two receptors exist."""
    cells = neurons(1, [(KEY, FULL, [[(0, 1, 16, 1)]])])
    sender = source(1, [], KEY)
    made = image([replace(cells, type_bits=2), sender], [table(0, 0, (KEY, FULL, route(1)))])
    Emulator(made)
    rows = cells.rows.copy()
    rows[3] = 1 << 16 | 2
    with pytest.raises(ImageError, match="names a synapse type or a neuron"):
        Emulator(replace(made, cores=(replace(cells, type_bits=2, rows=rows), sender)))


def test_a_current_where_the_program_takes_none() -> None:
    program = Program(
        "plain", INTEGRATOR.registers[:4] + INTEGRATOR.registers[5:], (Instruction(Op.COPY, 6, 0),), 6, ()
    )
    cells = neurons(1, recordings=(), currents=[Current(ints(0), ints(0), ints(1))])
    with pytest.raises(ImageError, match="plain takes no injected current"):
        Emulator(image([cells], [], programs=[program]))


def test_empty_images_and_empty_tables_are_fine() -> None:
    emulator = Emulator(image([], []))
    emulator.run(3)
    assert emulator.statistics().spikes == 0
    empty = PopulationTable(*[words()] * 4)
    emulator = Emulator(image([replace(neurons(1), table=empty, rows=words())], [table(0, 0)]))
    emulator.run(3)
    assert emulator.recording(0, "v").shape == (4, 1)
