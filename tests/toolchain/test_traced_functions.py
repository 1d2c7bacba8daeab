"""What the functions of a step compute: products and conversions of all kinds, quotients, tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emulator import interpreter, update
from emulator.errors import ProgramError
from emulator.interpreter import RESOLUTION
from emulator.program import MOST_TRIALS, Kind, Op, Program, Register, Role, Table
from toolchain.models.functions import fade, ratio, stopped_product
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import (
    Step,
    Traced,
    binomial,
    convert,
    decay,
    interpolate,
    lookup,
    power,
    product,
    select,
    trace,
)

KINDS = (Kind.ACCUM, Kind.FRACTION, Kind.INTEGER, Kind.UNIT, Kind.TRACE)
NAMES = {kind: kind.name.lower() for kind in KINDS}
REGISTERS = (
    *(Register(f"{name}{i}", Role.PARAMETER, 0, kind) for kind, name in NAMES.items() for i in (1, 2)),
    *(Register(f"{name}_out", Role.STATE, 0, kind) for kind, name in NAMES.items()),
)
RAMP = tabulate(lambda x: 2.0 * x, -3.0, 5.0, 100)
Function = Callable[[Mapping[str, Traced]], Traced]
word = st.integers(-(2**31), 2**31 - 1)


def program_of(function: Function, kind: Kind) -> Program:
    def step(r: Mapping[str, Traced]) -> Step:
        return Step({f"{NAMES[kind]}_out": function(r)}, r["accum1"] >= 0, {})

    return trace("Test", REGISTERS, step)


def words(function: Function, kind: Kind, *a: int) -> int:
    """The word of ``function`` where the two registers of each kind hold the words `a`."""
    program = program_of(function, kind)
    given = {f"{name}{i}": np.array([w], np.int32) for name in NAMES.values() for i, w in enumerate(a, 1)}
    core = update.allocate(program, given, 1)
    update.run(program, core)
    return int(core[program.register(f"{NAMES[kind]}_out"), 0])


def real(function: Function, kind: Kind, *a: int) -> float:
    """The same in real numbers."""
    program = program_of(function, kind)
    given = {f"{name}{i}": np.array([w], np.int32) for name in NAMES.values() for i, w in enumerate(a, 1)}
    core = interpreter.real_registers(program, update.allocate(program, given, 1))
    interpreter.run_real(program, core)
    return float(core[program.register(f"{NAMES[kind]}_out"), 0])


def wrapped(x: int) -> int:
    return (x + 2**31) % 2**32 - 2**31


def half(x: int) -> int:
    """The low 16 bits, with their sign."""
    return (x + 2**15) % 2**16 - 2**15


def quotient(a: int, b: int) -> int:
    size = (abs(a) << 15) // abs(b) if b else 0
    return wrapped(size if (a < 0) == (b < 0) else -size)


def power_of(a: int, b: int) -> int:
    square, result, left = a % 2**32, 2**32 - 1, max(b, 0)
    while left:
        if left & 1:
            result = (result + 1) * square >> 32
        square, left = (square + 1) * square >> 32, left >> 1
    return wrapped(result)


CASES: list[tuple[str, Kind, Function, Callable[[int, int], int]]] = [
    ("accum / accum", Kind.ACCUM, lambda r: r["accum1"] / r["accum2"], quotient),
    ("1 / accum", Kind.ACCUM, lambda r: 1 / r["accum1"], lambda a, b: quotient(1 << 15, a)),
    ("accum / 3", Kind.ACCUM, lambda r: r["accum1"] / 3, lambda a, b: quotient(a, 3 << 15)),
    ("unit * unit", Kind.UNIT, lambda r: r["unit1"] * r["unit2"], lambda a, b: wrapped(a * b >> 31)),
    ("accum * unit", Kind.ACCUM, lambda r: r["accum1"] * r["unit2"], lambda a, b: wrapped(a * b >> 31)),
    ("unit * accum", Kind.ACCUM, lambda r: r["unit1"] * r["accum2"], lambda a, b: wrapped(a * b >> 31)),
    ("0.5 * unit", Kind.UNIT, lambda r: 0.5 * r["unit1"], lambda a, b: a >> 1),
    ("trace * trace", Kind.TRACE, lambda r: r["trace1"] * r["trace2"], lambda a, b: half(a) * half(b) >> 11),
    ("trace * 1.5", Kind.TRACE, lambda r: r["trace1"] * 1.5, lambda a, b: half(a) * 3072 >> 11),
    ("1 - unit", Kind.UNIT, lambda r: 1 - r["unit1"], lambda a, b: wrapped(2**31 - 1 - a)),
    ("decay(unit)", Kind.UNIT, lambda r: decay(r["unit1"], r["fraction2"]), lambda a, b: a * (b % 2**32) >> 32),
    ("product", Kind.ACCUM, lambda r: product(r["integer1"], r["accum2"], 0, Kind.ACCUM), lambda a, b: wrapped(a * b)),
    (
        "product by 32",
        Kind.UNIT,
        lambda r: product(r["integer1"], r["accum2"], 32, Kind.UNIT),
        lambda a, b: wrapped(a * b >> 32),
    ),
    ("accum to integer", Kind.INTEGER, lambda r: convert(r["accum1"], Kind.INTEGER), lambda a, b: int(a / 2**15)),
    ("trace to integer", Kind.INTEGER, lambda r: convert(r["trace1"], Kind.INTEGER), lambda a, b: int(a / 2**11)),
    ("integer to accum", Kind.ACCUM, lambda r: convert(r["integer1"], Kind.ACCUM), lambda a, b: wrapped(a << 15)),
    ("accum to fraction", Kind.FRACTION, lambda r: convert(r["accum1"], Kind.FRACTION), lambda a, b: wrapped(a << 17)),
    ("fraction to accum", Kind.ACCUM, lambda r: convert(r["fraction1"], Kind.ACCUM), lambda a, b: a % 2**32 >> 17),
    ("fraction to unit", Kind.UNIT, lambda r: convert(r["fraction1"], Kind.UNIT), lambda a, b: a % 2**32 >> 1),
    ("unit to fraction", Kind.FRACTION, lambda r: convert(r["unit1"], Kind.FRACTION), lambda a, b: wrapped(a << 1)),
    ("accum to unit", Kind.UNIT, lambda r: convert(r["accum1"], Kind.UNIT), lambda a, b: wrapped(a << 16)),
    ("unit to accum", Kind.ACCUM, lambda r: convert(r["unit1"], Kind.ACCUM), lambda a, b: a >> 16),
    ("trace to accum", Kind.ACCUM, lambda r: convert(r["trace1"], Kind.ACCUM), lambda a, b: wrapped(a << 4)),
    ("accum to accum", Kind.ACCUM, lambda r: convert(r["accum1"], Kind.ACCUM), lambda a, b: a),
    ("power", Kind.FRACTION, lambda r: power(r["fraction1"], r["integer2"]), power_of),
    ("interpolate", Kind.ACCUM, lambda r: interpolate(RAMP, r["accum1"]), lambda a, b: 2 * min(max(a, -98304), 163840)),
    (
        "lookup",
        Kind.ACCUM,
        lambda r: lookup(RAMP, r["accum1"]),
        lambda a, b: 2 * (min(max(a, -98304), 163840) >> RAMP.shift << RAMP.shift),
    ),
]


@pytest.mark.parametrize(("kind", "function", "exact"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
@given(a=word, b=word)
@settings(max_examples=30, deadline=None)
def test_functions_compute_words(
    kind: Kind, function: Function, exact: Callable[[int, int], int], a: int, b: int
) -> None:
    assert words(function, kind, a, b) == exact(a, b)


@pytest.mark.parametrize(("kind", "function"), [case[1:3] for case in CASES[:-2]], ids=[case[0] for case in CASES[:-2]])
@given(a=st.integers(1 << 13, (1 << 15) - 1), b=st.integers(1 << 13, (1 << 15) - 1))
@settings(max_examples=10, deadline=None)
def test_real_numbers_differ_by_two_bits_at_most(kind: Kind, function: Function, a: int, b: int) -> None:
    """Where nothing wraps."""
    value = float(interpreter.real(np.array([words(function, kind, a, b)], np.int32), kind)[0])
    assert real(function, kind, a, b) == pytest.approx(value, abs=2 * RESOLUTION[kind])


@given(a=word)
@settings(max_examples=50, deadline=None)
def test_tables_in_real_numbers(a: int) -> None:
    """The slope of the ramp is a whole number, and the argument is the same."""
    for function in (lambda r: interpolate(RAMP, r["accum1"]), lambda r: lookup(RAMP, r["accum1"])):
        assert real(function, Kind.ACCUM, a, 0) == words(function, Kind.ACCUM, a, 0) / 2**15


def test_a_table_used_twice_is_kept_once() -> None:
    def both(r: Mapping[str, Traced]) -> Traced:
        same = tabulate(lambda x: 2.0 * x, -3.0, 5.0, 100)
        return interpolate(RAMP, r["accum1"]) + interpolate(same, r["accum2"]) + lookup(RAMP, r["accum1"])

    program = program_of(both, Kind.ACCUM)
    assert program.tables == (RAMP,)
    assert [program.registers[r].value for r in program.numbers(Role.TABLE)] == [0]


@given(tau=st.floats(2.0, 5000.0), steps=st.integers(0, 20000))
@settings(max_examples=100, deadline=None)
def test_a_power_is_a_decay_over_many_steps(tau: float, steps: int) -> None:
    """Each product is off by a bit at most; a square has twice the relative error of its root, until it is small."""
    factor = round(np.exp(-1.0 / tau) * 2**32)
    found = words(lambda r: power(r["fraction1"], r["integer2"]), Kind.FRACTION, wrapped(factor), steps)
    bound = (2 * min(steps, tau) + 2) * 2.0**-32
    assert found % 2**32 / 2**32 == pytest.approx((factor / 2**32) ** steps, abs=bound)


@pytest.mark.parametrize("factor", [-1, 0, 1, 1 << 30, -(1 << 31)])
def test_first_powers(factor: int) -> None:
    for exponent, wanted in ((-5, -1), (0, -1), (1, factor)):
        assert words(lambda r: power(r["fraction1"], r["integer2"]), Kind.FRACTION, factor, exponent) == wanted
    assert words(lambda r: power(r["fraction1"], r["integer2"]), Kind.FRACTION, -1, 2**31 - 1) == -1


def successes(trials: int, probability: float, seeds: NDArray[np.int32]) -> NDArray[np.int32]:
    program = program_of(lambda r: binomial(r["integer1"], r["fraction1"], r["unit1"]), Kind.INTEGER)
    word = np.array([min(round(probability * 2**32), 2**32 - 1)], np.uint32).view(np.int32)
    given = {"integer1": np.array([trials], np.int32), "fraction1": word, "unit1": seeds}
    core = update.allocate(program, given, len(seeds))
    update.run(program, core)
    found: NDArray[np.int32] = core[program.register("integer_out")].copy()
    return found


@pytest.mark.parametrize(("trials", "probability"), [(1, 0.5), (5, 0.3), (10, 0.5), (100, 0.05)])
def test_successes_have_the_binomial_distribution(trials: int, probability: float) -> None:
    """Mean, variance and the share of each number, all within four standard errors."""
    n = 40000
    seeds = np.random.default_rng(trials).integers(0, 2**31, n).astype(np.int32)
    found = successes(trials, probability, seeds)
    assert found.min() >= 0
    assert found.max() <= trials
    variance = trials * probability * (1 - probability)
    assert found.mean() == pytest.approx(trials * probability, abs=4 * (variance / n) ** 0.5)
    assert found.var() == pytest.approx(variance, rel=4 * (2 / n) ** 0.5 + 0.01)
    for k in range(trials + 1):
        share = math.comb(trials, k) * probability**k * (1 - probability) ** (trials - k)
        assert np.mean(found == k) == pytest.approx(share, abs=4 * (share / n) ** 0.5 + 1e-4)


def test_neighbouring_seeds_draw_independently() -> None:
    found = successes(10, 0.5, np.arange(20000, dtype=np.int32)).astype(np.float64)
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 4 / 20000**0.5
    assert found.mean() == pytest.approx(5.0, abs=4 * (2.5 / 20000) ** 0.5)


def test_certain_outcomes() -> None:
    seeds = np.arange(33, dtype=np.int32)
    assert set(successes(7, 1.0, seeds).tolist()) == {7}
    assert set(successes(7, 0.0, seeds).tolist()) == {0}
    assert set(successes(-3, 0.5, seeds).tolist()) == {0}
    assert set(successes(5000, 1.0, seeds).tolist()) == {MOST_TRIALS}


def test_successes_in_real_numbers_are_the_same() -> None:
    def function(r: Mapping[str, Traced]) -> Traced:
        return binomial(r["integer1"], r["unit2"], r["accum2"])

    for a, b in ((9, 1 << 30), (40, 12345678)):
        assert real(function, Kind.INTEGER, a, b) == words(function, Kind.INTEGER, a, b)


def test_floats_are_computed_as_floats() -> None:
    x = np.array([-9.0, 0.25, 9.0])
    assert select(x > 0, x, -1.0).tolist() == [-1.0, 0.25, 9.0]
    assert np.asarray(interpolate(RAMP, x)).tolist() == [-6.0, 0.5, 10.0]
    assert interpolate(RAMP, 0.3) == pytest.approx(0.6)
    assert lookup(RAMP, x).tolist() == [-6.0, 0.5, 10.0]
    assert decay(2.0, 0.25) == 0.5
    assert convert(-1.5, Kind.INTEGER) == -1.0
    assert convert(-1.5, Kind.ACCUM) == -1.5
    assert np.asarray(power(0.5, np.array([-1.0, 0.0, 3.0]))).tolist() == [1.0, 1.0, 0.125]


# --- tables -----------------------------------------------------------------------------------------


def test_a_table_has_as_many_points_as_allowed() -> None:
    made = tabulate(np.exp, -4.0, 2.0, 1000, Kind.ACCUM)
    assert (made.first, made.shift, len(made.values)) == (-4 << 15, 8, 769)
    assert made.values[-1] == round(np.exp(2.0) * 2**15)
    assert tabulate(np.exp, -4.0, 2.0, 769) == made
    assert len(tabulate(np.exp, -4.0, 2.0, 768).values) == 385


@given(st.floats(0.5, 30.0), st.integers(64, 2000))
@settings(max_examples=30, deadline=None)
def test_interpolation_is_as_close_as_its_second_derivative_allows(steepness: float, points: int) -> None:
    """h^2/8 max|f''|, and the rounding of the values and of the result."""

    def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1.0 / (1.0 + np.exp(-x / steepness))

    made = tabulate(sigmoid, -100.0, 60.0, points, Kind.UNIT)
    x = np.random.default_rng(1).integers(-100 << 15, 60 << 15, 500).astype(np.int32)
    program = program_of(lambda r: interpolate(made, r["accum1"]), Kind.UNIT)
    core = update.allocate(program, {"accum1": x}, len(x))
    update.run(program, core)
    found = core[program.register("unit_out")] / 2.0**31
    bound = (2.0**made.shift / 2**15) ** 2 / 8 * 0.0963 / steepness**2 + 2.0 * 2.0**-31
    assert np.max(np.abs(found - sigmoid(x / 2.0**15))) <= bound


def test_one_is_the_largest_fraction() -> None:
    assert tabulate(lambda x: 1.0 - 0.0 * x, 0.0, 1.0, 2, Kind.UNIT).values == (2**31 - 1,) * 2
    assert tabulate(lambda x: 1.0 - 0.5 * x, 0.0, 1.0, 2, Kind.FRACTION).values == (-1, -(2**31))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.exp, 0.0, 20.0, 50, Kind.ACCUM), r"does not fit s16.15"),
        ((lambda x: x, -1.0, 1.0, 50, Kind.FRACTION), r"the value -1.0 at -1.0 does not fit u0.32"),
        ((lambda x: np.where(x > 0.5, np.nan, x), 0.0, 1.0, 9, Kind.ACCUM), "the value nan at 0.625 does not fit"),
        ((np.sign, -1.0, 1.0, 4, Kind.UNIT), "rises too fast behind -1.0"),
        ((np.exp, 1.0, 1.0, 50, Kind.ACCUM), "a table from 1.0 to 1.0 with 50 points: needs"),
        ((np.exp, 1.0, 2.0, 1, Kind.ACCUM), "with 1 points: needs at least 2"),
    ],
)
def test_what_cannot_be_a_table(
    arguments: tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], float, float, int, Kind], message: str
) -> None:
    with pytest.raises(ProgramError, match=message):
        tabulate(*arguments)


MISUSES: list[tuple[Function, str]] = [
    (lambda r: r["unit1"] + r["accum1"], r"cannot add s0.31 and s16.15; convert\(x, kind\)"),
    (lambda r: r["trace1"] * r["unit1"], r"cannot multiply s4.11 and s0.31; product\(a, b, shift, kind\)"),
    (lambda r: r["unit1"] * 2, "the number 2 does not fit s0.31"),
    (lambda r: decay(r["integer1"], r["fraction1"]), "got integer and u0.32"),
    (lambda r: product(r["accum1"], r["fraction1"], 3, Kind.ACCUM), "two signed numbers, got s16.15 and u0.32"),
    (lambda r: product(r["accum1"], r["accum1"], 33, Kind.ACCUM), "shifts by 0 to 32 bits, got 33"),
    (lambda r: convert(r["accum1"] > 0, Kind.ACCUM), "cannot convert mask to s16.15"),
    (lambda r: convert(r["integer1"], Kind.UNIT), "cannot convert integer to s0.31"),
    (lambda r: power(r["unit1"], r["integer1"]), "u0.32 factor and an integer exponent, got s0.31 and integer"),
    (lambda r: binomial(r["integer1"], r["accum1"], r["unit1"]), "got integer, s16.15, s0.31"),
    (lambda r: interpolate(RAMP, r["unit1"]), "the table takes s16.15, got s0.31"),
    (lambda r: interpolate(Table((1,), 0, 3), r["accum1"]), "at least 2 values"),
]


@pytest.mark.parametrize(("misuse", "message"), MISUSES)
def test_misuse_is_named(misuse: Function, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        _ = program_of(misuse, Kind.ACCUM).code


def test_what_is_traced_is_what_is_meant() -> None:
    program = program_of(lambda r: convert(interpolate(RAMP, r["accum1"] / r["accum2"]), Kind.UNIT), Kind.UNIT)
    assert [i.op for i in program.instructions] == [Op.DIV, Op.LERP, Op.SHL, Op.GE]
    assert [i.kind for i in program.instructions] == [Kind.ACCUM, Kind.ACCUM, Kind.UNIT, Kind.MASK]


@given(word, word, st.integers(1, 32))
def test_stopped_products_stop_where_products_wrap(a: int, b: int, shift: int) -> None:
    found = words(lambda r: stopped_product(r["accum1"], r["accum2"], shift, Kind.ACCUM), Kind.ACCUM, a, b)
    assert found == min(max(a * b >> shift, -(2**31)), 2**31 - 1)
    assert stopped_product(3.0, 0.5, shift, Kind.ACCUM) == 1.5
    with pytest.raises(ProgramError, match="shifts by 1 to 32 bits, got 0"):
        words(lambda r: stopped_product(r["accum1"], r["accum2"], 0, Kind.ACCUM), Kind.ACCUM, a, b)


@given(word, st.integers(0, 2**31 - 1))
def test_what_fades_goes_towards_zero(a: int, factor: int) -> None:
    """The smallest word has no opposite, and is left out."""
    a = max(a, 1 - 2**31)
    found = words(lambda r: fade(r["accum1"], r["unit2"]), Kind.ACCUM, a, factor)
    assert found == (abs(a) * factor >> 31) * (1 if a >= 0 else -1)
    assert fade(-2.0, 0.25) == -0.5


@given(st.integers(0, 2**31 - 1), st.integers(1, 2**31 - 1))
def test_ratios_are_those_of_words(a: int, b: int) -> None:
    found = words(lambda r: ratio(r["unit1"], r["unit2"]), Kind.ACCUM, a, b)
    assert found == ((a << 15) // b + 2**31) % 2**32 - 2**31
    assert ratio(1.0, 4.0) == 0.25
    with pytest.raises(ProgramError, match=r"ratio\(\) needs two signed numbers of one kind, got s0.31 and s16.15"):
        words(lambda r: ratio(r["unit1"], r["accum2"]), Kind.ACCUM, a, b)
