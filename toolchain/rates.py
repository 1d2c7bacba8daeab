"""Rates: how often each population is expected to fire, before anything has run.

Cells are assumed to fire at one rate, given by the mapping options; sources are known better.  Weights are
scaled and the load of cores is estimated by these figures; a run may of course differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.conversion import ACCUM_ONE
from emulator.poisson import SLOW_CUTOFF_RAW
from emulator.renewal import Intervals
from toolchain.models.sources import RENEWAL_SOURCES, SPIKE_SOURCE_POISSON, intervals, nearest_tick
from toolchain.network import Network, Population, SpikeTimes
from toolchain.options import MappingOptions

SLOW_PER_TICK: Final = SLOW_CUTOFF_RAW / ACCUM_ONE
"""A Poisson source below this rate per tick draws intervals, and spikes once a tick at the most but for rare ones."""
RARE: Final = 1e-3
"""More spikes in a tick than expected are left to one tick in a thousand (sPyNNaker)."""


@dataclass(frozen=True)
class Rate:
    """What the cells of a population are expected to do.

    Parameters
    ----------
    mean, highest : float
        Rate (Hz) of the average and of the fastest cell.
    per_tick : int
        Most spikes of one cell in one tick.
    """

    mean: float
    highest: float
    per_tick: int = 1


def expected_rates(network: Network, options: MappingOptions) -> tuple[Rate, ...]:
    """Expected rates of all populations."""
    return tuple(_rate(population, network.timestep, options) for population in network.populations)


def cell_rates(population: Population, rate: Rate) -> NDArray[np.float64] | None:
    """Expected rate (Hz) of each cell of `population`, whose mean `rate` has; None if they are all expected alike."""
    if population.cell == SPIKE_SOURCE_POISSON.name:
        rates = np.asarray(population.parameters.get("rate", 1.0), dtype=np.float64)
        return rates if rates.ndim and np.ptp(rates) > 0 else None
    if population.spike_times is not None:
        counts = np.diff(population.spike_times.offsets)
        return rate.mean * population.size * counts / counts.sum() if np.ptp(counts) > 0 else None
    return None


def _rate(population: Population, timestep: float, options: MappingOptions) -> Rate:
    if population.cell == SPIKE_SOURCE_POISSON.name:
        rate = np.asarray(population.parameters.get("rate", 1.0), dtype=np.float64)
        highest = float(rate.max(initial=0.0))
        return Rate(float(rate.mean()) if rate.size else 0.0, highest, most_in_tick(highest * timestep * 1e-3))
    if population.cell in RENEWAL_SOURCES:
        return _rate_of_intervals(intervals(population), timestep)
    if population.spike_times is not None:
        return _rate_of_times(population.spike_times, population.size, timestep)
    expected = options.of(population.label).spikes_per_second
    return Rate(expected, expected)


def _rate_of_intervals(drawn: Intervals, timestep: float) -> Rate:
    """Rates of the fastest bins.

    A spike is followed by k more in its tick if k intervals fit into it: their sum is a gamma variate, too.
    """
    from scipy.special import gammainc  # loading it takes time that other networks need not spend

    rates = drawn.highest_rate * 1e3
    dead = np.repeat(drawn.dead, np.diff(drawn.offsets))
    together = 1
    while np.any(gammainc(together * drawn.shape, np.maximum(timestep - together * dead, 0.0) / drawn.scale) > RARE):
        together += 1
    return Rate(float(rates.mean()), float(rates.max()), together)


def _rate_of_times(spikes: SpikeTimes, size: int, timestep: float) -> Rate:
    seconds = max(1.0, float(spikes.times.max(initial=0.0)) * 1e-3)
    counts = np.diff(spikes.offsets)
    tick = nearest_tick(spikes.times, timestep, len(spikes.times))
    index = np.repeat(np.arange(size), counts)
    # Times ascend, so the spikes of one source in one tick stand together.
    first = np.flatnonzero(np.append(True, (np.diff(tick) != 0) | (np.diff(index) != 0)))
    together = np.diff(first, append=len(tick)) if len(tick) else np.ones(1)
    return Rate(len(tick) / size / seconds, float(counts.max(initial=0)) / seconds, int(together.max()))


def most_in_tick(expected: float) -> int:
    """How many spikes a Poisson source that sends `expected` a tick is planned to send in one tick.

    One more than the smallest k with P(N <= k) of at least 0.999; 1 for slow sources.
    """
    if expected < SLOW_PER_TICK:
        return 1
    if expected > 500.0:  # exp(-expected) would underflow; the normal approximation is good to a spike
        return math.ceil(expected + 3.0902 * math.sqrt(expected)) + 1
    k = 0
    term = total = math.exp(-expected)
    while total < 1.0 - RARE:
        k += 1
        term *= expected / k
        total += term
    return k + 1
