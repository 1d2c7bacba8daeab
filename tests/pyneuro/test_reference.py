"""The reference simulator held to closed forms, and to its own laws: one run or several, reset, update."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from networks import array_source, cells, connect, poisson_source
from numpy.typing import NDArray

from emulator.poisson import PoissonTrains
from emulator.seeds import source_seeds
from pyneuro.emulated import EmulatedSimulation
from pyneuro.errors import SizeError, UnsupportedError
from pyneuro.reference import ReferenceSimulation
from toolchain.errors import NetworkError
from toolchain.network import Current, Network, Population, Projection, Recording

TIMESTEPS = [1.0, 0.1, 0.05, 0.25]
LIF: dict[str, Any] = {"v_rest": -65.0, "cm": 1.0, "tau_m": 20.0, "tau_refrac": 2.0, "tau_syn_E": 5.0, "tau_syn_I": 5.0}
LIF |= {"i_offset": 0.0, "v_reset": -65.0, "v_thresh": -50.0}
QUIET = LIF | {"v_thresh": 1000.0}


def recorded(size: int, variables: tuple[str, ...] = ("v", "spikes"), every: int = 1) -> tuple[Recording, ...]:
    """Recordings of all cells."""
    return tuple(Recording(variable, np.arange(size, dtype=np.int32), every) for variable in variables)


def lif(size: int = 1, v: float = -65.0, cell: str = "IF_curr_exp", **parameters: Any) -> Population:
    """LIF cells, v and spikes recorded."""
    return cells("cells", size, cell, parameters=LIF | parameters, initial={"v": v}, recordings=recorded(size))


def network(*populations: Population, projections: tuple[Projection, ...] = (), timestep: float = 0.1) -> Network:
    """A network of these."""
    return Network("test", timestep, populations, projections, seed=7)


def after(net: Network, duration: float) -> ReferenceSimulation:
    """The simulation of `net` after `duration` ms."""
    simulation = ReferenceSimulation(net)
    simulation.run(round(duration / net.timestep))
    return simulation


def times(simulation: ReferenceSimulation, timestep: float) -> NDArray[np.float64]:
    """Times of the samples up to now."""
    return timestep * np.arange(simulation.step + 1)


# --- closed forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("timestep", TIMESTEPS)
def test_membrane_decays_exponentially(timestep: float) -> None:
    simulation = after(network(lif(v=-55.0), timestep=timestep), 50.0)
    expected = -65.0 + 10.0 * np.exp(-times(simulation, timestep) / 20.0)
    np.testing.assert_allclose(simulation.signal(0, "v")[:, 0], expected, rtol=0.0, atol=1e-11)


@pytest.mark.parametrize("timestep", TIMESTEPS)
def test_current_step_charges_the_membrane(timestep: float) -> None:
    """0.4 nA from 10 ms to 30 ms, on top of an offset of 0.1 nA."""
    current = Current(np.zeros(1, np.int32), np.array([10.0, 30.0]), np.array([0.4, 0.0]))
    cell = replace(lif(i_offset=0.1, v_thresh=1000.0), currents=(current,))
    simulation = after(network(cell, timestep=timestep), 50.0)
    t = times(simulation, timestep)

    def charged(since: float) -> NDArray[np.float64]:
        return np.where(t > since, 1.0 - np.exp(-(t - since) / 20.0), 0.0)

    expected = -65.0 + 2.0 * charged(0.0) + 8.0 * (charged(10.0) - charged(30.0))
    np.testing.assert_allclose(simulation.signal(0, "v")[:, 0], expected, rtol=0.0, atol=1e-11)


def test_currents_add_up_and_know_their_cells() -> None:
    """Two currents into cell 1 of 3, one of them changing at every step: V is that of their sum."""
    steps = np.arange(100)
    noisy = Current(np.array([1, 2], np.int32), 0.1 * steps, np.sin(steps))
    steady = Current(np.array([1], np.int32), np.array([0.0]), np.array([0.25]))
    both = Current(np.array([1], np.int32), 0.1 * steps, np.sin(steps) + 0.25)
    first = after(network(replace(lif(3), currents=(noisy, steady))), 10.0).signal(0, "v")
    second = after(network(replace(lif(3), currents=(both,))), 10.0).signal(0, "v")
    np.testing.assert_allclose(first[:, 1], second[:, 1], rtol=0.0, atol=1e-11)
    assert (first[:, 0] == -65.0).all()
    assert np.ptp(first[:, 2]) > 0.0


@pytest.mark.parametrize("timestep", TIMESTEPS)
@pytest.mark.parametrize("i_offset", [0.8, 1.0, 2.5])
@pytest.mark.parametrize(("cell", "tau_refrac"), [("IF_curr_exp", 0.0), ("IF_curr_exp", 3.0), ("IF_cond_exp", 3.0)])
def test_rate_of_a_driven_cell(timestep: float, i_offset: float, cell: str, tau_refrac: float) -> None:
    """From reset, V takes tau ln(dV_inf / (dV_inf - dV_thresh)) to threshold; spikes stand on the grid."""
    net = network(lif(cell=cell, i_offset=i_offset, tau_refrac=tau_refrac), timestep=timestep)
    steps, _ = after(net, 120.0).spikes(0)
    to_threshold = int(np.ceil(20.0 * np.log(20.0 * i_offset / (20.0 * i_offset - 15.0)) / timestep))
    resting = round(tau_refrac / timestep)
    expected = np.arange(to_threshold - 1, 120.0 / timestep, to_threshold + resting)
    np.testing.assert_array_equal(steps, expected)


@pytest.mark.parametrize(("tau_refrac", "held"), [(0.0, 0), (0.25, 3), (0.3, 3), (0.31, 4), (2.0, 20)])
def test_refractory_time_rounds_up_to_whole_steps(tau_refrac: float, held: int) -> None:
    """As NEST counts it: so many samples after the reset are at v_reset."""
    simulation = after(network(lif(v=-49.0, i_offset=1.0, tau_refrac=tau_refrac)), 5.0)
    assert (simulation.signal(0, "v")[:, 0] == -65.0).sum() == held + 1


@pytest.mark.parametrize("timestep", TIMESTEPS)
@pytest.mark.parametrize(("receptor", "weight", "tau"), [("excitatory", 0.7, 3.0), ("inhibitory", -0.4, 20.0)])
def test_potential_of_one_spike(timestep: float, receptor: str, weight: float, tau: float) -> None:
    """Exponential current into a leaky membrane, the limit of equal time constants included."""
    source = array_source("source", [[5.0]])
    cell = replace(lif(tau_syn_E=tau, tau_syn_I=tau, v_thresh=1000.0), recordings=recorded(1, ("v", "isyn_exc")))
    net = network(cell, source, projections=(connect((1, 0), [(0, 0)], weight, 2.0, receptor),), timestep=timestep)
    simulation = after(net, 60.0)
    t = np.maximum(times(simulation, timestep) - 7.0, 0.0)
    rise = t if tau == 20.0 else (1.0 - np.exp(-t / tau + t / 20.0)) / (1.0 / tau - 1.0 / 20.0)
    shape = rise * np.exp(-t / 20.0)
    np.testing.assert_allclose(simulation.signal(0, "v")[:, 0], -65.0 + weight * shape, rtol=0.0, atol=1e-11)
    expected = weight * np.exp(-t / tau) * (t > 0.0) if receptor == "excitatory" else np.zeros_like(t)
    found = simulation.signal(0, "isyn_exc")[:, 0]
    np.testing.assert_allclose(found[t > 0.0], expected[t > 0.0], rtol=0.0, atol=1e-12)
    assert np.flatnonzero(found)[:1].tolist() == ([round(7.0 / timestep)] if receptor == "excitatory" else [])


@pytest.mark.parametrize("timestep", TIMESTEPS)
def test_conductance_decays_and_membrane_settles(timestep: float) -> None:
    """A conductance that hardly decays draws V to the weighted mean of the potentials, at the faster rate."""
    parameters = QUIET | {"e_rev_E": 0.0, "e_rev_I": -80.0, "tau_syn_E": 1e9, "tau_syn_I": 8.0}
    start = {"v": -65.0, "gsyn_exc": 0.03, "gsyn_inh": np.array([0.0, 0.02])}
    variables = ("v", "gsyn_exc", "gsyn_inh")
    population = Population("cells", 2, "IF_cond_exp", parameters, start, recordings=recorded(2, variables))
    simulation = after(network(population, timestep=timestep), 40.0)
    t = times(simulation, timestep)
    total, settled = 0.05 + 0.03, (0.05 * -65.0) / (0.05 + 0.03)
    expected = settled + (-65.0 - settled) * np.exp(-total * t)
    np.testing.assert_allclose(simulation.signal(0, "v")[:, 0], expected, rtol=0.0, atol=2e-6)
    np.testing.assert_allclose(simulation.signal(0, "gsyn_inh")[:, 1], 0.02 * np.exp(-t / 8.0), rtol=0.0, atol=1e-8)


# --- synapses -------------------------------------------------------------------------------------------


def arrivals(projections: tuple[Projection, ...], spikes: list[list[float]], size: int = 2) -> NDArray[np.float64]:
    """What isyn_exc of each cell jumps by at each sample, dt = 1 ms."""
    target = Population("cells", size, "IF_curr_exp", QUIET, recordings=recorded(size, ("isyn_exc",)))
    simulation = after(network(target, array_source("in", spikes), projections=projections, timestep=1.0), 12.0)
    current = simulation.signal(0, "isyn_exc")
    return np.round(current[1:] - current[:-1] * np.exp(-1.0 / 5.0), 12)


@pytest.mark.parametrize(("delay", "steps"), [(0.0, 1), (0.4, 1), (1.0, 1), (1.4, 1), (1.6, 2), (5.0, 5)])
def test_delays_round_to_steps_and_are_one_at_least(delay: float, steps: int) -> None:
    jumps = arrivals((connect((1, 0), [(0, 1)], 0.5, delay),), [[3.0]])
    assert np.argwhere(jumps).tolist() == [[3 + steps - 1, 1]]


def test_a_spike_at_time_zero_acts() -> None:
    assert np.argwhere(arrivals((connect((1, 0), [(0, 0)], 0.5, 1.0),), [[0.0]])).tolist() == [[0, 0]]


def test_multapses_and_repeated_spikes_add_up() -> None:
    pairs = [(0, 1), (0, 1), (0, 0), (0, 1)]
    weights, delays = np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 3.0, 1.0, 1.0])
    jumps = arrivals((connect((1, 0), pairs, weights, delays), connect((1, 0), [(0, 1)], 16.0)), [[2.0, 2.0, 6.0]])
    assert jumps[2].tolist() == [8.0, 50.0]
    assert jumps[4].tolist() == [0.0, 4.0]
    assert jumps[6].tolist() == [4.0, 25.0]


def test_autapse_and_recurrence_take_the_delay_from_the_spike_time() -> None:
    """A spike found in step 0 has the time 1 ms; with a delay of 3 ms it acts at 4 ms."""
    population = replace(lif(2, v_thresh=-60.0), initial={"v": np.array([-50.0, -65.0])})
    population = replace(population, recordings=recorded(2, ("isyn_exc", "spikes")))
    net = network(population, projections=(connect((0, 0), [(0, 0), (0, 1)], 0.1, 3.0),), timestep=1.0)
    simulation = after(net, 10.0)
    assert np.stack(simulation.spikes(0)).tolist() == [[0], [0]]
    current = simulation.signal(0, "isyn_exc")
    assert np.flatnonzero(current[:, 0])[0] == np.flatnonzero(current[:, 1])[0] == 4
    assert current[4].tolist() == [0.1, 0.1]


def test_populations_of_one_model_keep_apart() -> None:
    """Three populations in one block: what is sent to one of them reaches no other."""
    populations = [replace(lif(size), label=str(size)) for size in (2, 3, 4)]
    projections = (connect((3, 1), [(0, 2)], 30.0), connect((1, 2), [(2, 3), (2, 0)], 30.0))
    net = network(*populations, array_source("in", [[1.0]]), projections=projections)
    simulation = after(net, 10.0)
    fired = [sorted(set(simulation.spikes(number)[1].tolist())) for number in range(3)]
    assert fired == [[], [2], [0, 3]]


def test_cells_of_other_parameters_are_cells_of_their_own() -> None:
    """Each of many different cells does what it does alone."""
    rng = np.random.default_rng(5)
    parameters = {name: value * rng.uniform(0.8, 1.2, 6) for name, value in LIF.items()} | {"v_thresh": -50.0}
    parameters["i_offset"] = rng.uniform(0.0, 2.0, 6)
    for cell in ("IF_curr_exp", "IF_cond_exp"):
        together = after(network(lif(6, cell=cell, **parameters)), 30.0).signal(0, "v")
        for i in range(6):
            own = {name: float(np.broadcast_to(value, 6)[i]) for name, value in parameters.items()}
            alone = after(network(lif(cell=cell, **own)), 30.0).signal(0, "v")
            np.testing.assert_allclose(together[:, i], alone[:, 0], rtol=0.0, atol=1e-12)


# --- laws of a simulation -------------------------------------------------------------------------------


def busy(timestep: float = 0.5) -> Network:
    """Both kinds of cells and sources, recurrent, with all delays from 1 to 12 steps."""
    rng = np.random.default_rng(11)

    def random(source: int, target: int, receptor: str, weight: float) -> Projection:
        pairs = rng.integers(0, 20, (60, 2))
        delays = timestep * rng.integers(1, 13, 60)
        return connect((source, target), pairs.tolist(), weight * rng.uniform(0.5, 1.5, 60), delays, receptor)

    kick = Current(np.arange(5, dtype=np.int32), np.array([5.0, 45.0]), np.array([1.0, 0.0]))
    populations = (
        replace(
            lif(20, v=-60.0), label="curr", currents=(kick,), recordings=recorded(20, ("v", "spikes", "isyn_inh"), 3)
        ),
        replace(lif(20, v=-60.0, cell="IF_cond_exp"), label="cond"),
        poisson_source("noise", 20, 60.0, recordings=recorded(20, ("spikes",))),
        array_source("array", [[1.0, 20.5, 40.0]] * 20),
    )
    projections = (
        random(2, 0, "excitatory", 3.0),
        random(2, 1, "excitatory", 0.1),
        random(3, 0, "excitatory", 2.0),
        random(0, 1, "excitatory", 0.1),
        random(1, 0, "inhibitory", -1.0),
    )
    return network(*populations, projections=projections, timestep=timestep)


def outcome(simulation: ReferenceSimulation) -> list[bytes]:
    """All that was recorded, and the state."""
    arrays = [array for number in range(3) for array in simulation.spikes(number)]
    arrays += [simulation.signal(0, "v"), simulation.signal(0, "isyn_inh"), simulation.signal(1, "v")]
    arrays += [simulation.state(1, "gsyn_exc")]
    assert all(len(simulation.spikes(number)[0]) > 20 for number in range(3))
    return [array.tobytes() for array in arrays]


def test_several_runs_are_one_run() -> None:
    whole = after(busy(), 60.0)
    parts = ReferenceSimulation(busy())
    for steps in (1, 2, 0, 57, 60):
        parts.run(steps)
    assert parts.step == whole.step == 120
    assert outcome(parts) == outcome(whole)


def test_reset_is_a_fresh_start() -> None:
    simulation = after(busy(), 60.0)
    first = outcome(simulation)
    simulation.reset()
    assert simulation.step == 0
    assert simulation.spikes(0)[0].size == 0
    assert simulation.signal(0, "v").tolist() == [[-60.0] * 20]
    simulation.run(120)
    assert outcome(simulation) == first


def test_update_with_the_same_network_changes_nothing() -> None:
    simulation = ReferenceSimulation(busy())
    simulation.run(50)
    simulation.update(busy())
    simulation.run(70)
    assert outcome(simulation) == outcome(after(busy(), 60.0))


def test_progress_counts_the_steps_of_this_run() -> None:
    simulation = ReferenceSimulation(network(lif()))
    simulation.run(10)
    done: list[int] = []
    simulation.run(2500, done.append)
    assert done[-1] == 2500
    assert done == sorted(set(done))


def test_samples_at_an_interval() -> None:
    """Every third sample from step 0 on, the present moment included when it is due."""
    simulation = ReferenceSimulation(busy())
    lengths = []
    for _ in range(5):
        lengths.append(simulation.signal(0, "v").shape)
        simulation.run(1)
    assert lengths == [(1, 20), (1, 20), (1, 20), (2, 20), (2, 20)]


def test_clear_drops_the_past_of_one_population() -> None:
    simulation = after(busy(), 30.0)
    kept = simulation.spikes(1)[0].tobytes()
    simulation.clear(0)
    assert simulation.spikes(0)[0].size == 0
    assert simulation.signal(0, "v").shape == (1, 20)
    assert simulation.spikes(1)[0].tobytes() == kept
    simulation.run(60)
    whole = after(busy(), 60.0)
    np.testing.assert_array_equal(simulation.signal(0, "v"), whole.signal(0, "v")[20:])
    steps, indices = whole.spikes(0)
    np.testing.assert_array_equal(np.stack(simulation.spikes(0)), np.stack([steps, indices])[:, steps >= 60])


# --- changes between runs -------------------------------------------------------------------------------


def test_parameters_changed_between_runs() -> None:
    """V relaxes towards the new v_rest from where it was."""
    simulation = after(network(lif(v=-55.0)), 10.0)
    simulation.update(network(lif(v=-55.0, v_rest=-70.0)))
    simulation.run(200)
    middle = -65.0 + 10.0 * np.exp(-0.5)
    assert simulation.state(0, "v")[0] == pytest.approx(-70.0 + (middle + 70.0) * np.exp(-1.0), abs=1e-11)


def test_spikes_under_way_survive_an_update_and_longer_delays() -> None:
    """A spike sent with the old weight arrives with it; a new projection with a longer delay takes part."""
    target = Population("cells", 2, "IF_curr_exp", QUIET, recordings=recorded(2, ("isyn_exc",)))
    source = array_source("in", [[2.0, 6.0]])
    old = network(target, source, projections=(connect((1, 0), [(0, 0)], 1.0, 7.0),), timestep=1.0)
    new = (connect((1, 0), [(0, 0)], 3.0, 7.0), connect((1, 0), [(0, 1)], 5.0, 11.0))
    simulation = ReferenceSimulation(old)
    simulation.run(5)
    simulation.update(network(target, source, projections=new, timestep=1.0))
    simulation.run(20)
    current = simulation.signal(0, "isyn_exc")
    jumps = np.round(current[1:] - current[:-1] * np.exp(-1.0 / 5.0), 12)
    assert {(row + 1, column): jumps[row, column] for row, column in np.argwhere(jumps).tolist()} == {
        (9, 0): 1.0,
        (13, 0): 3.0,
        (17, 1): 5.0,
    }


def test_recording_may_begin_and_end_between_runs() -> None:
    quiet = replace(lif(2), recordings=())
    simulation = after(network(quiet), 1.0)
    simulation.update(network(replace(quiet, recordings=recorded(2))))
    assert simulation.signal(0, "v").shape == (1, 2)
    simulation.run(5)
    assert simulation.signal(0, "v").shape == (6, 2)
    simulation.update(network(replace(quiet, recordings=(Recording("v", np.array([1], np.int32)),))))
    simulation.run(2)
    assert simulation.signal(0, "v").shape == (3, 1)
    simulation.update(network(quiet))
    with pytest.raises(KeyError):
        simulation.signal(0, "v")


def test_sources_changed_between_runs() -> None:
    """New times count from now on; a Poisson source of the same rate goes on undisturbed, a silenced one stops."""
    simulation = after(busy(), 30.0)
    noise = busy().populations[2]
    silenced = replace(noise, parameters={"rate": np.where(np.arange(20) < 10, 60.0, 0.0)})
    later = replace(array_source("array", [[10.0, 35.0]] * 20), recordings=recorded(20, ("spikes",)))
    simulation.update(replace(busy(), populations=(*busy().populations[:2], silenced, later)))
    simulation.run(60)
    steps, indices = simulation.spikes(2)
    expected = np.stack(after(busy(), 60.0).spikes(2))
    kept = (expected[0] < 60) | (expected[1] < 10)
    np.testing.assert_array_equal(np.stack([steps, indices]), expected[:, kept])
    assert set(simulation.spikes(3)[0].tolist()) == {70}


# --- sources and errors ---------------------------------------------------------------------------------


def test_poisson_sources_are_the_machines() -> None:
    """The very trains that the shared kernel draws for this seed, population and window."""
    parameters = {"rate": np.linspace(1.0, 900.0, 8), "start": 3.0, "duration": 20.0}
    noise = Population("noise", 8, "SpikeSourcePoisson", parameters, recordings=recorded(8, ("spikes",)))
    simulation = after(network(lif(), noise, timestep=1.0), 40.0)
    start, stop = np.full(8, 3, np.int32), np.full(8, 23, np.int32)
    expected = PoissonTrains(parameters["rate"], start, stop, source_seeds(7, 1, 0, 8), timestep=1.0).run(40)
    np.testing.assert_array_equal(np.stack(simulation.spikes(1)), np.stack(expected))


@pytest.mark.filterwarnings("ignore:.*spike times:pyneuro.errors.MappingWarning")
def test_both_simulators_get_the_same_input() -> None:
    """Sources of both kinds, windows and rates of their own, on the machine and here."""
    rates = np.linspace(0.0, 400.0, 30)
    window = {"rate": rates, "start": np.linspace(0.0, 7.3, 30), "duration": 31.26}
    noise = Population("noise", 30, "SpikeSourcePoisson", window, recordings=recorded(30, ("spikes",)))
    array = replace(array_source("in", [[0.0, 0.26], [0.2, 1.0]]), recordings=recorded(2, ("spikes",)))
    net = network(noise, array, lif())
    reference, emulated = after(net, 50.0), EmulatedSimulation(net)
    emulated.run(reference.step)
    for number, least in ((0, 100), (1, 4)):
        assert reference.spikes(number)[0].size >= least
        np.testing.assert_array_equal(np.stack(reference.spikes(number)), np.stack(emulated.spikes(number)))


def test_array_sources_spike_in_the_nearest_step() -> None:
    source = replace(array_source("in", [[0.0, 0.26], [0.2, 0.34, 1.0], []]), recordings=recorded(3, ("spikes",)))
    simulation = after(network(source), 1.0)
    assert np.stack(simulation.spikes(0)).tolist() == [[0, 2, 3, 3], [0, 1, 0, 1]]
    simulation.run(1)
    assert np.stack(simulation.spikes(0))[:, -1].tolist() == [10, 1]


def test_what_cannot_be_simulated_is_refused_by_name() -> None:
    pair = (replace(lif(), label="a"), array_source("b", [[]]))
    wrong = {
        "has no receptor type 'nmda'": network(*pair, projections=(connect((1, 0), [(0, 0)], receptor="nmda"),)),
        "SpikeSourceArray has no receptor": network(*pair, projections=(connect((0, 1), [(0, 0)]),)),
        "a post index is not in 0..0": network(*pair, projections=(connect((1, 0), [(0, 1)]),)),
        "a pre index is not in 0..0": network(*pair, projections=(connect((1, 0), [(-1, 0)]),)),
        "has no variable 'w'": network(replace(pair[0], recordings=recorded(1, ("w",)))),
        "'b': SpikeSourceArray has no variable 'v'": network(replace(pair[1], recordings=recorded(1))),
        "population 'none' has no cells": network(cells("none", 0)),
    }
    for message, net in wrong.items():
        with pytest.raises(NetworkError, match=message):
            ReferenceSimulation(net)
    with pytest.raises(NetworkError, match="populations were added"):
        ReferenceSimulation(network(*pair)).update(network(pair[0]))
    with pytest.raises(UnsupportedError, match="no cell type HH"):
        ReferenceSimulation(network(cells("a", 1, "HH")))


@pytest.mark.parametrize(
    ("delay", "error", "message"),
    [
        (1e9, SizeError, r"a delay of 1e\+09 ms needs about 6.4e\+04 GB of memory"),
        (1e18, NetworkError, r"'long': a delay can be at most 2.14748e\+08 ms, 2\^31 - 1 timesteps, got 1e\+18 ms"),
    ],
)
def test_delays_that_cannot_be_held(delay: float, error: type[Exception], message: str) -> None:
    """What is too long is refused before memory is taken."""
    timestep = 1.0 if delay == 1e9 else 0.1
    source = array_source("source", [[1.0]])
    far = replace(connect((0, 1), [(0, 0)], 1.0, delay), label="long")
    with pytest.raises(error, match=message):
        ReferenceSimulation(network(source, lif(4000), projections=(far,), timestep=timestep))
