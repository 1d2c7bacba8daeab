"""The check of spike sources: what a population of them is given beside the parameters of single sources."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.poisson import LAMBDA_MAX
from toolchain.errors import NetworkError, ParameterError
from toolchain.models.sources import (
    RENEWAL_SOURCES,
    SPIKE_SOURCE_ARRAY,
    SPIKE_SOURCE_INH_GAMMA,
    SPIKE_SOURCE_POISSON,
    SPIKE_SOURCE_POISSON_REFRACTORY,
    given,
    intervals,
)
from toolchain.network import Histogram, Population, SpikeTimes


def check_source(who: str, population: Population, timestep: float) -> None:
    """Check what `population`, called `who`, has of spike times, histograms and rates; cells must have none of it.

    Raises
    ------
    NetworkError
        At the first violation.
    ParameterError
        If it is a parameter.
    """
    for name, owner in (("spike_times", SPIKE_SOURCE_ARRAY), ("histogram", SPIKE_SOURCE_INH_GAMMA)):
        needed = population.cell == owner.name
        if needed != (getattr(population, name) is not None):
            what = " and ".join(sequence for sequence, _ in owner.sequences).replace("_", " ")
            raise NetworkError(f"{who} of {population.cell} {'lacks' if needed else 'cannot have'} {what}")
    if population.spike_times is not None:
        _check_spike_times(who, population.size, population.spike_times)
    if population.histogram is not None:
        _check_histogram(who, population.size, population.histogram)
    if population.cell == SPIKE_SOURCE_POISSON_REFRACTORY.name:
        _check_dead_time(who, population)
    _check_rate(who, population, timestep)


def _check_dead_time(who: str, population: Population) -> None:
    """The mean interval must be longer than the dead time that is part of it."""
    values = given(population, SPIKE_SOURCE_POISSON_REFRACTORY)
    rate, dead = (np.broadcast_to(values[name], population.size) for name in ("rate", "tau_refrac"))
    wrong = rate * dead >= 1e3
    if wrong.any():
        i = int(wrong.argmax())
        raise ParameterError(
            f"{who}: SpikeSourcePoissonRefractory.rate must be < {1e3 / dead[i]:g} Hz with a tau_refrac of {dead[i]:g} "
            f"ms, got {rate[i]:g} for source {i}: it is the rate of the spikes, dead time included"
        )


def _check_rate(who: str, population: Population, timestep: float) -> None:
    """The spikes of a random source in a timestep are limited."""
    if population.cell == SPIKE_SOURCE_POISSON.name:
        most = float(np.max(population.parameters.get("rate", 0.0)))
    elif population.cell in RENEWAL_SOURCES:
        most = float(intervals(population).rate.max(initial=0.0)) * 1e3
    else:
        return
    limit = LAMBDA_MAX / timestep * 1e3
    if most >= limit:
        raise NetworkError(
            f"{who}: the rate of a {population.cell} must be < {limit:g} Hz at this timestep, got {most:g}"
        )


def _check_histogram(who: str, size: int, found: Histogram) -> None:
    if len(found.offsets) != size + 1 or found.offsets[0] != 0 or np.any(np.diff(found.offsets) < 1):
        raise NetworkError(f"{who}: the histograms are not those of {size} sources, with a bin each at least")
    lengths = [len(column) for column in (found.a, found.b, found.tbins)]
    if set(lengths) != {int(found.offsets[-1])}:
        raise NetworkError(
            f"{who}: a, b and tbins must have one value a bin each, got {lengths} for {found.offsets[-1]} bins"
        )
    for name, column in (("a", found.a), ("b", found.b)):
        wrong = ~(np.isfinite(column) & (column > 0.0))
        if wrong.any():
            at = int(wrong.argmax())
            source = _owner(found.offsets, at)
            raise NetworkError(f"{who}: SpikeSourceInhGamma.{name} must be > 0, got {column[at]:g} for source {source}")
    _check_ascending(who, "tbins", found.offsets, found.tbins, strictly=True)


def _check_spike_times(who: str, size: int, spikes: SpikeTimes) -> None:
    offsets, times = spikes.offsets, spikes.times
    if len(offsets) != size + 1 or offsets[0] != 0 or offsets[-1] != len(times) or np.any(np.diff(offsets) < 0):
        raise NetworkError(f"{who}: the spike times are not those of {size} sources")
    _check_ascending(who, "spike times", offsets, times)


def _check_ascending(
    who: str, what: str, offsets: NDArray[np.int64], times: NDArray[np.float64], *, strictly: bool = False
) -> None:
    """The times of each source, which begin at `offsets`, are times, and ascend."""
    wrong = ~np.isfinite(times) | (times < 0.0)
    if wrong.any():
        at = int(wrong.argmax())
        raise NetworkError(f"{who}: {what} must be >= 0 ms, got {times[at]:g} for source {_owner(offsets, at)}")
    steps = np.diff(times)
    falls = np.flatnonzero(steps <= 0.0 if strictly else steps < 0.0) + 1
    falls = falls[~np.isin(falls, offsets)]
    if len(falls):
        at = int(falls[0])
        raise NetworkError(
            f"{who}: {what} must ascend, source {_owner(offsets, at)} has {times[at]:g} after {times[at - 1]:g} ms"
        )


def _owner(offsets: NDArray[np.int64], at: int) -> int:
    """The source that value number `at` belongs to."""
    return int(np.searchsorted(offsets, at, side="right")) - 1
