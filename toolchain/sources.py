"""Cores of spike sources: times become ticks, and each random source gets its own stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from emulator.image import ArrayCore, PoissonCore, RenewalCore
from emulator.seeds import source_seeds
from toolchain.diagnostics import Diagnostic
from toolchain.models.sources import RENEWAL_SOURCES, SPIKE_SOURCE_POISSON, given, intervals, nearest_tick, window
from toolchain.network import Network
from toolchain.rows import Slicing

LONGEST_INTERVAL: Final = 2.0**32 / 1000.0
"""Timesteps after which the interval of a slow Poisson source, in thousandths of a timestep, wraps at 32 bits."""
WRAPPED: Final = 0.01
"""Largest share of wrapped intervals that goes without a remark."""


def wrapping_sources(network: Network) -> tuple[Diagnostic, ...]:
    """A remark for each population of Poisson sources so slow that more than 1 % of their intervals wrap."""
    slowest_right = -np.log(WRAPPED) / LONGEST_INTERVAL / network.timestep * 1e3
    remarks = []
    for population in network.populations:
        if population.cell != SPIKE_SOURCE_POISSON.name:
            continue
        rates = np.atleast_1d(np.asarray(population.parameters.get("rate", 1.0), dtype=np.float64))
        slow = rates[(rates > 0.0) & (rates < slowest_right)]
        if len(slow):
            interval = 1e3 / float(slow.min()) / network.timestep
            message = (
                f"rate = {slow.min():g} Hz at a timestep of {network.timestep:g} ms is a spike every {interval:,.0f} "
                f"timesteps on average, and the machine cannot draw intervals beyond {LONGEST_INTERVAL:,.0f}: "
                f"{np.exp(-LONGEST_INTERVAL / interval):.0%} of them wrap and become short, so the source spikes too "
                f"often; use a rate of at least {slowest_right * 1.01:.2g} Hz, a longer timestep, or a SpikeSourceArray"
            )
            remarks.append(Diagnostic("image", population.label, message))
    return tuple(remarks)


def random_cores(
    network: Network, number: int, slicing: Slicing, common: Sequence[dict[str, Any]]
) -> Iterator[PoissonCore | RenewalCore]:
    """The cores of population `number`, of random sources; `common` holds the fields that all kinds of cores have."""
    population = network.populations[number]
    n = population.size
    start, stop = window(population, network.timestep)
    seed = source_seeds(network.seed, number, 0, n)
    drawn = intervals(population) if population.cell in RENEWAL_SOURCES else None
    rate = np.array(np.broadcast_to(given(population, SPIKE_SOURCE_POISSON).get("rate", 0.0), n), dtype=np.float64)
    for low, known in zip(slicing.starts[number].tolist(), common, strict=True):
        mine = slice(low, low + known["n"])
        known |= {"start": start[mine], "stop": stop[mine], "seed": seed[mine]}
        if drawn is None:
            yield PoissonCore(**known, rate=rate[mine].copy())
        else:
            yield RenewalCore(**known, intervals=drawn.part(mine.start, mine.stop))


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
