"""Structural plasticity in the reference simulator: how many synapses there are, where, and what they do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from networks import array_source
from numpy.typing import NDArray
from rewired import ALWAYS, ALWAYS_LOST, NEVER_FORMED, NEVER_LOST, RULES, STDP, network, structural

from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Projection
from toolchain.synapses.structure import DistanceDependentFormation, squared_distance


def after(given: Network, steps: int) -> ReferenceSimulation:
    simulation = ReferenceSimulation(given)
    simulation.run(steps)
    return simulation


# --- how many ---------------------------------------------------------------------------------------------


def test_eliminated_places_are_drawn_at_random() -> None:
    """All 160 places are full, and 80 attempts hit (1 - 1/160)^80 of them not at all."""
    pairs = [(i % 50, i // 8) for i in range(160)]
    left = [
        len(after(network(structural(0, 1, pairs, **ALWAYS_LOST, **NEVER_FORMED), seed=seed), 8).present(0))
        for seed in range(30)
    ]
    assert np.mean(left) == pytest.approx(160.0 * (1.0 - 1.0 / 160.0) ** 80, abs=4.0 * np.std(left) / np.sqrt(30))
    assert np.std(left) > 0.0


def test_formed_synapses_fill_the_places_from_all_sources() -> None:
    simulation = after(network(structural(0, 1, [], **ALWAYS, **NEVER_LOST), seed=1), 400)
    made = simulation.present(0)
    assert len(made) == 160
    assert np.bincount(made.post, minlength=20).tolist() == [8] * 20
    assert np.ptp(np.bincount(made.pre, minlength=50)) < 12
    np.testing.assert_array_equal(simulation.weights(0), np.full(160, 0.5))


@pytest.mark.parametrize(("rate", "expected"), [(1000.0, 1), (250.0, 1), (4000.0, 4)])
def test_attempts_come_at_their_rate(rate: float, expected: int) -> None:
    """At 250 Hz there is one in every fourth timestep, so one in the first four steps."""
    steps = 4 if rate < 1000.0 else 1
    made = structural(0, 1, [], f_rew=rate, **ALWAYS, **NEVER_LOST)
    assert len(after(network(made), steps).present(0)) == expected


def test_probabilities_of_elimination_depend_on_the_weight() -> None:
    """Static synapses count as potentiated; of plastic ones those below the threshold go."""
    pairs = [(i % 50, i // 8) for i in range(160)]
    given = {"prob_elim_depressed": 1.0, "prob_elim_potentiated": 0.0, "threshold": 0.4, "w_max": 1.0}
    weights = np.where(np.arange(160) % 2, 0.3, 0.5)
    static = structural(0, 1, pairs, **{n: v for n, v in given.items() if n != "w_max"}, **NEVER_FORMED)
    plastic = structural(0, 1, pairs, *STDP, *RULES, **given, **NEVER_FORMED)
    assert len(after(network(replace(static, weight=weights)), 300).present(0)) == 160
    left = after(network(replace(plastic, weight=weights)), 300).present(0)
    assert len(left) == 80
    assert np.asarray(left.weight).min() == 0.5


# --- which ------------------------------------------------------------------------------------------------


def test_formation_falls_with_the_distance() -> None:
    """One cell in the middle of a torus of 16 by 16: the partners stand about it as a Gaussian."""
    sigma = 2.0
    made = structural(0, 1, [], s_max=4000.0, p_form_forward=1.0, sigma_form_forward=sigma, f_rew=1e6, **NEVER_LOST)
    found = after(network(made, sources=256, targets=1), 40).present(0)
    squared = np.array([squared_distance(source, 0, 16, 16) for source in range(256)])
    expected = np.exp(-squared / (2.0 * sigma**2))
    counts = np.bincount(found.pre, minlength=256)
    assert len(found) > 1500
    near = squared <= 4
    share = expected[near].sum() / expected.sum()
    assert counts[near].sum() / len(found) == pytest.approx(share, abs=4.0 * np.sqrt(share / len(found)))
    assert counts[squared > 49].sum() < 10


def test_lateral_and_forward_connections_differ() -> None:
    rule = DistanceDependentFormation()
    p = {"grid_x": 4.0, "grid_y": 4.0, "p_form_forward": 0.5, "sigma_form_forward": 1.0}
    p |= {"p_form_lateral": 1.0, "sigma_form_lateral": 2.0}
    assert rule.probability(5, 5, False, p) == 0.5
    assert rule.probability(5, 6, False, p) == pytest.approx(0.5 * np.exp(-0.5))
    assert rule.probability(5, 6, True, p) == pytest.approx(np.exp(-0.125))
    assert [squared_distance(0, i, 4, 4) for i in (1, 3, 4, 12, 10)] == [1, 1, 1, 1, 8]
    assert squared_distance(0, 7, 1, 16) == 49


def test_projections_share_the_places_and_are_chosen_alike() -> None:
    forward = structural(0, 1, [(0, 0)], **ALWAYS, **NEVER_LOST)
    lateral = structural(1, 1, [(1, 0), (2, 0)], **ALWAYS, **NEVER_LOST)
    simulation = after(network(forward, lateral, seed=4), 400)
    one, two = simulation.present(0), simulation.present(1)
    assert len(one) + len(two) == 160
    assert (np.bincount(one.post, minlength=20) + np.bincount(two.post, minlength=20)).tolist() == [8] * 20
    assert 40 < len(one) < 120


def test_last_neurons_are_those_that_have_spiked() -> None:
    """Three sources spike in step 5 and no one else does: partners are found in the step after it, and only there."""
    rules = ("LastNeuronSelection", *RULES[1:])
    spikes: list[list[float]] = [[5.0] if i in (3, 7, 9) else [] for i in range(50)]
    made = structural(0, 1, [], *rules, **ALWAYS, **NEVER_LOST)
    given = network(made)
    given = replace(given, populations=(array_source("few", spikes), *given.populations[1:]))
    simulation = ReferenceSimulation(given)
    simulation.run(6)
    assert len(simulation.present(0)) == 0
    simulation.run(1)
    assert set(simulation.present(0).pre.tolist()) <= {3, 7, 9}
    assert len(simulation.present(0)) >= 8
    simulation.run(20)
    assert len(simulation.present(0)) <= 10
    one = replace(made, parameters={**made.parameters, "spike_buffer_size": 1.0})
    assert set(after(replace(given, projections=(one,)), 20).present(0).pre.tolist()) == {3}


def test_without_replacement_no_pair_is_there_twice() -> None:
    given = ALWAYS | NEVER_LOST | {"s_max": 12.0}
    twice = after(network(structural(0, 1, [], **given), sources=10), 600).present(0)
    once = after(network(structural(0, 1, [], with_replacement=0.0, **given), sources=10), 600).present(0)
    assert len(twice) == 240
    assert len(once) == 200
    assert len(set(zip(once.pre.tolist(), once.post.tolist(), strict=True))) == 200


def test_delays_of_new_synapses_are_drawn() -> None:
    made = structural(0, 1, [], initial_delay_low=2.0, initial_delay_high=9.0, **ALWAYS, **NEVER_LOST)
    delays = np.asarray(after(network(made), 400).present(0).delay)
    assert (delays.min(), delays.max()) == (2.0, 9.0)


# --- what they do -----------------------------------------------------------------------------------------


def test_spikes_go_along_the_synapses_that_there_are() -> None:
    """What arrives after one spike of every source is the weight times the synapses of each cell, at their delays."""
    made = structural(0, 1, [(0, 0), (1, 0)], f_rew=20000.0, initial_delay_low=3.0, initial_delay_high=3.0, **ALWAYS)
    given = network(made, sources=10)
    given = replace(given, populations=(array_source("in", [[10.0]] * 10), *given.populations[1:]))
    simulation = ReferenceSimulation(given)
    simulation.run(11)
    present = simulation.present(0)
    simulation.run(10)
    isyn = simulation.signal(1, "isyn_exc")
    counts = np.bincount(present.post[np.asarray(present.delay) == 3.0], minlength=20)
    jumps = isyn[13] - isyn[12] * np.exp(-1.0 / 5.0)
    np.testing.assert_allclose(jumps, 0.5 * counts, rtol=0.0, atol=1e-12)
    assert counts.max() > 2


@pytest.mark.parametrize("fraction", [1.0, 0.2])
def test_plastic_synapses_learn_where_they_are(fraction: float) -> None:
    """Without rewiring they do what plastic synapses do; new ones begin at the initial weight and learn, too."""
    rng = np.random.default_rng(3)
    pairs = list(
        dict.fromkeys(zip(rng.integers(0, 50, 100).tolist(), np.repeat(np.arange(20), 5).tolist(), strict=True))
    )
    plastic = {"w_max": 2.0, "A_plus": 0.05, "A_minus": 0.04, "dendritic_delay_fraction": fraction}
    made = structural(2, 1, pairs, *STDP, *RULES, **plastic, **NEVER_FORMED, **NEVER_LOST)
    made = replace(made, delay=4.0, weight=0.7)
    fixed = replace(made, synapse="STDPMechanism", rules=STDP, parameters=plastic)
    one, other = after(network(made, seed=2), 200), after(network(fixed, seed=2), 200)
    assert len(one.spikes(1)[0]) > 10
    np.testing.assert_array_equal(one.weights(0), other.weights(0))
    assert np.ptp(one.weights(0)) > 0.01
    parameters = {**made.parameters, **ALWAYS, **ALWAYS_LOST}
    rewired = after(network(replace(made, parameters=parameters), seed=2), 200)
    assert np.ptp(rewired.weights(0)) > 0.01
    assert len(rewired.weights(0)) == len(rewired.present(0))


def test_a_new_synapse_goes_through_what_its_target_did_since_the_last_spike_of_its_source() -> None:
    """Formed at 199 ms, it learns from the 40 spikes of its target between two of its source, as one from the start."""
    times = [[15.0 + 9.0 * k for k in range(40)]]
    certain = {"p_form_forward": 1.0, "sigma_form_forward": 1e6, "w_max": 2.0} | NEVER_LOST
    made = structural(0, 1, [], *STDP, *RULES, f_rew=5.0, **certain | {"s_max": 1.0})
    ends = np.zeros(1, np.int32)
    fixed = replace(made, pre=ends, post=ends, synapse="STDPMechanism", rules=STDP, parameters={"w_max": 2.0})
    kick = Projection("kick", 2, 1, "excitatory", ends, ends, 100.0, 1.0)
    weights = []
    for projection in (made, fixed):
        given = network(projection, kick, sources=1, targets=1)
        sources = array_source("in", [[10.0, 400.0]]), array_source("kicks", times)
        simulation = after(replace(given, populations=(sources[0], given.populations[1], sources[1])), 410)
        assert len(simulation.spikes(1)[0]) > 35
        weights.append(simulation.weights(0).tolist())
    assert weights[0] == weights[1] != [0.5]


# --- several runs -----------------------------------------------------------------------------------------


def whole() -> Network:
    """Rewired plastic and static projections onto one population."""
    pairs = [(i % 50, i // 4) for i in range(80)]
    plastic = structural(2, 1, pairs, *STDP, *RULES, **ALWAYS, prob_elim_depressed=0.5, prob_elim_potentiated=0.2)
    static = replace(plastic, source=0, synapse="StructuralMechanismStatic", rules=RULES)
    parameters = {name: value for name, value in plastic.parameters.items() if name not in ("w_max",)}
    return network(plastic, replace(static, parameters=parameters), seed=6)


def state(simulation: ReferenceSimulation) -> list[NDArray[Any]]:
    found: list[NDArray[Any]] = [*simulation.spikes(1)]
    for number in range(2):
        present = simulation.present(number)
        found += [present.pre, present.post, np.asarray(present.weight), np.asarray(present.delay)]
    return found


def test_runs_resets_and_updates_are_the_same() -> None:
    one, parts = ReferenceSimulation(whole()), ReferenceSimulation(whole())
    one.run(150)
    parts.run(61)
    parts.run(9)
    parts.update(whole())
    parts.run(80)
    for here, there in zip(state(one), state(parts), strict=True):
        np.testing.assert_array_equal(here, there)
    before = state(one)
    one.reset()
    assert (len(one.present(0)), len(one.present(1))) == (80, 80)
    np.testing.assert_array_equal(np.sort(one.present(0).pre), np.sort(whole().projections[0].pre))
    one.run(150)
    for here, there in zip(before, state(one), strict=True):
        np.testing.assert_array_equal(here, there)


def test_an_update_with_other_synapses_begins_with_these() -> None:
    simulation = ReferenceSimulation(whole())
    simulation.run(50)
    other = [replace(p, pre=p.pre[:5], post=p.post[:5]) for p in whole().projections]
    simulation.update(replace(whole(), projections=tuple(other)))
    assert (len(simulation.present(0)), len(simulation.present(1))) == (5, 5)
    simulation.run(50)


def test_other_projections_are_told_with_their_present_weights() -> None:
    ends = np.zeros(1, np.int32)
    static = Projection("static", 0, 1, "excitatory", ends, ends, 0.3, 1.0)
    present = ReferenceSimulation(network(static)).present(0)
    assert np.asarray(present.weight).tolist() == [0.3]
    assert present.pre is ends
