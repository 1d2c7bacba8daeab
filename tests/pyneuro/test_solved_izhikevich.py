"""PyNN's Izhikevich cell: its rates on a core, its units, its synapses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from networks import array_source, connect
from rates import on_core, on_reference, rate_errors

from pyneuro.backend import Simulation
from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference import ReferenceSimulation
from toolchain.check_network import check_network
from toolchain.errors import ParameterError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Current, Network, Population, Recording

SIMULATIONS: dict[str, Callable[[Network], Simulation]] = {
    "reference": ReferenceSimulation,
    "emulator": EmulatedSimulation,
}
TYPES = {
    "regular": (0.02, 0.2, -65.0, 8.0),
    "fast": (0.1, 0.2, -65.0, 2.0),
    "low threshold": (0.02, 0.25, -65.0, 2.0),
    "chattering": (0.02, 0.2, -50.0, 2.0),
}
CURRENTS = (4.0, 4.5, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0)
CASES = [(*kind, 1e-3 * current) for kind in TYPES.values() for current in CURRENTS]
SWEEP = dict(zip(("a", "b", "c", "d", "i_offset"), np.array(CASES).T, strict=True))


@pytest.mark.parametrize(("timestep", "most"), [(1.0, 0.008), (0.1, 0.002)])
def test_rates_on_a_core_are_those_of_the_equations(timestep: float, most: float) -> None:
    """From just above the threshold to 470 Hz."""
    expected, error = rate_errors("Izhikevich", SWEEP, timestep, 1500.0, len(CASES))
    assert expected.min() > 5.0
    worst = int(np.abs(error).argmax())
    print(f"{timestep} ms: worst {error[worst]:.2%} at {expected[worst]:.1f} Hz, {CASES[worst]}")
    assert np.abs(error).max() < most


def test_a_recovery_that_runs_away_is_followed_too() -> None:
    """With negative a, as in cells that inhibition makes spike."""
    parameters = {"a": -0.02, "b": -1.0, "c": -60.0, "d": 8.0, "i_offset": np.array([0.076, 0.078])}
    steps = [np.concatenate(run("Izhikevich", parameters, 0.1, 60.0, 2)) for run in (on_reference, on_core)]
    assert len(steps[0]) == len(steps[1]) > 2
    assert np.abs(steps[0] - steps[1]).max() <= 3


def cells(n: int, **parameters: float) -> Population:
    """Cells at the rest of the equations, recorded."""
    every = np.arange(n, dtype=np.int32)
    recordings = tuple(Recording(variable, every) for variable in ("spikes", "v", "u"))
    return Population("cells", n, "Izhikevich", parameters, {"v": -70.0, "u": -14.0}, recordings=recordings)


@pytest.mark.parametrize("name", SIMULATIONS)
def test_a_synapse_is_a_step_of_the_voltage(name: str) -> None:
    """By the weight in mV; strong ones make a cell spike at once."""
    source = array_source("source", [[5.0]])
    up = connect((1, 0), [(0, 0), (0, 1)], np.array([3.0, 110.0]), 1.0)
    down = connect((1, 0), [(0, 2)], -4.0, 1.0, "inhibitory")
    simulation = SIMULATIONS[name](Network("jumps", 0.1, (cells(3), source), (up, down)))
    simulation.run(100)
    v = simulation.signal(0, "v")
    assert np.abs(v[:60] + 70.0).max() < 0.02
    # 0.1 ms after the jump a share of 6 to 8 % of it is gone.
    np.testing.assert_allclose(v[61, [0, 2]] - v[59, [0, 2]], [0.95 * 3.0, 0.93 * -4.0], atol=0.1)
    steps, who = simulation.spikes(0)
    assert who.tolist() == [1]
    assert abs(int(steps[0]) - 60) <= 1
    assert -67.0 < v[63, 1] < -60.0


@pytest.mark.parametrize("name", SIMULATIONS)
def test_a_nanoampere_is_1000_mv_a_ms(name: str) -> None:
    """The same current as a parameter and as an injection, and as other types of Izhikevich cells have it."""
    every = np.arange(1, dtype=np.int32)
    injected = Population(
        "injected",
        1,
        "Izhikevich",
        {},
        {"v": -70.0, "u": -14.0},
        currents=(Current(every, np.array([0.0]), np.array([0.01])),),
        recordings=(Recording("v", every), Recording("spikes", every)),
    )
    simulation = SIMULATIONS[name](Network("currents", 0.1, (cells(1, i_offset=0.01), injected), ()))
    simulation.run(500)
    given, other = simulation.signal(0, "v"), simulation.signal(1, "v")
    assert len(simulation.spikes(0)[0]) > 2
    # 0.01 nA is 327.68 lowest bits: what is injected is rounded after the multiplication.
    np.testing.assert_allclose(given, other, atol=0.01)


def test_the_reference_is_that_of_the_other_cell_in_other_units() -> None:
    both = [
        Population("a", 1, "Izhikevich", {"i_offset": 0.01}, recordings=(Recording("v", np.zeros(1, np.int32)),)),
        Population(
            "b", 1, "Izhikevich_curr_exp", {"i_offset": 10}, recordings=(Recording("v", np.zeros(1, np.int32)),)
        ),
    ]
    simulation = ReferenceSimulation(Network("units", 0.5, tuple(both), ()))
    simulation.run(200)
    np.testing.assert_allclose(simulation.signal(0, "v"), simulation.signal(1, "v"), rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("name", SIMULATIONS)
def test_extreme_inputs_do_not_derail_a_cell(name: str) -> None:
    """Currents and jumps far beyond sense, either way, and back to rest."""
    source = array_source("source", [[20.0], [40.0]])
    jumps = connect((1, 0), [(0, 0)], 5000.0, 1.0)
    falls = connect((1, 0), [(1, 0)], -5000.0, 1.0, "inhibitory")
    every = np.zeros(1, np.int32)
    driven = Population(
        "driven",
        1,
        "Izhikevich",
        {},
        currents=(Current(every, np.array([60.0, 80.0, 120.0]), np.array([2.0, -1.0, 0.0])),),
        recordings=(Recording("v", every), Recording("spikes", every)),
    )
    simulation = SIMULATIONS[name](Network("extremes", 1.0, (driven, source), (jumps, falls)))
    simulation.run(1200)
    assert abs(simulation.state(0, "v")[0] + 70.0) < 0.1
    steps = simulation.spikes(0)[0]
    assert steps[0] in (20, 21)
    assert 15 <= np.count_nonzero((steps >= 60) & (steps < 80)) <= 20
    assert np.abs(simulation.signal(0, "v")).max() < 6000.0


def test_a_reset_at_the_peak_is_refused() -> None:
    with pytest.raises(
        ParameterError, match=r"population 'cells': Izhikevich\.c must be < 30 mV, got 31 mV for cell 0"
    ):
        check_network(Network("reset", 1.0, (cells(2, c=31.0),), ()))


def test_long_steps_are_refused() -> None:
    model = CELL_MODELS["Izhikevich"]
    assert isinstance(model, CellModel)
    assert model.substeps(5.0) == 5
    with pytest.raises(ParameterError, match=r"Izhikevich takes sub-steps of at most 1 ms, got 2\.5 ms"):
        model.registers({}, {}, 1, 5.0, 2)
