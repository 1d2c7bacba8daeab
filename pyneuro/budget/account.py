"""The account: results of all stages in, the share of each cause out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pyneuro.analysis import SpikeTrains, trains_of
from pyneuro.comparison import Activity, PopulationComparison, activity, compare
from pyneuro.results import Results

APART_MS = 5.0
"""Spikes of a cell are taken for the same, one in each run, until they are so far apart."""


@dataclass(frozen=True, eq=False)
class StageRun:
    """A stage that has run: its name, what it adds to the one before, and what it recorded."""

    name: str
    cause: str
    results: Results


@dataclass(frozen=True)
class Share:
    """What one cause does to one population.

    Parameters
    ----------
    diverges_ms : float or None
        Time, as Neo has it, of the first spike that only one of the two runs has in its step; None if there is none.
    voltage_rms : float or None
        Root mean square of the difference of v (mV) up to there; None if v was not recorded.
    shift_ms : float
        Mean distance of spikes that are the same in both runs; NaN if there are none.
    rate_hz, cv, correlation : float
        How much they grow from the stage before to this one, over the whole run.
    """

    label: str
    diverges_ms: float | None
    voltage_rms: float | None
    shift_ms: float
    rate_hz: float
    cv: float
    correlation: float

    @property
    def nothing(self) -> bool:
        """Whether the two runs are the same in all that was recorded."""
        return self.diverges_ms is None and not self.voltage_rms


@dataclass(frozen=True)
class Step:
    """One cause: the stage that adds it, and its share in each population; () if it is not at work at all."""

    name: str
    cause: str
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Spread:
    """How much runs of the reference differ: standard deviations over `runs` runs."""

    label: str
    runs: int
    rate_hz: float
    cv: float
    correlation: float


@dataclass(frozen=True)
class Account:
    """All causes in their order, all of them together, and the spread of the reference."""

    steps: tuple[Step, ...]
    total: Step
    spread: tuple[Spread, ...]


def account(stages: Sequence[StageRun], reference: Results, seeds: Sequence[Results] = ()) -> Account:
    """Split the difference between the first and the last stage.

    Parameters
    ----------
    stages : sequence of StageRun
        In order; the first has nothing before it.
    reference : Results
        The run of the reference; with `seeds` it tells the spread.
    seeds : sequence of Results
        Runs of the reference with other seeds.
    """
    steps = []
    for before, stage in pairwise(stages):
        shares = _shares(before.results, stage.results)
        steps.append(Step(stage.name, stage.cause, () if all(share.nothing for share in shares) else shares))
    total = Step("total", "all of it", _shares(stages[0].results, stages[-1].results))
    return Account(tuple(steps), total, _spread([reference, *seeds]) if seeds else ())


def _shares(before: Results, after: Results) -> tuple[Share, ...]:
    pairs = {population.label: population for population in before.populations}
    compared = compare(before, after)
    return tuple(
        _share(found, trains_of(before, pairs[found.label]), trains_of(after, after.population(found.label)))
        for found in compared.populations
        if not found.is_source and _is_seen(found)
    )


def _is_seen(found: PopulationComparison) -> bool:
    """Whether spikes or v were recorded, without which there is nothing to say."""
    return found.recorded > 0 or any(signal.variable == "v" for signal in found.signals)


def _share(found: PopulationComparison, before: SpikeTrains, after: SpikeTrains) -> Share:
    divergence = found.agreement.divergence
    voltage = next((signal.rms_before for signal in found.signals if signal.variable == "v"), None)
    one, other = found.reference, found.emulated
    return Share(
        label=found.label,
        diverges_ms=round((divergence.step + 1) * before.timestep, 6) if divergence else None,
        voltage_rms=voltage,
        shift_ms=spike_shift(before, after),
        rate_hz=other.rate_hz - one.rate_hz,
        cv=other.cv - one.cv,
        correlation=other.correlation - one.correlation,
    )


def spike_shift(before: SpikeTrains, after: SpikeTrains) -> float:
    """Mean distance (ms) of the spikes that two runs of the same cells share; NaN if there are none."""
    shifts = pair_shifts(before, after)
    return float(np.mean(shifts)) if len(shifts) else math.nan


def pair_shifts(before: SpikeTrains, after: SpikeTrains) -> NDArray[np.float64]:
    """Distance (ms) of each pair of spikes that two runs of the same cells share.

    Spike number k of a cell in one run is spike number k in the other, as long as no two so far were more than 5 ms
    apart.
    """
    pairs = zip(_by_cell(before), _by_cell(after), strict=True)
    shifts = [_common(one, other, APART_MS / before.timestep) for one, other in pairs]
    return np.concatenate([np.zeros(0), *shifts]) * before.timestep


def _by_cell(trains: SpikeTrains) -> list[NDArray[np.int64]]:
    """Steps of the spikes of each cell."""
    order = np.argsort(trains.rows, kind="stable")
    return np.split(trains.steps[order], np.cumsum(np.bincount(trains.rows, minlength=trains.cells))[:-1])


def _common(one: NDArray[np.int64], other: NDArray[np.int64], apart: float) -> NDArray[np.float64]:
    """Distances of spikes that are the same, in steps."""
    shared = min(len(one), len(other))
    distance = np.abs(one[:shared] - other[:shared])
    wrong = np.flatnonzero(distance > apart)
    same = distance[: wrong[0] if len(wrong) else shared]
    return np.asarray(same, np.float64)


def _spread(runs: Sequence[Results]) -> tuple[Spread, ...]:
    spreads = []
    for population in runs[0].populations:
        if population.is_source or not len(population.spikes_recorded):
            continue
        found = [activity(trains_of(run, run.population(population.label))) for run in runs]
        deviations = [_deviation(found, name) for name in ("rate_hz", "cv", "correlation")]
        spreads.append(Spread(population.label, len(runs), *deviations))
    return tuple(spreads)


def _deviation(found: Sequence[Activity], name: str) -> float:
    return float(np.std([getattr(one, name) for one in found], ddof=1))
