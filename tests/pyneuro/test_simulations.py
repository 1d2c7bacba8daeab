"""The contract of a simulation, held by both simulators."""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from emulator.machine import spin5
from pyneuro.backend import Simulation
from pyneuro.emulated import EmulatedSimulation
from pyneuro.errors import MappingWarning, RunWarning
from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Population, Projection, Recording, SpikeTimes

SIMULATIONS: dict[str, Callable[[Network], Simulation]] = {
    "reference": ReferenceSimulation,
    "emulator": lambda network: EmulatedSimulation(network, mapping={"neurons_per_core": 3}),
}
SOURCE, CELLS, LONE = range(3)


def every(variable: str, cells: int, interval: int = 1) -> Recording:
    """Record `variable` of all cells."""
    return Recording(variable, np.arange(cells, dtype=np.int32), interval)


def network(cell: str = "IF_curr_exp", delay: float = 2.0, **parameters: float) -> Network:
    """A source whose two spikes reach five cells, of which the second half fires, and a lone cell that is driven."""
    times = SpikeTimes(np.array([0, 2], np.int64), np.array([5.0, 60.0]))
    weights = np.arange(1.0, 6.0) * (2.0 if cell == "IF_curr_exp" else 0.05)
    signals = ("v", "isyn_exc") if cell == "IF_curr_exp" else ("v", "gsyn_exc")
    populations = (
        Population("source", 1, "SpikeSourceArray", {}, spike_times=times, recordings=(every("spikes", 1),)),
        Population("cells", 5, cell, parameters, recordings=tuple(every(s, 5) for s in ("spikes", *signals))),
        Population("lone", 1, cell, {"i_offset": 1.0}, recordings=(every("spikes", 1), every("v", 1, 7))),
    )
    indices = np.arange(5, dtype=np.int32)
    projection = Projection("drive", SOURCE, CELLS, "excitatory", np.zeros(5, np.int32), indices, weights, delay)
    return Network("contract", 1.0, populations, (projection,))


@pytest.fixture(params=SIMULATIONS)
def make(request: pytest.FixtureRequest) -> Callable[[Network], Simulation]:
    return SIMULATIONS[request.param]


def recorded(simulation: Simulation, of: Network) -> list[np.ndarray]:
    """Everything that was recorded, in order."""
    found: list[np.ndarray] = []
    for number, population in enumerate(of.populations):
        for recording in population.recordings:
            spikes = recording.variable == "spikes"
            found += simulation.spikes(number) if spikes else [simulation.signal(number, recording.variable)]
    return found


def assert_same(left: list[np.ndarray], right: list[np.ndarray]) -> None:
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", ["IF_curr_exp", "IF_cond_exp"])
@pytest.mark.parametrize("delay", [1.0, 16.0, 17.0, 40.0])
def test_a_spike_acts_after_its_delay(make: Callable[[Network], Simulation], cell: str, delay: float) -> None:
    simulation = make(network(cell, delay))
    simulation.run(100)
    v = simulation.signal(CELLS, "v")
    at = 5 + round(delay)
    assert np.all(v[: at + 1] == v[0])
    assert np.all(v[at + 1] > v[at])
    assert simulation.spikes(SOURCE)[0].tolist() == [5, 60]


def test_there_is_a_sample_of_the_first_moment_and_one_of_the_last(make: Callable[[Network], Simulation]) -> None:
    simulation = make(network())
    simulation.run(70)
    assert simulation.signal(CELLS, "v").shape == (71, 5)
    assert simulation.signal(LONE, "v").shape == (11, 1)
    np.testing.assert_array_equal(simulation.signal(CELLS, "v")[-1], simulation.state(CELLS, "v"))


def test_pieces_make_the_same_run(make: Callable[[Network], Simulation]) -> None:
    whole, pieces = make(network()), make(network())
    whole.run(90)
    for steps in (1, 0, 6, 53, 30):
        pieces.run(steps)
    assert whole.step == pieces.step == 90
    assert_same(recorded(whole, network()), recorded(pieces, network()))


def test_a_reset_starts_the_same_run_again(make: Callable[[Network], Simulation]) -> None:
    simulation = make(network())
    simulation.run(90)
    first = recorded(simulation, network())
    simulation.reset()
    assert simulation.step == 0
    assert len(simulation.spikes(LONE)[0]) == 0
    simulation.run(90)
    assert_same(first, recorded(simulation, network()))


@pytest.mark.parametrize("at", [3, 6, 62, 70])
def test_an_update_that_changes_nothing_is_not_noticed(make: Callable[[Network], Simulation], at: int) -> None:
    whole, updated = make(network(delay=20.0)), make(network(delay=20.0))
    whole.run(110)
    updated.run(at)
    updated.update(network(delay=20.0))
    updated.run(110 - at)
    assert_same(recorded(whole, network()), recorded(updated, network()))


def test_an_update_changes_what_comes_after(make: Callable[[Network], Simulation]) -> None:
    before = network()
    lone = replace(before.populations[LONE], parameters={"i_offset": 0.0})
    simulation = make(before)
    simulation.run(50)
    fired = len(simulation.spikes(LONE)[0])
    assert fired > 0
    simulation.update(replace(before, populations=(*before.populations[:LONE], lone)))
    simulation.run(200)
    assert len(simulation.spikes(LONE)[0]) <= fired + 1
    assert abs(simulation.state(LONE, "v")[0] + 65.0) < 0.1


@pytest.mark.parametrize("delay", [3.0, 30.0])
def test_a_projection_can_be_added(make: Callable[[Network], Simulation], delay: float) -> None:
    """It carries what is sent from then on, whether it needs delay stages or not."""
    before = network()
    more = Projection("more", SOURCE, LONE, "excitatory", np.zeros(1, np.int32), np.zeros(1, np.int32), 100.0, delay)
    simulation, without = make(before), make(before)
    simulation.run(50)
    simulation.update(replace(before, projections=(*before.projections, more)))
    simulation.run(50)
    without.run(100)
    at = 60 + round(delay)
    added, alone = simulation.signal(CELLS, "v"), without.signal(CELLS, "v")
    np.testing.assert_array_equal(added, alone)
    spikes, expected = simulation.spikes(LONE)[0], without.spikes(LONE)[0]
    assert spikes[spikes < at].tolist() == expected[expected < at].tolist()
    assert len(spikes) > len(expected)


def test_a_clear_drops_one_population(make: Callable[[Network], Simulation]) -> None:
    simulation = make(network())
    simulation.run(70)
    others = simulation.spikes(CELLS)[0]
    simulation.clear(LONE)
    assert len(simulation.spikes(LONE)[0]) == 0
    np.testing.assert_array_equal(simulation.spikes(CELLS)[0], others)
    simulation.run(14)
    assert simulation.signal(LONE, "v").shape == (3, 1)
    assert all(simulation.spikes(LONE)[0] >= 70)


def test_progress_is_told_to_the_end(make: Callable[[Network], Simulation]) -> None:
    told: list[int] = []
    make(network()).run(500, told.append)
    assert told[-1] == 500
    assert told == sorted(told)


def test_both_agree_while_a_spike_has_not_come_round() -> None:
    """Sources act at the same time on both, so that a feed-forward network differs by its arithmetic alone."""
    reference, emulated = (make(network()) for make in SIMULATIONS.values())
    for simulation in (reference, emulated):
        simulation.run(100)
    np.testing.assert_array_equal(reference.spikes(CELLS)[0], emulated.spikes(CELLS)[0])
    np.testing.assert_allclose(reference.signal(LONE, "v"), emulated.signal(LONE, "v"), atol=0.05)


@pytest.mark.parametrize("delay", [2.0, 36.0])
def test_spikes_in_delay_stages_that_go_are_told(delay: float) -> None:
    """The spike of step 5 waits for its 20 steps in the first stage, which the changed network does not use."""
    simulation, reference = (make(network(delay=20.0)) for make in (SIMULATIONS["emulator"], ReferenceSimulation))
    for each in (reference, simulation):
        each.run(21)
    reference.update(network(delay=delay))
    with pytest.warns(MappingWarning, match=r"spikes sent before step 21 still waited \(1 of them\)"):
        simulation.update(network(delay=delay))
    for each in (reference, simulation):
        each.run(10)
    there, here = reference.signal(CELLS, "v"), simulation.signal(CELLS, "v")
    assert np.all(there[26] > there[25])
    assert np.all(here == here[0])


def test_spikes_in_delay_stages_that_stay_arrive(make: Callable[[Network], Simulation]) -> None:
    """What has left the delay stages, or waits in one that both networks have, is not lost."""
    for at, delay in ((22, 2.0), (21, 20.0)):
        simulation = make(network(delay=20.0))
        simulation.run(at)
        simulation.update(network(delay=delay))
        simulation.run(30 - at)
        v = simulation.signal(CELLS, "v")
        assert np.all(v[:26] == v[0])
        assert np.all(v[26] > v[25])


def test_what_mapping_changes_is_warned_of() -> None:
    """A delay that is no multiple of the timestep is one warning, with figures."""
    with pytest.warns(MappingWarning, match=r"drive.*0\.3 ms"):
        EmulatedSimulation(network(delay=1.3))


def test_what_mapping_changes_is_warned_of_once_at_the_line_of_the_script() -> None:
    """However often the network changes."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        simulation = EmulatedSimulation(network(delay=1.3))
        simulation.update(network(delay=1.3, i_offset=0.5))
    assert [(warning.category, warning.filename) for warning in told] == [(MappingWarning, __file__)]


def test_what_goes_wrong_in_a_run_is_warned_of_once() -> None:
    """Here inputs that saturate, for all sources spike at once: a count, the place, a remedy."""
    times = SpikeTimes(np.arange(0, 401, 2, dtype=np.int64), np.tile([5.0, 60.0], 200))
    source = Population("source", 200, "SpikeSourceArray", {}, spike_times=times)
    all_to_one = np.arange(200, dtype=np.int32), np.zeros(200, np.int32)
    drive = Projection("drive", 0, 1, "excitatory", *all_to_one, 1.0, np.tile([1.0, 2.0], 100))
    loud = Network("loud", 1.0, (source, Population("cells", 5, "IF_curr_exp", {})), (drive,))
    simulation = EmulatedSimulation(loud, mapping={"spikes_per_second": 0.0, "ring_buffer_sigma": 0.0})
    with pytest.warns(RunWarning) as told:
        simulation.run(10)
    (text,) = [str(warning.message) for warning in told]
    count = simulation.statistics().saturations
    assert count > 0
    assert f"{count} of 200 synaptic events" in text
    assert "most on core 'cells[0:5]'" in text
    assert "raise the mapping option ring_buffer_sigma" in text
    simulation.run(70)
    assert simulation.statistics().saturations > count


def test_links_that_carry_more_than_they_can_are_warned_of() -> None:
    """When it is mapped for the rates that are expected, and after the run for what was sent; then once."""
    every = np.arange(400, dtype=np.int32)
    times = SpikeTimes(np.arange(401), np.full(400, 5.0))
    source = Population("source", 400, "SpikeSourceArray", {}, spike_times=times)
    cells = Population("cells", 400, "IF_curr_exp", {})
    drive = Projection("drive", 0, 1, "excitatory", every, 7 * every % 400, 0.1, 1.0)
    said, narrow = {"sources_per_core": 25, "neurons_per_core": 25}, replace(spin5(), link_capacity=50.0)
    with pytest.warns(MappingWarning, match=r"link .* of the 50 packets a second to carry .* expect lost or late"):
        simulation = EmulatedSimulation(Network("busy", 1.0, (source, cells), (drive,)), machine=narrow, mapping=said)
    assert simulation.emulator.troubles() == []
    with pytest.warns(RunWarning, match="links had more packets to carry than the 50 a second") as told:
        simulation.run(10)
    assert len(told) == 1
    assert simulation.emulator.troubles() == ["overloaded_links"]
    simulation.run(10)


def test_projections_are_told_as_they_are_now(make: Callable[[Network], Simulation]) -> None:
    simulation = make(network())
    simulation.run(10)
    present = simulation.present(0)
    np.testing.assert_array_equal(present.weight, simulation.weights(0))
    np.testing.assert_array_equal(present.post, network().projections[0].post)
