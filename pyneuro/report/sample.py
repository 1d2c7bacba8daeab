"""What is drawn of a run: a bounded sample of its spikes, rates over time, and stretches of recorded variables.

Cells are left out evenly, never spikes of a cell that is drawn, so that what is seen of a cell is true; only
where a single cell has more spikes than can be drawn are its spikes thinned.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pyneuro.analysis import SpikeTrains, population_rate, trains_of
from pyneuro.comparison import Comparison
from pyneuro.report.schema.runs import ActivityPlot, Floats, SpikeSample, Trace
from pyneuro.results import PopulationResult, Results, Signal

SPIKES_DRAWN = 12_000
"""Spikes of all populations that are drawn for one simulator."""
POPULATIONS_DRAWN = 30
RATE_BINS = 150
SAMPLES_DRAWN = 1500
TRACES_DRAWN = 8
LEAD = 0.4
"""Share of a stretch that lies before the first divergence."""


def activity_plots(reference: Results | None, emulated: Results | None) -> tuple[ActivityPlot, ...]:
    """Return the spikes to draw of the first populations whose spikes were recorded, on the runs that there are."""
    first = reference or emulated
    if first is None:
        return ()
    recorded = [i for i, population in enumerate(first.populations) if len(population.spikes_recorded)]
    drawn = recorded[:POPULATIONS_DRAWN]
    share = SPIKES_DRAWN // max(len(drawn), 1)
    return tuple(_activity_plot(reference, emulated, number, share) for number in drawn)


def _activity_plot(reference: Results | None, emulated: Results | None, number: int, share: int) -> ActivityPlot:
    runs = [(run, run.populations[number]) if run else None for run in (reference, emulated)]
    there = [(trains_of(*run), run[1]) for run in runs if run]
    trains, population = there[0]
    stride = max(1, math.ceil(max(len(found.steps) for found, _ in there) / share))
    bin_steps = rate_bin(trains.duration_steps, trains.timestep)
    samples = [_spike_sample(trains_of(*run), run[1], stride, share, bin_steps) if run else None for run in runs]
    return ActivityPlot(
        label=population.label,
        cells=trains.cells,
        stride=stride,
        duration_ms=trains.duration_ms,
        bin_ms=bin_steps * trains.timestep,
        reference=samples[0],
        emulated=samples[1],
    )


def _spike_sample(
    trains: SpikeTrains, population: PopulationResult, stride: int, share: int, bin_steps: int
) -> SpikeSample:
    """Spikes of every `stride`-th cell; a cell's spike lies at the end of its step, a source's at the start."""
    drawn = np.flatnonzero(trains.rows % stride == 0)
    drawn = drawn[:: max(1, math.ceil(len(drawn) / (2 * share)))]
    end = 0 if population.is_source else 1
    _, hertz = population_rate(trains, bin_steps)
    return SpikeSample(
        total=len(trains.steps),
        times_ms=rounded((trains.steps[drawn] + end).astype(np.float64) * trains.timestep),
        rows=tuple(trains.rows[drawn].tolist()),
        rate_hz=rounded(hertz),
    )


def rate_bin(steps: int, timestep: float) -> int:
    """Steps of a bin: about 1, 2 or 5 times a power of ten milliseconds, for about `RATE_BINS` bins or fewer."""
    if steps <= RATE_BINS:
        return 1
    least = steps * timestep / RATE_BINS
    decade = 10.0 ** math.floor(math.log10(least))
    width = next(decade * factor for factor in (1, 2, 5, 10) if decade * factor >= least * (1 - 1e-9))
    return max(1, round(width / timestep))


def traces(
    reference: Results | None, emulated: Results | None, comparison: Comparison | None = None
) -> tuple[Trace, ...]:
    """Return a stretch of one cell of each recorded variable, membrane potentials first."""
    first = reference or emulated
    if first is None:
        return ()
    named = [(variable, i) for i, p in enumerate(first.populations) for variable in p.signals]
    named.sort(key=lambda pair: (pair[0] != "v", pair[1], pair[0]))
    found = [_trace(reference, emulated, comparison, number, variable) for variable, number in named]
    return tuple(trace for trace in found if trace)[:TRACES_DRAWN]


def _trace(
    reference: Results | None, emulated: Results | None, comparison: Comparison | None, number: int, variable: str
) -> Trace | None:
    runs = [run for run in (reference, emulated) if run]
    signals = [run.populations[number].signals[variable] for run in runs]
    signal, label, timestep = signals[0], runs[0].populations[number].label, runs[0].timestep
    common = np.intersect1d(signals[0].indices, signals[-1].indices)
    samples = min(len(other.values) for other in signals)
    if not len(common) or not samples:
        return None
    step, divergent = _divergence(comparison, label)
    cell = int(divergent if divergent is not None and divergent in common else common[0])
    start = _start(step, signal.interval_steps, samples)
    stretches = iter([_stretch(other, cell, start) for other in signals])
    return Trace(
        label=label,
        variable=variable,
        unit=signal.unit,
        cell=cell,
        start_ms=round(start * signal.interval_steps * timestep, 6),
        interval_ms=signal.interval_steps * timestep,
        divergence_ms=None if step is None else round((step + 1) * timestep, 6),
        reference=next(stretches) if reference else None,
        emulated=next(stretches) if emulated else None,
    )


def _divergence(comparison: Comparison | None, label: str) -> tuple[int | None, int | None]:
    """Step and cell of the first divergence of the population called `label`."""
    for population in comparison.populations if comparison else ():
        if population.label == label and population.agreement.divergence:
            return population.agreement.divergence.step, population.divergent_cell
    return None, None


def _start(step: int | None, interval: int, samples: int) -> int:
    """First sample of a stretch that holds the divergence at `step`, or of the run where there is none."""
    if step is None or samples <= SAMPLES_DRAWN:
        return 0
    return int(np.clip(step // interval - int(LEAD * SAMPLES_DRAWN), 0, samples - SAMPLES_DRAWN))


def _stretch(signal: Signal, cell: int, start: int) -> Floats:
    column = int(np.searchsorted(signal.indices, cell))
    return rounded(signal.values[start : start + SAMPLES_DRAWN, column])


def rounded(values: NDArray[np.float64], digits: int = 6) -> Floats:
    """`values` to some significant digits: what can be drawn, and no more in the file."""
    return tuple(float(f"{value:.{digits}g}") for value in values.tolist())
