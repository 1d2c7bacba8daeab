"""GIF_cond_exp: the same draws on both simulators, the hazard, the terms that spikes move, arrays of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pyNN import errors
from pyNN.parameters import ArrayParameter

import pyneuro as sim
from pyneuro.backend import Simulation
from pyneuro.emulated import EmulatedSimulation
from pyneuro.freeze import freeze
from pyneuro.reference import ReferenceSimulation
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population, Recording

CELL = "GIF_cond_exp"
TERMS = {f"{name}_{i}": 0.0 for name in ("a_eta", "a_gamma") for i in range(3)}
"""Parameters without which spikes change nothing."""
VARIABLES = ("v", "i_eta", "v_t")
both = pytest.mark.parametrize("simulator", [ReferenceSimulation, EmulatedSimulation])
Simulator = Callable[[Network], Simulation]


def run(
    simulator: Simulator, n: int, time: float, timestep: float, seed: int = 1, **parameters: Any
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Spikes [2, spikes] (steps, cells) and signals [samples, n] of `n` cells."""
    every = np.arange(n, dtype=np.int32)
    recordings = tuple(Recording(variable, every) for variable in ("spikes", *VARIABLES))
    cells = Population("cells", n, CELL, parameters, recordings=recordings)
    simulation = simulator(Network("test", timestep, (cells,), (), seed=seed))
    simulation.run(round(time / timestep))
    return np.stack(simulation.spikes(0)), {name: simulation.signal(0, name) for name in VARIABLES}


@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_both_simulators_draw_the_same(timestep: float) -> None:
    """Over a sweep of currents: rates within 1 %, and nearly all spikes in the same steps."""
    n = 12
    given = n, 1000.0, timestep
    sweep = {"i_offset": np.linspace(0.8, 4.0, n), "a_eta_2": 0.1, "a_gamma_2": 0.3}
    (expected, reference), (found, core) = (run(s, *given, **sweep) for s in (ReferenceSimulation, EmulatedSimulation))
    counts = [np.bincount(spikes[1], minlength=n) for spikes in (expected, found)]
    print(timestep, counts[0].tolist(), (counts[1] - counts[0]).tolist())
    assert counts[0].max() > 60
    assert np.all(np.abs(counts[1] - counts[0]) <= 0.01 * counts[0])
    same = set(map(tuple, expected.T)) & set(map(tuple, found.T))
    assert len(same) >= 0.95 * expected.shape[1]
    first = min((int(step) for step, _ in set(map(tuple, expected.T)) ^ set(map(tuple, found.T))), default=10**9)
    for name, tolerance in (("v", 0.01), ("i_eta", 2e-4), ("v_t", 2e-3)):
        assert np.abs(reference[name] - core[name])[:first].max() < tolerance


@both
def test_another_seed_draws_other_numbers(simulator: Simulator) -> None:
    spikes = [run(simulator, 3, 500.0, 1.0, seed, i_offset=2.0)[0].tolist() for seed in (1, 1, 2)]
    assert spikes[0] == spikes[1] != spikes[2]


@both
@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("above", [-1.0, 0.0, 1.5])
def test_intervals_are_geometric(simulator: Simulator, timestep: float, above: float) -> None:
    """With V at v_rest the probability of a spike in each step after tau_refrac is 1 - exp(-hazard timestep)."""
    hazard = 0.02 * np.exp(above / 2.0)
    given = {"v_t_star": -65.0 - above, "delta_v": 2.0, "lambda0": 20.0, "tau_refrac": 3.0, **TERMS}
    n, time, held = 60, 1500.0, round(3.0 / timestep)
    spikes, _ = run(simulator, n, time, timestep, **given)
    waits = np.concatenate([np.diff(spikes[0][spikes[1] == cell]) for cell in range(n)]) - held
    at_risk = n * time / timestep - held * spikes.shape[1]
    chance = -np.expm1(-hazard * timestep)
    assert spikes.shape[1] == pytest.approx(chance * at_risk, rel=3.5 / np.sqrt(chance * at_risk))
    assert waits.min() <= 2
    some = round(0.7 / chance)
    assert np.mean(waits > some) == pytest.approx((1.0 - chance) ** some, abs=0.06)


@both
@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_terms_are_summed_up_where_a_step_begins(simulator: Simulator, timestep: float) -> None:
    """A sample of i_eta or v_t is what the step before it had: NEST's order."""
    taus = {f"tau_{name}_{i}": tau for name in ("eta", "gamma") for i, tau in enumerate((2.0, 20.0, 150.0))}
    jumps = {"a_eta_0": 0.5, "a_eta_1": 0.2, "a_eta_2": -0.1, "a_gamma_0": 3.0, "a_gamma_1": 1.0, "a_gamma_2": 0.5}
    spikes, signals = run(simulator, 1, 300.0, timestep, i_offset=2.0, **taus, **jumps)
    assert spikes.shape[1] > 5
    steps = np.arange(len(signals["v"]))
    for variable, name, rest in (("i_eta", "eta", 0.0), ("v_t", "gamma", -48.0)):
        expected = np.full(len(steps), rest)
        for i in range(3):
            for spike in spikes[0]:
                since = steps - 1 - (spike + 1)
                decayed = np.exp(-np.maximum(since, 0) * timestep / taus[f"tau_{name}_{i}"])
                expected += np.where(since >= 0, jumps[f"a_{name}_{i}"] * decayed, 0.0)
        np.testing.assert_allclose(signals[variable][1:, 0], expected[1:], rtol=0.0, atol=2e-3)


@both
def test_v_is_held_for_whole_timesteps(simulator: Simulator) -> None:
    """At v_reset for tau_refrac after the timestep of the spike."""
    spikes, signals = run(simulator, 1, 200.0, 1.0, i_offset=3.0, tau_refrac=3.0, v_reset=-60.0, **TERMS)
    v = signals["v"][:, 0]
    assert len(spikes[0]) > 5
    for step in spikes[0][:-1]:
        np.testing.assert_allclose(v[step + 1 : step + 5], -60.0, rtol=0.0, atol=1e-3)
        assert v[step + 5] > -59.9


@both
def test_without_a_hazard_there_are_no_spikes(simulator: Simulator) -> None:
    """Just as with a threshold far away; v is that of a leaky cell."""
    for given in ({"lambda0": 0.0}, {"v_t_star": 500.0}):
        spikes, signals = run(simulator, 2, 100.0, 1.0, i_offset=2.0, **given)
        assert spikes.shape[1] == 0
        expected = -65.0 + 40.0 * -np.expm1(-np.arange(101) / 20.0)
        np.testing.assert_allclose(signals["v"][:, 0], expected, rtol=0.0, atol=2e-3)


@both
def test_a_sharp_threshold_is_a_threshold(simulator: Simulator) -> None:
    """With a small delta_v and a high lambda0 a cell spikes as a leaky one does, in steps of the grid."""
    given = {"delta_v": 1e-3, "lambda0": 1e4, "tau_refrac": 1.0, "v_t_star": -50.0, **TERMS}
    spikes, _ = run(simulator, 1, 300.0, 0.1, i_offset=1.5, **given)
    period = np.ceil(20.0 * np.log(30.0 / 15.0) / 0.1) + 10
    np.testing.assert_allclose(np.diff(spikes[0]), period, rtol=0.0, atol=1.0)


def test_substeps_change_little() -> None:
    """The hazard is that of the whole timestep; the terms decay as fast."""
    counts = []
    for substeps in (1, 4):
        every = np.arange(40, dtype=np.int32)
        cells = Population("cells", 40, CELL, {"i_offset": 2.0}, recordings=(Recording("spikes", every),))
        network = Network("test", 1.0, (cells,), ())
        simulation = EmulatedSimulation(network, mapping={"substeps": substeps})
        simulation.run(1000)
        counts.append(len(simulation.spikes(0)[0]))
    assert counts[0] > 400
    assert counts[1] == pytest.approx(counts[0], rel=0.01)


# --- arrays of parameters ---------------------------------------------------------------------------


@pytest.fixture
def cells() -> Iterator[Any]:
    """A population of four."""
    sim.setup(timestep=1.0, min_delay=1.0, backend="reference")
    yield sim.Population(4, sim.GIF_cond_exp(tau_eta=[2.0, 20.0], a_eta=[0.1, 0.2]))
    sim.end()


def test_arrays_are_given_read_and_set(cells: Any) -> None:
    """Shorter ones too, and in views."""
    np.testing.assert_array_equal(cells.get("tau_eta").value, [2.0, 20.0])
    np.testing.assert_array_equal(cells.get("a_gamma").value, [1.0, 1.0, 1.0])
    cells[1:3].set(a_eta=ArrayParameter([0.3, 0.4]))
    np.testing.assert_array_equal(
        [array.value for array in cells.get("a_eta")], [[0.1, 0.2], [0.3, 0.4], [0.3, 0.4], [0.1, 0.2]]
    )
    frozen = freeze(sim.simulator.state).populations[0].parameters
    np.testing.assert_array_equal(frozen["a_eta_1"], [0.2, 0.4, 0.4, 0.2])
    np.testing.assert_array_equal(np.broadcast_to(frozen["a_eta_2"], 4), 0.0)
    assert frozen["tau_eta_1"] == 20.0


def test_arrays_have_pynns_defaults_and_units(cells: Any) -> None:
    defaults, units = cells.celltype.default_parameters, cells.celltype.units
    np.testing.assert_array_equal(defaults["tau_gamma"].value, [1.0, 10.0, 100.0])
    assert (units["a_eta"], units["tau_eta"], units["a_gamma"]) == ("nA", "ms", "mV")
    assert not any(name.endswith(("_0", "_1", "_2")) for name in [*defaults, *units])


def test_bad_arrays_are_refused(cells: Any) -> None:
    """Too long, of different lengths, of a bad value."""
    with pytest.raises(errors.InvalidParameterValueError, match="a_eta can have at most 3 values, got 4"):
        cells.set(a_eta=[1.0, 2.0, 3.0, 4.0])
    with pytest.raises(errors.InvalidParameterValueError, match="tau_eta and a_eta must be of the same length, got 2"):
        cells.set(tau_eta=[1.0, 2.0], a_eta=[1.0])
    with pytest.raises(ValueError, match="tau_gamma_1 must be > 0 ms"):
        cells.set(tau_gamma=[1.0, 0.0, 2.0])


def test_a_model_says_what_its_arrays_are() -> None:
    model = CELL_MODELS[CELL]
    assert isinstance(model, CellModel)
    declared = {parameter.name for parameter in model.parameters}
    assert all(set(group.elements(name)) <= declared for group in model.arrays for name in group.names)
