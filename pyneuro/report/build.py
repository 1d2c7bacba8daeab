"""Building a report: what there is of products and runs goes in, one `Report` comes out.

Everything is optional, because a run on the reference has no mapping, a bare netlist no network, and a single
run no comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.statistics import Statistics
from pyneuro.budget.account import Account
from pyneuro.comparison import Comparison
from pyneuro.report import Report
from pyneuro.report.energy import energy_section
from pyneuro.report.entries import tables_section
from pyneuro.report.findings import findings
from pyneuro.report.flow import comparison_rows, flow_section, mapping_rows, plain_flow, setting_rows, unjudged_rows
from pyneuro.report.histograms import histograms
from pyneuro.report.layers import layers_of, traffic_of
from pyneuro.report.machine import machine_section
from pyneuro.report.mapping import memory_section, network_section, partition_rows, with_regions
from pyneuro.report.places import keys_section, places_section
from pyneuro.report.running import comparison_section, cores_section, execution_section, run_row
from pyneuro.report.sample import activity_plots, traces
from pyneuro.report.schema.mapping import DiagnosticRow, QuantisationRow
from pyneuro.report.survey import survey
from pyneuro.report.trees import routes_section
from pyneuro.requirements import Verdict
from pyneuro.results import Results
from pyneuro.version import VERSION
from toolchain.compile import Mapping
from toolchain.diagnostics import Diagnostic
from toolchain.link_load import overloaded_links
from toolchain.machines import cut_off, machines_of
from toolchain.map_graph import GraphMapping
from toolchain.map_network import Outcome
from toolchain.network import Network
from toolchain.partition import Slice
from toolchain.quantisation import Quantisation

Seconds = Dictionary[str, float]


@dataclass(frozen=True, eq=False)
class Run:
    """One run: what it recorded, wall-clock seconds by what was done, and CPU seconds of the simulation."""

    results: Results
    seconds: Seconds = field(default_factory=dict)
    cpu_s: float | None = None


def make_report(
    title: str,
    *,
    network: Network | None = None,
    mapping: GraphMapping | None = None,
    slices: Sequence[Slice] = (),
    quantisation: Iterable[Quantisation] = (),
    diagnostics: Iterable[Diagnostic] = (),
    mapping_seconds: Seconds | None = None,
    outcome: Outcome[Any] | None = None,
    cycles_per_tick: float | None = None,
    time_scale_factor: float = 1.0,
    statistics: Statistics | None = None,
    reference: Run | None = None,
    emulated: Run | None = None,
    comparison: Comparison | None = None,
    verdicts: Iterable[Verdict] = (),
) -> Report:
    """Make the report of whatever is given.

    Parameters
    ----------
    slices : sequence of Slice
        What the vertices of the `mapping` are; none for a bare graph.
    mapping_seconds : mapping of str to float
        Wall-clock time of each stage.
    outcome : Outcome, optional
        How the mapping came about.
    cycles_per_tick, time_scale_factor : float
        Cycles that a core has for a tick, and wall-clock time over biological time.
    """
    report = Report(
        title=title,
        made_by=f"pyneuro {VERSION}",
        network=network_section(network) if network else None,
        partition=partition_rows(network, slices) if network else (),
        quantisation=tuple(_quantisation_row(found) for found in quantisation),
        diagnostics=tuple(DiagnosticRow(found.stage, found.subject, found.message) for found in diagnostics),
        flow=flow_section(outcome, mapping_seconds or {}) if outcome else plain_flow(mapping_seconds or {}),
        settings=setting_rows(outcome.settings, network, mapping.cores if mapping else 0) if outcome else (),
        requirements=mapping_rows(outcome.verdicts) if outcome else (),
        unjudged=unjudged_rows(outcome.settings) if outcome else (),
        execution=execution_section(statistics, time_scale_factor) if statistics else None,
    )
    if mapping:
        report = _with_mapping(report, mapping, slices, (cycles_per_tick, time_scale_factor), statistics)
    return add_runs(report, reference, emulated, comparison, verdicts=verdicts)


def compiled_report(
    title: str,
    network: Network,
    compiled: Mapping,
    statistics: Statistics | None = None,
    outcome: Outcome[Any] | None = None,
) -> Report:
    """Make the report of a compiled network, and if it has run on the emulated machine, of what was counted there."""
    made = make_report(
        title,
        network=network,
        mapping=compiled.graph_mapping,
        slices=compiled.partition.slices,
        quantisation=compiled.quantisation,
        diagnostics=compiled.diagnostics,
        mapping_seconds=compiled.seconds,
        outcome=outcome,
        cycles_per_tick=compiled.image.cycles_per_tick,
        time_scale_factor=compiled.time_scale_factor,
        statistics=statistics,
    )
    memory = made.memory and with_regions(made.memory, compiled.partition)
    return replace(made, histograms=histograms(network, compiled), memory=memory)


def netlist_remarks(outcome: Outcome[GraphMapping]) -> tuple[Diagnostic, ...]:
    """What the user is told of a bare graph that was mapped."""
    mapping = outcome.mapping
    return (
        *cut_off(next(machines_of(outcome.settings)(1)), mapping.machine),
        *overloaded_links(mapping.graph, mapping.routes, mapping.machine),
    )


def netlist_report(outcome: Outcome[GraphMapping]) -> Report:
    """Make the report of a bare graph that was mapped."""
    mapping = outcome.mapping
    return make_report(
        mapping.graph.name,
        mapping=mapping,
        diagnostics=netlist_remarks(outcome),
        mapping_seconds=mapping.seconds,
        outcome=outcome,
    )


def add_runs(
    report: Report,
    reference: Run | None,
    emulated: Run | None,
    comparison: Comparison | None = None,
    *,
    verdicts: Iterable[Verdict] = (),
    budget: Account | None = None,
) -> Report:
    """Return `report` with its runs, their comparison and budget replaced, and what of the requirements is about them.

    Its findings are made anew.
    """
    left, right = (run.results if run else None for run in (reference, emulated))
    told = replace(
        report,
        runs=tuple(run_row(run.results, run.seconds, run.cpu_s) for run in (reference, emulated) if run),
        comparison=comparison_section(comparison) if comparison else None,
        budget=budget,
        requirements=(*(row for row in report.requirements if row.of == "mapping"), *comparison_rows(verdicts)),
        unjudged=() if comparison else report.unjudged,
        activity=activity_plots(left, right),
        traces=traces(left, right, comparison),
    )
    return replace(told, findings=findings(told))


def _with_mapping(
    report: Report,
    mapping: GraphMapping,
    slices: Sequence[Slice],
    time: tuple[float | None, float],
    statistics: Statistics | None,
) -> Report:
    """`time` is the cycles that a core has for a tick, and the time scale factor."""
    (tick, scale), found = time, survey(mapping)
    names = [vertex.name for vertex in mapping.graph.vertices]
    sdram = [vertex.sdram_bytes for vertex in mapping.graph.vertices]
    layers, traffic = layers_of(mapping, found, slices, tick, statistics), traffic_of(mapping, statistics, scale)
    return replace(
        report,
        machine=machine_section(mapping.machine, layers, traffic),
        places=places_section(mapping, found),
        cores=cores_section(mapping, slices, tick, statistics),
        routes=routes_section(mapping, found, traffic),
        keys=keys_section(mapping, found),
        tables=tables_section(mapping, found),
        memory=memory_section(mapping.placement, names, sdram, [p.dtcm_bytes for p in slices]) if any(sdram) else None,
        energy=energy_section(mapping, layers, found, scale, statistics),
    )


def _quantisation_row(found: Quantisation) -> QuantisationRow:
    return QuantisationRow(
        label=found.label,
        unit=found.unit,
        synapses=found.synapses,
        shift=found.shift,
        quantum=found.quantum,
        largest_error=found.largest_error,
        rms_error=found.rms_error,
        zeroed=found.zeroed,
    )
