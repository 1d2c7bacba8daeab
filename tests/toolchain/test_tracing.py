"""Traced steps become programs that compute what the step says, or errors that say what to do instead."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import update
from emulator.errors import ProgramError
from emulator.program import Kind, Op, Program, Register, Role
from toolchain.models.tracing import Step, Traced, decay, select, trace

STATES = ("a", "b", "c")
REGISTERS = (
    *(Register(name, Role.STATE) for name in STATES),
    Register("p", Role.PARAMETER),
    Register("f", Role.PARAMETER, kind=Kind.FRACTION),
    Register("n", Role.STATE, kind=Kind.INTEGER),
    Register("m", Role.PARAMETER, kind=Kind.MASK),
)


def traced(step: Callable[[Mapping[str, Traced]], Step]) -> Program:
    return trace("Test", REGISTERS, step)


def run(program: Program, **values: int) -> dict[str, int]:
    core = update.allocate(program, {name: np.array([value], np.int32) for name, value in values.items()}, 1)
    update.run(program, core)
    return {register.name: int(row[0]) for register, row in zip(program.registers, core, strict=True)}


# --- any step ---------------------------------------------------------------------------------------


def wrapped(x: int) -> int:
    return (x + 2**31) % 2**32 - 2**31


@dataclass(frozen=True)
class Apply:
    """One operation of a random step: on the values made so far, by index."""

    kind: int
    a: int
    b: int
    c: int

    def traced(self, known: list[Traced]) -> Traced:
        a, b, c = (known[i % len(known)] for i in (self.a, self.b, self.c))
        makers: list[Callable[[], Traced]] = [
            lambda: a + b,
            lambda: a - b,
            lambda: a * b,
            lambda: select(a >= b, c, a),
            lambda: a >> 3,
            lambda: select((a > b) & (b < c), b, c),
        ]
        return makers[self.kind]()

    def exact(self, known: list[int]) -> int:
        a, b, c = (known[i % len(known)] for i in (self.a, self.b, self.c))
        makers: list[Callable[[], int]] = [
            lambda: a + b,
            lambda: a - b,
            lambda: a * b >> 15,
            lambda: c if a >= b else a,
            lambda: a >> 3,
            lambda: b if a > b and b < c else c,
        ]
        return wrapped(makers[self.kind]())


applications = st.builds(Apply, st.integers(0, 5), *[st.integers(0, 40)] * 3)


@given(
    code=st.lists(applications, max_size=25),
    finals=st.lists(st.integers(0, 40), min_size=3, max_size=3),
    seen=st.integers(0, 40),
    first=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=4, max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_registers_are_given_without_clashes(code: list[Apply], finals: list[int], seen: int, first: list[int]) -> None:
    """Whatever becomes of the states, swaps included, a program computes what the step says."""

    def step(r: Mapping[str, Traced]) -> Step:
        known = [r[name] for name in (*STATES, "p")]
        for apply in code:
            known.append(apply.traced(known))
        values = [known[i % len(known)] for i in finals]
        return Step(dict(zip(STATES, values, strict=True)), known[0] >= known[-1], {"seen": known[seen % len(known)]})

    known = list(first)
    for apply in code:
        known.append(apply.exact(known))
    program = traced(step)
    before = dict(zip((*STATES, "p"), first, strict=True))
    after = run(program, **before)
    assert [after[name] for name in STATES] == [known[i % len(known)] for i in finals]
    assert after[program.registers[program.spike].name] == -(known[0] >= known[-1])
    register = program.registers[program.recorded[0][1]]
    assert (after if register.role == Role.SCRATCH else before)[register.name] == known[seen % len(known)]


def test_every_operator() -> None:
    def step(r: Mapping[str, Traced]) -> Step:
        mask = (r["a"] <= 1) | (r["b"] < r["a"])
        b = select(mask, 0.5, -r["b"]) + 2 * decay(r["a"], r["f"])
        return Step({"a": 3 - r["a"], "b": b, "n": (r["n"] << 2) + 1}, r["a"] > r["b"], {})

    after = run(traced(step), a=2 << 15, b=1 << 15, f=1 << 30, n=5)
    assert (after["a"], after["b"], after["n"]) == (1 << 15, (1 << 14) + (1 << 15), 21)


def test_constants_are_cut_as_c_literals_and_shared() -> None:
    def step(r: Mapping[str, Traced]) -> Step:
        return Step({"a": r["a"] + 0.1, "b": r["b"] - 0.1, "c": select(r["m"], r["c"], -0.1)}, r["m"], {})

    program = traced(step)
    constants = [register.value for register in program.registers if register.role == Role.CONSTANT]
    assert constants == [3276, -3276]


def test_fractions_as_constants() -> None:
    def step(r: Mapping[str, Traced]) -> Step:
        return Step({"a": decay(r["a"], select(r["m"], r["f"], 0.75))}, r["m"], {})

    assert run(traced(step), a=1 << 15)["a"] == 3 << 13


def test_equal_operations_are_done_once_and_idle_ones_dropped() -> None:
    def step(r: Mapping[str, Traced]) -> Step:
        r["a"] * r["p"] + r["b"]
        return Step({"a": r["a"] + r["p"], "b": r["b"] - (r["a"] + r["p"])}, r["a"] > 0, {})

    assert [i.op for i in traced(step).instructions] == [Op.ADD, Op.SUB, Op.GT, Op.COPY]


def test_a_long_chain_needs_one_scratch_register() -> None:
    def step(r: Mapping[str, Traced]) -> Step:
        x = r["a"] + r["p"]
        for _ in range(10):
            x = x * r["p"]
        return Step({"b": x}, r["m"], {})

    program = traced(step)
    assert len(program.numbers(Role.SCRATCH)) == 1
    assert len(program.instructions) == 11


# --- misuse -----------------------------------------------------------------------------------------

MISUSES: list[tuple[Callable[[Mapping[str, Any]], object], str]] = [
    (lambda r: 1 if r["a"] > 0 else 2, "use select"),
    (lambda r: r["a"] > 0 and r["b"] > 0, "use select"),
    (lambda r: r["a"] / r["n"], "cannot divide s16.15 and integer"),
    (lambda r: r["n"] / 2, "cannot divide integer and integer"),
    (lambda r: r["a"] // 2, "no quotient in whole numbers"),
    (lambda r: r["a"] ** 2, r"multiply x \* x"),
    (lambda r: math.exp(r["a"]), "derive it at start-up"),
    (lambda r: np.exp(r["a"]), "derive it at start-up"),
    (lambda r: r["a"] == r["b"], "compare for equality"),
    (lambda r: r["a"] != r["b"], "compare for equality"),
    (lambda r: r["a"] + r["n"], "cannot add s16.15 and integer"),
    (lambda r: r["n"] * 2, "cannot multiply integer and integer"),
    (lambda r: r["a"] * r["f"], r"cannot multiply s16.15 and u0.32; use decay\(x, factor\)"),
    (lambda r: r["a"] - r["m"], "cannot subtract s16.15 and mask"),
    (lambda r: r["a"] > r["n"], "cannot compare s16.15 and integer"),
    (lambda r: r["m"] & r["a"], "cannot combine mask and s16.15"),
    (lambda r: r["a"] | r["b"], "cannot combine s16.15 and s16.15"),
    (lambda r: r["a"] + "1", "cannot add s16.15 and '1'"),
    (lambda r: r["a"] + True, "cannot add s16.15 and True"),
    (lambda r: r["a"] >> r["n"], "only a number by a plain integer"),
    (lambda r: r["m"] << 1, "cannot shift mask"),
    (lambda r: r["n"] + 0.5, "the number 0.5 cannot be used as integer"),
    (lambda r: r["a"] + 1e6, "the number 1000000.0 does not fit s16.15"),
    (lambda r: select(r["a"], 1, 2), r"select\(\) needs a mask, such as v >= threshold, got s16.15"),
    (lambda r: select(r["a"].kind == 0, r["a"], 2), r"select\(\) needs a mask, .* got True"),
    (lambda r: select(r["m"], 1, 2), "between two plain numbers"),
    (lambda r: select(r["m"], r["a"], r["n"]), "cannot select between s16.15 and integer"),
    (
        lambda r: decay(r["a"], r["b"]),
        "needs an s16.15, s0.31 or s4.11 value and a u0.32 factor, got s16.15 and s16.15",
    ),
    (lambda r: decay(r.get("x", 0.5), r["f"]), "got 0.5 and u0.32"),
    (lambda r: r["nope"], "there is no 'nope'; declared are a, b, c, p, f, n, m"),
]


@pytest.mark.parametrize(("misuse", "message"), MISUSES, ids=[message[:30] for _, message in MISUSES])
def test_misuse_is_named(misuse: Callable[[Mapping[str, Any]], object], message: str) -> None:
    def step(r: Mapping[str, Traced]) -> Step:
        misuse(r)
        return Step({}, r["m"], {})

    with pytest.raises(ProgramError, match=rf"Test\.step: .*{message}"):
        traced(step)


@pytest.mark.parametrize(
    ("state", "spike", "message"),
    [
        ("p", "m", "'p' is not a state; states are a, b, c, n"),
        ("n", "m", "state 'n' is integer, got s16.15"),
        ("a", "b", "the spike must be a mask, got s16.15"),
    ],
)
def test_wrong_results_are_named(state: str, spike: str, message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        traced(lambda r: Step({state: r["b"]}, r[spike], {}))


def test_a_name_declared_twice_is_named() -> None:
    with pytest.raises(ProgramError, match="Test: 'a' is declared twice"):
        trace("Test", (*REGISTERS, REGISTERS[0]), lambda r: Step({}, r["m"], {}))
