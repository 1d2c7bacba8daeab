"""IF_cond_exp_gsfa_grr: its rates on a core, its conductances, and what is left without them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rates import on_core, on_reference

from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference import ReferenceSimulation
from toolchain.check_network import check_network
from toolchain.errors import ParameterError
from toolchain.network import Network, Population, Recording

CELL = "IF_cond_exp_gsfa_grr"
CELLS: dict[str, dict[str, float]] = {
    "PyNN's": {},
    "small": {"cm": 0.25, "tau_m": 10.0, "tau_refrac": 2.0, "q_rr": 500.0, "q_sfa": 5.0},
    "adapting": {"q_rr": 0.0},
    "refractory": {"q_sfa": 0.0, "cm": 0.2895, "tau_m": 10.0},
}
both = pytest.mark.parametrize("simulator", [ReferenceSimulation, EmulatedSimulation])


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("kind", CELLS)
def test_rates_on_a_core(kind: str, timestep: float) -> None:
    """Within 1 % or one spike over currents from just above the threshold to six times that."""
    n, p = 12, CELLS[kind]
    rheobase = 15.0 * p.get("cm", 1.0) / p.get("tau_m", 20.0)
    given = {**p, "i_offset": rheobase * np.linspace(1.1, 6.0, n)}, timestep, 1000.0, n
    expected, found = (np.array([len(train) for train in trains(CELL, *given)]) for trains in (on_reference, on_core))
    print(kind, timestep, expected.tolist(), (found - expected).tolist())
    assert expected.max() > 50
    assert np.all(np.abs(found - expected) <= np.maximum(1.0, 0.01 * expected))
    assert np.abs(found - expected).sum() <= 0.01 * expected.sum()


def recorded(simulator: type[Any], steps: int, timestep: float, **parameters: float) -> dict[str, NDArray[Any]]:
    """Spikes and state variables of one cell."""
    one = np.zeros(1, np.int32)
    recordings = tuple(Recording(variable, one) for variable in ("spikes", "v", "g_r", "g_s"))
    cell = Population("cell", 1, CELL, parameters, recordings=recordings)
    simulation = simulator(Network("test", timestep, (cell,), ()))
    simulation.run(steps)
    signals = {variable: simulation.signal(0, variable)[:, 0] for variable in ("v", "g_r", "g_s")}
    return signals | {"spikes": simulation.spikes(0)[0]}


@both
@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_conductances_jump_by_q_and_decay_with_tau(simulator: type[Any], timestep: float) -> None:
    """Recorded in nS, sums of the responses to all spikes."""
    found = recorded(simulator, round(200.0 / timestep), timestep, i_offset=3.0, tau_refrac=2.0)
    time = timestep * np.arange(len(found["v"]))
    assert len(found["spikes"]) > 3
    for variable, q, tau in (("g_r", 3000.0, 2.0), ("g_s", 15.0, 100.0)):
        expected = np.zeros(len(time))
        for spike in found["spikes"]:
            since = time - timestep * (spike + 1)
            expected += np.where(since > -1e-9, q * np.exp(-np.maximum(since, 0.0) / tau), 0.0)
        np.testing.assert_allclose(found[variable], expected, rtol=1e-4, atol=0.02)


@both
@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.filterwarnings("ignore:.*tau_refrac:pyneuro.errors.MappingWarning")
def test_without_adaptation_the_period_is_that_of_a_leaky_cell(simulator: type[Any], timestep: float) -> None:
    """Spikes and refractory times are on the grid: tau_m ln(R I / (R I - 15 mV)) and tau_refrac, each rounded up."""
    found = recorded(simulator, round(300.0 / timestep), timestep, q_sfa=0.0, q_rr=0.0, i_offset=1.2, tau_refrac=2.5)
    rise = 20.0 * np.log(24.0 / (24.0 - 15.0))
    steps = np.ceil(rise / timestep) + np.ceil(2.5 / timestep - 1e-9)
    np.testing.assert_array_equal(np.diff(found["spikes"]), steps)
    assert found["spikes"][0] == np.ceil(rise / timestep) - 1


def test_voltages_on_a_core() -> None:
    """Within 0.02 mV of the reference while spikes agree, in steps of 1 ms, in which g_r has V in its grip."""
    reference, core = (
        recorded(simulator, 300, 1.0, i_offset=2.0) for simulator in (ReferenceSimulation, EmulatedSimulation)
    )
    np.testing.assert_array_equal(reference["spikes"], core["spikes"])
    assert reference["v"].min() < -70.0
    assert np.abs(reference["v"] - core["v"]).max() < 0.02


def test_a_reset_above_the_threshold_is_refused() -> None:
    cell = Population("cell", 1, CELL, {"v_reset": -50.0})
    with pytest.raises(ParameterError, match="v_reset must be < v_thresh, got -50 and -50 mV"):
        check_network(Network("test", 1.0, (cell,), ()))
