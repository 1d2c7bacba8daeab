"""Results: what a simulator recorded, in one form for both.

A spike in step k is one whose threshold crossing the update from ``k * dt`` to ``(k + 1) * dt`` found;
its time in Neo is ``(k + 1) * dt`` for cells, as in NEST, on both simulators.  A source that is told to
spike at time t does so in step ``round(t / dt)`` and its time is t.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emulator import archive

RESULTS_FORMAT = "pyneuro results"
RESULTS_VERSION = 1
HASH_DIGITS = 16


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

    def population(self, label: str) -> PopulationResult:
        """The population called `label`; KeyError if there is none."""
        for population in self.populations:
            if population.label == label:
                return population
        raise KeyError(label)

    @property
    def duration_ms(self) -> float:
        """Biological time of the run."""
        return self.steps * self.timestep


def spike_hash(results: Results) -> str:
    """Digest of all recorded spikes: 16 hexadecimal digits of SHA-256.

    It takes in each population's label, spike steps and cell indices, in order, and nothing else: equal spikes
    have equal digests for any number of threads, any placement, any machine and both simulators.
    """
    digest = hashlib.sha256()
    for population in results.populations:
        label = population.label.encode("utf-8", "surrogatepass")
        digest.update(np.array([len(label), len(population.spike_steps)], "<i8").tobytes())
        digest.update(label)
        digest.update(population.spike_steps.astype("<i8").tobytes())
        digest.update(population.spike_indices.astype("<i4").tobytes())
    return digest.hexdigest()[:HASH_DIGITS]


def save_results(path: str | Path, results: Results) -> None:
    """Write `results` to `path` (``.npz``, no pickle); an unfinished file never stands at `path`."""
    archive.save(path, results, RESULTS_FORMAT, RESULTS_VERSION)


def load_results(path: str | Path) -> Results:
    """Read the results at `path`; ArchiveError if the file is truncated, foreign or of another version."""
    return archive.load(path, Results, RESULTS_FORMAT, RESULTS_VERSION)
