"""Sections of the report that tell what happened in the runs, and how they compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyneuro.comparison import Comparison, PopulationComparison
from pyneuro.report import (
    ComparisonRow,
    ComparisonSection,
    CoreRow,
    CoresSection,
    Counter,
    ExecutionSection,
    RequirementRow,
    RunRow,
    SignalRow,
)
from pyneuro.report.mapping import ROWS
from pyneuro.requirements import Verdict
from pyneuro.results import Results, spike_hash
from toolchain.graph import Graph, Vertex
from toolchain.keys import Keys
from toolchain.place import Placement


@dataclass(frozen=True, eq=False)
class Load:
    """What the cores of a machine had to do, in the order of the vertices.

    Parameters
    ----------
    cycles_per_tick : float
        What a core has.
    mean, largest : float64[cores]
        Cycles of a tick.
    overruns, saturations : int64[cores]
        Ticks that took too long; additions to ring buffers that saturated.
    """

    ticks: int
    cycles_per_tick: float
    time_scale_factor: float
    mean: NDArray[np.float64]
    largest: NDArray[np.float64]
    overruns: NDArray[np.int64]
    saturations: NDArray[np.int64]

    def of(self, core: int) -> tuple[float, float, int, int]:
        """Mean and largest share of a tick, overruns and saturations of one core."""
        shares = self.mean[core] / self.cycles_per_tick, self.largest[core] / self.cycles_per_tick
        return float(shares[0]), float(shares[1]), int(self.overruns[core]), int(self.saturations[core])


@dataclass(frozen=True)
class Slot:
    """What a core holds, as the partitioner says it: kind, DTCM and estimated share of a tick."""

    kind: str
    dtcm_bytes: int
    estimated: float | None


def cores_section(
    graph: Graph, placement: Placement, keys: Keys, slots: Sequence[Slot] = (), load: Load | None = None
) -> CoresSection:
    """Tell every core; `slots` are empty for a bare graph."""
    shown = min(len(graph.vertices), ROWS)
    names = _keys_by_vertex(graph, keys)
    rows = tuple(
        _core_row(
            graph.vertices[i],
            (int(placement.x[i]), int(placement.y[i]), int(placement.p[i])),
            names.get(i, (None, None)),
            slots[i] if slots else None,
            load.of(i) if load else (None, None, None, None),
        )
        for i in range(shown)
    )
    return CoresSection(rows, len(graph.vertices) - shown)


def _core_row(
    vertex: Vertex,
    place: tuple[int, int, int],
    key: tuple[str | None, str | None],
    slot: Slot | None,
    load: tuple[float | None, float | None, int | None, int | None],
) -> CoreRow:
    return CoreRow(
        label=vertex.name,
        kind=slot.kind if slot else "vertex",
        neurons=vertex.neurons,
        x=place[0],
        y=place[1],
        p=place[2],
        key=key[0],
        mask=key[1],
        dtcm_bytes=slot.dtcm_bytes if slot else None,
        sdram_bytes=vertex.sdram_bytes,
        estimated=slot.estimated if slot else None,
        mean=load[0],
        largest=load[1],
        overruns=load[2],
        saturations=load[3],
    )


def _keys_by_vertex(graph: Graph, keys: Keys) -> dict[int, tuple[str, str]]:
    """Key and mask, as hexadecimal numbers, of each vertex that sends."""
    pairs = zip(graph.nets, keys.key.tolist(), keys.mask.tolist(), strict=True)
    return {net.source: (f"0x{key:08x}", f"0x{mask:08x}") for net, key, mask in pairs}


def execution_section(load: Load, names: Sequence[str], counters: Iterable[Counter]) -> ExecutionSection:
    """Tell what happened on the machine; `names` are those of the cores."""
    busiest = int(np.argmax(load.largest)) if len(load.largest) else None
    return ExecutionSection(
        ticks=load.ticks,
        cycles_per_tick=load.cycles_per_tick,
        time_scale_factor=load.time_scale_factor,
        busiest=None if busiest is None else names[busiest],
        busiest_share=0.0 if busiest is None else float(load.largest[busiest] / load.cycles_per_tick),
        mean_share=float(load.mean.mean() / load.cycles_per_tick) if len(load.mean) else 0.0,
        counters=tuple(counters),
    )


def run_row(results: Results, seconds: Mapping[str, float], cpu_s: float | None = None) -> RunRow:
    """Tell one run; the rate is over all cells that were recorded and are no sources."""
    cells = [population for population in results.populations if not population.is_source]
    recorded = sum(len(population.spikes_recorded) for population in cells)
    spikes = sum(len(population.spike_steps) for population in cells)
    bio_s = results.duration_ms * 1e-3
    return RunRow(
        backend=results.backend,
        bio_s=bio_s,
        seconds=tuple(seconds.items()),
        cpu_s=cpu_s,
        spikes=spikes,
        rate_hz=spikes / (recorded * bio_s) if recorded and bio_s else None,
        spike_hash=spike_hash(results),
    )


def comparison_section(comparison: Comparison) -> ComparisonSection:
    """Tell how the runs compare."""
    return ComparisonSection(
        tolerance_ms=comparison.tolerance_steps * comparison.timestep,
        populations=tuple(_comparison_row(found, comparison.timestep) for found in comparison.populations),
    )


def _comparison_row(found: PopulationComparison, timestep: float) -> ComparisonRow:
    agreed, divergence = found.agreement, None
    if agreed.divergence and found.divergent_cell is not None:
        divergence = (round(agreed.divergence.step * timestep, 6), found.divergent_cell, agreed.divergence.only_in)
    return ComparisonRow(
        label=found.label,
        is_source=found.is_source,
        recorded=found.recorded,
        spikes=(found.reference.spikes, found.emulated.spikes),
        rate_hz=(found.reference.rate_hz, found.emulated.rate_hz),
        rate_difference=found.rate_difference,
        cv=(found.reference.cv, found.emulated.cv),
        correlation=(found.reference.correlation, found.emulated.correlation),
        equal=agreed.equal_fraction,
        paired=agreed.paired_fraction,
        shifts=agreed.shifts,
        equal_before=agreed.equal_before,
        divergence=divergence,
        distance=found.distance,
        signals=tuple(
            SignalRow(s.variable, s.unit, s.rms, s.largest, s.rms_before, s.largest_before) for s in found.signals
        ),
    )


def requirement_rows(verdicts: Iterable[Verdict]) -> tuple[RequirementRow, ...]:
    """Tell which requirements are met."""
    return tuple(RequirementRow(v.requirement, v.population, v.measured, v.passed) for v in verdicts)
