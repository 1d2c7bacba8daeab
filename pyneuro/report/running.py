"""Sections of the report that tell what happened in the runs, and how they compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from emulator.statistics import CoreStatistics, Statistics
from emulator.synaptic_rows import HISTORY
from pyneuro.comparison import Comparison, PopulationComparison
from pyneuro.report.columns import FURTHER, ROWS, digest, first_rows, further
from pyneuro.report.schema.columns import CoreColumns
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
    told = _columns(mapping, slices, tick, statistics)
    rows = first_rows(told, CoreRow)
    busiest = max(slices, key=lambda piece: piece.cycles, default=None)
    return CoresSection(
        rows,
        mapping.cores - len(rows),
        more=further(told),
        digest=_digest(mapping),
        overloaded=sum(piece.cycles > tick for piece in slices) if tick else 0,
        busiest=busiest.label if busiest and tick else None,
        busiest_share=busiest.cycles / tick if busiest and tick else None,
    )


def _digest(mapping: GraphMapping) -> str:
    place, labels = mapping.placement, "\0".join(vertex.name for vertex in mapping.graph.vertices)
    return digest(labels.encode(), *(axis.astype("<i8").tobytes() for axis in (place.x, place.y, place.p)))


def _columns(
    mapping: GraphMapping, slices: Sequence[Slice], tick: float | None, statistics: Statistics | None
) -> CoreColumns:
    """What is told of each core, up to a number."""
    shown = slice(ROWS + FURTHER)
    vertices, pieces, place = mapping.graph.vertices[shown], slices[shown], mapping.placement
    key, mask = _words(mapping)
    told_sdram = any(vertex.sdram_bytes for vertex in mapping.graph.vertices)
    told = CoreColumns(
        label=tuple(vertex.name for vertex in vertices),
        kind=tuple(piece.kind for piece in pieces) or ("vertex",) * len(vertices),
        neurons=tuple(vertex.neurons for vertex in vertices),
        x=tuple(place.x[shown].tolist()),
        y=tuple(place.y[shown].tolist()),
        p=tuple(place.p[shown].tolist()),
        key=tuple(key[shown]),
        mask=tuple(mask[shown]),
        sdram_bytes=tuple(vertex.sdram_bytes for vertex in vertices) if told_sdram else None,
        dtcm_bytes=tuple(piece.dtcm_bytes for piece in pieces) if pieces else None,
        expected=tuple(piece.cycles / tick for piece in pieces) if pieces and tick else None,
    )
    return _with_counts(told, statistics.cores[shown], statistics.cycles_per_tick) if statistics else told


def _words(mapping: GraphMapping) -> tuple[list[str | None], list[str | None]]:
    """Key and mask of each core, as far as it sends."""
    key: list[str | None] = [None] * mapping.cores
    mask = key.copy()
    keys = zip(mapping.graph.nets, mapping.keys.key.tolist(), mapping.keys.mask.tolist(), strict=True)
    for net, word, wild in keys:
        key[net.source], mask[net.source] = f"0x{word:08x}", f"0x{wild:08x}"
    return key, mask


def _with_counts(told: CoreColumns, counts: Sequence[CoreStatistics], tick: float) -> CoreColumns:
    return replace(
        told,
        mean=tuple(core.cycles_mean / tick for core in counts),
        largest=tuple(core.cycles_max / tick for core in counts),
        overruns=tuple(core.overruns for core in counts),
        spikes=tuple(core.spikes for core in counts),
        packets_received=tuple(core.packets_received for core in counts),
        synaptic_events=tuple(core.synaptic_events for core in counts),
        saturations=tuple(core.saturations for core in counts),
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
