"""Freezing: the network that the simulators get is the one that the script built."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyNN.random import NumpyRNG, RandomDistribution

import pyneuro as sim
from pyneuro.freeze import freeze
from toolchain.network import Network


@pytest.fixture(autouse=True)
def _setup() -> None:
    sim.setup(timestep=0.5, seed=11)


def frozen() -> Network:
    return freeze(sim.simulator.state)


def synapses(network: Network) -> set[tuple[Any, ...]]:
    """Every synapse: labels and indices of its cells, receptor, weight, delay."""
    return {
        (network.populations[p.source].label, int(i), network.populations[p.target].label, int(j), p.receptor, w, d)
        for p in network.projections
        for i, j, w, d in zip(
            p.pre, p.post, np.broadcast_to(p.weight, len(p)), np.broadcast_to(p.delay, len(p)), strict=True
        )
    }


def test_populations() -> None:
    """Parameters and initial values in PyNN's names, numbers where all are alike, labels that are unique."""
    sim.Population(3, sim.IF_curr_exp(tau_m=[1.0, 2.0, 3.0]), label="E", initial_values={"v": -60.0})
    sim.Population(2, sim.SpikeSourcePoisson(rate=5.0), label="E")
    network = frozen()
    first, second = network.populations
    assert (network.timestep, network.seed, network.cells, network.synapses) == (0.5, 11, 5, 0)
    assert (first.label, first.size, first.cell) == ("E", 3, "IF_curr_exp")
    assert np.asarray(first.parameters["tau_m"]).tolist() == [1.0, 2.0, 3.0]
    assert (first.parameters["cm"], first.initial) == (1.0, {"v": -60.0, "isyn_exc": 0.0, "isyn_inh": 0.0})
    assert (second.label, second.parameters) == ("E (2)", {"rate": 5.0, "start": 0.0, "duration": 1e10})
    assert (second.spike_times, second.currents, second.recordings) == (None, (), ())


def test_recordings_and_currents() -> None:
    """What is recorded, with its interval, and what is injected where."""
    cells = sim.Population(4, sim.IF_cond_exp())
    cells[[3, 1]].record(["spikes", "gsyn_exc"], sampling_interval=1.5)
    sim.DCSource(amplitude=0.5, start=1.0, stop=3.0).inject_into(cells[2:])
    (population,) = frozen().populations
    assert [(r.variable, r.indices.tolist(), r.interval_steps) for r in population.recordings] == [
        ("spikes", [1, 3], 1),
        ("gsyn_exc", [1, 3], 3),
    ]
    (current,) = population.currents
    assert (current.indices.tolist(), current.times.tolist(), current.amplitudes.tolist()) == (
        [2, 3],
        [1.0, 3.0],
        [0.5, 0.0],
    )


def test_views_and_assemblies_lead_to_populations() -> None:
    """A network projection for each pair of populations, with indices in them; every synapse once."""
    a, b = sim.Population(6, sim.IF_curr_exp(), label="a"), sim.Population(5, sim.IF_curr_exp(), label="b")
    pre, post = a[[5, 1, 2]] + b, b[3:] + a[[0, 4]]
    weight = RandomDistribution("uniform", (0.5, 1.5), rng=NumpyRNG(2))
    connector = sim.FixedProbabilityConnector(0.6, rng=NumpyRNG(1))
    projection = sim.Projection(pre, post, connector, sim.StaticSynapse(weight=weight, delay=1.5))
    network = frozen()
    names = [("a", 1), ("a", 2), ("a", 5), *(("b", i) for i in range(5))], [("b", 3), ("b", 4), ("a", 0), ("a", 4)]
    expected = {
        (*names[0][i], *names[1][j], "excitatory", w, d)
        for i, j, w, d in projection.get(["weight", "delay"], format="list")
    }
    assert synapses(network) == expected
    assert network.synapses == len(projection) == len(expected)
    assert {(p.source, p.target) for p in network.projections} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_distances_of_assemblies() -> None:
    """Distances are taken from the positions of the cells, wherever these come from."""
    a, b = sim.Population(3, sim.IF_curr_exp()), sim.Population(2, sim.IF_curr_exp(), structure=sim.Line(x0=10.0))
    projection = sim.Projection(a + b, b + a, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0, delay="1 + d"))
    x = np.array([0.0, 1.0, 2.0, 10.0, 11.0])
    assert np.array_equal(projection.get("delay", format="array"), 1 + abs(x[:, np.newaxis] - x[[3, 4, 0, 1, 2]]))


def test_receptors_of_assemblies() -> None:
    """The first receptor is that of excitation, whatever the order in which Python has its sets."""
    a, b = sim.Population(2, sim.IF_curr_exp()), sim.Population(2, sim.IF_cond_exp())
    assert (a + b).receptor_types == ["excitatory", "inhibitory"]
    assert (a + sim.Population(2, sim.SpikeSourceArray())).receptor_types == []


def test_pairs_without_connections() -> None:
    """Of an assembly they are left out; a projection between two populations stays, even when it is empty."""
    a, b = sim.Population(2, sim.IF_curr_exp()), sim.Population(2, sim.IF_curr_exp())
    sim.Projection(a + b, b, sim.FromListConnector([(0, 1, 0.5, 1.0)]))
    sim.Projection(a, b, sim.FromListConnector([]))
    assert [(p.source, p.target, len(p)) for p in frozen().projections] == [(0, 1, 1), (0, 1, 0)]


def test_frozen_arrays_are_shared_and_read_only() -> None:
    """No copy of the connections is made, and a later change leaves the frozen network alone."""
    cells = sim.Population(3, sim.IF_curr_exp())
    weight = RandomDistribution("uniform", (0.5, 1.5), rng=NumpyRNG(2))
    projection = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=weight))
    (first,) = frozen().projections
    assert first.pre is projection.arrays.pre
    for array in (first.pre, first.post, np.asarray(first.weight)):
        assert not array.flags.writeable
    old = np.asarray(first.weight).copy()
    projection[4].weight = 9.0
    projection[5].weight = 8.0
    (second,) = frozen().projections
    assert np.array_equal(np.asarray(first.weight), old)
    assert np.asarray(second.weight)[4:6].tolist() == [9.0, 8.0]


def test_blocks_are_joined() -> None:
    """Connections that come column by column stay one number for all where they are."""
    cells = sim.Population(5, sim.IF_curr_exp())
    first = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.5))
    clone = sim.Projection(cells, cells, sim.CloneConnector(first), sim.StaticSynapse(weight=0.25, delay="1 + d"))
    frozen_clone = frozen().projections[1]
    assert frozen_clone.weight == 0.25
    assert len(np.asarray(frozen_clone.delay)) == len(clone) == 25


def test_the_scripts_arrays_stay_the_scripts() -> None:
    """Arrays that a script hands over are neither made read-only, nor do later changes of them reach the network."""
    given = {name: np.full(3, value) for name, value in {"tau_m": 10.0, "v": -60.0, "weight": 0.5}.items()}
    times, matrix = np.array([1.0, 2.0]), np.full((3, 3), 0.5)
    cells = sim.Population(3, sim.IF_curr_exp(tau_m=given["tau_m"]), initial_values={"v": given["v"]})
    sim.Population(1, sim.SpikeSourceArray(spike_times=times))
    first = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=matrix))
    second = sim.Projection(cells, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.1))
    second.set(weight=given["weight"])
    cells.inject(sim.StepCurrentSource(times=times, amplitudes=times))
    for _ in range(2):
        network = frozen()
        for array in (*given.values(), times, matrix):
            array[...] = 77.0
        values = [
            network.populations[0].parameters["tau_m"],
            network.populations[0].initial["v"],
            first.arrays["weight"],
        ]
        assert [np.unique(value).tolist() for value in (*values, second.arrays["weight"])] == [
            [10.0],
            [-60.0],
            [0.5],
            [0.5],
        ]
        assert network.populations[0].currents[0].times.tolist() == [1.0, 2.0]
        spike_times = network.populations[1].spike_times
        assert spike_times is not None
        assert spike_times.times.tolist() == [1.0, 2.0]
