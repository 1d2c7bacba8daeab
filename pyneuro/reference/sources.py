"""Spike sources: what they send, a block of steps at a time.

The spike of a source at time t belongs to step ``rint(t / dt)`` and acts ``delay`` steps after t.  A source
may spike more than once in a step; each of its spikes counts.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emulator.poisson import PoissonTrains
from emulator.renewal import RenewalTrains
from emulator.seeds import source_seeds
from emulator.trains import Trains
from pyneuro.errors import UnsupportedError
from toolchain.models import CELL_MODELS
from toolchain.models.sources import (
    RENEWAL_SOURCES,
    SPIKE_SOURCE_ARRAY,
    SPIKE_SOURCE_POISSON,
    given,
    intervals,
    window,
)
from toolchain.network import Network, Population

Indices = NDArray[np.int64]


class Source(Protocol):
    """A population of spike sources."""

    def between(self, start: int, stop: int) -> tuple[Indices, Indices]:
        """Steps and source indices of the spikes of steps ``start..stop - 1``, sorted by step, then index.

        Blocks of steps are asked for in order, each once.
        """

    def update(self, population: Population) -> None:
        """Go on with the parameters of `population`."""


class ArraySource:
    """Sources that spike at given times."""

    def __init__(self, population: Population, timestep: float) -> None:
        self._timestep = timestep
        self.update(population)

    def update(self, population: Population) -> None:
        """Go on with the spike times of `population`."""
        given = population.spike_times
        times = np.empty(0) if given is None else given.times
        counts = np.zeros(population.size, np.int64) if given is None else np.diff(given.offsets)
        steps = np.rint(times / self._timestep).astype(np.int64)
        order = np.argsort(steps, kind="stable")
        self._steps = steps[order]
        self._indices = np.repeat(np.arange(population.size), counts)[order]

    def between(self, start: int, stop: int) -> tuple[Indices, Indices]:
        """Steps and source indices of the spikes of steps ``start..stop - 1``, sorted by step, then index."""
        part = slice(*np.searchsorted(self._steps, [start, stop]))
        return self._steps[part], self._indices[part]


class RandomSource:
    """Random sources, drawing from the same streams as on the machine."""

    def __init__(self, population: Population, number: int, seed: int, timestep: float) -> None:
        self._timestep = timestep
        self._seeds = source_seeds(seed, number, 0, population.size)
        self._trains = self._made(population, 0)

    def update(self, population: Population) -> None:
        """Go on with the parameters of `population`."""
        trains = self._made(population, self._trains.tick)
        trains.follow(self._trains)
        self._trains = trains

    def between(self, start: int, stop: int) -> tuple[Indices, Indices]:
        """Steps and source indices of the spikes of steps ``start..stop - 1``, sorted by step, then index."""
        steps, indices = self._trains.run(stop - start)
        return steps.astype(np.int64), indices.astype(np.int64)

    def _made(self, population: Population, step: int) -> Trains:
        """The sources of `population`, as they begin at `step`."""
        ticks = window(population, self._timestep)
        if population.cell in RENEWAL_SOURCES:
            return RenewalTrains(intervals(population), *ticks, self._seeds, timestep=self._timestep, tick=step)
        rates = np.broadcast_to(given(population, SPIKE_SOURCE_POISSON)["rate"], population.size)
        return PoissonTrains(rates, *ticks, self._seeds, timestep=self._timestep, tick=step)


def make_source(network: Network, number: int) -> Source:
    """The sources of population `number`."""
    population = network.populations[number]
    if population.cell == SPIKE_SOURCE_ARRAY.name:
        return ArraySource(population, network.timestep)
    if population.cell == SPIKE_SOURCE_POISSON.name or population.cell in RENEWAL_SOURCES:
        return RandomSource(population, number, network.seed, network.timestep)
    raise UnsupportedError(
        f"population '{population.label}': the reference simulator has no cell type {population.cell}; "
        f"it has {', '.join(CELL_MODELS)}"
    )


class Train:
    """The spikes of one block of steps, to be asked for step by step."""

    def __init__(self, source: Source, start: int, stop: int) -> None:
        self._start = start
        steps, self._indices = source.between(start, stop)
        self._cuts = np.searchsorted(steps, np.arange(start, stop + 1)).tolist()

    def at(self, step: int) -> Indices:
        """Indices of the sources that spike in `step`."""
        i = step - self._start
        return self._indices[self._cuts[i] : self._cuts[i + 1]]
