"""HH_cond_exp and HH_squid on both simulators: the squid's figures, and what the core's steps change about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import array_source, connect
from numpy.typing import NDArray

from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Population, Recording

Floats = NDArray[np.float64]
SQUID = np.array([0.0, 6.0, 6.2, 7.0, 10.0, 20.0])
"""uA/cm2, which are nA of a patch of 0.001 cm2."""
TRAUB = np.array([0.1, 0.2, 0.3, 0.5, 1.0, 2.0])


def network(cell: str, currents: Floats, timestep: float) -> Network:
    """Cells with a current each, that record spikes and V."""
    every = np.arange(len(currents), dtype=np.int32)
    recordings = (Recording("spikes", every), Recording("v", every))
    cells = Population("cells", len(currents), cell, {"i_offset": currents}, recordings=recordings)
    return Network("currents", timestep, (cells,), ())


def run(simulator: Any, made: Network, duration: float) -> tuple[list[Floats], Floats]:
    """Spike times (ms) of each cell, and V."""
    simulation = simulator(made)
    simulation.run(round(duration / made.timestep))
    steps, cells = simulation.spikes(0)
    times = [(steps[cells == i] + 1) * made.timestep for i in range(made.populations[0].size)]
    return times, simulation.signal(0, "v")


def rates(times: list[Floats]) -> Floats:
    """Rates (Hz) from the first to the last spike; 0 for fewer than five."""
    return np.array([1000.0 * (len(t) - 1) / (t[-1] - t[0]) if len(t) > 4 else 0.0 for t in times])


@pytest.fixture(scope="module")
def squid() -> tuple[list[Floats], Floats]:
    """The squid axon on the reference, for a second in steps of 0.1 ms."""
    return run(ReferenceSimulation, network("HH_squid", SQUID, 0.1), 1000.0)


def test_figures_of_the_squid_axon(squid: tuple[list[Floats], Floats]) -> None:
    """Rest, onset, rates and peak."""
    times, v = squid
    assert v[-1, 0] == pytest.approx(-64.898, abs=1e-3)
    assert rates([t[t > 100.0] for t in times]) == pytest.approx([0.0, 0.0, 52.7, 58.9, 68.6, 86.7], rel=0.005)
    assert v[:, 4].max() == pytest.approx(40.1, rel=0.005)


def test_long_timesteps_find_the_same_spikes(squid: tuple[list[Floats], Floats]) -> None:
    """In steps of 1 ms, a spike would slip through between two of them; they are gone through in parts of 0.1 ms."""
    times, _ = run(ReferenceSimulation, network("HH_squid", SQUID, 1.0), 300.0)
    for fine, coarse in zip(squid[0], times, strict=True):
        np.testing.assert_array_equal(coarse, np.ceil(fine[fine <= 300.0] - 1e-6))


@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_the_squid_axon_on_the_machine(timestep: float, squid: tuple[list[Floats], Floats]) -> None:
    """Rates within 0.2 %, spikes within 0.5 ms for 300 ms."""
    times, v = run(EmulatedSimulation, network("HH_squid", SQUID, timestep), 1000.0)
    expected = squid[0]
    assert v[-1, 0] == pytest.approx(-64.898, abs=1e-3)
    np.testing.assert_allclose(rates(times), rates(expected), rtol=2e-3)
    for found, right in zip(times, expected, strict=True):
        assert len(found) == len(right)
        shift = np.abs(found - np.ceil(right / timestep - 1e-6) * timestep)[right < 300.0]
        assert shift.mean() < 0.5 if timestep == 1.0 and len(shift) else np.all(shift < 0.5)


@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_a_sweep_of_currents_into_traub_and_miles_cells(timestep: float) -> None:
    """Rates of the emulator within 0.3 % of the reference."""
    made = network("HH_cond_exp", TRAUB, timestep)
    expected, _ = run(ReferenceSimulation, made, 1000.0)
    found, _ = run(EmulatedSimulation, made, 1000.0)
    np.testing.assert_allclose(rates(found), rates(expected), rtol=3e-3)
    assert rates(expected).min() > 20.0


@pytest.mark.parametrize("cell", ["HH_cond_exp", "HH_squid"])
def test_synapses_act_alike(cell: str) -> None:
    """Conductances of both receptors, below threshold: V and the gates on the machine follow the reference."""
    strength = 1.0 if cell == "HH_cond_exp" else 60.0
    variables = ("v", "m", "h", "n", "gsyn_exc", "gsyn_inh")
    recordings = tuple(Recording(name, np.array([0], np.int32)) for name in variables)
    cells = Population("cells", 1, cell, {"tau_syn_E": 2.0, "tau_syn_I": 5.0}, recordings=recordings)
    populations = (cells, array_source("input", [[20.0, 22.0, 60.0], [40.0, 61.0]]))
    projections = (
        connect((1, 0), [(0, 0)], 0.002 * strength, 1.0),
        connect((1, 0), [(1, 0)], 0.005 * strength, 1.0, receptor="inhibitory"),
    )
    made = Network("synapses", 0.1, populations, projections)
    simulations = ReferenceSimulation(made), EmulatedSimulation(made)
    for simulation in simulations:
        simulation.run(1000)
    for name in variables:
        # What a source sends acts at the same time on both, an update before it is seen on the machine.
        right, found = (simulation.signal(0, name)[:, 0] for simulation in simulations)
        scale = np.ptp(right)
        assert np.abs(found - right).max() < 0.06 * scale
        assert np.mean(found - right) == pytest.approx(0.0, abs=0.005 * scale)
