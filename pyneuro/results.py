"""Results: what a simulator recorded, in one form for both.

A spike in step k is one whose threshold crossing the update from ``k * dt`` to ``(k + 1) * dt`` found;
its time in Neo is ``(k + 1) * dt`` for cells, as in NEST, on both simulators.  A source that is told to
spike at time t does so in step ``round(t / dt)`` and its time is t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Signal:
    """Samples of one variable: ``values[s, i]`` is cell ``indices[i]`` at the start of step ``s * interval_steps``."""

    unit: str
    indices: NDArray[np.int32]
    interval_steps: int
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PopulationResult:
    """What was recorded of one population; spikes are sorted by step, then by cell index."""

    label: str
    size: int
    is_source: bool
    spikes_recorded: NDArray[np.int32]
    spike_steps: NDArray[np.int64]
    spike_indices: NDArray[np.int32]
    signals: Mapping[str, Signal]


@dataclass(frozen=True, eq=False)
class Results:
    """What one run recorded."""

    network: str
    backend: str
    timestep: float
    steps: int
    populations: tuple[PopulationResult, ...]
