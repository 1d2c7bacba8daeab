"""Adaptive exponential cells: patterns and rates on a core, the reset, and what is left without an upstroke."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import array_source, connect
from numpy.typing import NDArray
from rates import on_core, on_reference

from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference import ReferenceSimulation
from toolchain.check_network import check_network
from toolchain.errors import ParameterError
from toolchain.models.grid import refractory_steps
from toolchain.network import Network, Population, Recording

CELL = "EIF_cond_exp_isfa_ista"
NAMES = ("cm", "g_leak", "v_rest", "v_thresh", "a", "tau_w", "b", "v_reset", "i_offset")
PATTERNS = {  # Naud et al. 2008, table 1: nF, uS, mV, mV, nS, ms, nA, mV, nA; delta_T is 2 mV.
    "tonic": (0.2, 0.010, -70.0, -50.0, 2.0, 30.0, 0.0, -58.0, 0.5),
    "adapting": (0.2, 0.012, -70.0, -50.0, 2.0, 300.0, 0.06, -58.0, 0.5),
    "initial burst": (0.13, 0.018, -58.0, -50.0, 4.0, 150.0, 0.12, -50.0, 0.4),
    "bursting": (0.2, 0.010, -58.0, -50.0, 2.0, 120.0, 0.1, -46.0, 0.21),
    "accelerating": (0.2, 0.012, -70.0, -50.0, -10.0, 300.0, 0.0, -58.0, 0.3),
    "delayed bursting": (0.1, 0.010, -65.0, -50.0, -10.0, 90.0, 0.03, -47.0, 0.11),
    "transient": (0.1, 0.010, -65.0, -50.0, 10.0, 90.0, 0.1, -47.0, 0.18),
}


def pattern(name: str, **others: Any) -> dict[str, Any]:
    """Parameters of one of the patterns."""
    p = dict(zip(NAMES, PATTERNS[name], strict=True))
    p["tau_m"] = p["cm"] / p.pop("g_leak")
    return p | {"v_spike": 0.0, "delta_T": 2.0, "tau_refrac": 0.0} | others


def counts(
    parameters: dict[str, Any], timestep: float, time: float, n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Spikes of `n` cells in `time` ms in the reference and on a core."""
    given = parameters, timestep, time, n
    expected, found = (trains(CELL, *given) for trains in (on_reference, on_core))
    return np.array([len(train) for train in expected]), np.array([len(train) for train in found])


@pytest.mark.parametrize("tau_refrac", [0.0, 0.1])
@pytest.mark.parametrize("name", PATTERNS)
def test_spikes_of_the_patterns_on_a_core_at_1_ms(name: str, tau_refrac: float) -> None:
    """Over currents from 0.8 to 2 times that of the pattern: 1 % of all spikes, two spikes or 1 % of each cell.

    Where bursts get another spike, 0.1 % of the current may change more than that: then as much more as it changes.
    """
    n = 12
    currents = PATTERNS[name][-1] * np.linspace(0.8, 2.0, n)
    near = np.concatenate([(1.0 + change) * currents for change in (0.0, *np.linspace(-1e-3, 1e-3, 10))])
    sweep = pattern(name, tau_refrac=tau_refrac)
    trains = on_reference(CELL, sweep | {"i_offset": near}, 1.0, 1000.0, len(near))
    expected, *others = np.array([len(train) for train in trains]).reshape(-1, n)
    found = np.array([len(train) for train in on_core(CELL, sweep | {"i_offset": currents}, 1.0, 1000.0, n)])
    off, open_to = np.abs(found - expected), np.abs(np.array(others) - expected).max(axis=0)
    print(f"{name}, {tau_refrac} ms: {expected.tolist()} spikes, off by {(found - expected).tolist()}")
    assert expected.max() > 10
    assert np.all(off <= np.maximum(2 + open_to, 0.01 * expected))
    assert off.sum() <= 0.01 * expected.sum()


@pytest.mark.parametrize("name", ["tonic", "adapting", "bursting"])
def test_spikes_of_the_patterns_on_a_core_at_0_1_ms(name: str) -> None:
    """Spike by spike, but for bursts that are one spike longer."""
    sweep = pattern(name) | {"i_offset": PATTERNS[name][-1] * np.array([1.0, 1.3, 1.7])}
    expected, found = (trains(CELL, sweep, 0.1, 400.0, 3) for trains in (on_reference, on_core))
    for theirs, ours in zip(expected, found, strict=True):
        assert len(theirs) == len(ours) > 4
        assert np.abs(theirs - ours).max() <= 10
        assert np.abs(theirs - ours)[:4].max() <= 1


@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_rates_of_the_default_cell(timestep: float) -> None:
    """PyNN's default parameters, from 2 to 60 Hz."""
    n = 10
    expected, found = counts({"i_offset": np.linspace(0.7, 1.6, n)}, timestep, 1000.0, n)
    assert expected.min() >= 2
    assert expected.max() >= 60
    assert np.all(np.abs(found - expected) <= 0.01 * expected)


def recorded(simulator: type[Any], steps: int, timestep: float = 1.0, **parameters: Any) -> tuple[Any, ...]:
    """Spikes, v and w of one cell."""
    one = np.zeros(1, np.int32)
    recordings = tuple(Recording(variable, one) for variable in ("spikes", "v", "w"))
    initial = {"v": parameters.pop("v", -70.6)}
    cell = Population("cell", 1, CELL, parameters, initial, recordings=recordings)
    simulation = simulator(Network("test", timestep, (cell,), ()))
    simulation.run(steps)
    return simulation.spikes(0)[0], simulation.signal(0, "v")[:, 0], simulation.signal(0, "w")[:, 0]


both = pytest.mark.parametrize("simulator", [ReferenceSimulation, EmulatedSimulation])


@both
@pytest.mark.parametrize(("tau_refrac", "held"), [(0.1, 1), (1.0, 1), (2.5, 3)])
@pytest.mark.filterwarnings("ignore:.*tau_refrac:pyneuro.errors.MappingWarning")
def test_v_is_held_in_whole_timesteps_after_that_of_the_spike(
    simulator: type[Any], tau_refrac: float, held: int
) -> None:
    """As in NEST: the rest of the timestep of the spike, then tau_refrac rounded up; w grows by b at once."""
    spikes, v, w = recorded(simulator, 60, i_offset=1.0, tau_refrac=tau_refrac)
    step = int(spikes[0])
    np.testing.assert_allclose(v[step + 1 : step + 2 + held], -70.6, rtol=0.0, atol=1e-4)
    assert v[step + 2 + held] > -70.0
    assert w[step + 1] - w[step] == pytest.approx(0.0805, abs=0.002)


@both
def test_a_spike_may_be_as_high_as_one_likes(simulator: type[Any]) -> None:
    """Infinity is near where v_spike is -20 mV already."""
    given = {"i_offset": 1.0, "tau_refrac": 2.0}
    low, high = (recorded(simulator, 100, v_spike=v_spike, **given) for v_spike in (-20.0, 1000.0))
    np.testing.assert_array_equal(low[0], high[0])
    np.testing.assert_allclose(low[2], high[2], rtol=0.0, atol=1e-4)


@both
def test_without_upstroke_and_adaptation_it_is_a_leaky_cell(simulator: type[Any]) -> None:
    """T = tau_m ln(R I / (R I - (v_thresh - v_rest))), within half a timestep; a spike is at v_thresh."""
    given = {"delta_T": 0.0, "a": 0.0, "b": 0.0, "i_offset": 1.0, "tau_refrac": 0.0, "tau_m": 10.0, "cm": 0.25}
    spikes, v, _ = recorded(simulator, 5000, 0.1, **given)
    period = 10.0 * np.log(40.0 / (40.0 - 20.2))
    assert 0.1 * np.diff(spikes).mean() == pytest.approx(period, abs=0.05)
    assert v.max() < -50.4


@both
def test_a_cell_that_starts_beyond_the_spike_spikes_at_once(simulator: type[Any]) -> None:
    spikes, v, _ = recorded(simulator, 10, v=0.0)
    assert spikes.tolist() == [0]
    assert v[1] == pytest.approx(-70.6, abs=1e-4)


@pytest.mark.parametrize("delta_T", [2.0, 0.5, 0.05, 1e-3, 1e-6])
@pytest.mark.parametrize("v_spike", [-49.0, -40.0])
def test_low_spikes_and_sharp_upstrokes(delta_T: float, v_spike: float) -> None:
    """A v_spike next to v_thresh, so that y is far below 0 there; an upstroke that is nearly a threshold."""
    currents = np.linspace(0.62, 1.5, 8)
    given = {"delta_T": delta_T, "v_spike": v_spike, "tau_refrac": 0.0, "tau_m": 20.0, "v_rest": -90.0, "b": 0.01}
    expected, found = counts(given | {"i_offset": currents}, 0.1, 500.0, 8)
    print(delta_T, v_spike, expected.tolist(), (found - expected).tolist())
    assert expected.max() > 20
    assert np.all(np.abs(found - expected) <= np.maximum(1.0, 0.01 * expected))


def test_conductances_on_a_core() -> None:
    """Subthreshold noise: v within 0.005 mV, w within 2e-4 nA."""
    for timestep in (1.0, 0.1):
        rng = np.random.default_rng(4)
        times = [np.unique(rng.integers(1, 500, 30)).astype(float).tolist() for _ in range(5)]
        one = np.zeros(1, np.int32)
        recordings = tuple(Recording(variable, one) for variable in ("v", "w"))
        cell = Population("cell", 1, CELL, {"i_offset": 0.2}, {"v": -70.6}, recordings=recordings)
        projections = (
            connect((1, 0), [(i, 0) for i in range(5)], 0.003, 2.0),
            connect((1, 0), [(i, 0) for i in range(5)], 0.004, 5.0, "inhibitory"),
        )
        network = Network("test", timestep, (cell, array_source("in", times)), projections)
        signals = []
        for simulator in (ReferenceSimulation, EmulatedSimulation):
            simulation = simulator(network)
            simulation.run(round(500.0 / timestep))
            signals.append([simulation.signal(0, variable) for variable in ("v", "w")])
        (v, w), (v_core, w_core) = signals
        print(timestep, np.abs(v - v_core).max(), np.abs(w - w_core).max(), np.ptp(v))
        assert np.ptp(v) > 5.0
        assert np.abs(v - v_core).max() < 0.005
        assert np.abs(w - w_core).max() < 2e-4


def test_a_reset_to_the_spike_is_refused_and_one_above_v_thresh_is_not() -> None:
    """Bursts come of a reset above v_thresh."""
    for v_reset in (-45.0, -40.0):
        cell = Population("cell", 1, CELL, {"v_reset": v_reset})
        if v_reset < -40.0:
            check_network(Network("test", 1.0, (cell,), ()))
        else:
            with pytest.raises(ParameterError, match="v_reset must be < v_spike, got -40 and -40 mV"):
                check_network(Network("test", 1.0, (cell,), ()))


@pytest.mark.parametrize("timestep", [0.05, 0.1, 0.2, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("parts", [1, 2, 5])
def test_refractory_times_are_counted_on_the_grid(timestep: float, parts: int) -> None:
    """Multiples of the timestep are taken for such, whatever the words say; others are rounded up."""

    def word(x: float) -> NDArray[np.int32]:
        return np.array(round(x * 2**15), np.int32)

    whole = word(timestep)
    for count in (1, 2, 3, 7, 20, 50, 100):
        exact = refractory_steps(word(count * timestep), whole, whole // np.int32(parts))
        assert exact == count * parts
        assert refractory_steps(word((count + 0.1) * timestep), whole, whole // np.int32(parts)) == (count + 1) * parts
    assert refractory_steps(word(0.0), whole, whole // np.int32(parts)) == -parts
