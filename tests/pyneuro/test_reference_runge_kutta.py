"""Runge-Kutta steps against scipy's solver, in stiff and in explosive equations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from networks import array_source, connect
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from pyneuro.errors import IntegrationError
from pyneuro.reference import ReferenceSimulation, runge_kutta
from pyneuro.reference.runge_kutta import RungeKuttaStep
from toolchain.models import CELL_MODELS, CURR_EXP
from toolchain.models.declaration import CellModel, Floats
from toolchain.models.izhikevich import IzhikevichMembrane
from toolchain.models.point_neuron import PointNeuron
from toolchain.network import Network, Population, Recording

CONDUCTANCE = {"v_rest": -65.0, "cm": 0.25, "tau_m": 20.0, "tau_refrac": 2.0, "tau_syn_E": 5.0, "tau_syn_I": 10.0}
CONDUCTANCE |= {"i_offset": 0.1, "v_reset": -65.0, "v_thresh": 1000.0, "e_rev_E": 0.0, "e_rev_I": -80.0}


def model_of(name: str) -> CellModel:
    """A declared cell model."""
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    return model


def arrays(values: Mapping[str, float]) -> dict[str, NDArray[np.float64]]:
    """Parameters as a stepper takes them."""
    return {name: np.asarray(value) for name, value in values.items()}


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("strength", [0.01, 0.3, 20.0])
def test_conductances_from_weak_to_stiff(timestep: float, strength: float) -> None:
    """V within 1e-6 mV of a dense solution; with 20 uS the membrane's time constant is 12 us."""
    step = RungeKuttaStep(model_of("IF_cond_exp"), arrays(CONDUCTANCE), 3, timestep)
    state = np.array([[-65.0, -50.0, -75.0], [strength, 0.0, strength], [0.0, strength, 3.0 * strength]])
    expected = state.copy()

    def slope(t: float, x: NDArray[np.float64]) -> Any:
        v, exc, inh = x
        synapses = exc * (0.0 - v) + inh * (-80.0 - v)
        return [(-65.0 - v) / 20.0 + (synapses + 0.1) / 0.25, -exc / 5.0, -inh / 10.0]

    for _ in range(5):
        step.advance(state, None, None)
        for i in range(3):
            expected[:, i] = solve_ivp(
                slope, (0.0, timestep), expected[:, i], method="LSODA", rtol=1e-12, atol=1e-13
            ).y[:, -1]
        np.testing.assert_allclose(state, expected, rtol=0.0, atol=1e-6)


def test_a_tenth_of_the_tolerance_changes_less_than_1e_6(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the choice of the tolerance leaves undecided, in 50 cells with random input over 50 ms."""
    rng = np.random.default_rng(3)
    every = np.arange(50, dtype=np.int32)
    target = Population("cells", 50, "IF_cond_exp", CONDUCTANCE, recordings=(Recording("v", every),))
    source = array_source("in", [np.sort(0.1 * rng.integers(1, 500, 20)).tolist() for _ in range(10)])
    pairs = rng.integers(0, [10, 50], (500, 2)).tolist()
    weights = 0.01 * rng.uniform(0.1, 1.0, 500)
    projections = (connect((1, 0), pairs, weights, 1.0), connect((1, 0), pairs, weights, 2.0, "inhibitory"))
    network = Network("test", 0.1, (target, source), projections)
    voltages = []
    for factor in (1.0, 0.1):
        monkeypatch.setattr(runge_kutta, "TOLERANCE", factor * runge_kutta.TOLERANCE)
        simulation = ReferenceSimulation(network)
        simulation.run(500)
        voltages.append(simulation.signal(0, "v"))
    assert np.ptp(voltages[0]) > 10.0
    np.testing.assert_allclose(*voltages, rtol=0.0, atol=1e-6)


def spike_times(parameters: Mapping[str, float], until: float) -> list[float]:
    """Times of an Izhikevich cell's spikes, by scipy's solver and its events."""
    a, b, c, d, current = parameters.values()

    def slope(t: float, x: NDArray[np.float64]) -> Any:
        v, u = x
        return [0.04 * v * v + 5.0 * v + 140.0 - u + current, a * (b * v - u)]

    def crossing(t: float, x: NDArray[np.float64]) -> Any:
        return x[0] - 30.0

    crossing.terminal = True  # type: ignore[attr-defined]
    times: list[float] = []
    t, state = 0.0, np.array([-65.0, -13.0])
    while True:
        solution = solve_ivp(slope, (t, until), state, events=crossing, method="DOP853", rtol=1e-10, atol=1e-10)
        t, state = solution.t[-1], solution.y[:, -1]
        if t >= until:
            return times
        times.append(t)
        state = np.array([c, state[1] + d])


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize(
    ("a", "b", "c", "d"),
    [(0.02, 0.2, -65.0, 8.0), (0.1, 0.2, -65.0, 2.0), (0.02, 0.2, -50.0, 2.0)],
    ids=["regular", "fast", "chattering"],
)
def test_izhikevich_spikes_in_the_step_of_the_true_crossing(
    timestep: float, a: float, b: float, c: float, d: float
) -> None:
    """The error of a crossing, some 10 ns, is all that may move a spike to the next step, whatever the timestep."""
    parameters = {"a": a, "b": b, "c": c, "d": d, "i_offset": 10.0}
    spikes = (Recording("spikes", np.zeros(1, np.int32)),)
    cell = Population("cell", 1, "Izhikevich_curr_exp", parameters, {"v": -65.0, "u": -13.0}, recordings=spikes)
    simulation = ReferenceSimulation(Network("test", timestep, (cell,), ()))
    simulation.run(round(200.0 / timestep))
    steps, _ = simulation.spikes(0)
    expected = np.array(spike_times(parameters, 200.0))
    assert len(steps) == len(expected) > 4
    late = (steps + 1) * timestep - expected
    assert late.min() > -1e-5
    assert late.max() < timestep + 1e-5


class Resting(IzhikevichMembrane):
    """An Izhikevich membrane that rests after a spike."""

    clamped = ("v",)

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats:
        return np.asarray(4.0)


def test_a_reset_within_the_step_begins_the_rest() -> None:
    """V stays at c from the crossing on, u goes on."""
    model = PointNeuron("Resting", Resting(), CURR_EXP)
    parameters = arrays({parameter.name: parameter.default for parameter in model.parameters})
    step = RungeKuttaStep(model, parameters, 2, 1.0)
    state = np.array([[25.0, -65.0], [0.0, -13.0], [0.0, 0.0], [0.0, 0.0]])
    fired = step.advance(state, None, None)
    assert fired is not None
    assert fired.tolist() == [True, False]
    assert state[0, 0] == -65.0
    assert 1.6 < state[1, 0] < 1.8
    assert state[0, 1] != -65.0
    assert step.advance(state, np.full(2, 20.0), np.array([True, False])) is None
    assert state[0, 0] == -65.0


def test_a_state_without_bound_is_reported() -> None:
    step = RungeKuttaStep(model_of("IF_cond_exp"), arrays(CONDUCTANCE), 1, 1.0)
    with pytest.raises(IntegrationError, match=r"IF_cond_exp: .* without bound \(v = inf, gsyn_exc = 0,"):
        step.advance(np.array([[np.inf], [0.0], [0.0]]), None, None)


@pytest.mark.parametrize("name", ["HH_cond_exp", "Izhikevich_curr_exp"])
def test_cells_side_by_side_do_what_they_do_alone(name: str) -> None:
    """More cells than there are lanes, each with its own parameters, state, current and number of steps."""
    model, n, rng = model_of(name), 150, np.random.default_rng(4)
    given = {p.name: np.full(n, p.default) * rng.uniform(0.9, 1.1, n) for p in model.parameters}
    state = np.array([np.full(n, v.initial, np.float64) for v in model.state])
    state[0] = rng.uniform(-70.0, 25.0, n)
    current = rng.uniform(-5.0, 20.0, n)
    held = rng.random(n) < 0.2
    alone = state.copy()
    step = RungeKuttaStep(model, given, n, 0.5)
    fired = np.zeros(n, np.bool_)
    for _ in range(20):
        within = step.advance(state, current, held)
        fired |= np.zeros(n, np.bool_) if within is None else within
    for i in range(n):
        own = RungeKuttaStep(model, {key: values[i : i + 1] for key, values in given.items()}, 1, 0.5)
        single, spiked = alone[:, i : i + 1].copy(), False
        for _ in range(20):
            spiked |= own.advance(single, current[i : i + 1], held[i : i + 1]) is not None
        assert single[:, 0].tolist() == state[:, i].tolist()
        assert spiked == fired[i]
    assert fired.any() == model.resets_within_step
