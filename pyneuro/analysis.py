"""Analysis: what is measured of spike trains, vectorised over the spikes.

Everything works on `SpikeTrains`: for each spike its step and the row of its cell among the recorded ones.
Figures that are not defined (the rate of no cells, the CV of a cell with two spikes) are NaN.

Sources: Softky and Koch 1993, J. Neurosci. 13 (CV of the intervals); Kumar et al. 2008, Neural Comput. 20 (mean
pairwise correlation of binned counts); van Rossum 2001, Neural Comput. 13 (distance of spike trains).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyneuro.results import PopulationResult, Results

Floats = NDArray[np.float64]

CORRELATION_BIN_MS = 5.0
MINIMUM_SPIKES = 3
"""Spikes that a cell needs for its intervals to have a spread."""
DISTANCE_TAU_MS = 10.0


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """Spikes of `cells` cells over `duration_steps` steps, sorted by step, then by row.

    Parameters
    ----------
    steps : int64[spikes]
        Step of each spike.
    rows : int64[spikes]
        Which of the recorded cells spiked: 0 ... cells - 1.
    timestep : float
        Milliseconds a step.
    """

    steps: NDArray[np.int64]
    rows: NDArray[np.int64]
    cells: int
    duration_steps: int
    timestep: float

    @property
    def duration_ms(self) -> float:
        """Biological time covered."""
        return self.duration_steps * self.timestep


def trains_of(results: Results, population: PopulationResult) -> SpikeTrains:
    """Return the spike trains recorded of one population."""
    rows = np.searchsorted(population.spikes_recorded, population.spike_indices).astype(np.int64)
    cells = len(population.spikes_recorded)
    return SpikeTrains(population.spike_steps, rows, cells, results.steps, results.timestep)


def spike_counts(trains: SpikeTrains) -> NDArray[np.int64]:
    """Spikes of each cell; int64[cells]."""
    return np.bincount(trains.rows, minlength=trains.cells).astype(np.int64, copy=False)


def rates(trains: SpikeTrains) -> Floats:
    """Rate of each cell in Hz; float64[cells], NaN for a run of no length."""
    if not trains.duration_steps:
        return np.full(trains.cells, np.nan)
    return spike_counts(trains) / (trains.duration_ms * 1e-3)


def mean_rate(trains: SpikeTrains) -> float:
    """Spikes a second and cell; NaN without cells or time."""
    seconds = trains.cells * trains.duration_ms * 1e-3
    return len(trains.steps) / seconds if seconds else float("nan")


def interval_cvs(trains: SpikeTrains, minimum_spikes: int = MINIMUM_SPIKES) -> Floats:
    """CV of the inter-spike intervals of each cell; NaN for a cell with fewer than `minimum_spikes` spikes.

    The CV is the standard deviation (of the sample as it is, not of an assumed population) over the mean.
    """
    order = np.lexsort((trains.steps, trains.rows))
    rows, steps = trains.rows[order], trains.steps[order]
    inside = rows[1:] == rows[:-1]
    interval, owner = np.diff(steps)[inside].astype(np.float64), rows[1:][inside]
    number = np.bincount(owner, minlength=trains.cells)
    enough = number >= max(minimum_spikes - 1, 1)
    cvs = np.full(trains.cells, np.nan)
    mean = np.bincount(owner, interval, trains.cells) / np.maximum(number, 1)
    square = np.bincount(owner, (interval - mean[owner]) ** 2, trains.cells) / np.maximum(number, 1)
    defined = enough & (mean > 0)
    cvs[defined] = np.sqrt(square[defined]) / mean[defined]
    return cvs


def mean_cv(trains: SpikeTrains) -> float:
    """Mean of the CVs that are defined; NaN if none is."""
    cvs = interval_cvs(trains)
    defined = cvs[~np.isnan(cvs)]
    return float(defined.mean()) if len(defined) else float("nan")


def pairwise_correlation(trains: SpikeTrains, bin_ms: float = CORRELATION_BIN_MS) -> float:
    """Mean Pearson correlation of the binned spike counts over all pairs of cells.

    Cells whose count never changes are left out; NaN if fewer than two remain. No sampling of pairs is
    needed: with the counts of cell i brought to mean 0 and norm 1 as z_i, the sum of z_i . z_j over all i
    and j is the squared norm of the sum of all z_i, which takes one pass over the spikes.
    """
    width = max(1, round(bin_ms / trains.timestep))
    bins = trains.duration_steps // width
    whole = trains.steps < bins * width
    code, count = np.unique(trains.rows[whole] * bins + trains.steps[whole] // width, return_counts=True)
    if not len(code):
        return float("nan")
    row, column = code // bins, code % bins
    mean = np.bincount(row, count, trains.cells) / bins
    norm = np.sqrt(np.maximum(np.bincount(row, count.astype(np.float64) ** 2, trains.cells) - bins * mean**2, 0.0))
    varies = norm > 1e-9
    pairs = np.count_nonzero(varies) * (np.count_nonzero(varies) - 1)
    if not pairs:
        return float("nan")
    scale = np.where(varies, 1.0 / np.where(varies, norm, 1.0), 0.0)
    total = np.bincount(column, count * scale[row], bins) - (mean * scale).sum()
    return float((total @ total - np.count_nonzero(varies)) / pairs)


def population_rate(trains: SpikeTrains, bin_steps: int) -> tuple[Floats, Floats]:
    """Rate over time: (left edges of the bins in ms, spikes a second and cell in each bin).

    The last bin may be shorter than the others; its rate is that of its own length.
    """
    edges = np.append(np.arange(0, trains.duration_steps, bin_steps), trains.duration_steps)
    if len(edges) < 2 or not trains.cells:
        return np.empty(0), np.empty(0)
    counts = np.bincount(trains.steps // bin_steps, minlength=len(edges) - 1)
    seconds = np.diff(edges) * (trains.timestep * 1e-3)
    return edges[:-1] * trains.timestep, counts / (trains.cells * seconds)


def van_rossum(a: SpikeTrains, b: SpikeTrains, tau_ms: float = DISTANCE_TAU_MS) -> Floats:
    """Van Rossum's distance between the trains of each cell; float64[cells].

    Each spike becomes a decaying exponential of time constant `tau_ms`; the squared distance is the
    integral of the squared difference over tau. So one spike too many is 0.71, two equal trains are 0.
    """
    rows, steps = np.concatenate((a.rows, b.rows)), np.concatenate((a.steps, b.steps))
    sign = np.concatenate((np.ones(len(a.rows)), -np.ones(len(b.rows))))
    order = np.lexsort((steps, rows))
    rows, steps, sign = rows[order], steps[order], sign[order]
    number = np.bincount(rows, minlength=a.cells)
    first = np.cumsum(number) - number
    squared, trace, last = np.zeros(a.cells), np.zeros(a.cells), np.zeros(a.cells, np.int64)
    for turn in range(int(number.max(initial=0))):
        cells = np.flatnonzero(number > turn)
        spike = first[cells] + turn
        trace[cells] *= np.exp(-(steps[spike] - last[cells]) * (a.timestep / tau_ms))
        squared[cells] += sign[spike] * (trace[cells] + 0.5 * sign[spike])
        trace[cells] += sign[spike]
        last[cells] = steps[spike]
    return np.sqrt(np.maximum(squared, 0.0))
