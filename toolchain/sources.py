"""Cores of spike sources: times become ticks, and each Poisson source gets its own random stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from emulator.image import ArrayCore, PoissonCore
from emulator.poisson import source_seeds
from toolchain.models.sources import SPIKE_SOURCE_POISSON, nearest_tick, poisson_window
from toolchain.network import Network
from toolchain.rows import Slicing


def poisson_cores(
    network: Network, number: int, slicing: Slicing, common: Sequence[dict[str, Any]]
) -> Iterator[PoissonCore]:
    """The cores of population `number`; `common` holds the fields that all kinds of cores have, a core each."""
    population = network.populations[number]
    given = {known.name: known.default for known in SPIKE_SOURCE_POISSON.parameters} | dict(population.parameters)
    rate = np.broadcast_to(np.asarray(given["rate"], dtype=np.float64), population.size)
    start, stop = poisson_window(given["start"], given["duration"], network.timestep, population.size)
    seed = source_seeds(network.seed, number, 0, population.size)
    for low, known in zip(slicing.starts[number].tolist(), common, strict=True):
        mine = slice(low, low + known["n"])
        yield PoissonCore(**known, rate=rate[mine].copy(), start=start[mine], stop=stop[mine], seed=seed[mine])


def array_cores(
    network: Network, number: int, slicing: Slicing, common: Sequence[dict[str, Any]]
) -> Iterator[ArrayCore]:
    """The cores of population `number`, which has spike times; each spike is sent, several in one tick too."""
    spikes = network.populations[number].spike_times
    assert spikes is not None
    for low, known in zip(slicing.starts[number].tolist(), common, strict=True):
        offsets = spikes.offsets[low : low + known["n"] + 1]
        times = spikes.times[offsets[0] : offsets[-1]]
        tick = nearest_tick(times, network.timestep, len(times))
        index = np.repeat(np.arange(known["n"], dtype=np.int32), np.diff(offsets))
        order = np.lexsort((index, tick))
        yield ArrayCore(**known, tick=tick[order], index=index[order])
