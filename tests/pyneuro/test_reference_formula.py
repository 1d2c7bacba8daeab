"""Formulas against numpy: a traced function, run by the kernel, computes what the function computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pyneuro.reference.formula import formula
from pyneuro.reference.integrate import Integrator
from pyneuro.reference.runge_kutta import TABLES
from toolchain.errors import NetworkError

Floats = NDArray[np.float64]
CELLS = 70
"""More than a block, and no multiple of a vector."""


def run(function: Callable[[Any, Any], Any], x: Floats, p: Any = 1.0) -> Floats:
    """What the kernel makes of ``function(x, p)``: y goes up by it in a step of 1 ms in which x stands still."""
    traced = formula("test", ["x", "y", "current"], lambda s: {"x": 0.0, "y": function(s["x"], p)})
    small, limits = [1e300, 1e300], (1e300, 1e-12)
    integrator = Integrator(traced, None, None, [False] * 2, np.zeros(len(x), np.bool_), TABLES, 1.0, small, limits)
    state = np.stack([x, np.zeros(len(x))])
    assert integrator.advance(state, None, None, np.zeros(len(x), np.uint8)) == -1
    risen: Floats = state[1]
    return risen


FUNCTIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "operators": lambda x, p: (x + p) * (x - 2.0) / (3.0 + p) - x + 1.0,
    "reflected": lambda x, p: 2.0 - x * 3.0 + 1.0 / (5.0 + np.abs(x)),
    "negative": lambda x, p: -x,
    "powers": lambda x, p: x**3 - x**2 + x**1 + x**16 * 1e-20,
    "root": lambda x, p: (x**2 + 1.0) ** 1.5,
    "exponentials": lambda x, p: np.exp(-x / 7.0) + np.expm1(0.1 * x),
    "logarithm": lambda x, p: np.log(np.square(x) + 1.0) + np.sqrt(abs(x)),
    "circular": lambda x, p: np.sin(x) + np.cos(2.0 * x) + np.tan(0.01 * x),
    "hyperbolic": lambda x, p: np.tanh(x) + np.cosh(0.1 * x) + np.sinh(0.1 * x),
    "bounds": lambda x, p: np.minimum(x, 3.0) + np.maximum(p, x) + np.clip(x, -2.0, 2.0),
    "choice": lambda x, p: np.where((x > 0.0) & (x <= 5.0) | (x < -20.0), x, 2.0 * x),
    "not": lambda x, p: np.where(~(x >= 1.0), 1.0, np.zeros_like(x)) + np.ones_like(x),
    "reciprocal": lambda x, p: np.reciprocal(np.add(2.0, np.absolute(x))),
    "constant": lambda x, p: 2.0 * p,
    "itself": lambda x, p: +x,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("parameter", ["one", "each"])
def test_a_traced_function_computes_what_it_says(name: str, parameter: str) -> None:
    x = np.linspace(-30.0, 30.0, CELLS)
    p: Any = np.asarray(1.5) if parameter == "one" else np.linspace(1.0, 2.0, CELLS)
    expected = FUNCTIONS[name](x, p) * np.ones(CELLS)
    np.testing.assert_allclose(run(FUNCTIONS[name], x, p), expected, rtol=1e-14, atol=1e-14)


@given(st.lists(st.floats(-800.0, 700.0), min_size=1, max_size=CELLS))
@settings(deadline=None, max_examples=50)
def test_the_exponential_is_right_to_the_last_digits(values: list[float]) -> None:
    x = np.array(values)
    np.testing.assert_allclose(run(lambda x, p: np.exp(x), x), np.exp(x), rtol=1e-15, atol=1e-300)


@given(st.lists(st.floats(-800.0, 700.0) | st.floats(-1e-3, 1e-3), min_size=1, max_size=CELLS))
@settings(deadline=None, max_examples=50)
def test_the_exponential_less_one_keeps_its_digits_near_0(values: list[float]) -> None:
    x = np.array(values)
    np.testing.assert_allclose(run(lambda x, p: np.expm1(x), x), np.expm1(x), rtol=3e-15, atol=1e-300)


def test_equal_operations_are_done_once() -> None:
    traced = formula("test", ["x"], lambda s: {"x": np.exp(s["x"] * 2.0) + np.exp(s["x"] * 2.0)})
    assert len(traced.code) == 3


def test_what_depends_on_parameters_alone_is_a_constant() -> None:
    p = np.array([1.0, 2.0])
    traced = formula("test", ["x"], lambda s: {"x": s["x"] * np.exp(-p / 3.0)})
    assert len(traced.code) == 1
    np.testing.assert_array_equal(traced.constants[0], np.exp(-p / 3.0))


def choose(x: Any) -> Any:
    return 1.0 if x > 0.0 else x


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (np.arctan, "function arctan"),
        (np.median, "function median"),
        (np.add.reduce, "add with options"),
        (lambda x: np.array([x, x], np.float64), "array of a traced value"),
        (choose, "choice by if"),
    ],
    ids=["ufunc", "function", "method", "array", "if"],
)
def test_what_is_no_operation_is_named(function: Callable[[Any], Any], named: str) -> None:
    with pytest.raises(
        NetworkError, match=rf"^Mine\.derivatives: the reference .* no .*{named}.*; it has .*exp.*where"
    ):
        formula("Mine.derivatives", ["x"], lambda s: {"x": function(s["x"])})
