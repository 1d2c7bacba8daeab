"""Poisson sources that the machine cannot draw are told."""

from __future__ import annotations

import numpy as np
import pytest
from networks import poisson_source

from emulator.poisson import PoissonTrains, source_seeds
from toolchain.network import Network, Values
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
