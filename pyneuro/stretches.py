"""Recorded data: what one population recorded between two moments, raw, and as a segment of a Neo block.

A spike of a cell in step k has the time (k + 1) dt, that of a source k dt.  A signal that is recorded every
i steps has samples at the multiples of i, each the state before that step; a run of n steps has n + 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import neo
import numpy as np
import quantities as pq
from neo.core.spiketrainlist import SpikeTrainList
from numpy.typing import NDArray

from pyneuro.results import PopulationResult, Signal


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples [samples, cells] of one variable of the cells `indices`, from step `first` on, every `every` steps."""

    first: int
    every: int
    indices: NDArray[np.int32]
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stretch:
    """What a population recorded from step `start` to step `stop` of segment `number`.

    Parameters
    ----------
    number, start, stop : int
        How many resets came before; the first step, and the one that would be next.
    spiking : int32, optional
        Cells whose spikes are recorded, ascending; None if spikes are not.
    steps, indices : int64, int32
        Step and cell of each spike.
    signals : mapping of str to Samples
        Signals, in the order of the cell type.
    annotations : mapping
        What ``reset(annotations=...)`` said.
    """

    number: int
    start: int
    stop: int
    spiking: NDArray[np.int32] | None
    steps: NDArray[np.int64]
    indices: NDArray[np.int32]
    signals: Mapping[str, Samples]
    annotations: Mapping[str, Any] = field(default_factory=dict)


def segment(stretch: Stretch, population: Any, dt: float, names: set[str] | None, cells: Any) -> neo.Segment:
    """Return `stretch` as a Neo segment, as PyNN makes it.

    Parameters
    ----------
    stretch : Stretch
        The data.
    population : Population
        Whose they are.
    dt : float
        Timestep, ms.
    names : set of str, optional
        Which variables; by default all.
    cells : array of int, optional
        Which cells, as indices; by default all.
    """
    result = neo.Segment(
        name=f"segment{stretch.number:03d}", description=population.describe(), rec_datetime=datetime.now()
    )
    if stretch.spiking is not None and (names is None or "spikes" in names):
        result.spiketrains = _spike_trains(stretch, population, dt, cells)
        result.spiketrains.segment = result
    for name, samples in stretch.signals.items():
        chosen = slice(None) if cells is None else np.isin(samples.indices, cells)
        if (names is None or name in names) and samples.values[:, chosen].size:
            signal = _analog_signal(name, samples, chosen, population, dt)
            signal.segment = result
            result.analogsignals.append(signal)
    result.annotate(**stretch.annotations)
    return result


def _spike_trains(stretch: Stretch, population: Any, dt: float, cells: Any) -> SpikeTrainList:
    assert stretch.spiking is not None
    steps, indices, spiking = stretch.steps, stretch.indices, stretch.spiking
    if cells is not None:
        spiking = spiking[np.isin(spiking, cells)]
        chosen = np.isin(indices, spiking)
        steps, indices = steps[chosen], indices[chosen]
    late = 1 if population.celltype.injectable else 0
    first = int(population.first_id)
    return SpikeTrainList.from_spike_time_array(
        (steps + late).astype(float) * dt * pq.ms,
        indices.astype(int) + first,
        spiking.astype(int) + first,
        t_stop=stretch.stop * dt * pq.ms,
        units="ms",
        t_start=stretch.start * dt * pq.ms,
        source_population=population.label,
        source_index=spiking.astype(int),
    )


def _analog_signal(name: str, samples: Samples, chosen: Any, population: Any, dt: float) -> neo.AnalogSignal:
    indices = samples.indices[chosen].astype(int)
    return neo.AnalogSignal(
        samples.values[:, chosen],
        units=population.celltype.units[name],
        t_start=samples.first * dt * pq.ms,
        sampling_period=samples.every * dt * pq.ms,
        name=name,
        channel_ids=indices + int(population.first_id),
        source_population=population.label,
        array_annotations={"channel_index": indices},
    )


def result(stretches: Sequence[Stretch], population: Any, label: str) -> PopulationResult:
    """Return stretches that follow one another as one result, under the label that the network has."""
    last = stretches[-1]
    return PopulationResult(
        label=label,
        size=population.size,
        is_source=not population.celltype.injectable,
        spikes_recorded=np.zeros(0, np.int32) if last.spiking is None else last.spiking,
        spike_steps=np.concatenate([stretch.steps for stretch in stretches]),
        spike_indices=np.concatenate([stretch.indices for stretch in stretches]),
        signals={
            name: _signal([stretch.signals[name] for stretch in stretches if name in stretch.signals], population, name)
            for name in last.signals
        },
    )


def _signal(parts: list[Samples], population: Any, name: str) -> Signal:
    """Join samples; what was not recorded from the first step on is NaN there."""
    last = parts[-1]
    samples = last.first // last.every + len(last.values)
    values = np.full((samples, len(last.indices)), np.nan)
    for part in parts:
        begin = part.first // part.every
        _, here, there = np.intersect1d(part.indices, last.indices, return_indices=True)
        values[begin : begin + len(part.values), there] = part.values[:, here]
    return Signal(population.celltype.units[name], last.indices, last.every, values)
