"""Synapses with short-term dynamics in the reference simulator: what arrives, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import array_source, cells
from numpy.typing import NDArray

from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Population, Projection, Recording, Values

Floats = NDArray[np.float64]
TAU = 0.02
"""Time constant (ms) of a current that has faded within a timestep."""


def made(synapse: str, size: int = 1, weight: Values = 1.0, initial: Any = None, **parameters: Values) -> Projection:
    """Synapses of one source onto each of `size` cells."""
    every = np.arange(size, dtype=np.int32)
    first = np.zeros(size, np.int32)
    return Projection("p", 0, 1, "excitatory", first, every, weight, 1.0, synapse, (), parameters, initial or {})


def network(spikes: list[float], *projections: Projection, n: int = 1, seed: int = 0) -> Network:
    every = np.arange(n, dtype=np.int32)
    given = {"tau_syn_E": TAU, "v_thresh": 1e9}
    target = Population("cells", n, "IF_curr_exp", given, recordings=(Recording("isyn_exc", every),))
    return Network("release", 1.0, (array_source("in", [spikes]), target), projections, seed)


def arrived(simulation: ReferenceSimulation, spikes: list[float]) -> Floats:
    """What each spike brought to each cell: [spikes, cells]."""
    current = simulation.signal(1, "isyn_exc")
    return current[np.rint(np.unique(spikes) + 1.0).astype(int)]


def sent(spikes: list[float], projection: Projection, seed: int = 0) -> Floats:
    n = len(projection)
    simulation = ReferenceSimulation(network(spikes, projection, n=n, seed=seed))
    simulation.run(round(spikes[-1]) + 2)
    return arrived(simulation, spikes)


@pytest.mark.parametrize("interval", [10.0, 40.0])
@pytest.mark.parametrize("facilitation", [0.0, 150.0])
def test_regular_trains_settle_at_the_closed_form(interval: float, facilitation: float) -> None:
    """u* = U / (1 - (1 - U) e^(-D/tau_F)), x* = (1 - e^(-D/tau_D)) / (1 - (1 - u*) e^(-D/tau_D)), to 1e-6."""
    use, recovery = np.array([0.1, 0.35, 0.9]), np.array([60.0, 130.0, 300.0])
    spikes = [5.0 + interval * k for k in range(600)]
    synapses = made("Tsodyks2Synapse", 3, 2.0, U=use, tau_rec=recovery, tau_facil=facilitation)
    faded = np.exp(-interval / facilitation) if facilitation else 0.0
    u = use / (1.0 - (1.0 - use) * faded)
    left = np.exp(-interval / recovery)
    x = (1.0 - left) / (1.0 - (1.0 - u) * left)
    found = sent(spikes, synapses)
    np.testing.assert_allclose(found[0], 2.0 * use, rtol=1e-12)
    np.testing.assert_allclose(found[-1], 2.0 * u * x, rtol=1e-6)


def test_first_values_are_taken_at_0() -> None:
    """A `u` of 0.8 at 0 ms has decayed for 20 ms when the first spike comes."""
    synapses = made("TsodyksMarkramSynapse", initial={"u": 0.8}, U=0.5, tau_facil=50.0, tau_rec=100.0, tau_psc=2.0)
    left = 0.8 * np.exp(-20.0 / 50.0)
    assert sent([20.0], synapses)[0, 0] == pytest.approx(left + 0.5 * (1.0 - left), rel=1e-12)


@pytest.mark.parametrize(("n", "p"), [(5, 0.3), (10, 0.5), (100, 0.05)])
def test_quanta_vary_as_a_binomial(n: int, p: float) -> None:
    """Coefficient of variation sqrt((1 - p) / (n p)) within 2 %, all sites recovered, and a quantum is the weight."""
    found = sent([5.0, 805.0], made("MultiQuantalSynapse", 20000, 0.01, n=float(n), U=p, tau_rec=20.0))
    assert found.mean() == pytest.approx(0.01 * n * p, rel=0.01)
    assert found.std() / found.mean() == pytest.approx(np.sqrt((1.0 - p) / (n * p)), rel=0.02)
    np.testing.assert_allclose(found / 0.01, np.rint(found / 0.01), atol=1e-9)


def test_transmission_is_drawn_for_each_synapse_and_spike() -> None:
    spikes = [5.0 * k for k in range(1, 41)]
    p = np.array([0.0, 0.5, 0.5, 1.0])
    found = sent(spikes, made("SimpleStochasticSynapse", 4, 0.7, p=p))
    assert (found[:, 0] == 0.0).all()
    np.testing.assert_allclose(found[:, 3], 0.7)
    assert 8 < np.count_nonzero(found[:, 1] > 0.1) < 32
    assert (found[:, 1] != found[:, 2]).any()
    other = sent(spikes, made("SimpleStochasticSynapse", 4, 0.7, p=p), seed=1)
    assert (other[:, 1] != found[:, 1]).any()


def test_draws_belong_to_the_synapse_and_not_to_its_company() -> None:
    """The same synapses among more of them, in runs of several lengths, after a reset, release as before."""
    spikes = [5.0 * k for k in range(1, 41)]
    few, many = (made("SimpleStochasticSynapse", n, p=0.5) for n in (3, 50))
    expected = sent(spikes, few)
    np.testing.assert_array_equal(sent(spikes, many)[:, :3], expected)
    simulation = ReferenceSimulation(network(spikes, few, n=3))
    for steps in (17, 100, 85):
        simulation.run(steps)
    np.testing.assert_array_equal(arrived(simulation, spikes), expected)
    simulation.reset()
    simulation.run(202)
    np.testing.assert_array_equal(arrived(simulation, spikes), expected)


def test_two_spikes_in_a_step_are_two() -> None:
    """The second finds what the first has left: u has risen, and u x is gone."""
    both = sent([10.0, 10.0], made("Tsodyks2Synapse", U=0.5, tau_rec=100.0, tau_facil=100.0))[0, 0]
    assert both == pytest.approx(0.5 + 0.75 * 0.5, rel=1e-12)


def test_an_update_keeps_the_state() -> None:
    """Other weights, the same resources."""
    spikes = [10.0, 20.0]
    whole = sent(spikes, made("Tsodyks2Synapse", U=0.5, tau_rec=100.0))
    simulation = ReferenceSimulation(network(spikes, made("Tsodyks2Synapse", U=0.5, tau_rec=100.0)))
    simulation.run(15)
    simulation.update(network(spikes, made("Tsodyks2Synapse", weight=3.0, U=0.5, tau_rec=100.0)))
    simulation.run(10)
    assert arrived(simulation, spikes)[1, 0] == pytest.approx(3.0 * whole[1, 0], rel=1e-12)
    assert simulation.weights(0).tolist() == [3.0]


def test_stochastic_resources_are_there_or_not() -> None:
    """One site: sends all or nothing, and in the mean what the deterministic synapse does."""
    spikes = [10.0 + 30.0 * k for k in range(6)]
    given = {"U": 0.6, "tau_rec": 80.0, "tau_facil": 20.0}
    many = sent(spikes, made("StochasticTsodyksMarkramSynapse", 8000, **given))
    expected = sent(spikes, made("Tsodyks2Synapse", **given))[:, 0]
    assert set(np.unique(np.rint(many))) == {0.0, 1.0}
    np.testing.assert_allclose(many.mean(axis=1), expected, atol=4.0 * 0.5 / np.sqrt(8000))


def test_unused_cells_hear_nothing() -> None:
    target = cells(
        "cells", 2, parameters={"tau_syn_E": TAU}, recordings=(Recording("isyn_exc", np.arange(2, dtype=np.int32)),)
    )
    given = Network("release", 1.0, (array_source("in", [[5.0]]), target), (made("Tsodyks2Synapse"),))
    simulation = ReferenceSimulation(given)
    simulation.run(10)
    assert simulation.signal(1, "isyn_exc")[:, 1].any() == np.False_
