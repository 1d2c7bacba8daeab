"""The report: one frozen value with everything that is told about a network, its mapping and its runs.

Three renderings are made of it and of nothing else: JSON (`pyneuro.report.to_json`), text for terminals
(`to_text`) and one self-contained HTML page (`to_html`).  The fields below and those of `pyneuro.report.schema`
are the schema of the JSON file: dataclasses become objects, tuples lists, and what is None or not finite
becomes null.  A section that does not apply (no mapping on the reference, no comparison of a single run) is
None.

The value is bounded: plots hold a sample of the spikes, and long tables their first rows as rows, 100,000 more as
columns, and the number left out, so that a machine of a thousand boards does not make a report of a gigabyte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyneuro.budget.account import Account
from pyneuro.report.schema.board import MachineSection
from pyneuro.report.schema.flow import FlowSection, RequirementRow, SettingRow, UnjudgedRow
from pyneuro.report.schema.mapping import (
    CoresSection,
    DiagnosticRow,
    EnergySection,
    HistogramRow,
    MemorySection,
    NetworkSection,
    PartitionRow,
    PlacesSection,
    QuantisationRow,
)
from pyneuro.report.schema.routing import KeysSection, RoutesSection, TablesSection
from pyneuro.report.schema.runs import ActivityPlot, ComparisonSection, ExecutionSection, RunRow, Trace

REPORT_FORMAT = "pyneuro report"
REPORT_VERSION = 2
"""Raised when what was there before is gone or means something else."""

Level = Literal["good", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """One sentence that sums up a part of the report; `section` is where there is more, as headed on the page."""

    level: Level
    text: str
    section: str = ""


@dataclass(frozen=True)
class Report:
    """Everything that is told; see the module."""

    title: str
    made_by: str
    findings: tuple[Finding, ...] = ()
    network: NetworkSection | None = None
    flow: FlowSection | None = None
    settings: tuple[SettingRow, ...] = ()
    machine: MachineSection | None = None
    partition: tuple[PartitionRow, ...] = ()
    places: PlacesSection | None = None
    cores: CoresSection | None = None
    routes: RoutesSection | None = None
    keys: KeysSection | None = None
    tables: TablesSection | None = None
    memory: MemorySection | None = None
    energy: EnergySection | None = None
    quantisation: tuple[QuantisationRow, ...] = ()
    histograms: tuple[HistogramRow, ...] = ()
    diagnostics: tuple[DiagnosticRow, ...] = ()
    runs: tuple[RunRow, ...] = ()
    execution: ExecutionSection | None = None
    comparison: ComparisonSection | None = None
    budget: Account | None = None
    requirements: tuple[RequirementRow, ...] = ()
    unjudged: tuple[UnjudgedRow, ...] = ()
    activity: tuple[ActivityPlot, ...] = ()
    traces: tuple[Trace, ...] = ()
    format: str = REPORT_FORMAT
    version: int = REPORT_VERSION

    @property
    def stages(self) -> tuple[str, ...]:
        """What was timed in the runs, in the order of the work."""
        named = {stage: None for run in reversed(self.runs) for stage, _ in run.seconds}
        return tuple(named)
