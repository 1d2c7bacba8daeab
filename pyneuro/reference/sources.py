"""Spike sources: what they send, a block of steps at a time.

The spike of a source at time t belongs to step ``rint(t / dt)`` and acts ``delay`` steps after t.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from toolchain.network import Population

Indices = NDArray[np.int64]


class Source(Protocol):
    """A population of spike sources."""

    def between(self, start: int, stop: int) -> tuple[Indices, Indices]:
        """Steps and source indices of the spikes of steps ``start..stop - 1``, sorted by step, then index."""


class ArraySource:
    """Sources that spike at given times."""

    def __init__(self, population: Population, timestep: float) -> None:
        given = population.spike_times
        times = np.empty(0) if given is None else given.times
        counts = np.zeros(population.size, np.int64) if given is None else np.diff(given.offsets)
        steps = np.rint(times / timestep).astype(np.int64)
        order = np.argsort(steps, kind="stable")
        self._steps = steps[order]
        self._indices = np.repeat(np.arange(population.size), counts)[order]

    def between(self, start: int, stop: int) -> tuple[Indices, Indices]:
        """Steps and source indices of the spikes of steps ``start..stop - 1``, sorted by step, then index."""
        part = slice(*np.searchsorted(self._steps, [start, stop]))
        return self._steps[part], self._indices[part]


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
