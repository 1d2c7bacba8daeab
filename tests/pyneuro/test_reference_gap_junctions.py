"""Gap junctions against closed forms, an independent solver, and their own laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import array_source, cells, connect
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from pyneuro.reference import ReferenceSimulation
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Current, Network, Population, Projection, Recording

Floats = NDArray[np.float64]
PASSIVE: dict[str, Any] = {"v_rest": -65.0, "cm": 0.5, "tau_m": 20.0, "v_thresh": 1000.0, "tau_refrac": 2.0}


def junctions(ends: tuple[int, int], pairs: list[tuple[int, int]], weight: float) -> Projection:
    """Gap junctions between pairs of cells."""
    pre, post = np.array(pairs, np.int32).T.copy()
    return Projection("gaps", *ends, "excitatory", pre, post, weight, 0.0, "ElectricalSynapse")


def recorded(size: int, *variables: str) -> tuple[Recording, ...]:
    return tuple(Recording(variable, np.arange(size, dtype=np.int32)) for variable in ("v", *variables))


def after(network: Network, duration: float) -> ReferenceSimulation:
    simulation = ReferenceSimulation(network)
    simulation.run(round(duration / network.timestep))
    return simulation


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("conductance", [0.004, 0.5])
@pytest.mark.parametrize("apart", [False, True])
def test_sum_and_difference_of_two_passive_cells(timestep: float, conductance: float, apart: bool) -> None:
    """The mean decays with tau_m, the difference with 1 / (1 / tau_m + 2 g / cm); in one population or two."""
    start = np.array([-50.0, -70.0])
    if apart:
        populations = tuple(
            Population(f"p{i}", 1, "IF_curr_exp", PASSIVE, {"v": start[i]}, recordings=recorded(1)) for i in range(2)
        )
        made = junctions((0, 1), [(0, 0)], conductance)
    else:
        populations = (Population("p", 2, "IF_curr_exp", PASSIVE, {"v": start}, recordings=recorded(2)),)
        made = junctions((0, 0), [(0, 1)], conductance)
    simulation = after(Network("pair", timestep, populations, (made,)), 60.0)
    v = np.hstack([simulation.signal(i, "v") for i in range(len(populations))])
    t = timestep * np.arange(len(v))
    mean = -65.0 + 5.0 * np.exp(-t / 20.0)
    half = 10.0 * np.exp(-t * (1.0 / 20.0 + 2.0 * conductance / 0.5))
    np.testing.assert_allclose(v, np.column_stack([mean + half, mean - half]), rtol=0.0, atol=1e-6)


def test_junctions_conduct_both_ways_and_add_up() -> None:
    """Two junctions in one direction, or one in each, or one of twice the conductance, are the same."""
    start = {"v": np.array([-50.0, -70.0])}
    found = []
    for made in (
        (junctions((0, 0), [(0, 1), (0, 1)], 0.01),),
        (junctions((0, 0), [(0, 1)], 0.01), junctions((0, 0), [(1, 0)], 0.01)),
        (junctions((0, 0), [(1, 0)], 0.02),),
    ):
        population = Population("p", 2, "IF_curr_exp", PASSIVE, start, recordings=recorded(2))
        found.append(after(Network("pair", 0.1, (population,), made), 20.0).signal(0, "v"))
    np.testing.assert_allclose(found[0], found[1], rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(found[0], found[2], rtol=0.0, atol=1e-12)


def test_no_conductance_changes_nothing() -> None:
    population = Population("p", 2, "IF_curr_exp", PASSIVE | {"v_thresh": -64.0, "i_offset": 0.1}, {"v": -64.5})
    population = Population("p", 2, "IF_curr_exp", population.parameters, recordings=recorded(2))
    alone = after(Network("pair", 0.1, (population,), ()), 50.0).signal(0, "v")
    coupled = after(Network("pair", 0.1, (population,), (junctions((0, 0), [(0, 1)], 0.0),)), 50.0).signal(0, "v")
    np.testing.assert_allclose(coupled, alone, rtol=0.0, atol=1e-6)


def solved(model: CellModel, start: dict[str, Floats], drive: Floats, conductance: float, times: Floats) -> Floats:
    """Voltages of two coupled cells by SciPy."""
    names = [variable.name for variable in model.state]
    parameters = {parameter.name: np.asarray(parameter.default, np.float64) for parameter in model.parameters}

    def slopes(_: float, flat: Floats) -> Floats:
        state = dict(zip(names, flat.reshape(len(names), 2), strict=True))
        current = drive + conductance * (state["v"][::-1] - state["v"])
        found = model.derivatives(state, parameters, current)
        return np.concatenate([np.broadcast_to(found[name], 2) for name in names])

    first = np.concatenate([start[name] for name in names])
    done = solve_ivp(slopes, (0.0, times[-1]), first, "DOP853", times, rtol=1e-11, atol=1e-11)
    return np.asarray(done.y.reshape(len(names), 2, -1)[names.index("v")].T)


@pytest.mark.parametrize("cell", ["HH_cond_exp", "HH_squid"])
def test_spiking_membranes_equal_an_independent_solver(cell: str) -> None:
    """One cell is driven, and drags the other along: no reset is in the way of these models."""
    model = CELL_MODELS.get(cell)
    if not isinstance(model, CellModel):
        pytest.skip(f"there is no {cell}")
    drive = 0.7 if cell == "HH_cond_exp" else 15.0
    variables = [variable.name for variable in model.state if not variable.hidden]
    recordings = tuple(Recording(name, np.arange(2, dtype=np.int32)) for name in variables if name in model.recordable)
    current = Current(np.zeros(1, np.int32), np.zeros(1), np.array([drive]))
    population = Population("p", 2, cell, {}, {}, None, (current,), recordings)
    conductance = 0.01 if cell == "HH_cond_exp" else 0.5
    simulation = after(Network("pair", 0.1, (population,), (junctions((0, 0), [(0, 1)], conductance),)), 40.0)
    start = {name: simulation_start(population, name) for name in (variable.name for variable in model.state)}
    times = 0.1 * np.arange(401)
    expected = solved(model, start, np.array([drive, 0.0]), conductance, times)
    v = simulation.signal(0, "v")
    assert np.ptp(v[:, 0]) > 50.0
    np.testing.assert_allclose(v, expected, rtol=0.0, atol=2e-3)


def simulation_start(population: Population, name: str) -> Floats:
    """First values of a state variable."""
    return ReferenceSimulation(Network("pair", 0.1, (population,), ())).state(0, name)


@pytest.mark.parametrize("model", ["Izhikevich", "EIF_cond_exp_isfa_ista"])
def test_cells_that_reset_within_a_step_stay_in_step(model: str) -> None:
    """Identical cells with identical input do as one alone does, whatever the junction; its spikes too."""
    amplitude = 0.02 if model == "Izhikevich" else 0.9
    current = Current(np.arange(2, dtype=np.int32), np.array([5.0]), np.array([amplitude]))

    def run(size: int, projections: tuple[Projection, ...]) -> tuple[Floats, Floats]:
        given = Current(np.arange(size, dtype=np.int32), current.times, current.amplitudes)
        population = Population("p", size, model, {}, {}, None, (given,), recorded(size, "spikes"))
        simulation = after(Network("cells", 0.1, (population,), projections), 120.0)
        return simulation.signal(0, "v"), simulation.spikes(0)[0]

    if model not in CELL_MODELS:
        pytest.skip(f"there is no {model}")
    one, spikes = run(1, ())
    two, both = run(2, (junctions((0, 0), [(0, 1)], 0.05),))
    assert len(spikes) > 3
    assert np.repeat(spikes, 2).tolist() == both.tolist()
    np.testing.assert_allclose(two[:, 1], one[:, 0], rtol=0.0, atol=1e-2)


def test_a_spike_of_one_cell_pulls_the_other_and_synapses_go_on() -> None:
    """A source drives one of two coupled cells over its threshold; reset and refractory time hold its voltage."""
    parameters = PASSIVE | {"v_thresh": -55.0, "v_reset": -70.0, "tau_refrac": 3.0}
    population = cells("p", 2, parameters=parameters, recordings=recorded(2, "spikes"))
    source = array_source("in", [[10.0]])
    projections = (junctions((0, 0), [(0, 1)], 0.01), connect((1, 0), [(0, 0)], 8.0, 1.0))
    simulation = after(Network("pair", 0.1, (population, source), projections), 40.0)
    steps, fired = simulation.spikes(0)
    assert set(fired.tolist()) == {0}
    v = simulation.signal(0, "v")
    first = int(steps[0])
    assert (v[first + 1 : first + 31, 0] == -70.0).all()
    assert v[first, 1] > -65.0 + 1e-3
    assert simulation.weights(0).tolist() == [0.01]


def test_coupling_is_taken_up_and_given_up_between_runs() -> None:
    start = {"v": np.array([-50.0, -70.0])}
    population = Population("p", 2, "IF_curr_exp", PASSIVE, start, recordings=recorded(2))
    alone = Network("pair", 0.1, (population,), ())
    coupled = Network("pair", 0.1, (population,), (junctions((0, 0), [(0, 1)], 10.0),))
    simulation = ReferenceSimulation(alone)
    simulation.run(10)
    simulation.update(coupled)
    simulation.run(20)
    together = simulation.state(0, "v")
    assert together[0] == pytest.approx(together[1], abs=1e-4)
    simulation.update(alone)
    simulation.run(10)
    assert simulation.state(0, "v")[0] == pytest.approx(-65.0 + (together[0] + 65.0) * np.exp(-0.05), abs=1e-9)
