"""Comparison: the run of the reference beside the run of the emulator, population by population.

Rates, the irregularity of the intervals and correlations say whether the network does the same; the agreement
of single spikes and the difference of voltages say how exactly.  A chaotic network loses the latter soon
after its first divergence, whatever the cause, so voltage differences are given over the whole run and up to there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pyneuro.agreement import Agreement, agreement
from pyneuro.analysis import SpikeTrains, mean_cv, mean_rate, pairwise_correlation, trains_of, van_rossum
from pyneuro.errors import ComparisonError
from pyneuro.results import PopulationResult, Results, Signal


@dataclass(frozen=True)
class Activity:
    """What one run of a population looks like: spikes, mean rate (Hz), mean CV and mean pairwise correlation."""

    spikes: int
    rate_hz: float
    cv: float
    correlation: float


@dataclass(frozen=True)
class SignalDifference:
    """How far a recorded variable differs, in its unit.

    Parameters
    ----------
    cells, samples : int
        Cells that both recorded, and samples of each.
    rms, largest : float
        Root mean square and largest absolute difference over the whole run.
    rms_before, largest_before : float
        The same up to the first divergence of the population's spikes.
    """

    variable: str
    unit: str
    cells: int
    samples: int
    rms: float
    largest: float
    rms_before: float
    largest_before: float


@dataclass(frozen=True)
class PopulationComparison:
    """One population on both simulators.

    Parameters
    ----------
    recorded : int
        Cells whose spikes were recorded.
    divergent_cell, unpaired_cell : int or None
        The cells of ``agreement.divergence`` and ``agreement.unpaired``.
    distance : float
        Van Rossum's distance of the spike trains, mean over the cells.
    """

    label: str
    is_source: bool
    recorded: int
    reference: Activity
    emulated: Activity
    agreement: Agreement
    divergent_cell: int | None
    unpaired_cell: int | None
    distance: float
    signals: tuple[SignalDifference, ...]

    @property
    def spikes_difference(self) -> float:
        """Relative difference of the spike counts."""
        return _relative(self.reference.spikes, self.emulated.spikes)

    @property
    def rate_difference(self) -> float:
        """Relative difference of the mean rates."""
        return _relative(self.reference.rate_hz, self.emulated.rate_hz)

    @property
    def cv_difference(self) -> float:
        """Difference of the CVs, NaN where neither is defined, infinite where one is not."""
        return _difference(self.reference.cv, self.emulated.cv)

    @property
    def correlation_difference(self) -> float:
        """Difference of the correlations, NaN where neither is defined, infinite where one is not."""
        return _difference(self.reference.correlation, self.emulated.correlation)


@dataclass(frozen=True)
class Comparison:
    """Both runs of one network."""

    network: str
    timestep: float
    steps: int
    tolerance_steps: int
    populations: tuple[PopulationComparison, ...]


def compare(reference: Results, emulated: Results, tolerance_steps: int = 1) -> Comparison:
    """Compare two runs of one network; populations of which nothing was recorded are left out.

    Parameters
    ----------
    tolerance_steps : int
        Spikes of one cell that lie so many steps apart may still be paired.

    Raises
    ------
    ComparisonError
        If the runs are not of the same network, timestep, length or recordings.
    """
    _check_same("timestep (ms)", reference.timestep, emulated.timestep)
    _check_same("number of steps", reference.steps, emulated.steps)
    _check_same("populations", [p.label for p in reference.populations], [p.label for p in emulated.populations])
    pairs = zip(reference.populations, emulated.populations, strict=True)
    return Comparison(
        network=reference.network,
        timestep=reference.timestep,
        steps=reference.steps,
        tolerance_steps=tolerance_steps,
        populations=tuple(
            _compare_population(r, e, trains_of(reference, r), trains_of(emulated, e), tolerance_steps)
            for r, e in pairs
            if len(r.spikes_recorded) or r.signals
        ),
    )


def _compare_population(
    reference: PopulationResult, emulated: PopulationResult, left: SpikeTrains, right: SpikeTrains, tolerance: int
) -> PopulationComparison:
    label = reference.label
    recorded = reference.spikes_recorded
    if not np.array_equal(recorded, emulated.spikes_recorded):
        raise ComparisonError(f"population {label!r}: the two runs recorded the spikes of different cells")
    _check_same(f"signals of {label!r}", sorted(reference.signals), sorted(emulated.signals))
    agreed = agreement(left, right, tolerance)
    until = agreed.divergence.step if agreed.divergence else left.duration_steps
    return PopulationComparison(
        label=label,
        is_source=reference.is_source,
        recorded=len(recorded),
        reference=activity(left),
        emulated=activity(right),
        agreement=agreed,
        divergent_cell=int(recorded[agreed.divergence.row]) if agreed.divergence else None,
        unpaired_cell=int(recorded[agreed.unpaired.row]) if agreed.unpaired else None,
        distance=float(van_rossum(left, right).mean()) if len(recorded) else math.nan,
        signals=tuple(
            _compare_signal(label, variable, reference.signals[variable], emulated.signals[variable], until)
            for variable in sorted(reference.signals)
        ),
    )


def activity(trains: SpikeTrains) -> Activity:
    """Return what one run of a population looks like."""
    return Activity(len(trains.steps), mean_rate(trains), mean_cv(trains), pairwise_correlation(trains))


def _compare_signal(label: str, variable: str, reference: Signal, emulated: Signal, until: int) -> SignalDifference:
    """Compare the samples that both have; `until` is the step of the first divergence."""
    _check_same(f"sampling interval of {variable} of {label!r}", reference.interval_steps, emulated.interval_steps)
    cells, left, right = np.intersect1d(reference.indices, emulated.indices, return_indices=True)
    samples = min(len(reference.values), len(emulated.values))
    difference = np.abs(reference.values[:samples, left] - emulated.values[:samples, right])
    before = difference[: until // reference.interval_steps + 1]
    return SignalDifference(
        variable=variable,
        unit=reference.unit,
        cells=len(cells),
        samples=samples,
        rms=_rms(difference),
        largest=float(difference.max(initial=0.0)),
        rms_before=_rms(before),
        largest_before=float(before.max(initial=0.0)),
    )


def _rms(difference: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.sqrt(np.mean(difference**2))) if difference.size else math.nan


def _relative(reference: float, emulated: float) -> float:
    """Absolute difference over the reference: 0 if both are 0, infinite if only the reference is."""
    if reference == emulated:
        return 0.0
    return abs(emulated - reference) / reference if reference else math.inf


def _difference(reference: float, emulated: float) -> float:
    if math.isnan(reference) != math.isnan(emulated):
        return math.inf
    return abs(emulated - reference)


def _check_same(what: str, reference: object, emulated: object) -> None:
    if reference != emulated:
        raise ComparisonError(f"the runs differ in {what}: {reference} in the reference, {emulated} in the emulator")
