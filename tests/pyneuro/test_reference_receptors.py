"""Receptors in the reference simulator, held to closed forms: alpha functions, two exponentials, steps, adaptation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import array_source, cells, connect
from numpy.typing import NDArray

from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Recording

ONE = np.zeros(1, np.int32)
QUIET = {"tau_m": 20.0, "cm": 2.0, "v_thresh": 1000.0}


def run(
    cell: str,
    spikes: dict[str, tuple[float, list[float]]],
    duration: float,
    variables: tuple[str, ...] = ("v",),
    timestep: float = 0.1,
    **parameters: Any,
) -> ReferenceSimulation:
    """One cell that gets spikes: weight and times of arrival by receptor."""
    recordings = tuple(Recording(variable, ONE) for variable in ("spikes", *variables))
    sources = [array_source(f"to {receptor}", [times]) for receptor, (_, times) in spikes.items()]
    projections = [
        connect((number, 0), [(0, 0)], weight, timestep, receptor)
        for number, (receptor, (weight, _)) in enumerate(spikes.items(), start=1)
    ]
    target = cells("cell", 1, cell, parameters=parameters, recordings=recordings)
    simulation = ReferenceSimulation(Network("one", timestep, (target, *sources), tuple(projections)))
    simulation.run(round(duration / timestep))
    return simulation


def since(simulation: ReferenceSimulation, arrival: float, timestep: float = 0.1) -> NDArray[np.float64]:
    """Time of each sample since `arrival`, 0 before."""
    return np.maximum(timestep * np.arange(simulation.step + 1) - arrival, 0.0)


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("tau", [0.5, 7.0])
def test_an_alpha_function_peaks_at_the_weight(tau: float, timestep: float) -> None:
    """I = w e t / tau exp(-t / tau), and V is its convolution with the membrane's decay, to rounding."""
    spikes = {"excitatory": (0.8, [2.0 - timestep])}
    simulation = run("IF_curr_alpha", spikes, 60.0, ("v", "isyn_exc"), timestep, tau_syn_E=tau, **QUIET)
    t = since(simulation, 2.0, timestep)
    current = 0.8 * np.e * t / tau * np.exp(-t / tau)
    np.testing.assert_allclose(simulation.signal(0, "isyn_exc")[:, 0], current, rtol=0.0, atol=1e-13)
    rate = 1.0 / tau - 1.0 / 20.0
    potential = 0.8 * np.e / (2.0 * tau) * (np.exp(-t / 20.0) - (1.0 + rate * t) * np.exp(-t / tau)) / rate**2
    np.testing.assert_allclose(simulation.signal(0, "v")[:, 0], -65.0 + potential, rtol=0.0, atol=1e-11)


@pytest.mark.parametrize(("rise", "fall"), [(0.2, 1.7), (3.0, 8.0), (8.0, 3.0), (2.0, 2.0), (2.0, 2.0 + 1e-9)])
def test_two_exponentials_peak_at_the_weight(rise: float, fall: float) -> None:
    """A difference of exponentials, whose limit of equal time constants is an alpha function."""
    parameters = {"a.tau_rise": rise, "a.tau_decay": fall, **QUIET}
    spikes = {"a": (0.6, [1.9])}
    simulation = run("PointNeuron(LIF; a=CurrBeta)", spikes, 60.0, ("a.isyn",), **parameters)
    found, t = simulation.signal(0, "a.isyn")[:, 0], since(simulation, 2.0)
    if abs(rise - fall) < 1e-6:
        shape = t / rise * np.exp(1.0 - t / rise)
    else:
        peak = np.log(fall / rise) * rise * fall / (fall - rise)
        shape = (np.exp(-t / fall) - np.exp(-t / rise)) / (np.exp(-peak / fall) - np.exp(-peak / rise))
    np.testing.assert_allclose(found, 0.6 * shape, rtol=0.0, atol=1e-9)
    assert found.max() == pytest.approx(0.6, abs=0.01)


def test_a_conductance_may_rise_too() -> None:
    """A single IF_cond_alpha response: the conductance peaks at the weight, tau_syn after the spike."""
    simulation = run("IF_cond_alpha", {"inhibitory": (0.01, [1.9])}, 20.0, ("gsyn_inh",), tau_syn_I=3.0)
    t = since(simulation, 2.0)
    found = simulation.signal(0, "gsyn_inh")[:, 0]
    np.testing.assert_allclose(found, 0.01 * t / 3.0 * np.exp(1.0 - t / 3.0), rtol=0.0, atol=1e-9)
    assert found.argmax() == 50


# --- steps of the voltage -------------------------------------------------------------------------------


def test_a_step_moves_v_by_the_weight_whatever_the_cell_is_like() -> None:
    spikes = {"excitatory": (4.0, [1.9, 4.9]), "inhibitory": (-3.0, [9.9])}
    simulation = run("IF_curr_delta", spikes, 20.0, **QUIET)
    steps = ((4.0, 2.0), (4.0, 5.0), (-3.0, 10.0))
    decayed = [
        weight * np.where(simulation_times(simulation) >= at - 1e-9, np.exp(-since(simulation, at) / 20.0), 0.0)
        for weight, at in steps
    ]
    np.testing.assert_allclose(simulation.signal(0, "v")[:, 0], -65.0 + sum(decayed), rtol=0.0, atol=1e-11)


def simulation_times(simulation: ReferenceSimulation) -> NDArray[np.float64]:
    """Times of the samples."""
    return 0.1 * np.arange(simulation.step + 1)


def test_steps_that_come_while_a_cell_is_refractory_are_lost() -> None:
    """A spike at 2 ms, 3 ms of rest: what comes at 4 ms is lost, what comes after 5 ms is not."""
    spikes = {"excitatory": (16.0, [1.9]), "inhibitory": (-2.0, [3.9, 5.4])}
    simulation = run("IF_curr_delta", spikes, 7.0, tau_refrac=3.0)
    assert simulation.spikes(0)[0].tolist() == [19]
    v = simulation.signal(0, "v")[:, 0]
    assert (v[20:55] == -65.0).all()
    assert v[55] == -67.0


# --- adaptation -----------------------------------------------------------------------------------------


def test_calcium_lets_a_cell_tire() -> None:
    """I_ca2 grows by i_alpha at each spike and decays in between; intervals grow to the one that balances it."""
    parameters = {"i_offset": 1.0, "tau_refrac": 1.0, "tau_ca2": 80.0, "i_alpha": 0.1}
    simulation = run("IFCurrExpCa2Adaptive", {}, 800.0, ("v", "i_ca2"), **parameters)
    spikes, calcium = simulation.spikes(0)[0] + 1, simulation.signal(0, "i_ca2")[:, 0]
    t = np.arange(simulation.step + 1)[:, np.newaxis] - spikes
    expected = 0.1 * np.where(t >= 0, np.exp(-0.1 * np.maximum(t, 0) / 80.0), 0.0).sum(axis=1)
    np.testing.assert_allclose(calcium, expected, rtol=0.0, atol=1e-13)
    intervals = np.diff(spikes)
    assert len(intervals) > 15
    assert intervals[-1] > 1.3 * intervals[0]
    assert np.ptp(intervals[-4:]) <= 1
    interval = 0.1 * intervals[-1]
    peak = 0.1 / -np.expm1(-interval / 80.0)
    a, b = np.exp(-(interval - 1.0) / 20.0), np.exp(-interval / 80.0)
    lost = 20.0 * peak * 80.0 / (80.0 - 20.0) * (b - np.exp(-1.0 / 80.0) * a)
    assert 20.0 * (1.0 - a) - lost == pytest.approx(15.0, abs=0.15)
