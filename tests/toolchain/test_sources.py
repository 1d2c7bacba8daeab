"""Random sources: what they become on the machine, and what is told or refused of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from networks import poisson_source

from emulator.poisson import PoissonTrains
from emulator.seeds import source_seeds
from toolchain.check_network import check_network
from toolchain.describe import describe
from toolchain.errors import NetworkError, ParameterError
from toolchain.memory import random_core
from toolchain.models.sources import intervals, window
from toolchain.network import Histogram, Network, Population, Values
from toolchain.options import MappingOptions
from toolchain.rates import expected_rates
from toolchain.sources import wrapping_sources


def remarks(rate: Values, timestep: float) -> list[str]:
    return [str(found) for found in wrapping_sources(Network("n", timestep, (poisson_source("p", 2, rate),), ()))]


@pytest.mark.parametrize(("rate", "timestep"), [(0.0, 0.1), (1.0, 0.1), (0.0109, 0.1), (0.0011, 1.0), (1e4, 0.1)])
def test_rates_that_are_drawn_right(rate: float, timestep: float) -> None:
    assert remarks(rate, timestep) == []


def test_slow_sources_are_told_by_the_slowest() -> None:
    (text,) = remarks(np.array([5.0, 0.002]), 0.1)
    assert text.startswith("p: rate = 0.002 Hz at a timestep of 0.1 ms is a spike every 5,000,000 timesteps on average")
    assert "42% of them wrap" in text
    assert "use a rate of at least 0.011 Hz" in text


def test_sources_as_slow_as_that_do_spike_too_often() -> None:
    n, ticks = 4000, 400_000
    zeros = np.zeros(n, dtype=np.int32)
    sources = PoissonTrains(np.full(n, 0.002), zeros, zeros + ticks, source_seeds(1, 0, 0, n), timestep=0.1)
    index = sources.run(ticks)[1]
    assert len(np.unique(index)) / n > 1.2 * (1.0 - np.exp(-ticks / 5_000_000))


def renewal(cell: str, size: int, **parameters: Values) -> Population:
    return Population("p", size, cell, parameters)


def inhomogeneous(size: int, bins: list[tuple[float, float, float]], **parameters: Values) -> Population:
    """Sources with the same bins (time, a, b)."""
    tbins, a, b = (np.tile(column, size) for column in np.array(bins).T)
    histogram = Histogram(np.arange(size + 1) * len(bins), tbins, a, b)
    return Population("p", size, "SpikeSourceInhGamma", parameters, histogram=histogram)


def test_intervals_in_ms() -> None:
    """PyNN's parameters, each in its own unit, as dead time, shape and scale."""
    rate, dead = np.array([10.0, 0.0]), np.array([20.0, 3.0])
    refractory = intervals(renewal("SpikeSourcePoissonRefractory", 2, rate=rate, tau_refrac=dead))
    assert (refractory.dead.tolist(), refractory.shape.tolist()) == ([20.0, 3.0], [1.0, 1.0])
    assert refractory.scale.tolist() == [80.0, np.inf]
    gamma = intervals(renewal("SpikeSourceGamma", 3, beta=np.array([5.0, 0.0, 2.0])))
    assert (gamma.shape.tolist(), gamma.scale.tolist()) == ([2.0] * 3, [200.0, np.inf, 500.0])
    profile = intervals(inhomogeneous(2, [(5.0, 1.5, 0.02), (7.0, 2.0, 0.1)]))
    assert profile.scale.tolist() == [20.0, 100.0] * 2
    assert profile.part(1, 2).since.tolist() == [5.0, 7.0]


def test_sources_begin_with_their_first_bin() -> None:
    found = window(inhomogeneous(3, [(5.04, 1.0, 1.0)], start=np.array([0.0, 5.2, 9.0]), duration=10.0), 0.1)
    assert [ticks.tolist() for ticks in found] == [[50, 52, 90], [100, 152, 190]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (renewal("SpikeSourcePoissonRefractory", 2, rate=np.array([20.0, 40.0]), tau_refrac=2.0), (30.0, 40.0, 1)),
        (renewal("SpikeSourcePoissonRefractory", 2, rate=1500.0, tau_refrac=0.3), (1500.0, 1500.0, 4)),
        (renewal("SpikeSourceGamma", 2, alpha=4.0, beta=200.0), (50.0, 50.0, 1)),
        (renewal("SpikeSourceGamma", 2, alpha=0.1, beta=20.0), (200.0, 200.0, 17)),
        (inhomogeneous(2, [(0.0, 1.0, 0.1), (5.0, 2.0, 0.025)]), (20.0, 20.0, 2)),
    ],
)
def test_expected_rates(source: Population, expected: tuple[float, float, int]) -> None:
    """Mean and highest rate, and spikes in a tick, of which more come in one tick in a thousand that has any."""
    (found,) = expected_rates(Network("n", 1.0, (source,), ()), MappingOptions())
    assert (found.mean, found.highest) == pytest.approx(expected[:2])
    assert found.per_tick == expected[2]


def with_histogram(source: Population, **columns: Any) -> Population:
    assert source.histogram is not None
    return replace(source, histogram=replace(source.histogram, **columns))


REFUSED = {
    r"Refractory.rate must be < 100 Hz with a tau_refrac of 10 ms, got 100 for source 1: it is": renewal(
        "SpikeSourcePoissonRefractory", 2, rate=np.array([99.0, 100.0]), tau_refrac=10.0
    ),
    "SpikeSourceGamma.alpha must be > 0, got 0": renewal("SpikeSourceGamma", 2, alpha=0.0),
    "SpikeSourceGamma.beta must be >= 0 Hz, got -1": renewal("SpikeSourceGamma", 2, beta=-1.0),
    "rate of a SpikeSourceGamma must be < 6.5535e\\+07 Hz at this timestep, got 1e\\+08": renewal(
        "SpikeSourceGamma", 2, alpha=1.0, beta=1e8
    ),
    "of SpikeSourceInhGamma lacks a and b and tbins": renewal("SpikeSourceInhGamma", 1),
    "of SpikeSourceGamma cannot have a and b and tbins": replace(
        inhomogeneous(1, [(0.0, 1.0, 1.0)]), cell="SpikeSourceGamma"
    ),
    "SpikeSourceInhGamma.a must be > 0, got 0 for source 1": with_histogram(
        inhomogeneous(2, [(0.0, 1.0, 1.0)]), a=np.array([1.0, 0.0])
    ),
    "SpikeSourceInhGamma.b must be > 0, got nan for source 0": inhomogeneous(2, [(0.0, 1.0, np.nan)]),
    "tbins must be >= 0 ms, got -1 for source 0": inhomogeneous(2, [(-1.0, 1.0, 1.0)]),
    "tbins must ascend, source 0 has 3 after 3 ms": inhomogeneous(2, [(3.0, 1.0, 1.0), (3.0, 2.0, 1.0)]),
    "histograms are not those of 2 sources": replace(inhomogeneous(3, [(0.0, 1.0, 1.0)]), size=2),
    r"a, b and tbins must have one value a bin each, got \[2, 2, 1\] for 2 bins": with_histogram(
        inhomogeneous(2, [(0.0, 1.0, 1.0)]), tbins=np.zeros(1)
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refusals(message: str) -> None:
    with pytest.raises((NetworkError, ParameterError), match=message):
        check_network(Network("n", 1.0, (REFUSED[message],), ()))


def test_a_histogram_in_words() -> None:
    text = describe(Network("n", 1.0, (inhomogeneous(2, [(0.0, 1.0, 0.1), (5.0, 2.0, 0.1)]),), ()))
    for line in ("a = 1 ... 2 (mean 1.5)", "b = 0.1 s", "tbins = 0 ... 5 (mean 2.5) ms"):
        assert line in text


def test_histograms_take_memory() -> None:
    one, many = (random_core(10, bins, (), 1000) for bins in (0, 50))
    assert many.sdram_bytes - one.sdram_bytes == 50 * 12
    assert many.dtcm_bytes == one.dtcm_bytes
