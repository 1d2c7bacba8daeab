"""The report as text for terminals, 100 columns wide: a heading a section, and tables that align."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable

from pyneuro.report import Report, text_runs, told_machine, told_network
from pyneuro.report.tabular import Block
from pyneuro.report.text_blocks import WIDTH, Lines, lines_of

MARKS = {"good": "+", "note": "~", "bad": "!"}


def to_text(report: Report) -> str:
    """Return `report` as text."""
    lines = [report.title, "=" * min(len(report.title), WIDTH), f"{report.made_by}", ""]
    for finding in report.findings:
        more = f" See '{finding.section}'." if finding.section else ""
        lines += textwrap.wrap(f"{MARKS[finding.level]} {finding.text}{more}", WIDTH, subsequent_indent="  ")
    for heading, parts in SECTIONS.items():
        bodies = [body for part in parts for body in part(report) if body]
        if bodies:
            lines += ["", heading, "-" * len(heading)]
            lines += [line for number, body in enumerate(bodies) for line in ([""] if number else []) + body]
    return "\n".join(line.rstrip() for line in lines) + "\n"


Bodies = Callable[[Report], Iterable[list[str]]]


def _told(tell: Callable[[Report], Iterable[Block]]) -> Bodies:
    """The lines of each block that `tell` tells."""
    return lambda report: (list(lines_of(block)) for block in tell(report))


def _as_is(write: Callable[[Report], Lines]) -> Bodies:
    return lambda report: (list(write(report)),)


SECTIONS: dict[str, tuple[Bodies, ...]] = {
    "Requirements": (_told(told_network.requirements),),
    "Comparison: reference (ref) and emulator (emu)": (_as_is(text_runs.comparison),),
    "Error budget: what each cause adds": (_as_is(text_runs.budget),),
    "Times": (_as_is(text_runs.runs),),
    "On the machine": (_as_is(text_runs.execution),),
    "Flow": (_told(told_network.flow),),
    "Settings": (_told(told_network.settings),),
    "Machine": (
        _told(told_machine.machine),
        _as_is(text_runs.board),
        _told(told_machine.boards),
        _told(told_machine.chips),
    ),
    "Populations on the machine": (_told(told_machine.partition), _told(told_machine.places)),
    "Weights and delays": (_told(told_network.weights),),
    "Remarks": (_told(told_network.remarks),),
    "Network": (_told(told_network.network),),
    "Cores": (_told(told_machine.cores), _told(told_machine.counts)),
    "Routes": (_told(told_machine.routes),),
    "Keys": (_told(told_machine.keys),),
    "Routing tables": (_told(told_machine.tables), _as_is(text_runs.fullest_tables)),
    "Memory": (_told(told_machine.used_memory),),
    "Energy (an estimate)": (_told(told_machine.energy),),
}
