"""Building a report: what there is of products and runs goes in, one `Report` comes out.

Everything is optional, because a run on the reference has no mapping, a bare netlist no network, and a single
run no comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from pyneuro.comparison import Comparison
from pyneuro.report import Counter, DiagnosticRow, QuantisationRow, Report
from pyneuro.report.findings import findings
from pyneuro.report.mapping import (
    expected_traffic,
    machine_section,
    memory_section,
    network_section,
    partition_rows,
    routes_section,
    tables_section,
)
from pyneuro.report.running import (
    Load,
    Slot,
    comparison_section,
    cores_section,
    execution_section,
    requirement_rows,
    run_row,
)
from pyneuro.report.sample import activity_plots, traces
from pyneuro.requirements import Verdict
from pyneuro.results import Results
from toolchain.map_graph import GraphMapping
from toolchain.network import Network
from toolchain.partition import Partition


@dataclass(frozen=True, eq=False)
class Run:
    """One run: what it recorded, wall-clock seconds by what was done, and CPU seconds of the simulation."""

    results: Results
    seconds: Mapping[str, float] = field(default_factory=dict)
    cpu_s: float | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """What the emulated machine counted: the load of its cores, packets by link [width, height, 6], totals."""

    load: Load
    sent: NDArray[np.int64] | None = None
    counters: tuple[Counter, ...] = ()


def make_report(
    title: str,
    *,
    network: Network | None = None,
    mapping: GraphMapping | None = None,
    partition: Partition | None = None,
    slots: tuple[Slot, ...] = (),
    quantisation: tuple[QuantisationRow, ...] = (),
    diagnostics: tuple[DiagnosticRow, ...] = (),
    measured: Measured | None = None,
    reference: Run | None = None,
    emulated: Run | None = None,
    comparison: Comparison | None = None,
    verdicts: Iterable[Verdict] = (),
) -> Report:
    """Make the report of whatever is given."""
    left, right = (run.results if run else None for run in (reference, emulated))
    report = Report(
        title=title,
        made_by=f"pyneuro {_version()}",
        network=network_section(network) if network else None,
        partition=partition_rows(network, partition) if network and partition else (),
        quantisation=quantisation,
        diagnostics=diagnostics,
        runs=tuple(run_row(run.results, run.seconds, run.cpu_s) for run in (reference, emulated) if run),
        comparison=comparison_section(comparison) if comparison else None,
        requirements=requirement_rows(verdicts),
        activity=activity_plots(left, right),
        traces=traces(left, right, comparison),
    )
    if mapping:
        report = _with_mapping(report, mapping, slots, measured)
    return replace(report, findings=findings(report))


def _with_mapping(report: Report, mapping: GraphMapping, slots: tuple[Slot, ...], measured: Measured | None) -> Report:
    machine, names = mapping.machine, [vertex.name for vertex in mapping.graph.vertices]
    sdram = [vertex.sdram_bytes for vertex in mapping.graph.vertices]
    expected = expected_traffic(mapping.graph, mapping.routes, machine)
    load, sent = (measured.load, measured.sent) if measured else (None, None)
    return replace(
        report,
        machine=machine_section(mapping.placement, expected, sent, mapping.minimised, sdram),
        cores=cores_section(mapping.graph, mapping.placement, mapping.keys, slots, load),
        routes=routes_section(mapping.graph, mapping.routes, machine, expected, sent),
        tables=tables_section(mapping.tables, mapping.minimised, machine.table_entries),
        memory=memory_section(mapping.placement, names, sdram, [slot.dtcm_bytes for slot in slots]),
        execution=execution_section(measured.load, names, measured.counters) if measured else None,
    )


def _version() -> str:
    try:
        return version("pyneuro-spinnaker")
    except PackageNotFoundError:
        return "(not installed)"
