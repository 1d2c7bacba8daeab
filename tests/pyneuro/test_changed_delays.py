"""Delays of synapses with dynamics that are changed between two runs: what the synapses remember stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import pyneuro as sim
from pyneuro.errors import MappingWarning

BACKENDS = ["reference", "emulator"]
TIMES = [10.0, 30.0, 50.0, 70.0]
FIRST, QUIET, ALL = 64.0, 65.0, 110.0
"""Between `FIRST` and `QUIET` nothing is on its way."""

Synapse = Callable[[], Any]
OTHERS: list[Any] = [3.0, 7.0, 20.0, np.array([[2.0, 3.0], [20.0, 1.0]])]


def stdp(fraction: float) -> Synapse:
    """A plastic synapse with triplets, so that rows keep traces."""
    rules = sim.PfisterSpikeTriplet(A_plus=0.05, A_minus=0.06), sim.WeightDependenceAdditiveTriplet(w_max=1.0)
    return lambda: sim.STDPMechanism(*rules, dendritic_delay_fraction=fraction, weight=0.5, delay=2.0)


SYNAPSES: dict[str, Synapse] = {
    "dendritic": stdp(1.0),
    "half": stdp(0.5),
    "axonal": stdp(0.0),
    "Tsodyks-Markram": lambda: sim.TsodyksMarkramSynapse(U=0.5, tau_rec=200.0, tau_facil=50.0, weight=0.5, delay=2.0),
    "quanta": lambda: sim.MultiQuantalSynapse(U=0.4, n=3, tau_rec=50.0, tau_facil=10.0, weight=0.5, delay=2.0),
}


def made(backend: str, synapse: Any, *, dopamine: bool = False) -> Any:
    """A projection of two cells to two that spike 6 ms later."""
    sim.setup(timestep=1.0, backend=backend)
    pre = sim.Population(2, sim.SpikeSourceArray(spike_times=TIMES), label="pre")
    drive = sim.Population(2, sim.SpikeSourceArray(spike_times=[time + 3.0 for time in TIMES]), label="drive")
    cells = sim.Population(2, sim.IF_curr_exp(tau_syn_E=1.0, tau_refrac=10.0), label="cells")
    sim.Projection(drive, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=40.0, delay=3.0), label="driving")
    if dopamine:
        brings = sim.Neuromodulation(weight=0.1, tau_c=100.0, tau_d=20.0, w_max=1.0)
        sim.Projection(drive, cells, sim.AllToAllConnector(), brings, label="dopamine")
    cells.record("v")
    return sim.Projection(pre, cells, sim.AllToAllConnector(), synapse, label="made")


def outcome(projection: Any) -> NDArray[np.float64]:
    """Present weights, and the voltages so far."""
    weights = np.array(projection.get("weight", format="list", with_address=False))
    return np.concatenate([weights, np.asarray(projection.post.get_data().segments[0].analogsignals[0]).ravel()])


def with_another_delay(projection: Any, other: Any) -> NDArray[np.float64]:
    """What comes of it if the delay is `other` while nothing happens."""
    sim.run(FIRST)
    projection.set(delay=other)
    sim.run(QUIET - FIRST)
    projection.set(delay=2.0)
    sim.run(ALL - QUIET)
    return outcome(projection)


def in_one_run(projection: Any) -> NDArray[np.float64]:
    """What comes of it with the first delay."""
    sim.run(ALL)
    return outcome(projection)


@pytest.mark.filterwarnings("ignore:.*dendritic delays are no multiple")
@pytest.mark.parametrize("other", OTHERS, ids=["3", "7", "20", "several"])
@pytest.mark.parametrize("kind", SYNAPSES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_other_delays_while_nothing_happens_change_nothing(backend: str, kind: str, other: Any) -> None:
    """There and back again: traces, states and the ticks of the last spikes are what they were."""
    wanted = in_one_run(made(backend, SYNAPSES[kind]()))
    assert np.array_equal(with_another_delay(made(backend, SYNAPSES[kind]()), other), wanted)


@pytest.mark.parametrize("other", OTHERS[:3])
@pytest.mark.parametrize("backend", BACKENDS)
def test_eligibilities_stay(backend: str, other: float) -> None:
    """The same with dopamine, whose effect goes on meanwhile."""
    rules = sim.SpikePairRule(A_plus=0.05, A_minus=0.02), sim.AdditiveWeightDependence()

    def projection() -> Any:
        return made(backend, sim.STDPMechanism(*rules, weight=0.5, delay=2.0), dopamine=True)

    wanted = in_one_run(projection())
    assert not np.allclose(wanted[:4], 0.5)
    assert np.allclose(with_another_delay(projection(), other), wanted, atol=1e-9)


def test_eligibilities_stay_in_other_units() -> None:
    """A larger step of the rule is another unit of eligibilities on a core."""
    found = []
    for delay in (2.0, 5.0):
        rule = sim.SpikePairRule(A_plus=0.05, A_minus=0.0)
        synapse = sim.STDPMechanism(rule, sim.AdditiveWeightDependence(), weight=0.5, delay=2.0)
        projection = made("emulator", synapse, dopamine=True)
        sim.run(FIRST)
        projection.set(delay=delay, A_plus=0.8)
        sim.run(9.0)
        found.append(projection.get("weight", format="array"))
    assert found[1] == pytest.approx(found[0], abs=2e-3)
    assert not np.allclose(found[0], 0.5)


@pytest.mark.parametrize("other", [4.0, 12.0, 20.0])
def test_spikes_that_wait_come_when_they_are_due(other: float) -> None:
    """A row that waits on the axon waits as long as its delay is now."""
    sim.setup(timestep=1.0, backend="emulator")
    pre = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0]))
    cells = sim.Population(1, sim.IF_curr_exp())
    cells.record("v")
    projection = sim.Projection(pre, cells, sim.OneToOneConnector(), SYNAPSES["axonal"]())
    projection.set(delay=8.0)
    sim.run(13.0)
    projection.set(delay=other)
    sim.run(25.0)
    v = np.asarray(cells.get_data().segments[0].analogsignals[0])[:, 0]
    assert np.flatnonzero(v > -65.0)[0] == 10 + int(other) + 1


def test_spikes_that_are_lost_are_told_of() -> None:
    """Synapses of which one had the spike and the other waited come to share a row."""
    projection = made("emulator", SYNAPSES["axonal"]())
    projection.set(delay=np.array([[2.0, 9.0], [2.0, 9.0]]))
    sim.run(14.0)
    projection.set(delay=2.0)
    with pytest.warns(MappingWarning, match="2 rows of synapses are not processed"):
        sim.run(10.0)
