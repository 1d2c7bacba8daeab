"""Spike trains and results for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from pyneuro.analysis import SpikeTrains
from pyneuro.results import PopulationResult, Results, Signal


def trains(spikes: Iterable[tuple[int, int]], cells: int, steps: int, timestep: float = 1.0) -> SpikeTrains:
    """Trains of the spikes (step, row), in any order."""
    ordered = np.array(sorted(spikes), np.int64).reshape(-1, 2)
    return SpikeTrains(ordered[:, 0], ordered[:, 1], cells, steps, timestep)


def poisson(cells: int, steps: int, probability: float, seed: int) -> SpikeTrains:
    """A spike of each cell in each step with some probability."""
    steps_of, rows = np.nonzero(np.random.default_rng(seed).random((steps, cells)) < probability)
    return SpikeTrains(steps_of.astype(np.int64), rows.astype(np.int64), cells, steps, 1.0)


def population(
    label: str, spikes: SpikeTrains, signals: Mapping[str, Signal] | None = None, is_source: bool = False
) -> PopulationResult:
    """A population of which every cell's spikes are recorded."""
    cells = np.arange(spikes.cells, dtype=np.int32)
    rows = spikes.rows.astype(np.int32)
    return PopulationResult(label, spikes.cells, is_source, cells, spikes.steps, rows, signals or {})


def results(populations: Iterable[PopulationResult], steps: int, backend: str = "reference") -> Results:
    """Results of a run with a timestep of 1 ms."""
    return Results("net", backend, 1.0, steps, tuple(populations))


def signal(values: NDArray[np.float64], interval: int = 1) -> Signal:
    """A voltage of cells 0, 1, ..."""
    return Signal("mV", np.arange(values.shape[1], dtype=np.int32), interval, values)
