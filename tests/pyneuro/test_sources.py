"""Random sources in PyNN's words, on both simulators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pyNN.parameters import Sequence

import pyneuro as sim
from emulator.image import RenewalCore
from emulator.renewal import RenewalTrains
from pyneuro.reference.sources import make_source
from toolchain.compile import compile_network
from toolchain.errors import NetworkError, ParameterError
from toolchain.network import Histogram, Network, Population
from toolchain.options import MappingOptions

BACKENDS = ("reference", "emulator")
CELLS: dict[str, Callable[[], Any]] = {
    "refractory": lambda: sim.SpikeSourcePoissonRefractory(rate=100.0, tau_refrac=5.0),
    "gamma": lambda: sim.SpikeSourceGamma(alpha=4.0, beta=400.0),
    "inhomogeneous": lambda: sim.SpikeSourceInhGamma(
        a=Sequence([1.0, 3.0]), b=Sequence([0.01, 0.003]), tbins=Sequence([0.0, 100.0])
    ),
    "Poisson": lambda: sim.SpikeSourcePoisson(rate=100.0),
}


def trains(population: Any) -> list[list[float]]:
    """Spike times of each source, of all segments."""
    segments = population.get_data("spikes").segments
    return [train.magnitude.tolist() for segment in segments for train in segment.spiketrains]


@pytest.mark.parametrize("name", CELLS)
def test_both_simulators_draw_the_same(name: str) -> None:
    """Over several runs, with a parameter set for some sources between them, and after a reset."""
    found = []
    for backend in BACKENDS:
        sim.setup(timestep=0.5, backend=backend, seed=5, mapping={"sources_per_core": 20})
        sources = sim.Population(50, CELLS[name]())
        cells = sim.Population(50, sim.IF_curr_exp())
        sim.Projection(sources, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.1, delay=1.0))
        sources.record("spikes")
        sim.run(70.0)
        sources[10:15].set(start=90.0)
        sources[::3].set(duration=200.0)
        sim.run(130.0)
        sim.reset()
        sim.run(60.0)
        found.append(trains(sources))
    assert found[0] == found[1]
    first, again = found[0][:50], found[0][50:]
    assert [[t for t in train if t < 60.0] for train in first[15:]] == again[15:]
    assert all(t < 70.0 or t >= 90.0 for train in first[10:15] for t in train)
    assert sum(map(len, first)) > 500


def test_rates_and_regularity() -> None:
    """PyNN's parameters mean: the rate with its dead time; alpha / beta seconds an interval; 1 / (a b) a second."""
    sim.setup(timestep=0.1, backend="reference", seed=2)
    populations = {name: sim.Population(200, cell()) for name, cell in CELLS.items()}
    for population in populations.values():
        population.record("spikes")
    sim.run(600.0)
    expected = {"refractory": (100.0, 0.5), "gamma": (100.0, 0.5), "Poisson": (100.0, 1.0)}
    for name, (rate, cv) in expected.items():
        found = trains(populations[name])
        lengths = np.concatenate([np.diff(train) for train in found])
        # Counts have a variance of cv^2 times their mean; half a per cent is for the ends and the core's exp(-lambda).
        spikes = 200 * 0.6 * rate
        assert sum(map(len, found)) == pytest.approx(spikes, abs=5 * cv * np.sqrt(spikes) + 0.005 * spikes)
        assert lengths.std() / lengths.mean() == pytest.approx(cv, abs=5 * cv / np.sqrt(spikes) + 0.01)
    late = sum(t >= 130.0 for train in trains(populations["inhomogeneous"]) for t in train)
    assert late == pytest.approx(200 * 470 / 9, rel=0.02)


def test_each_source_has_its_own_histogram() -> None:
    """Sequences for each cell, set and got back as in PyNN."""
    sim.setup(timestep=1.0, backend="reference")
    sources = sim.Population(2, CELLS["inhomogeneous"]())
    sources[1:].set(a=Sequence([2.0]), b=Sequence([0.001]), tbins=Sequence([50.0]))
    sources.record("spikes")
    sim.run(100.0)
    late = trains(sources)[1]
    assert 50.0 <= min(late) < 60.0
    assert len(late) > 15
    assert [found.value.tolist() for found in sources.get("tbins")] == [[0.0, 100.0], [50.0]]


REFUSED: dict[str, Callable[[], Any]] = {
    "rate must be < 100 Hz with a tau_refrac of 10 ms": lambda: sim.SpikeSourcePoissonRefractory(
        rate=120.0, tau_refrac=10.0
    ),
    "population 'p': SpikeSourceInhGamma.a must have as many values as tbins, got 2 and 1 for source 0": (
        lambda: sim.SpikeSourceInhGamma(a=Sequence([1.0, 2.0]))
    ),
    "SpikeSourceInhGamma.b must be > 0, got -1 for source 0": lambda: sim.SpikeSourceInhGamma(b=Sequence([-1.0])),
    "lacks|with a bin each": lambda: sim.SpikeSourceInhGamma(a=Sequence([]), b=Sequence([]), tbins=Sequence([])),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_is_refused_before_it_runs(message: str) -> None:
    sim.setup(timestep=1.0)
    sim.Population(1, REFUSED[message](), label="p")
    with pytest.raises((NetworkError, ParameterError), match=message):
        sim.run(1.0)


def test_bins_must_ascend() -> None:
    sim.setup(timestep=1.0)
    with pytest.raises(ValueError, match=r"SpikeSourceInhGamma\.tbins must be ascending, got 5 ms before 3 ms"):
        sim.Population(1, sim.SpikeSourceInhGamma(tbins=Sequence([5.0, 3.0])))


def test_cores_of_renewal_sources() -> None:
    """Slices of 300 sources are those of one core, and of the reference, and draw the same trains."""
    columns = (np.tile(column, 300) for column in ([0.0, 20.0], [2.0, 3.0], [0.005, 0.002]))
    histogram = Histogram(np.arange(301) * 2, *columns)
    window = {"duration": np.linspace(10.0, 90.0, 300)}
    source = Population("p", 300, "SpikeSourceInhGamma", window, histogram=histogram)
    network = Network("n", 1.0, (source,), (), seed=4)
    cores = compile_network(network, options=MappingOptions(sources_per_core=128)).image.cores
    assert [core.n for core in cores] == [128, 128, 44]
    whole = make_source(network, 0).between(0, 100)
    spikes = []
    for core, start in zip(cores, (0, 128, 256), strict=True):
        assert isinstance(core, RenewalCore)
        trains = RenewalTrains(core.intervals, core.start, core.stop, core.seed, timestep=1.0)
        tick, index = trains.run(100)
        spikes.append(np.stack([tick, index + start]))
    found = np.concatenate(spikes, axis=1)
    assert np.array_equal(found[:, np.lexsort(found[::-1])], np.stack(whole))
