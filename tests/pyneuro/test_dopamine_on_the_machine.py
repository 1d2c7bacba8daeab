"""Dopamine on the emulated machine: against closed forms and the reference, within what its words allow."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dopamine import GIVEN, brought, gained, pair, stdp
from driven import driven
from networks import poisson_source
from numpy.typing import NDArray

import pyneuro as sim
from pyneuro.budget.simulations import ExactDelays, ProgramSimulation, RoundedWeights
from pyneuro.emulated import EmulatedSimulation
from pyneuro.errors import RunWarning
from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions

Floats = NDArray[np.float64]
TRACE = 2.0**-11
pytestmark = [
    pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning"),
    pytest.mark.filterwarnings("ignore::pyneuro.errors.RunWarning"),
]


def marking(projection: Projection, amplitude: float) -> Projection:
    return replace(projection, parameters={**projection.parameters, "A_plus": amplitude})


def learnt(network: Network, ticks: int) -> tuple[float, float]:
    """The weight of the only synapse, and the resolution of the stored one."""
    simulation = EmulatedSimulation(network)
    simulation.run(ticks)
    return float(simulation.weights(0)[0]), 2.0 ** (simulation.mapping.shifts[1][0] - 15)


@pytest.mark.parametrize("timestep", [1.0, 0.1])
@pytest.mark.parametrize("fraction", [1.0, 0.5, 0.0])
@pytest.mark.parametrize(("receptor", "sign"), [("reward", 1.0), ("punishment", -1.0)])
def test_a_dose_turns_a_pair_into_a_change(timestep: float, fraction: float, receptor: str, sign: float) -> None:
    """Of one pair and one dose the weight grows by c n T (1 - exp(-t / T))."""
    axonal = 4.0 * (1.0 - fraction)
    post = 20.0 + axonal + 5.0 - 4.0 * fraction
    projections = marking(stdp(fraction, 4.0), 0.1), brought(3, receptor=receptor)
    network = pair([20.0, 1000.0], [post], [[299.0]], *projections, timestep=timestep)
    weight, quantum = learnt(network, round(1020.0 / timestep))
    marked, sent = 20.0 + axonal + 5.0, 1000.0 + axonal
    expected = sign * gained(0.1 * np.exp(-5.0 / 20.0), 300.0 - marked, 0.05, sent - 300.0)
    # The table of the rule is floored, the weight is rounded.
    tolerance = 2 * TRACE * abs(expected) + 0.5 * quantum
    assert weight - 1.0 == pytest.approx(expected, abs=tolerance)
    assert tolerance < 0.01 * abs(expected)


def test_weights_creep_by_less_than_their_steps() -> None:
    """A thousandth of a step at a time: what is stored moves when the sum is half a step, and is right in the end."""
    pairs = [200.0 * k for k in range(1, 40)]
    pre, post = [*pairs, 9000.0], [time + 4.0 for time in pairs]
    doses = [time + 100.0 for time in pairs]
    network = pair(pre, post, [doses], marking(stdp(), 4e-4), brought(3, 0.02))
    weight, quantum = learnt(network, 9020)
    reference = ReferenceSimulation(network)
    reference.run(9020)
    change = float(reference.weights(0)[0]) - 1.0
    assert 2 * quantum < abs(change) < len(pairs) * quantum
    assert weight - 1.0 == pytest.approx(change, abs=0.5 * quantum + 0.005 * abs(change))


@pytest.mark.parametrize("doses", [range(0, 2000, 10), []])
def test_weights_stay_within_the_limits_of_dopamine(doses: Any) -> None:
    pre = [float(t) for t in range(20, 2000, 40)]
    network = pair(pre, [t + 5.0 for t in pre], [[float(t) for t in doses]], marking(stdp(), 1.0), brought(3, 1.0))
    assert learnt(network, 2020)[0] == (2.0 if doses else 1.0)


def network(rule: str, fraction: float, rate: float) -> Network:
    """20 cells on either side that spike as they are told, with reward and punishment at a rate (Hz)."""
    rng = np.random.default_rng(1)

    def ends(synapses: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        pre, post = rng.integers(0, 20, (2, synapses)).astype(np.int32)
        return pre, post

    def trains(odd: int) -> list[list[int]]:
        return [(2 * np.sort(rng.choice(900, 20, replace=False)) + 200 + odd).tolist() for _ in range(20)]

    rules = (rule, "WeightDependenceAdditiveTriplet" if "Triplet" in rule else "AdditiveWeightDependence")
    names = {"Vogels2011Rule": ["eta"], "PfisterSpikeTriplet": ["A_plus", "A_minus", "A3_plus", "A3_minus"]}
    given = dict.fromkeys(names.get(rule, ["A_plus", "A_minus"]), 0.02 / rate)
    given |= {"dendritic_delay_fraction": fraction}
    learning = Projection(
        "plastic", 0, 1, "excitatory", *ends(300), 0.5, 2.0 * rng.integers(1, 12, 300), "STDPMechanism", rules, given
    )
    delays = rng.integers(1, 20, 60).astype(float)
    modulation = "Neuromodulation", (), GIVEN | {"w_max": 1.0}
    reward = Projection("reward", 2, 1, "reward", *ends(60), rng.uniform(0.01, 0.1, 60), delays, *modulation)
    punishment = Projection("punishment", 2, 1, "punishment", *ends(60), 0.03, delays, *modulation)
    populations = driven("pre", trains(0)), driven("post", trains(1)), poisson_source("dopamine", 20, rate)
    return Network("net", 1.0, populations, (learning, reward, punishment), seed=5)


CASES = [
    *(("SpikePairRule", fraction, 1.0, 0.01) for fraction in (1.0, 0.5, 0.0)),
    ("SpikeNearestPairRule", 0.0, 1.0, 0.01),
    ("PfisterSpikeTriplet", 0.5, 1.0, 0.05),
    ("Vogels2011Rule", 0.5, 1.0, 0.05),
    # More doses than a core remembers are merged.
    ("SpikePairRule", 0.5, 20.0, 0.05),
]


@pytest.mark.parametrize(("rule", "fraction", "rate", "share"), CASES)
def test_the_machine_learns_what_the_reference_learns(rule: str, fraction: float, rate: float, share: float) -> None:
    """The error is a small share of how far the weights come apart."""
    net = network(rule, fraction, rate)
    machine, reference = EmulatedSimulation(net), ReferenceSimulation(net)
    machine.run(2200)
    reference.run(2200)
    wanted = reference.weights(0)
    assert wanted.std() > 0.1
    assert (machine.weights(0) - wanted).std() < share * wanted.std()
    np.testing.assert_array_equal(machine.weights(1), net.projections[1].weight)


def test_one_run_or_several_and_updates_are_the_same() -> None:
    """Eligibilities, dopamine and what is under way go on where another image begins."""
    net = network("SpikePairRule", 0.3, 2.0)
    whole, parts = EmulatedSimulation(net), EmulatedSimulation(net)
    whole.run(1500)
    parts.run(723)
    again = tuple(replace(p, weight=parts.weights(i)) for i, p in enumerate(net.projections))
    parts.update(replace(net, projections=again))
    parts.run(777)
    assert np.ptp(whole.weights(0)) > 0.1
    np.testing.assert_array_equal(whole.weights(0), parts.weights(0))
    whole.reset()
    np.testing.assert_array_equal(whole.weights(0), np.full(300, 0.5))


def test_eligibilities_outlive_a_change_of_their_scale() -> None:
    """Amplitudes a thousandth as large give eligibilities another scale; what was marked before counts on."""
    first = pair([20.0, 60.0, 600.0], [24.0], [[299.0]], marking(stdp(), 0.1), brought(3))
    simulation = EmulatedSimulation(first)
    simulation.run(100)
    changed = (marking(first.projections[0], 1e-4), *first.projections[1:])
    simulation.update(replace(first, projections=changed))
    simulation.run(520)
    mark, unmark = 0.1 * np.exp(-5.0 / 20.0), 1e-3 * np.exp(-35.0 / 30.0)
    expected = gained(mark, 275.0, 0.05, 300.0) - gained(unmark, 240.0, 0.05, 300.0)
    assert simulation.weights(0)[0] - 1.0 == pytest.approx(expected, abs=0.002)
    assert expected > 0.1


def test_dopamine_without_plastic_synapses_does_nothing() -> None:
    network = pair([20.0], [24.0], [[30.0]], brought(3))
    simulation = EmulatedSimulation(network)
    simulation.run(50)
    [core] = simulation.mapping.cores_of(1)
    tick, after, last = simulation.emulator.doses(core)
    assert last.tolist() == [1]
    assert tick[0, 1] == 31
    assert after[0, 1] / 2.0**21 == pytest.approx(0.05, rel=1e-4)
    with pytest.raises(KeyError, match="has no dopamine"):
        simulation.emulator.doses(simulation.mapping.cores_of(0)[0])


@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_the_rewarded_synapse_outgrows_the_others(backend: str) -> None:
    """After Izhikevich (2007): dopamine comes after the spikes of one of five sources with the target."""
    rng = np.random.default_rng(4)
    sim.setup(timestep=1.0, backend=backend)
    # The sources take turns at spiking just before the target; a core remembers 15 spikes of it between two of each.
    turns = np.arange(500.0, 15500.0, 300.0)
    whose = np.concatenate([rng.permutation(5) for _ in range(len(turns) // 5)])
    sources = sim.Population(5, sim.SpikeSourceArray(spike_times=[turns[whose == i].tolist() for i in range(5)]))
    teacher = sim.Population(1, sim.SpikeSourceArray(spike_times=(turns + 3.0).tolist()))
    dopamine = sim.Population(1, sim.SpikeSourceArray(spike_times=(turns[whose == 0] + 100.0).tolist()))
    cell = sim.Population(1, sim.IF_curr_exp())
    rule = sim.STDPMechanism(
        sim.SpikePairRule(A_plus=0.05, A_minus=0.0), sim.AdditiveWeightDependence(w_max=1.0), weight=0.1, delay=1.0
    )
    learning = sim.Projection(sources, cell, sim.AllToAllConnector(), rule)
    sim.Projection(teacher, cell, sim.AllToAllConnector(), sim.StaticSynapse(weight=40.0, delay=1.0))
    modulation = sim.Neuromodulation(weight=0.02, tau_c=200.0, tau_d=100.0, w_max=10.0)
    sim.Projection(dopamine, cell, sim.AllToAllConnector(), modulation)
    sim.run(15500.0)
    weights = np.array(learning.get("weight", "list", with_address=False))
    assert weights[0] - 0.1 > 3.0 * (weights[1:] - 0.1).max()


@pytest.mark.parametrize("in_words", [False, True])
def test_what_stands_between_the_simulators_learns_too(in_words: bool) -> None:
    """Each step of the error budget runs; delays that are multiples of the timestep change nothing."""
    net = network("SpikePairRule", 1.0, 1.0)
    reference, exact = ReferenceSimulation(net), ExactDelays(net)
    rounded = RoundedWeights(net, MappingOptions())
    cells = ProgramSimulation(net, MappingOptions(), in_words=in_words)
    for simulation in (reference, exact, rounded, cells):
        simulation.run(1000)
    wanted = reference.weights(0)
    np.testing.assert_allclose(exact.weights(0), wanted, atol=1e-12)
    np.testing.assert_allclose(rounded.weights(0), wanted, atol=1e-3)
    # Cells of a core spike a step earlier than those of the reference, dopamine comes when it did.
    np.testing.assert_allclose(cells.weights(0), wanted, atol=0.05)
    assert wanted.std() > 0.05


@pytest.mark.parametrize(("between", "more"), [(15, False), (16, True)])
def test_what_a_history_does_not_hold_is_told(between: int, more: bool) -> None:
    """Spikes of the target, and then arrivals of dopamine, between two spikes of a source after its first."""
    posts = [20.0 + 4.0 * k for k in range(between)]
    for post, doses, match in ((posts, [5.0], "1 of 3 times.*15 spikes"), ([5.0], posts, "1 of 3 times.*15 arrivals")):
        network = pair([2.0, 10.0, 200.0], post, [doses], stdp(), brought(3))
        simulation = EmulatedSimulation(network)
        with pytest.warns(RunWarning, match=match) if more else warnings.catch_warnings():
            if not more:
                warnings.simplefilter("error")
            simulation.run(220)
