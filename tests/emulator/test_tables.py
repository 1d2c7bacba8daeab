"""Tables of functions: kept by the program, run by every core, written to an archive, refused where they are wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from declared import same
from images import INTEGRATOR, ONE, image, neurons

from emulator.check import check
from emulator.emulator import Emulator
from emulator.errors import ImageError, ProgramError
from emulator.image import MachineImage, load_image, save_image
from emulator.program import Instruction, Kind, Op, Program, Register, Role, Table

BENT = Table((-5 * ONE, 0, ONE, 0), -2 * ONE, 16)
"""From -5 at -2 to 0 at 0, 1 at 2 and 0 at 4."""
T, OUT = 8, 9
CURVE = replace(
    INTEGRATOR,
    registers=(*INTEGRATOR.registers, Register("table", Role.TABLE, 0), Register("bent", Role.SCRATCH)),
    instructions=(*INTEGRATOR.instructions, Instruction(Op.LERP, OUT, 0, T)),
    recorded=(("v", 0, 0), ("bent", OUT, 0)),
    tables=(BENT,),
)


def curved() -> MachineImage:
    start = np.array([-9 * ONE, -2 * ONE, -ONE, 0, ONE, 3 * ONE, 4 * ONE, 9 * ONE, 3], np.int32)
    given = {"v": start, "threshold": np.full(9, 1 << 30, np.int32)}
    cores = [
        replace(neurons(9, recordings=[("bent", range(9), 1)], registers=given, label=f"cells {p} "), p=p)
        for p in (1, 2, 3)
    ]
    return image(cores, [], programs=[CURVE])


@pytest.mark.parametrize("threads", [1, 2])
def test_cores_read_the_table_of_their_program(threads: int) -> None:
    """Also for the sample of a tick that has not been run."""
    emulator = Emulator(curved(), threads)
    for ticks in (0, 4):
        emulator.run(ticks)
        for core in range(3):
            bent = emulator.recording(core, "bent")
            assert bent.tolist() == [[-5 * ONE, -5 * ONE, -5 * ONE // 2, 0, ONE // 2, ONE // 2, 0, 0, 1]] * (ticks + 1)


def test_tables_come_back_from_an_archive(tmp_path: Path) -> None:
    made = curved()
    save_image(tmp_path / "image.npz", made)
    loaded = load_image(tmp_path / "image.npz")
    assert same(loaded, made)
    assert loaded.programs == made.programs


def test_programs_with_equal_tables_are_equal() -> None:
    assert replace(CURVE, tables=(replace(BENT),)) == CURVE
    assert hash(replace(CURVE, tables=(replace(BENT),))) == hash(CURVE)


def test_the_last_point() -> None:
    assert BENT.last == 4 * ONE
    assert BENT.words.tolist() == [-2 * ONE, 16, 4, *BENT.values]


BROKEN: dict[str, tuple[Program, str]] = {
    "one value": (replace(CURVE, tables=(Table((1,), 0, 3),)), "1 values, 2**3 words apart: a table has at least 2"),
    "a shift too far": (replace(CURVE, tables=(Table((1, 2), 0, 32),)), "a shift of 0..31"),
    "too wide": (replace(CURVE, tables=(Table((1, 2, 3), 0, 30),)), "points from 0 to 2147483648 do not fit a word"),
    "too far apart": (replace(CURVE, tables=(Table((1, 2), -(2**31), 31),)), "points from -2147483648 to 0 do not"),
    "a value too large": (replace(CURVE, tables=(Table((1, 2**31), 0, 3),)), "the value 2147483648 does not fit"),
    "no such table": (replace(CURVE, tables=()), "register 'table': table 0 does not exist, there are 0"),
    "a table for a word": (
        replace(CURVE, instructions=(*CURVE.instructions, Instruction(Op.ADD, OUT, T, 0))),
        "(ADD): takes register 'table' for words of neurons",
    ),
    "a word for a table": (
        replace(CURVE, instructions=(*CURVE.instructions, Instruction(Op.LOOKUP, OUT, 0, 1))),
        "(LOOKUP): takes register 'threshold' for a table",
    ),
    "a table that is written": (
        replace(CURVE, instructions=(*CURVE.instructions, Instruction(Op.ADD, T, 0, 0))),
        "writes register 'table' of role TABLE",
    ),
    "a table that spikes": (replace(CURVE, spike=T), "'table' is a table, no outcome"),
    "a table that is recorded": (replace(CURVE, recorded=(("t", T, 0),)), "'table' is a table, no outcome"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_table_is_said(name: str) -> None:
    program, message = BROKEN[name]
    with pytest.raises(ProgramError, match=re.escape(message)):
        _ = program.code
    with pytest.raises(ImageError, match=re.escape(message)):
        check(replace(curved(), programs=(program,)))


def test_scale_shifts_by_a_whole_word_and_no_more() -> None:
    scaled = replace(CURVE, instructions=(*CURVE.instructions, Instruction(Op.SCALE, OUT, 0, 1, n=32)))
    assert scaled.code[-1].tolist() == [Op.SCALE, OUT, 0, 1, 0, 32]
    with pytest.raises(ProgramError, match=re.escape("(SCALE): shift by 33, must be 0..32")):
        _ = replace(CURVE, instructions=(Instruction(Op.SCALE, OUT, 0, 1, n=33),)).code


def test_what_an_instruction_reads() -> None:
    reads = {op: len(Instruction(op, 0, 1, 2, 3).reads) for op in Op}
    assert {op for op, count in reads.items() if count == 1} == {Op.SHL, Op.SHR, Op.LSR, Op.COPY}
    assert {op for op, count in reads.items() if count == 3} == {Op.SELECT, Op.BINOMIAL}
    assert Instruction(Op.ADD, 0, 1).kind == Kind.ACCUM
