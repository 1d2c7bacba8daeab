"""Plastic weights between runs: what has been learnt stays, whatever else a script changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import pyneuro as sim

BACKENDS = ["reference", "emulator"]
TIMES = (10.0, 30.0, 50.0, 70.0)


def learning(backend: str) -> Any:
    """A plastic projection of two cells to two cells that are driven to spike a little later."""
    sim.setup(timestep=1.0, backend=backend)
    pre = sim.Population(2, sim.SpikeSourceArray(spike_times=list(TIMES)), label="pre")
    drive = sim.Population(2, sim.SpikeSourceArray(spike_times=[time + 3.0 for time in TIMES]), label="drive")
    cells = sim.Population(2, sim.IF_curr_exp(tau_syn_E=1.0, tau_refrac=10.0), label="cells")
    sim.Projection(drive, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=40.0, delay=1.0), label="driving")
    rules = sim.SpikePairRule(A_plus=0.05, A_minus=0.06), sim.AdditiveWeightDependence(w_max=1.0)
    mechanism = sim.STDPMechanism(*rules, weight=0.5, delay=2.0)
    return sim.Projection(pre, cells, sim.AllToAllConnector(), mechanism, label="plastic")


def weights(projection: Any) -> NDArray[np.float64]:
    """The present weights."""
    return np.array(projection.get("weight", format="list", with_address=False))


CHANGES: dict[str, Callable[[Any], Any]] = {
    "a parameter of cells": lambda made: made.post.set(v_thresh=-49.9),
    "a static weight": lambda made: sim.simulator.state.projections[0].set(weight=40.1),
    "what is recorded": lambda made: made.post.record("v"),
    "another projection": lambda made: sim.Projection(
        made.pre, made.post, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.05)
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_something_else_leaves_what_was_learnt(backend: str, what: str) -> None:
    """The weights go on as in one run."""
    whole = learning(backend)
    sim.run(80.0)
    wanted = weights(whole)
    parts = learning(backend)
    sim.run(55.0)
    before = weights(parts)
    assert not np.allclose(before, 0.5)
    CHANGES[what](parts)
    sim.run(1.0)
    assert np.array_equal(weights(parts), before)
    sim.run(24.0)
    assert np.array_equal(weights(parts), wanted)
    assert not np.array_equal(before, wanted)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_reset_after_a_change_restores_the_first_weights(backend: str) -> None:
    """What the changed network started from is not what a reset goes back to."""
    made = learning(backend)
    sim.run(80.0)
    wanted = weights(made)
    made.post.set(tau_refrac=12.0)
    sim.run(5.0)
    made.post.set(tau_refrac=10.0)
    sim.reset()
    assert np.array_equal(weights(made), [0.5] * 4)
    sim.run(80.0)
    assert np.array_equal(weights(made), wanted)
