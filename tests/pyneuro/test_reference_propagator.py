"""Exact propagators against dense solutions of the same equations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from pyneuro.reference.propagator import ExactStep, affine_system, propagators
from toolchain.errors import NetworkError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel, Floats, Variable


class Affine:
    """The float side of a model: dx/dt = A x + b + c I, with the system [cells, variables, A b c] given."""

    name = "Affine"

    def __init__(self, system: NDArray[np.float64], clamped: tuple[str, ...]) -> None:
        self.system = system
        self.state = tuple(Variable(f"x{i}", "mV", 0.0) for i in range(system.shape[1]))
        self.clamped = clamped

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        x = np.stack([*s.values(), np.ones(len(self.system)), np.broadcast_to(current, len(self.system))])
        return {f"x{i}": (self.system[:, i].T * x).sum(axis=0) for i in range(self.system.shape[1])}


def affine(system: NDArray[np.float64], clamped: tuple[str, ...] = ()) -> CellModel:
    """The model of `system`."""
    return cast(CellModel, Affine(system, clamped))


@st.composite
def systems(draw: st.DrawFn) -> NDArray[np.float64]:
    """Damped affine systems [cells, variables, variables + 2], some of their items zero."""
    cells, variables = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    system = rng.normal(size=(cells, variables, variables + 2)) * (rng.random((variables, variables + 2)) < 0.6)
    system[:, range(variables), range(variables)] -= 1.0
    if draw(st.booleans()):
        system[:] = system[0]
    return system


@settings(max_examples=40, deadline=None)
@given(systems(), st.sampled_from([0.05, 0.1, 0.25, 1.0]), st.booleans())
def test_a_step_is_the_dense_solution(system: NDArray[np.float64], timestep: float, injected: bool) -> None:
    cells, variables, _ = system.shape
    rng = np.random.default_rng(1)
    state = rng.normal(size=(variables, cells))
    current = rng.normal(size=cells) if injected else None
    expected = np.empty_like(state)
    for cell in range(cells):
        constant = system[cell, :, -2] + system[cell, :, -1] * (0.0 if current is None else current[cell])

        def slope(_: float, x: NDArray[np.float64], cell: int = cell, constant: Any = constant) -> Any:
            return system[cell, :, :-2] @ x + constant

        solution = solve_ivp(slope, (0.0, timestep), state[:, cell], method="DOP853", rtol=1e-12, atol=1e-13)
        expected[:, cell] = solution.y[:, -1]
    ExactStep(affine(system), {}, cells, timestep).advance(state, current, None)
    np.testing.assert_allclose(state, expected, rtol=1e-10, atol=1e-11)


@settings(max_examples=40, deadline=None)
@given(systems())
def test_the_system_is_read_off_exactly(system: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(affine_system(affine(system), {}, len(system)), system, rtol=1e-13, atol=1e-15)


@settings(max_examples=20, deadline=None)
@given(systems())
def test_two_steps_are_one_of_twice_the_length(system: NDArray[np.float64]) -> None:
    once, twice = propagators(system, 0.3), propagators(system, 0.6)
    n = system.shape[1]
    np.testing.assert_allclose(once[:, :, :n] @ once[:, :, :n], twice[:, :, :n], rtol=1e-12, atol=1e-13)
    again = once[:, :, n:] + once[:, :, :n] @ once[:, :, n:]
    np.testing.assert_allclose(again, twice[:, :, n:], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("tau_syn", [20.0, 20.0 * (1.0 + 1e-9), 0.01, 1e6])
def test_time_constants_may_be_equal_or_far_apart(tau_syn: float) -> None:
    """Where the textbook formula divides by tau_m - tau_syn; v = w t exp(-t / tau) in the limit."""
    model = CELL_MODELS["IF_curr_exp"]
    assert isinstance(model, CellModel)
    values = {"v_rest": 0.0, "cm": 2.0, "tau_m": 20.0, "tau_syn_E": tau_syn, "tau_syn_I": 5.0, "i_offset": 0.0}
    parameters = {name: np.asarray(value) for name, value in values.items()}
    step = ExactStep(model, parameters, 1, 1.0)
    state = np.array([[0.0], [3.0], [0.0]])
    step.advance(state, None, None)
    between = np.exp(-1.0 / 20.0) * np.expm1(1.0 / 20.0 - 1.0 / tau_syn) / (1.0 / 20.0 - 1.0 / tau_syn or 1.0)
    expected = 1.5 * (np.exp(-1.0 / 20.0) if tau_syn == 20.0 else between)
    assert state[0, 0] == pytest.approx(expected, rel=1e-7)
    assert state[1, 0] == pytest.approx(3.0 * np.exp(-1.0 / tau_syn), rel=1e-13)


def test_held_cells_keep_only_what_is_clamped() -> None:
    system = np.array([[[-0.1, 0.5, 1.0, 1.0], [0.0, -0.2, 0.0, 0.0]]] * 2)
    step = ExactStep(affine(system, clamped=("x0",)), {}, 2, 1.0)
    state = np.array([[3.0, 3.0], [4.0, 4.0]])
    step.advance(state, None, np.array([True, False]))
    assert state[0, 0] == 3.0
    assert state[0, 1] != 3.0
    np.testing.assert_allclose(state[1], 4.0 * np.exp(-0.2), rtol=1e-14)


def test_what_follows_a_clamped_variable_is_not_linear() -> None:
    system = np.array([[[-0.1, 0.0, 0.0, 0.0], [0.3, -0.2, 0.0, 0.0]]])
    with pytest.raises(NetworkError, match="Affine: x1 follows x0"):
        ExactStep(affine(system, clamped=("x0",)), {}, 1, 1.0)


def test_a_variable_that_nothing_keeps_vanishes() -> None:
    """A decay so fast that nothing of it is left after a step."""
    step = ExactStep(affine(np.array([[[-1e6, 0.0, 0.0]]])), {}, 1, 1.0)
    state = np.array([[5.0]])
    step.advance(state, None, None)
    assert state.tolist() == [[0.0]]
