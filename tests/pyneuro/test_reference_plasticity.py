"""Plastic synapses and synapses with short-term dynamics in the reference simulator, against closed forms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from networks import array_source, cells, poisson_source
from numpy.typing import NDArray

from pyneuro.reference import ReferenceSimulation
from pyneuro.reference.history import FIRST_ROOM, History
from pyneuro.reference.synapses import singly
from toolchain.network import Network, Projection, Recording, Values

Floats = NDArray[np.float64]
ADDITIVE = ("SpikePairRule", "AdditiveWeightDependence")
PAIR = {"tau_plus": 20.0, "tau_minus": 30.0, "A_plus": 0.01, "A_minus": 0.012, "w_min": 0.0, "w_max": 1.0}


def stdp(rules: tuple[str, ...] = ADDITIVE, delay: Values = 1.0, weight: Values = 0.5, **parameters: Any) -> Projection:
    """A plastic synapse from population 0 to population 1."""
    ends = np.zeros(1, np.int32)
    return Projection("stdp", 0, 1, "excitatory", ends, ends, weight, delay, "STDPMechanism", rules, PAIR | parameters)


def pair(pre: list[float], post: list[float], made: Projection, timestep: float = 1.0) -> Network:
    """A source that spikes at `pre`, and a cell that is made to spike at `post` (ms) by jumps of 1 V."""
    target = cells("post", 1, "IF_curr_delta", parameters={"tau_refrac": 0.0, "v_thresh": 500.0})
    drive = array_source("drive", [[time - timestep for time in post]])
    ends = np.zeros(1, np.int32)
    forced = Projection("forced", 2, 1, "excitatory", ends, ends, 1e4, timestep)
    return Network("pair", timestep, (array_source("pre", [pre]), target, drive), (made, forced))


def learnt(pre: list[float], post: list[float], made: Projection, timestep: float = 1.0) -> float:
    """The weight 10 ms after the last spike of the source."""
    simulation = ReferenceSimulation(pair(pre, post, made, timestep))
    simulation.run(round((max(pre) + 10.0) / timestep))
    return float(simulation.weights(0)[0])


# --- the window -----------------------------------------------------------------------------------------

LAGS = [-40, -13, -2, -1, 0, 1, 2, 9, 55]


def window(lag: float) -> float:
    """What one pair does to the weight, the target `lag` ms after the source at the synapse."""
    if lag == 0.0:
        return 0.0
    return 0.01 * np.exp(-lag / 20.0) if lag > 0.0 else -0.012 * np.exp(lag / 30.0)


@pytest.mark.parametrize("fraction", [1.0, 0.5, 0.75, 0.25, 0.0])
@pytest.mark.parametrize("lag", LAGS)
def test_window_point_by_point(lag: int, fraction: float) -> None:
    """One spike of the target near the second of three of the source; the third is too late to matter.

    The delay is 4 ms, of which the target's spike takes the dendritic fraction to the synapse and the source's the
    rest.  With fraction 0 there is no 0: a spike in the step in which the weight acts counts as after it.
    """
    post = 500.0 + lag + (1.0 - 2.0 * fraction) * 4.0
    change = learnt([500.0, 2000.0], [post], stdp(delay=4.0, dendritic_delay_fraction=fraction)) - 0.5
    expected = window(lag) if lag or fraction else 0.01
    assert change == pytest.approx(expected, abs=1e-12)


def test_a_fraction_of_a_timestep_counts() -> None:
    """Half of 3 ms ahead, at 0.6: spikes at 20 and 21 ms are 1 + 0.6 ms apart at the synapse."""
    made = stdp(delay=3.0, dendritic_delay_fraction=0.6)
    assert learnt([20.0, 2000.0], [21.0], made) - 0.5 == pytest.approx(window(1.6), abs=1e-12)


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("fraction", [1.0, 0.5, 0.3, 0.0])
@pytest.mark.parametrize("delay", [1.0, 5.0])
def test_all_pairs_add_up(timestep: float, fraction: float, delay: float) -> None:
    """With additive steps far from the limits the weight is the sum of the window over all pairs so far."""
    rng = np.random.default_rng(4)
    pre, post = (np.unique(rng.integers(10, 300, 25)).astype(float) for _ in range(2))
    last = pre[-1]
    lags = post[:, np.newaxis] - pre + (2.0 * fraction - 1.0) * delay
    here = post + fraction * delay <= last + (1.0 - fraction) * delay - (0.0 if fraction else timestep)
    lags[np.abs(lags) < 1e-9] = 0.0
    expected = 0.5 + sum(window(lag) for lag in lags[here].ravel().tolist())
    if not fraction:
        expected += 0.01 * (lags[here] == 0.0).sum()
    made = stdp(delay=delay, dendritic_delay_fraction=fraction)
    assert learnt(pre.tolist(), post.tolist(), made, timestep) == pytest.approx(expected, abs=1e-12)


def test_weights_that_are_sent_are_those_that_are_read() -> None:
    """The weight of the second spike acts, whatever part of the delay is axonal, 3 ms after it."""
    for fraction in (1.0, 0.4, 0.0):
        made = stdp(delay=3.0, dendritic_delay_fraction=fraction)
        network = pair([20.0, 60.0], [30.0], made)
        target = replace(network.populations[1], recordings=(Recording("v", np.zeros(1, np.int32)),))
        simulation = ReferenceSimulation(
            replace(network, populations=(network.populations[0], target, *network.populations[2:]))
        )
        simulation.run(70)
        v = simulation.signal(1, "v")[:, 0]
        assert v[63] - (v[62] + 65.0) * np.exp(-1.0 / 20.0) + 65.0 == pytest.approx(simulation.weights(0)[0], abs=1e-9)


# --- rules ----------------------------------------------------------------------------------------------


def test_weights_stop_at_their_limits() -> None:
    pre = [50.0 * k for k in range(1, 100)]
    assert learnt(pre, [t + 5.0 for t in pre[:-1]], stdp(A_minus=0.0)) == 1.0
    assert learnt(pre, [t - 5.0 for t in pre], stdp()) == 0.0


def test_inhibitory_weights_move_by_magnitude() -> None:
    made = replace(stdp(weight=-0.5), receptor="inhibitory")
    network = pair([20.0, 400.0], [25.0], made)
    target = cells("post", 1, parameters={"tau_refrac": 0.0, "tau_syn_E": 0.01, "v_thresh": -60.0})
    strong = replace(network.projections[1], weight=1e4)
    network = replace(
        network,
        populations=(network.populations[0], target, network.populations[2]),
        projections=(made, strong),
    )
    simulation = ReferenceSimulation(network)
    simulation.run(410)
    assert simulation.weights(0)[0] < -0.505


def test_nearest_pairs_only() -> None:
    """A spike of the target that has another one between it and the source's does nothing."""
    made = stdp(("SpikeNearestPairRule", "AdditiveWeightDependence"))
    assert learnt([20.0, 400.0], [24.0, 29.0], made) - 0.5 == pytest.approx(window(5.0), abs=1e-6)


def test_vogels_rule_does_not_fall_below_its_limit() -> None:
    parameters = {"tau": 20.0, "eta": 0.01, "rho": 5.0, "w_min": 0.0, "w_max": 1.0}
    made = stdp(("Vogels2011Rule", "AdditiveWeightDependence"), weight=0.001)
    made = replace(made, parameters=parameters)
    assert learnt([20.0, 40.0, 60.0], [], made) == 0.0


def test_uncorrelated_spikes_drift_as_the_area_of_the_window() -> None:
    """Both sides are Poisson of 20 Hz: the mean drift is r r (A+ tau+ - A- tau-) w_max a second."""
    n, rate, seconds = 400, 20.0, 4.0
    target = cells("post", n, "IF_curr_delta", parameters={"tau_refrac": 0.0, "v_thresh": 500.0})
    every = np.arange(n, dtype=np.int32)
    made = replace(stdp(weight=50.0, w_max=100.0, A_plus=1e-3, A_minus=1.2e-3), pre=every, post=every)
    forced = Projection("forced", 2, 1, "excitatory", every, every, 1e4, 1.0)
    sources = poisson_source("pre", n, rate), poisson_source("drive", n, rate)
    simulation = ReferenceSimulation(Network("drift", 1.0, (sources[0], target, sources[1]), (made, forced), seed=5))
    simulation.run(round(seconds * 1e3))
    drift = simulation.weights(0) - 50.0
    expected = rate**2 * seconds * 100.0 * (1e-3 * 0.02 - 1.2e-3 * 0.03)
    assert drift.mean() == pytest.approx(expected, abs=4.0 * drift.std() / np.sqrt(n) + 0.05 * abs(expected))
    assert drift.std() > 0.0


# --- many synapses, several runs --------------------------------------------------------------------------


def busy(seed: int = 0, delay: float = 3.0, fraction: float = 1.0) -> Network:
    """Recurrent plastic cells with heterogeneous delays, driven by sources that may spike twice in a step."""
    rng = np.random.default_rng(seed)
    n = 40
    every = tuple(np.arange(n, dtype=np.int32) for _ in range(2))
    recordings = (Recording("spikes", every[0]), Recording("v", every[0][:3]))
    population = cells("cells", n, parameters={"tau_refrac": 1.0}, recordings=recordings)

    def ends(synapses: int) -> list[NDArray[np.int32]]:
        return [rng.integers(0, n, synapses).astype(np.int32) for _ in range(2)]

    stp = {"U": 0.4, "tau_rec": rng.uniform(20.0, 200.0, 300), "tau_facil": 30.0}
    projections = (
        Projection(
            "plastic",
            0,
            0,
            "excitatory",
            *ends(400),
            rng.uniform(0.0, 0.5, 400),
            rng.integers(1, 6, 400).astype(float) * delay / 3.0,
            "STDPMechanism",
            ADDITIVE,
            PAIR | {"dendritic_delay_fraction": fraction},
        ),
        Projection("depressing", 1, 0, "excitatory", *ends(300), 2.0, 1.5, "Tsodyks2Synapse", (), stp),
        Projection("chance", 1, 0, "excitatory", *ends(300), 0.5, 1.5, "MultiQuantalSynapse", (), {"n": 4.0}),
        Projection("learning", 1, 0, "excitatory", *ends(300), 0.3, 1.0, "STDPMechanism", ADDITIVE, PAIR),
    )
    return Network("busy", 1.0, (population, poisson_source("noise", n, 60.0)), projections, seed=seed)


def state(simulation: ReferenceSimulation) -> list[Floats]:
    """Everything to be compared."""
    steps, fired = simulation.spikes(0)
    return [steps, fired, simulation.signal(0, "v"), *(simulation.weights(i) for i in range(4))]


def assert_same(one: list[Floats], other: list[Floats]) -> None:
    for here, there in zip(one, other, strict=True):
        np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("fraction", [1.0, 0.4])
def test_one_run_or_several_are_the_same(fraction: float) -> None:
    whole, parts = (ReferenceSimulation(busy(fraction=fraction)) for _ in range(2))
    whole.run(400)
    for steps in (1, 130, 7, 262):
        parts.run(steps)
    assert len(whole.spikes(0)[0]) > 300
    assert_same(state(whole), state(parts))


def test_reset_restores_weights_and_state() -> None:
    simulation = ReferenceSimulation(busy())
    simulation.run(200)
    first = state(simulation)
    simulation.reset()
    np.testing.assert_array_equal(simulation.weights(0), busy().projections[0].weight)
    simulation.run(200)
    assert_same(first, state(simulation))


def test_update_goes_on_with_what_synapses_remember() -> None:
    """New projection objects with the present weights: as if nothing had happened."""
    whole, parts = ReferenceSimulation(busy(fraction=0.4)), ReferenceSimulation(busy(fraction=0.4))
    whole.run(300)
    parts.run(150)
    network = busy(fraction=0.4)
    again = tuple(replace(p, weight=parts.weights(i)) for i, p in enumerate(network.projections))
    parts.update(replace(network, projections=again))
    parts.run(150)
    assert_same(state(whole), state(parts))


def test_update_forgets_where_cells_are_connected_anew() -> None:
    simulation, fresh = (ReferenceSimulation(pair([20.0, 60.0, 100.0], [30.0], stdp())) for _ in range(2))
    for one in (simulation, fresh):
        one.run(80)
    network = pair([20.0, 60.0, 100.0], [30.0], stdp())
    twice = np.zeros(2, np.int32)
    simulation.update(replace(network, projections=(replace(network.projections[0], pre=twice, post=twice),)))
    simulation.run(40)
    np.testing.assert_array_equal(simulation.weights(0), [0.5, 0.5])


def test_sources_that_spike_twice_in_a_step_count_twice() -> None:
    fired = np.array([3, 1, 3, 3, 2, 1], np.int64)
    parts = [part.tolist() for part in singly(fired)]
    assert parts == [[1, 2, 3], [1, 3], [3]]


def test_history_forgets_only_what_is_needless() -> None:
    """It keeps the latest needless spike, for the trace that it left."""
    history = History(2, ("o1",))
    cell = np.array([1])
    for time in range(1, 3 * FIRST_ROOM):
        if history.full(cell):
            history.make_room(np.array([0, time - 4]))
        history.add(cell, time, np.array([1.0]), {"o1": np.array([float(time)])})
    assert history.room == FIRST_ROOM
    times, traces = history.latest(np.array([0, 1], np.int32))
    assert times.tolist() == [-np.inf, 23.0]
    assert traces["o1"].tolist() == [0.0, 23.0]


def test_history_of_a_busy_cell_grows() -> None:
    """A source that is silent for long finds all spikes of its target; each is applied, with a trace of 0."""
    post = [float(t) for t in range(20, 220, 2)]
    assert learnt([10.0, 230.0], post, stdp(A_plus=0.001)) == pytest.approx(
        0.5
        + 0.001 * sum(np.exp(-(t + 1.0 - 10.0) / 20.0) for t in post)
        - 0.012 * sum(np.exp(-(230.0 - t - 1.0) / 30.0) for t in post)
    )
