"""Histories of spikes: what plastic synapses look up of their targets when their sources spike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyneuro.reference.delivery import count_until

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

FIRST_ROOM = 8
"""Spikes of a cell that there is room for at first."""


class History:
    """Spikes of some cells, each with the interval before it and the traces that it left.

    Parameters
    ----------
    cells : int
        Number of cells.
    traces : sequence of str
        Names of the traces.
    """

    def __init__(self, cells: int, traces: Sequence[str]) -> None:
        self._counts = np.zeros(cells, np.int64)
        self._times = np.zeros((cells, FIRST_ROOM), np.int64)
        self._since = np.zeros((cells, FIRST_ROOM))
        self._traces = {name: np.zeros((cells, FIRST_ROOM)) for name in traces}

    @property
    def room(self) -> int:
        """Spikes of a cell that there is room for."""
        return self._times.shape[1]

    def clear(self) -> None:
        """Forget all spikes."""
        self._counts[:] = 0

    def full(self, cells: Indices) -> bool:
        """Whether one of `cells` has no room for another spike."""
        return bool((self._counts[cells] == self.room).any())

    def latest(self, cells: NDArray[np.int32]) -> tuple[Floats, dict[str, Floats]]:
        """Time of the last spike of each cell (minus infinity if there is none) and its traces (0)."""
        return self.at(cells, self._counts[cells] - 1)

    def at(self, cells: NDArray[np.int32], entry: Indices) -> tuple[Floats, dict[str, Floats]]:
        """Time and traces of spike number `entry` of each cell; where that is -1, of one that never was."""
        seen = entry >= 0
        times = np.where(seen, self._times[cells, entry], -np.inf)
        return times, {name: np.where(seen, values[cells, entry], 0.0) for name, values in self._traces.items()}

    def spike(self, cells: NDArray[np.int32], entry: Indices) -> tuple[Floats, Floats, dict[str, Floats]]:
        """Time of spike number `entry` of each cell, timesteps since the one before it, and its traces."""
        times, since = self._times[cells, entry].astype(np.float64), self._since[cells, entry]
        return times, since, {name: values[cells, entry] for name, values in self._traces.items()}

    def until(self, cells: NDArray[np.int32], times: Indices) -> Indices:
        """How many spikes each cell had up to a time."""
        return count_until(cells, times, self._times, self._counts)

    def add(self, cells: Indices, time: int, since: Floats, traces: dict[str, Floats]) -> None:
        """Each of `cells`, none of which is full, spikes at `time`."""
        entry = self._counts[cells]
        self._times[cells, entry] = time
        self._since[cells, entry] = since
        for name, values in traces.items():
            self._traces[name][cells, entry] = values
        self._counts[cells] += 1

    def make_room(self, needless: Indices) -> None:
        """Drop the spikes of each cell up to a time, but for the last of them; have more room if few could go."""
        cells = np.arange(len(self._counts), dtype=np.int32)
        dropped = np.maximum(self.until(cells, needless) - 1, 0)
        self._counts -= dropped
        room = self.room
        if self._counts.max() > room // 2:
            room *= 2
        source = np.minimum(dropped[:, np.newaxis] + np.arange(room), self.room - 1)
        rows = cells[:, np.newaxis]
        self._times = self._times[rows, source]
        self._since = self._since[rows, source]
        self._traces = {name: values[rows, source] for name, values in self._traces.items()}
