"""The quadratic, theta, FitzHugh-Nagumo and resonate-and-fire cells against closed forms, on both simulators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from networks import array_source, connect
from numpy.typing import NDArray
from rates import on_core, on_reference, rate_errors, rates

from pyneuro.backend import Simulation
from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference import ReferenceSimulation
from toolchain.check_network import check_network
from toolchain.errors import ParameterError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population, Recording

Floats = NDArray[np.float64]
SIMULATIONS: dict[str, Callable[[Network], Simulation]] = {
    "reference": ReferenceSimulation,
    "emulator": EmulatedSimulation,
}
TRAINS = {"reference": on_reference, "core": on_core}
RATIOS = np.array([1.1, 1.3, 1.6, 2.0, 3.0, 5.0, 10.0, 30.0])
"""Inputs over the rheobase."""


def quadratic_rate(current: Floats, v_spike: float = 30.0, v_reset: float = -65.0) -> Floats:
    """Rate (Hz) of a QuadraticIF with default parameters and no refractory time, by integrating 1/(dV/dt)."""
    alpha, k = 1.0 / (20.0 * 15.0), current - 15.0 / 80.0
    turn = np.sqrt(alpha / k)
    period = (np.arctan(turn * (v_spike + 57.5)) - np.arctan(turn * (v_reset + 57.5))) / np.sqrt(alpha * k)
    return np.asarray(1e3 / period)


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("where", TRAINS)
def test_the_quadratic_cell_fires_at_its_rate(where: str, timestep: float) -> None:
    """Spikes are on the grid: over 30 periods a timestep is lost at the most."""
    current = RATIOS * 15.0 / 80.0
    expected = quadratic_rate(current)
    parameters = {"i_offset": current, "tau_refrac": 0.0}
    trains = TRAINS[where]("QuadraticIF", parameters, timestep, 30e3 / expected.min(), len(current))
    np.testing.assert_allclose(rates(trains, timestep), expected, rtol=2e-3)


@pytest.mark.parametrize("where", TRAINS)
def test_theta_neurons_start_firing_with_the_root_of_the_distance_from_the_rheobase(where: str) -> None:
    distance = np.array([0.01, 0.04, 0.16, 0.64, 2.56])
    parameters = {"i_rheobase": 1.0, "i_offset": 1.0 + distance, "tau_m": 5.0}
    found = rates(TRAINS[where]("Theta", parameters, 0.1, 2500.0, len(distance)), 0.1)
    np.testing.assert_allclose(found, np.sqrt(distance) * 1e3 / (2.0 * np.pi * 5.0), rtol=2e-3)
    slope, _ = np.polyfit(np.log(distance), np.log(found), 1)
    assert slope == pytest.approx(0.5, abs=1e-3)


def test_a_theta_neuron_is_a_quadratic_cell_with_its_reset_at_infinity() -> None:
    far = {"v_spike": 20e3, "v_reset": -20e3, "tau_refrac": 0.0}
    quadratic = on_reference("QuadraticIF", {"i_offset": RATIOS * 15.0 / 80.0, **far}, 0.1, 2000.0, len(RATIOS))
    theta = on_reference("Theta", {"i_offset": 0.1 * RATIOS}, 0.1, 2000.0, len(RATIOS))
    np.testing.assert_allclose(rates(quadratic, 0.1), rates(theta, 0.1), rtol=2e-3)


SWEEPS: Mapping[str, tuple[Mapping[str, Any], int]] = {
    "QuadraticIF": ({"i_offset": RATIOS * 15.0 / 80.0}, len(RATIOS)),
    "Theta": ({"i_offset": 0.1 * RATIOS}, len(RATIOS)),
    "FitzHughNagumo": ({"i_offset": np.array([0.34, 0.36, 0.5, 0.7, 1.0, 1.2, 1.4])}, 7),
    "ResonateAndFire": ({"i_offset": np.array([2.8, 3.0, 4.0, 6.0, 10.0, 20.0])}, 6),
}


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("cell", SWEEPS)
def test_rates_on_a_core_are_those_of_the_reference(cell: str, timestep: float) -> None:
    parameters, n = SWEEPS[cell]
    expected, error = rate_errors(cell, parameters, timestep, 2000.0, n)
    assert expected.min() > 2.0
    print(f"{cell}, {timestep} ms: worst {np.abs(error).max():.2%}")
    assert np.abs(error).max() < 3e-3


@pytest.mark.parametrize("where", TRAINS)
def test_fitzhugh_nagumo_fires_between_two_inputs(where: str) -> None:
    """Below the first bifurcation it rests, above the second one it stays up."""
    current = np.array([0.0, 0.32, 0.335, 1.41, 1.45])
    trains = TRAINS[where]("FitzHughNagumo", {"i_offset": current}, 0.1, 600.0, len(current))
    late = [int(np.count_nonzero(train > 2000)) for train in trains]
    assert [count > 5 for count in late] == [False, False, True, True, False]


def recorded(name: str, population: Population, trains: list[list[float]], weights: Floats, steps: int) -> Simulation:
    """A run of `steps` of 0.1 ms of cells that each get a train of their own, with the weight of their own."""
    source = array_source("source", trains)
    pairs = [(i, i) for i in range(len(trains))]
    network = Network("test", 0.1, (population, source), (connect((1, 0), pairs, weights, 1.0),))
    check_network(network)
    simulation = SIMULATIONS[name](network)
    simulation.run(steps)
    return simulation


@pytest.mark.parametrize("name", SIMULATIONS)
def test_resonators_answer_to_their_rhythm(name: str) -> None:
    """At 50 Hz pulses 20 ms apart add up, those 10 ms apart cancel."""
    trains = [[10.0, 30.0], [10.0, 20.0], [10.0]]
    every = np.arange(3, dtype=np.int32)
    cells = Population("cells", 3, "ResonateAndFire", {"tau_syn_E": 0.5}, recordings=(Recording("spikes", every),))
    simulation = recorded(name, cells, trains, np.full(3, 26.0), 800)
    assert set(simulation.spikes(0)[1].tolist()) == {0}


@pytest.mark.parametrize(
    ("cell", "parameters", "strength", "tolerance"),
    [
        ("QuadraticIF", {"cm": 20.0}, 10.0, 0.01),
        ("Theta", {"i_rheobase": 5.0}, 3.0, 1e-3),
        ("FitzHughNagumo", {"tau_m": 1.0}, 0.1, 0.01),
        ("ResonateAndFire", {"cm": 2.0}, 3.0, 0.05),
    ],
)
@pytest.mark.filterwarnings("ignore:.*that comes alone:pyneuro.errors.MappingWarning")
def test_below_threshold_a_core_follows_the_reference(
    cell: str, parameters: dict[str, float], strength: float, tolerance: float
) -> None:
    """With random input, in currents of some nA, which are many lowest bits."""
    variable = "theta" if cell == "Theta" else "v"
    random = np.random.default_rng(5)
    trains = [np.unique(random.integers(1, 1900, 20) / 10.0).tolist() for _ in range(6)]
    weights = strength * random.uniform(0.2, 1.0, 6)
    every = np.arange(6, dtype=np.int32)
    cells = Population(
        "cells", 6, cell, parameters, recordings=(Recording(variable, every), Recording("spikes", every))
    )
    reference, emulator = (recorded(name, cells, trains, weights, 2000) for name in SIMULATIONS)
    assert len(reference.spikes(0)[0]) == len(emulator.spikes(0)[0]) == 0
    expected, found = reference.signal(0, variable), emulator.signal(0, variable)
    assert np.ptp(expected) > 50.0 * tolerance
    np.testing.assert_allclose(found, expected, atol=tolerance)


@pytest.mark.parametrize(
    ("cell", "parameters", "message"),
    [
        ("QuadraticIF", {"v_thresh": -70.0}, r"QuadraticIF\.v_rest must be < v_thresh, got -65 and -70 mV for cell 0"),
        ("QuadraticIF", {"v_reset": 40.0}, r"QuadraticIF\.v_reset must be < v_spike, got 40 and 30 mV for cell 0"),
        ("ResonateAndFire", {"v_reset": -40.0}, r"ResonateAndFire\.v_reset must be < v_thresh, got -40 and -50 mV"),
        ("Theta", {"i_rheobase": 0.0}, r"Theta\.i_rheobase must be > 0 nA, got 0"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(cell: str, parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check_network(Network("test", 1.0, (Population("cells", 2, cell, parameters),), ()))


@pytest.mark.parametrize(
    ("cell", "parameters", "message"),
    [
        ("QuadraticIF", {"tau_m": 0.1}, r"QuadraticIF: v moves by 5104\.17 mV .* room for 1848; use 3 times as many"),
        ("FitzHughNagumo", {"tau_m": 0.2}, r"FitzHughNagumo: sub-steps of 1 ms are too long .* 0\.2 ms; use 20 times"),
    ],
)
def test_steps_that_a_core_cannot_take_are_refused(cell: str, parameters: dict[str, float], message: str) -> None:
    model = CELL_MODELS[cell]
    assert isinstance(model, CellModel)
    with pytest.raises(ParameterError, match=message):
        model.registers(parameters, {}, 1, 1.0, 1)
