"""Sections of the text that only text has in this form.

They are runs, comparison and error budget, the board in characters, and the entries of the fullest tables.
"""

from __future__ import annotations

import textwrap

from pyneuro.report import Report
from pyneuro.report.budget import HEADINGS, HELP, UNITS, budget_rows
from pyneuro.report.schema.routing import Entry
from pyneuro.report.schema.runs import ComparisonSection
from pyneuro.report.text_blocks import WIDTH, Lines, facts, table
from pyneuro.report.words import NONE, meaning_of, number, percent, signed

WIDEST_BOARD = 16
FULLEST = 3
"""Chips whose entries are printed."""


def budget(report: Report) -> Lines:
    """Yield the error budget."""
    if report.budget is None:
        return
    headings = [f"{name} {unit}".rstrip() for name, unit in zip(HEADINGS, UNITS, strict=True)]
    yield from table(headings, budget_rows(report.budget))
    yield ""
    yield from textwrap.wrap(HELP, WIDTH)


def comparison(report: Report) -> Lines:
    """Yield how the simulators compare."""
    section = report.comparison
    if section:
        yield from _activity(section)
        yield ""
        yield from _agreement(section)
        yield ""
        yield from _signals(section)


def _activity(section: ComparisonSection) -> Lines:
    """What both simulators did, as statistics."""
    yield from table(
        ("population", "spikes ref", "emu", "rate ref", "emu Hz", "differ", "CV ref", "emu", "corr ref", "emu"),
        [
            (
                *(p.label, f"{p.spikes[0]:,}", f"{p.spikes[1]:,}", number(p.rate_hz[0]), number(p.rate_hz[1])),
                *(percent(p.rate_difference), number(p.cv[0], 3), number(p.cv[1], 3)),
                *(number(p.correlation[0], 2), number(p.correlation[1], 2)),
            )
            for p in section.populations
        ],
    )


def _agreement(section: ComparisonSection) -> Lines:
    """Which spikes they have in common."""
    within = f"within {section.tolerance_ms:g} ms"
    yield from table(
        ("population", "same step", within, "shifts", "parts at", "cell", "equal before"),
        [
            (
                *(p.label, percent(p.equal), percent(p.paired)),
                " ".join(f"{signed(shift)}:{count:,}" for shift, count in p.shifts),
                *((f"{p.divergence[0]:g} ms", str(p.divergence[1])) if p.divergence else ("never", NONE)),
                f"{p.equal_before:,}",
            )
            for p in section.populations
        ],
    )


def _signals(section: ComparisonSection) -> Lines:
    """How far recorded variables are apart."""
    yield from table(
        ("population", "variable", "unit", "RMS difference", "largest", "RMS before divergence", "largest"),
        [
            (p.label, s.variable, s.unit, *map(number, (s.rms, s.largest, s.rms_before, s.largest_before)))
            for p in section.populations
            for s in p.signals
        ],
    )


def runs(report: Report) -> Lines:
    """Yield the runs and their times."""
    yield from table(
        ("backend", "bio s", *(f"{stage} s" for stage in report.stages), "CPU s", "spikes", "rate Hz", "spike hash"),
        [
            (
                *(run.backend, f"{run.bio_s:g}", *(number(dict(run.seconds).get(s), 3) for s in report.stages)),
                *(number(run.cpu_s, 3), f"{run.spikes:,}", number(run.rate_hz), run.spike_hash),
            )
            for run in report.runs
        ],
    )


def execution(report: Report) -> Lines:
    """Yield what the machine counted."""
    run = report.execution
    if run is None:
        return
    yield from facts(
        (
            ("ticks", f"{run.ticks:,}"),
            ("cycles a tick", f"{run.cycles_per_tick:,.0f} (time scale factor {run.time_scale_factor:g})"),
            ("busiest core", f"{run.busiest or NONE}, fullest tick {percent(run.busiest_share)}"),
            ("mean load", percent(run.mean_share)),
            *((counter.name.lower(), f"{counter.value:,}  ({meaning_of(counter)})") for counter in run.counters),
        )
    )


def board(report: Report) -> Lines:
    """Yield the board, a number a chip."""
    machine = report.machine
    if machine is None or machine.block > 1 or machine.width > WIDEST_BOARD:
        return
    yield "Cores in use by chip, north at the top (a dot is a chip without any, x one that cannot be used):"
    yield from _mesh(report)


def _mesh(report: Report) -> Lines:
    """The mesh, each row shifted half a chip against the one below, as the links lie."""
    cells = {(cell.x, cell.y): cell for cell in report.machine.cells} if report.machine else {}
    low, high = min(y for _, y in cells), max(y for _, y in cells)
    left, right = min(x for x, _ in cells), max(x for x, _ in cells)
    margin = 2 * (high - low)
    rows = []
    for y in range(high, low - 1, -1):
        row = " " * (margin - 2 * (y - low))
        for x in range(left, right + 1):
            cell = cells.get((x, y))
            row += "    " if cell is None else f"{cell.used or ('.' if cell.cores else 'x'):>4}"
        rows.append(row)
    spare = min(len(row) - len(row.lstrip()) for row in rows)
    yield from (row[spare:] if spare else row for row in rows)


def fullest_tables(report: Report) -> Lines:
    """Yield the entries of the fullest tables, before and after; those of other chips are in the JSON file."""
    if report.tables is None:
        return
    lengths = {(row.x, row.y): (row.generated, row.minimised) for row in report.tables.rows}
    for turn, chip in enumerate(report.tables.entries[:FULLEST]):
        yield from ([""] if turn else [])
        generated, loaded = lengths[chip.x, chip.y]
        yield from _entries(f"Entries of chip ({chip.x}, {chip.y}), as generated.", chip.generated, generated)
        yield ""
        loaded_as = f"Entries of chip ({chip.x}, {chip.y}), as loaded; the first that matches counts."
        yield from _entries(loaded_as, chip.minimised, loaded)


def _entries(caption: str, entries: tuple[Entry, ...], total: int) -> Lines:
    yield caption
    yield from table(("key", "mask", "route"), entries, total - len(entries)) if entries else ["none"]
