"""The kernels give the words of the interpreter, for every instruction set and any operands."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import interpreter, update
from emulator.errors import ProgramError
from emulator.program import TABLE_OPS, Instruction, Op, Program, Register, Role, Table

REGISTERS = 6
NAMES = [f"r{i}" for i in range(REGISTERS)]
TABLES = (
    Table((5, -7), -3, 0),
    Table(tuple(range(-(2**31), 2**31, 2**23 + 12345)), -(2**22), 13),
    Table((0, 2**31 - 1, -(2**31)), -(2**30), 29),
    Table((1 << 20, -(1 << 20)), 0, 30),
)
EDGES = [0, 1, -1, 2, 32767, 32768, -32768, 2**31 - 1, -(2**31), 2**30, -(2**30)]

words = st.one_of(st.sampled_from(EDGES), st.integers(-(2**31), 2**31 - 1))
numbers = st.integers(0, REGISTERS - 1)


@st.composite
def instructions(draw: st.DrawFn) -> Instruction:
    op = draw(st.sampled_from(Op))
    second = st.integers(REGISTERS, REGISTERS + len(TABLES) - 1) if op in TABLE_OPS else numbers
    out, a, b, c = (draw(number) for number in (numbers, numbers, second, numbers))
    return Instruction(op, out, a, b, c, draw(st.integers(0, 32 if op == Op.SCALE else 31)))


def program(code: tuple[Instruction, ...]) -> Program:
    registers = tuple(Register(name, Role.STATE) for name in NAMES)
    tables = tuple(Register(f"table {i}", Role.TABLE, i) for i in range(len(TABLES)))
    return Program("random", registers + tables, code, spike=0, recorded=(), tables=TABLES)


@pytest.mark.parametrize("name", update.available_sets())
@given(
    code=st.lists(instructions(), max_size=12),
    n=st.sampled_from([1, 7, 15, 16, 33]),
    edge=st.lists(words, min_size=REGISTERS, max_size=REGISTERS),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_kernels_equal_the_interpreter(name: str, code: list[Instruction], n: int, edge: list[int], seed: int) -> None:
    made = program(tuple(code))
    random = np.random.default_rng(seed).integers(-(2**31), 2**31, (REGISTERS, n))
    random[:, 0] = edge
    values = {register: row.astype(np.int32) for register, row in zip(NAMES, random, strict=True)}
    got, wanted = update.allocate(made, values, n), update.allocate(made, values, n)
    update.run(made, got, update.address_of(name))
    interpreter.run_words(made, wanted)
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("name", update.available_sets())
@pytest.mark.parametrize("op", Op)
def test_each_operation_over_several_blocks(name: str, op: Op) -> None:
    n = 3 * 256 + 16 + 5
    made = program((Instruction(op, 3, 0, REGISTERS + 1 if op in TABLE_OPS else 1, 2, 9),))
    random = np.random.default_rng(int(op)).integers(-(2**31), 2**31, (REGISTERS, n)).astype(np.int32)
    got = update.allocate(made, dict(zip(NAMES, random, strict=True)), n)
    wanted = got.copy()
    update.run(made, got, update.address_of(name))
    interpreter.run_words(made, wanted)
    np.testing.assert_array_equal(got, wanted)
    assert not np.array_equal(got[3], random[3])


@pytest.mark.parametrize("name", update.available_sets())
def test_quotients_next_to_whole_numbers(name: str) -> None:
    """The exact quotient is an integer, or 1/|b| on either side of one: as near as there is."""
    random = np.random.default_rng(3)
    pairs = []
    for b in (2 * random.integers(1, 2**30, 4000) + 1).tolist():
        inverse = pow(2**15, -1, b)
        for rest in (-1, 0, 1):
            a = rest * inverse % b
            pairs += [(a, b), (a - b, b), (a, -b), (a - b, -b)]
    a, b = np.array(pairs, np.int32).T
    rests = (a.astype(np.int64) << 15) % b
    assert np.all((rests == 0) | (rests == np.sign(b)) | (rests == b - np.sign(b)))
    made = program((Instruction(Op.DIV, 2, 0, 1),))
    got = update.allocate(made, {"r0": a, "r1": b}, len(a))
    wanted = got.copy()
    update.run(made, got, update.address_of(name))
    interpreter.run_words(made, wanted)
    np.testing.assert_array_equal(got, wanted)


def test_the_best_set_is_used() -> None:
    assert update.available_sets()[-1] == "base"
    assert update.available_sets().index(update.INSTRUCTION_SET) == 0
    assert update.address_of(update.INSTRUCTION_SET) == update.PROGRAM_ADDRESS
    with pytest.raises(ValueError, match=r"'sse9' is not one of .*base"):
        update.address_of("sse9")


def test_constants_and_alignment() -> None:
    made = replace(program(()), tables=(), registers=(Register("k", Role.CONSTANT, -5), Register("s", Role.STATE)))
    registers = update.allocate(made, {"s": np.arange(5, dtype=np.int32)}, 5)
    assert registers.tolist() == [[-5] * 5, [0, 1, 2, 3, 4]]
    assert all(row.ctypes.data % 64 == 0 for row in registers)
    update.run(made, registers)
    update.run(made, registers[:, :0])


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        (Instruction(Op.ADD, 0, 1, 17), "register 17 does not exist"),
        (Instruction(Op.ADD, 1, 0, 0), "writes register 'k' of role CONSTANT"),
        (Instruction(Op.SHL, 0, 0, n=32), "shift by 32"),
    ],
)
def test_a_wrong_program_is_refused(instruction: Instruction, message: str) -> None:
    wrong = Program("wrong", (Register("s", Role.STATE), Register("k", Role.CONSTANT)), (instruction,), 0, ())
    with pytest.raises(ProgramError, match=f"program 'wrong', instruction 0.*{message}"):
        update.run(wrong, update.allocate(wrong, {}, 3))


def test_wrong_registers_are_refused() -> None:
    made = program(())
    with pytest.raises(ValueError, match="has 10 registers, got 5 rows"):
        update.run(made, np.zeros((5, 4), np.int32))
    with pytest.raises(ValueError, match="must be adjacent"):
        update.run(made, np.zeros((4, 10), np.int32).T)


@pytest.mark.parametrize(("spike", "recorded"), [(10, ()), (-2, ()), (0, (("v", 10, 0),))])
def test_what_is_read_after_a_program_exists(spike: int, recorded: tuple[tuple[str, int, int], ...]) -> None:
    wrong = replace(program(()), spike=spike, recorded=recorded)
    with pytest.raises(ProgramError, match=r"program 'random': register -?[0-9]+ does not exist, there are 10"):
        update.run(wrong, update.allocate(wrong, {}, 3))


def test_names_find_registers() -> None:
    made = program(())
    assert made.register("r3") == 3
    with pytest.raises(KeyError, match="r6"):
        made.register("r6")
