"""Cores of spike sources: times become ticks, and each Poisson source gets its own random stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emulator.image import ArrayCore, PoissonCore
from emulator.poisson import source_seeds
from toolchain.diagnostics import Diagnostic
from toolchain.models.sources import SPIKE_SOURCE_POISSON
from toolchain.network import Network, Population, SpikeTimes
from toolchain.rows import Slicing

LAST_TICK: Final = 2**31 - 1
"""No run gets so far."""


def poisson_cores(
    network: Network, number: int, slicing: Slicing, common: Sequence[dict[str, Any]]
) -> Iterator[PoissonCore]:
    """The cores of population `number`; `common` holds the fields that all kinds of cores have, a core each."""
    population = network.populations[number]
    rate, start, duration = (_each(population, name) for name in ("rate", "start", "duration"))
    first, last = _ticks(start, network.timestep), _ticks(start + duration, network.timestep)
    seed = source_seeds(network.seed, number, 0, population.size)
    for low, known in zip(slicing.starts[number].tolist(), common, strict=True):
        mine = slice(low, low + known["n"])
        yield PoissonCore(**known, rate=rate[mine], start=first[mine], stop=last[mine], seed=seed[mine])


def array_cores(
    network: Network, number: int, slicing: Slicing, common: Sequence[dict[str, Any]]
) -> Iterator[ArrayCore]:
    """The cores of population `number`, which has spike times."""
    spikes = network.populations[number].spike_times
    assert spikes is not None
    for low, known in zip(slicing.starts[number].tolist(), common, strict=True):
        tick, index = _spike_ticks(spikes, low, low + known["n"], network.timestep)
        yield ArrayCore(**known, tick=tick, index=index)


def merged_spikes(network: Network) -> tuple[Diagnostic, ...]:
    """A remark for each array source that has several spikes in one tick, of which one is sent."""
    remarks = []
    for population in network.populations:
        if population.spike_times is not None:
            sent, _ = _spike_ticks(population.spike_times, 0, population.size, network.timestep)
            given = len(population.spike_times.times)
            if len(sent) < given:
                remark = (
                    f"{given - len(sent):,} of {given:,} spikes fall into a timestep with another of the same source"
                )
                remarks.append(Diagnostic("image", population.label, f"{remark}, and only one is sent"))
    return tuple(remarks)


def _spike_ticks(
    spikes: SpikeTimes, start: int, stop: int, timestep: float
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ticks and indices of the spikes of sources ``start <= i < stop``, sorted, no two alike."""
    offsets = spikes.offsets[start : stop + 1]
    tick = _ticks(spikes.times[offsets[0] : offsets[-1]], timestep).astype(np.int64)
    index = np.repeat(np.arange(stop - start), np.diff(offsets))
    tick, index = np.divmod(np.unique(tick * (stop - start) + index), stop - start)
    return tick.astype(np.int32), index.astype(np.int32)


def _ticks(times: NDArray[np.float64], timestep: float) -> NDArray[np.int32]:
    return np.clip(np.rint(times / timestep), 0, LAST_TICK).astype(np.int32)


def _each(population: Population, name: str) -> NDArray[np.float64]:
    """The value of a parameter of each Poisson source; float64[size]."""
    default = next(parameter.default for parameter in SPIKE_SOURCE_POISSON.parameters if parameter.name == name)
    return np.broadcast_to(np.asarray(population.parameters.get(name, default), np.float64), population.size).copy()
