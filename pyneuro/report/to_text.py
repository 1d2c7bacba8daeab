"""The report as text for terminals, 100 columns wide: a heading a section, and tables that align."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from pyneuro.report import Report
from pyneuro.report.budget import HEADINGS, HELP, UNITS, budget_rows
from pyneuro.report.words import NONE, amount, is_number, link_name, measured, memory, number, percent, signed

WIDTH = 100
ROWS = 40
"""Rows of a table; the JSON file has the others."""
MARKS = {"good": "+", "note": "~", "bad": "!"}

Lines = Iterator[str]


def to_text(report: Report) -> str:
    """Return `report` as text."""
    lines = [report.title, "=" * min(len(report.title), WIDTH), f"{report.made_by}", ""]
    for finding in report.findings:
        lines += textwrap.wrap(f"{MARKS[finding.level]} {finding.text}", WIDTH, subsequent_indent="  ")
    for heading, section in SECTIONS.items():
        body = list(section(report))
        if body:
            lines += ["", heading, "-" * len(heading), *body]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], omitted: int = 0) -> Lines:
    """Yield a table; columns of numbers are set to the right."""
    cells = [list(row) for row in rows]
    omitted += max(0, len(cells) - ROWS)
    cells = cells[:ROWS]
    if not cells:
        return
    columns = list(zip(*cells, strict=True))
    right = [all(is_number(cell) for cell in column) for column in columns]
    width = [max(map(len, (head, *column))) for head, column in zip(headings, columns, strict=True)]
    _shrink(width, right)
    for row in (headings, *cells):
        fields = (_fit(cell, w, r) for cell, w, r in zip(row, width, right, strict=True))
        yield "  ".join(fields)
    if omitted:
        yield f"... and {omitted:,} more"


def _shrink(width: list[int], right: list[bool]) -> None:
    """Make the widest columns of words narrower until the table fits."""
    words = [i for i, is_number in enumerate(right) if not is_number]
    while words and sum(width) + 2 * (len(width) - 1) > WIDTH:
        widest = max(words, key=lambda i: width[i])
        if width[widest] <= 8:
            break
        width[widest] -= 1


def _fit(cell: str, width: int, right: bool) -> str:
    shown = cell if len(cell) <= width else cell[: width - 1] + "…"
    return shown.rjust(width) if right else shown.ljust(width)


def facts(pairs: Iterable[tuple[str, str]]) -> Lines:
    """Yield a line for each name and value, the values aligned."""
    known = list(pairs)
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        yield f"{name.ljust(width)}  {value}"


# --- the sections ----------------------------------------------------------------------------------------


def _requirements(report: Report) -> Lines:
    rows = report.requirements
    yield from table(
        ("requirement", "population", "measured", "verdict"),
        [(r.requirement, r.population, measured(r), "met" if r.passed else "NOT MET") for r in rows],
    )


def _budget(report: Report) -> Lines:
    if report.budget is None:
        return
    headings = [f"{name} {unit}".rstrip() for name, unit in zip(HEADINGS, UNITS, strict=True)]
    yield from table(headings, budget_rows(report.budget))
    yield ""
    yield from textwrap.wrap(HELP, WIDTH)


def _comparison(report: Report) -> Lines:
    section = report.comparison
    if section is None:
        return
    populations = section.populations
    yield from table(
        ("population", "spikes ref", "emu", "rate ref", "emu Hz", "differ", "CV ref", "emu", "corr ref", "emu"),
        [
            (
                *(p.label, f"{p.spikes[0]:,}", f"{p.spikes[1]:,}", number(p.rate_hz[0]), number(p.rate_hz[1])),
                *(percent(p.rate_difference), number(p.cv[0], 3), number(p.cv[1], 3)),
                *(number(p.correlation[0], 2), number(p.correlation[1], 2)),
            )
            for p in populations
        ],
    )
    yield ""
    yield from table(
        (
            "population",
            "same step",
            f"within {section.tolerance_ms:g} ms",
            "shifts",
            "parts at",
            "cell",
            "equal before",
        ),
        [
            (
                *(p.label, percent(p.equal), percent(p.paired)),
                " ".join(f"{signed(shift)}:{count:,}" for shift, count in p.shifts),
                *((f"{p.divergence[0]:g} ms", str(p.divergence[1])) if p.divergence else ("never", NONE)),
                f"{p.equal_before:,}",
            )
            for p in populations
        ],
    )
    yield ""
    yield from table(
        ("population", "variable", "unit", "RMS difference", "largest", "RMS before divergence", "largest"),
        [
            (
                p.label,
                s.variable,
                s.unit,
                number(s.rms),
                number(s.largest),
                number(s.rms_before),
                number(s.largest_before),
            )
            for p in populations
            for s in p.signals
        ],
    )


def _runs(report: Report) -> Lines:
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
    if report.mapping_seconds:
        yield ""
        stages = ", ".join(f"{stage} {number(seconds, 3)} s" for stage, seconds in report.mapping_seconds)
        yield from textwrap.wrap(f"mapping: {stages}", WIDTH, subsequent_indent="  ")


def _execution(report: Report) -> Lines:
    run = report.execution
    if run is None:
        return
    yield from facts(
        (
            ("ticks", f"{run.ticks:,}"),
            ("cycles a tick", f"{run.cycles_per_tick:,.0f} (time scale factor {run.time_scale_factor:g})"),
            ("busiest core", f"{run.busiest or NONE}, fullest tick {percent(run.busiest_share)}"),
            ("mean load", percent(run.mean_share)),
            *((counter.name.lower(), f"{counter.value:,}  ({counter.meaning})") for counter in run.counters),
        )
    )


def _network(report: Report) -> Lines:
    network = report.network
    if network is None:
        return
    size = f"{amount(network.cells, 'cell')}, {amount(network.synapses, 'synapse')}"
    yield f"'{network.label}': {size}, timestep {network.timestep_ms:g} ms"
    yield ""
    yield from table(
        ("population", "cell", "size", "records"),
        [(p.label, p.cell, f"{p.size:,}", ", ".join(p.recorded) or NONE) for p in network.populations],
    )
    yield ""
    yield from table(
        ("projection", "from", "to", "receptor", "synapses", "weight", "unit", "delay ms"),
        [
            (p.label, p.source, p.target, p.receptor, f"{p.synapses:,}", _range(p.weight), p.unit, _range(p.delay))
            for p in network.projections
        ],
    )


def _range(values: tuple[float, float, float] | None) -> str:
    if values is None:
        return NONE
    smallest, _, largest = values
    return number(smallest) if smallest == largest else f"{number(smallest)} … {number(largest)}"


def _quantisation(report: Report) -> Lines:
    yield from table(
        ("projection", "step", "unit", "shift", "largest error", "RMS error", "became 0"),
        [
            (
                *(q.label, number(q.quantum), q.unit, str(q.shift), percent(q.largest_error), percent(q.rms_error)),
                f"{q.zeroed:,}",
            )
            for q in report.quantisation
        ],
    )


def _diagnostics(report: Report) -> Lines:
    for remark in report.diagnostics:
        yield from textwrap.wrap(f"{remark.stage}: {remark.subject}: {remark.message}", WIDTH, subsequent_indent="  ")


def _machine(report: Report) -> Lines:
    machine = report.machine
    if machine is None:
        return
    yield from facts(
        (
            ("machine", f"{machine.name}, {amount(machine.chips, 'chip')}, {amount(machine.cores, 'core')}"),
            ("boards used", f"{machine.boards_used:,} of {machine.boards:,}"),
            ("chips used", f"{machine.chips_used:,} of {machine.chips:,}"),
            ("cores used", f"{machine.cores_used:,} of {machine.cores:,}"),
        )
    )
    if machine.block == 1 and machine.width <= 16:
        yield ""
        yield "Cores in use by chip, north at the top (a dot is a chip without any):"
        yield from _board(report)


def _board(report: Report) -> Lines:
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
            row += "    " if cell is None else f"{cell.used or '.':>4}"
        rows.append(row)
    spare = min(len(row) - len(row.lstrip()) for row in rows)
    yield from (row[spare:] if spare else row for row in rows)


def _partition(report: Report) -> Lines:
    yield from table(
        ("population", "runs", "cores", "cells", "largest slice", "sub-steps"),
        [
            (p.population, p.kind, f"{p.cores:,}", f"{p.cells:,}", f"{p.largest:,}", str(p.substeps or NONE))
            for p in report.partition
        ],
    )


def _cores(report: Report) -> Lines:
    section = report.cores
    if section is None:
        return
    yield from table(
        ("slice", "chip", "core", "key", "mask", "DTCM", "SDRAM", "expected", "mean", "fullest"),
        [
            (
                *(c.label, f"{c.x},{c.y}", str(c.p), c.key or NONE, c.mask or NONE, memory(c.dtcm_bytes)),
                memory(c.sdram_bytes),
                *(NONE if share is None else percent(share) for share in (c.expected, c.mean, c.largest)),
            )
            for c in section.rows
        ],
        section.omitted,
    )


def _routes(report: Report) -> Lines:
    routes = report.routes
    if routes is None:
        return
    yield from facts(
        (
            (
                "trees",
                f"{routes.nets:,}, of {routes.mean_links:.3g} links on average, {routes.most_links:,} at the most",
            ),
            ("hops", f"{routes.hops:,.0f} if every source neuron fires once"),
            ("longest path", amount(routes.longest_path, "link")),
            ("links used", f"{routes.links_used:,}"),
        )
    )
    if routes.busiest:
        yield ""
        yield from table(
            ("busiest link", "packets if all fire once", "packets in the run"),
            [(link_name(t), f"{t.expected:,.0f}", NONE if t.sent is None else f"{t.sent:,}") for t in routes.busiest],
        )


def _tables(report: Report) -> Lines:
    tables = report.tables
    if tables is None:
        return
    fullest = f"the fullest table holds {tables.most:,} of {tables.limit:,}"
    yield f"{tables.generated:,} entries generated, {tables.minimised:,} loaded; {fullest}"
    yield ""
    yield from table(
        ("chip", "generated", "loaded"),
        [(f"({row.x}, {row.y})", f"{row.generated:,}", f"{row.minimised:,}") for row in tables.rows],
        tables.omitted,
    )


def _memory(report: Report) -> Lines:
    found = report.memory
    if found is None:
        return
    dtcm = f"{memory(found.dtcm_most)} of {memory(found.dtcm_limit)} ({found.dtcm_core})" if found.dtcm_core else NONE
    chip = f" (chip {found.sdram_chip[0]}, {found.sdram_chip[1]})" if found.sdram_chip else ""
    yield from facts(
        (
            ("fullest DTCM", dtcm),
            ("fullest SDRAM", f"{memory(found.sdram_most)} of {memory(found.sdram_limit)}{chip}"),
            ("SDRAM in all", memory(found.sdram_total)),
        )
    )


SECTIONS: dict[str, Callable[[Report], Lines]] = {
    "Requirements": _requirements,
    "Comparison: reference (ref) and emulator (emu)": _comparison,
    "Error budget: what each cause adds": _budget,
    "Times": _runs,
    "On the machine": _execution,
    "Weights in 16 bits": _quantisation,
    "Remarks": _diagnostics,
    "Network": _network,
    "Machine": _machine,
    "Partition": _partition,
    "Cores": _cores,
    "Routes": _routes,
    "Routing tables": _tables,
    "Memory": _memory,
}
