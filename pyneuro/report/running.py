"""Sections of the report that tell what happened in the runs, and how they compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from emulator.image import HISTORY
from emulator.statistics import CoreStatistics, Statistics
from pyneuro.comparison import Comparison, PopulationComparison
from pyneuro.report.machine import ROWS
from pyneuro.report.schema.mapping import CoreRow, CoresSection
from pyneuro.report.schema.runs import (
    ComparisonRow,
    ComparisonSection,
    Counter,
    ExecutionSection,
    RunRow,
    SignalRow,
)
from pyneuro.results import Results, spike_hash
from toolchain.map_graph import GraphMapping
from toolchain.partition import Slice

OVERRUNS = "Overruns"


def cores_section(
    mapping: GraphMapping, slices: Sequence[Slice] = (), tick: float | None = None, statistics: Statistics | None = None
) -> CoresSection:
    """Tell every core.

    Parameters
    ----------
    slices : sequence of Slice
        What the cores hold; empty for a bare graph.
    tick : float, optional
        Cycles that a core has for a tick.
    """
    net_of = {net.source: number for number, net in enumerate(mapping.graph.nets)}
    shown = min(mapping.cores, ROWS)
    rows = []
    for i in range(shown):
        row = _core_row(mapping, i, net_of.get(i))
        if slices:
            row = _with_slice(row, slices[i], tick)
        if statistics:
            row = _with_counts(row, statistics.cores[i], statistics.cycles_per_tick)
        rows.append(row)
    busiest = max(slices, key=lambda piece: piece.cycles, default=None)
    return CoresSection(
        tuple(rows),
        mapping.cores - shown,
        overloaded=sum(piece.cycles > tick for piece in slices) if tick else 0,
        busiest=busiest.label if busiest and tick else None,
        busiest_share=busiest.cycles / tick if busiest and tick else None,
    )


def _core_row(mapping: GraphMapping, number: int, net: int | None) -> CoreRow:
    vertex, place, keys = mapping.graph.vertices[number], mapping.placement, mapping.keys
    return CoreRow(
        label=vertex.name,
        kind="vertex",
        neurons=vertex.neurons,
        x=int(place.x[number]),
        y=int(place.y[number]),
        p=int(place.p[number]),
        key=None if net is None else f"0x{keys.key[net]:08x}",
        mask=None if net is None else f"0x{keys.mask[net]:08x}",
        sdram_bytes=vertex.sdram_bytes,
    )


def _with_slice(row: CoreRow, piece: Slice, tick: float | None) -> CoreRow:
    expected = piece.cycles / tick if tick else None
    return replace(row, kind=piece.kind, dtcm_bytes=piece.dtcm_bytes, expected=expected)


def _with_counts(row: CoreRow, counts: CoreStatistics, tick: float) -> CoreRow:
    return replace(
        row,
        mean=counts.cycles_mean / tick,
        largest=counts.cycles_max / tick,
        overruns=counts.overruns,
        spikes=counts.spikes,
        packets_received=counts.packets_received,
        synaptic_events=counts.synaptic_events,
        saturations=counts.saturations,
    )


def execution_section(statistics: Statistics, time_scale_factor: float) -> ExecutionSection:
    """Tell what happened on the machine."""
    cores, tick = statistics.cores, statistics.cycles_per_tick
    busiest = max(cores, key=lambda core: core.cycles_max, default=None)
    return ExecutionSection(
        ticks=statistics.ticks,
        cycles_per_tick=tick,
        time_scale_factor=time_scale_factor,
        busiest=busiest.label if busiest else None,
        busiest_share=busiest.cycles_max / tick if busiest else 0.0,
        mean_share=sum(core.cycles_mean for core in cores) / len(cores) / tick if cores else 0.0,
        counters=_counters(statistics),
    )


def _counters(statistics: Statistics) -> tuple[Counter, ...]:
    """Return the totals; those that should be 0 come with a remedy."""
    return (
        *_traffic(statistics),
        Counter("Synaptic events", statistics.synaptic_events, "synapses added to ring buffers"),
        _trouble(
            statistics,
            "saturations",
            "Saturations",
            "synaptic events beyond what a ring buffer holds",
            "raise ring_buffer_sigma or spikes_per_second in the mapping options, or lower the weights",
        ),
        _trouble(
            statistics,
            "overruns",
            OVERRUNS,
            "ticks of a core that took longer than a tick",
            "raise time_scale_factor, or lower neurons_per_core",
        ),
        *(_histories(statistics) if statistics.dynamic_events else ()),
        *(_rewiring(statistics) if statistics.attempts else ()),
        Counter(
            "Dropped packets",
            statistics.packets_dropped,
            "copies that no routing table delivered",
            "this is a defect of pyneuro, please report it",
        ),
    )


def _traffic(statistics: Statistics) -> tuple[Counter, ...]:
    """Return the counts of packets."""
    return (
        Counter("Packets sent", statistics.packets_sent, "one for each spike of a core that has keys"),
        Counter("Link traversals", statistics.hops, "packets over links, all together"),
        Counter("Packets received", statistics.packets_received, "copies that reached cores"),
        Counter("Unmatched packets", statistics.unmatched, "received by a core that has no synapses for them"),
    )


def _trouble(statistics: Statistics, field: str, name: str, meaning: str, remedy: str) -> Counter:
    """A count that should be 0, of a `field` of each core; the core that has most of it is named."""
    value = int(getattr(statistics, field))
    most = max(statistics.cores, key=lambda core: int(getattr(core, field))).label if value else None
    return Counter(name, value, meaning, remedy, most)


def _histories(statistics: Statistics) -> tuple[Counter, ...]:
    """Return the counts of what the histories of synapses that change did not hold."""
    return (
        Counter("Events of synapses that change", statistics.dynamic_events, "those of the synaptic events"),
        _trouble(
            statistics,
            "forgotten",
            "Forgotten spikes",
            f"such events after more than {HISTORY - 1} spikes of the target since the last spike of the source; the "
            "earliest of these have not changed the weight",
            "let sources spike more often or targets less: a core remembers no more",
        ),
        _trouble(
            statistics,
            "merged",
            "Merged doses of dopamine",
            f"such events after more than {HISTORY - 1} arrivals of dopamine since the last spike of the source; some "
            "were taken for one of about the same effect",
            "bring dopamine in fewer, larger doses",
        ),
    )


def _rewiring(statistics: Statistics) -> tuple[Counter, ...]:
    """Return the counts of synapses that came and went."""
    return (
        Counter("Attempts to rewire", statistics.attempts, "at places of cells, to form or to eliminate a synapse"),
        Counter("Synapses formed", statistics.formed, "by these attempts"),
        Counter("Synapses eliminated", statistics.eliminated, "by these attempts"),
        _trouble(
            statistics,
            "full_rows",
            "Full rows",
            "attempts that would have formed a synapse and found no room for it",
            "raise rewired_row_synapses in the mapping options",
        ),
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
        time = (agreed.divergence.step + (not found.is_source)) * timestep
        divergence = (round(time, 6), found.divergent_cell, agreed.divergence.only_in)
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
