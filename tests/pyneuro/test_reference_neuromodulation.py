"""Dopamine and eligibility in the reference simulator: closed forms, and the laws that plastic synapses keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dopamine import GIVEN, PAIR, RULES, brought, gained, pair, stdp
from networks import cells, poisson_source

from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Projection, Recording


def learnt(
    pre: list[float], post: list[float], doses: list[list[float]], *projections: Projection, timestep: float = 1.0
) -> float:
    """The weight after the last spike of the source, in a pair of cells with projections that bring dopamine."""
    simulation = ReferenceSimulation(pair(pre, post, doses, *projections, timestep=timestep))
    simulation.run(round((pre[-1] + 20.0) / timestep))
    return float(simulation.weights(0)[0])


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("fraction", [1.0, 0.5, 0.0])
@pytest.mark.parametrize(("receptor", "sign"), [("reward", 1.0), ("punishment", -1.0)])
def test_a_dose_turns_a_pair_into_a_change(timestep: float, fraction: float, receptor: str, sign: float) -> None:
    """Pre at 20, post 5 ms later at the synapse, dopamine at 300, and the source spikes again at 1000 ms.

    The post is at the synapse `fraction` of 4 ms after it, the pre the rest.  At 1000 the weight is sent.
    """
    axonal = 4.0 * (1.0 - fraction)
    post = 20.0 + axonal + 5.0 - 4.0 * fraction
    weight = learnt(
        [20.0, 1000.0], [post], [[299.0]], stdp(fraction, 4.0), brought(3, receptor=receptor), timestep=timestep
    )
    mark = 1e-3 * np.exp(-5.0 / 20.0)
    marked, sent = 20.0 + axonal + 5.0, 1000.0 + axonal
    expected = 1.0 + sign * gained(mark, 300.0 - marked, 0.05, sent - 300.0)
    assert weight == pytest.approx(expected, abs=1e-12)


def test_dopamine_that_was_there_before_counts() -> None:
    weight = learnt([20.0, 600.0], [24.0], [[9.0]], stdp(), brought(3))
    mark = 1e-3 * np.exp(-5.0 / 20.0)
    assert weight == pytest.approx(1.0 + gained(mark, 0.0, 0.05 * np.exp(-15.0 / 100.0), 575.0), abs=1e-12)


def test_without_dopamine_nothing_is_learnt() -> None:
    assert learnt([20.0, 60.0], [24.0], [[]], stdp(), brought(3)) == 1.0


def test_doses_add_up_and_reach_their_cells_with_their_delays() -> None:
    """Two sources at once, one of them with a delay of 6 ms, are one of twice the concentration."""
    given = [20.0, 600.0], [24.0]
    two = learnt(*given, [[100.0], [95.0]], stdp(), brought(3), brought(4, delay=6.0))
    one = learnt(*given, [[100.0]], stdp(), brought(3, 0.1))
    assert two == pytest.approx(one, abs=1e-14)
    assert one != 1.0


def test_weights_stay_within_the_limits_of_dopamine() -> None:
    pre, post = [float(t) for t in range(20, 2000, 40)], [float(t) + 5.0 for t in range(20, 2000, 40)]
    doses = [float(t) for t in range(30, 2000, 10)]
    assert learnt(pre, post, [doses], stdp(), brought(3, 1.0)) == 2.0
    assert learnt(pre, post, [doses], stdp(), brought(3, 1.0, "punishment")) == 0.0


def busy() -> Network:
    """Modulated synapses with random connections."""
    rng = np.random.default_rng(2)
    n = 30
    every = np.arange(n, dtype=np.int32)
    population = cells("cells", n, recordings=(Recording("spikes", every),))

    def made(label: str, source: int, target: int, weight: Any, synapse: str, *rest: Any) -> Projection:
        ends = (rng.integers(0, n, 300).astype(np.int32) for _ in range(2))
        delays = rng.integers(1, 5, 300).astype(float)
        receptor = "reward" if synapse == "Neuromodulation" else "excitatory"
        return Projection(label, source, target, receptor, *ends, weight, delays, synapse, *rest)

    fraction = {"dendritic_delay_fraction": 0.3}
    projections = (
        made("plastic", 1, 0, 0.5, "STDPMechanism", RULES, PAIR | fraction),
        made("drive", 1, 0, 1.5, "StaticSynapse"),
        made("dopamine", 2, 0, 0.05, "Neuromodulation", (), GIVEN),
    )
    sources = poisson_source("noise", n, 50.0), poisson_source("dopamine", n, 2.0)
    return Network("busy", 1.0, (population, *sources), projections, seed=3)


def test_one_run_or_several_and_updates_and_resets_are_the_same() -> None:
    whole, parts = ReferenceSimulation(busy()), ReferenceSimulation(busy())
    whole.run(400)
    parts.run(123)
    parts.run(27)
    network = busy()
    again = tuple(replace(p, weight=parts.weights(i)) for i, p in enumerate(network.projections))
    parts.update(replace(network, projections=again))
    parts.run(250)
    assert len(whole.spikes(0)[0]) > 100
    assert np.ptp(whole.weights(0)) > 1e-4
    np.testing.assert_array_equal(whole.weights(0), parts.weights(0))
    np.testing.assert_array_equal(whole.weights(2), np.full(300, 0.05))
    whole.reset()
    np.testing.assert_array_equal(whole.weights(0), np.full(300, 0.5))
    whole.run(400)
    np.testing.assert_array_equal(whole.weights(0), parts.weights(0))


def test_dopamine_may_come_and_go() -> None:
    """Synapses are modulated from the update that brings dopamine on, and learn by themselves without it."""
    network = busy()
    alone = replace(network, projections=network.projections[:2])
    simulation = ReferenceSimulation(alone)
    simulation.run(100)
    learnt_alone = simulation.weights(0)
    assert np.ptp(learnt_alone) > 0.0
    kept = replace(network.projections[0], weight=learnt_alone)
    without = replace(network.projections[2], weight=0.0)
    simulation.update(replace(network, projections=(kept, network.projections[1], without)))
    simulation.run(100)
    np.testing.assert_array_equal(simulation.weights(0), learnt_alone)
    simulation.update(replace(alone, projections=(kept, network.projections[1])))
    simulation.run(100)
    assert (simulation.weights(0) != learnt_alone).any()
