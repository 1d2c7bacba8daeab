"""The sections of the page, in order; one that has nothing to tell is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pyneuro.report import Report, told_machine, told_network
from pyneuro.report.blocks import block, facts, figure, share, table
from pyneuro.report.budget import HEADINGS, HELP, UNITS, budget_rows
from pyneuro.report.entries import CHIPS
from pyneuro.report.markup import Markup, element, join
from pyneuro.report.page_board import board_section
from pyneuro.report.plots import EXPECTED, LOAD, dtcm_shares, raster, rates, share_bars, trace
from pyneuro.report.schema.routing import Entry
from pyneuro.report.schema.runs import ComparisonSection
from pyneuro.report.tabular import Block
from pyneuro.report.words import meaning_of, memory, number, percent, signed

ENTRIES = 100
"""Entries of a table that the page shows; the JSON file has more."""

ORDER = "in the order of the slices; spike sources and delay stages in violet"

Section = Callable[[Report], Markup]


def _budget(report: Report) -> Markup:
    if report.budget is None:
        return Markup()
    headings = [f"{name} ({unit})" if unit else name for name, unit in zip(HEADINGS, UNITS, strict=True)]
    return table(HELP, headings, budget_rows(report.budget))


def _comparison(report: Report) -> Markup:
    section = report.comparison
    return join((_statistics(section), _agreement(section), _signals(section))) if section else Markup()


def _statistics(section: ComparisonSection) -> Markup:
    """What both simulators did, as statistics."""
    return table(
        "Activity: spikes, mean rate, CV of the inter-spike intervals (mean over cells with three spikes or more) and "
        "mean pairwise correlation of spike counts in 5 ms, each in the reference and on the emulated machine.",
        ("population", "spikes", "", "rate (Hz)", "", "differ by", "CV", "", "correlation", ""),
        [
            (
                *(p.label, *_both(f"{p.spikes[0]:,}", f"{p.spikes[1]:,}")),
                *_both(number(p.rate_hz[0]), number(p.rate_hz[1])),
                percent(p.rate_difference),
                *_both(number(p.cv[0], 3), number(p.cv[1], 3)),
                *_both(number(p.correlation[0], 2), number(p.correlation[1], 2)),
            )
            for p in section.populations
        ],
        pair=("reference", "emulator"),
    )


def _agreement(section: ComparisonSection) -> Markup:
    """Which spikes they have in common."""
    return table(
        f"Agreement of single spikes: share in the same step, share with a partner within {section.tolerance_ms:g} ms, "
        "by how many steps the emulated partner is later, and the first spike that only one side has.",
        ("population", "same step", "paired", "shift in steps: pairs", "first divergence", "equal before", "distance"),
        [
            (
                *(p.label, share(p.equal), share(p.paired)),
                " · ".join(f"{signed(shift)}:\u00a0{count:,}" for shift, count in p.shifts),
                f"{p.divergence[0]:g} ms, cell {p.divergence[1]} ({p.divergence[2]})" if p.divergence else "none",
                *(f"{p.equal_before:,}", number(p.distance, 3)),
            )
            for p in section.populations
        ],
    )


def _signals(section: ComparisonSection) -> Markup:
    """How far recorded variables are apart."""
    return table(
        "Recorded variables: difference over the whole run, and up to the first divergence.",
        ("population", "variable", "unit", "RMS", "largest", "RMS before", "largest before"),
        [
            (p.label, s.variable, s.unit, *map(number, (s.rms, s.largest, s.rms_before, s.largest_before)))
            for p in section.populations
            for s in p.signals
        ],
    )


def _both(reference: str, emulated: str) -> tuple[Markup, Markup]:
    return element("span", reference, class_="reference"), element("span", emulated, class_="emulated")


def _activity(report: Report) -> Markup:
    parts = []
    if report.activity:
        thinned = any(plot.stride > 1 for plot in report.activity)
        note = " Only some cells are drawn, as said beside each band, with all their spikes." if thinned else ""
        parts.append(figure(raster(report.activity), f"Spikes: a row a cell, a dot a spike.{note}"))
        bins = sorted({plot.bin_ms for plot in report.activity})
        parts.append(figure(rates(report.activity), f"Mean rate of all recorded cells, in bins of {bins[0]:g} ms."))
    if report.traces:
        drawn = join(trace(found) for found in report.traces)
        parts.append(figure(drawn, "Recorded variables of one cell each; around the first spike that differs, if any."))
    return element("div", _key(report), *parts) if parts else Markup()


def _key(report: Report) -> Markup:
    """Which colour is which simulator."""
    sides = [(run.backend, "reference" if run.backend == "reference" else "emulated") for run in report.runs]
    return element("p", *(element("span", name, class_=f"key {side}") for name, side in sides), class_="keys")


def _load(report: Report) -> Markup:
    """Cycles and memory of each core against their limits, and what the machine counted."""
    run = report.execution
    rows = report.cores.rows if report.cores else ()
    parts = []
    if run:
        known = [
            ("Ticks", f"{run.ticks:,}"),
            ("Cycles a tick", f"{run.cycles_per_tick:,.0f}"),
            ("Time scale factor", f"{run.time_scale_factor:g}"),
            ("Mean load", percent(run.mean_share)),
        ]
        parts.append(facts(known))
    if run and rows:
        caption = "What each core needs of a tick: the fullest tick (light) and the mean (dark)"
        parts.append(figure(share_bars(rows, LOAD), f"{caption}, {ORDER}."))
    elif any(row.expected is not None for row in rows):
        parts.append(figure(share_bars(rows, EXPECTED), f"What each core is expected to need of a tick, {ORDER}."))
    if report.machine and any(row.dtcm_bytes is not None for row in rows):
        bars = share_bars(rows, dtcm_shares(report.machine.dtcm_limit))
        parts.append(figure(bars, f"What each core takes of its DTCM, {ORDER}."))
    if run:
        counters = [(c.name, f"{c.value:,}", meaning_of(c)) for c in run.counters]
        parts.append(table("What the machine counted.", ("counter", "value", "meaning"), counters))
    return join(parts)


def _runs(report: Report) -> Markup:
    stages = report.stages
    return table(
        "Times are wall-clock seconds; the spike hash is a digest of all recorded spikes.",
        ("backend", "simulated (s)", *(f"{stage} (s)" for stage in stages), "CPU of sim (s)", "spikes", "spike hash"),
        [
            (
                *(run.backend, f"{run.bio_s:g}", *(number(dict(run.seconds).get(stage), 3) for stage in stages)),
                *(number(run.cpu_s, 3), f"{run.spikes:,}", element("code", run.spike_hash)),
            )
            for run in report.runs
        ],
    )


def _entries(report: Report) -> Markup:
    """The tables themselves, a fold a chip, as generated and as loaded."""
    tables = report.tables
    if tables is None or not tables.entries:
        return Markup()
    lengths = {(row.x, row.y): (row.generated, row.minimised) for row in tables.rows}
    folds = []
    for chip in tables.entries[:CHIPS]:
        generated, loaded = lengths[chip.x, chip.y]
        title = f"Chip ({chip.x}, {chip.y}): {generated:,} entries generated, {loaded:,} loaded"
        pair = (
            element("div", element("h4", "as generated"), _listing(chip.generated, generated)),
            element("div", element("h4", "as loaded, the first that matches counts"), _listing(chip.minimised, loaded)),
        )
        folds.append(element("details", element("summary", title), element("div", *pair, class_="pair")))
    omitted = tables.chips - len(folds)
    rest = element("p", f"Of {omitted:,} more chips the entries are left out.") if omitted else ""
    return element("div", element("h3", "Entries"), *folds, rest, class_="entries")


def _listing(entries: tuple[Entry, ...], total: int) -> Markup:
    shown = entries[:ENTRIES]
    wide = len(str(len(shown)))
    lines = [f"{'':{wide}} key        mask       route"]
    lines += [f"{number:>{wide}} {' '.join(entry)}" for number, entry in enumerate(shown, 1)]
    if total > len(shown):
        lines.append(f"... and {total - len(shown):,} more")
    return element("pre", "\n".join(lines), tabindex="0")


def _core_memory(report: Report) -> Markup:
    """The regions of each core, largest first, in a folded table."""
    found = report.memory
    if found is None or not found.cores:
        return Markup()
    rows = []
    for core in found.cores:
        row = [core.label]
        for kind in ("DTCM", "SDRAM"):
            pairs = zip(found.regions, core.bytes, strict=True)
            held = sorted(((size, one.region) for one, size in pairs if one.memory == kind and size), reverse=True)
            row += [memory(sum(size for size, _ in held)), ", ".join(f"{name} {memory(size)}" for size, name in held)]
        rows.append(row)
    caption = "Memory of each core: its regions with their sizes; addresses are a loader's, and not laid out."
    return table(caption, ("core", "DTCM", "regions", "SDRAM", "regions"), rows, found.cores_omitted)


def _told(*tell: Callable[[Report], Iterable[Block]]) -> Section:
    """What is told alike in text and page."""
    return lambda report: join(block(told) for one in tell for told in one(report))


def _both_of(*sections: Section) -> Section:
    return lambda report: join(section(report) for section in sections)


SECTIONS: dict[str, Section] = {
    "Requirements": _told(told_network.requirements),
    "Comparison": _comparison,
    "Error budget": _budget,
    "Activity": _activity,
    "Machine": board_section,
    "Populations on the machine": _told(told_machine.partition, told_machine.places),
    "Load": _load,
    "Flow": _told(told_network.flow),
    "Settings": _told(told_network.settings),
    "Weights and delays": _told(told_network.weights),
    "Remarks": _told(told_network.remarks),
    "Times": _runs,
    "Network": _told(told_network.network),
    "Cores": _told(told_machine.cores, told_machine.counts),
    "Routes": _told(told_machine.routes),
    "Keys": _told(told_machine.keys),
    "Routing tables": _both_of(_told(told_machine.tables), _entries),
    "Memory": _both_of(_told(told_machine.used_memory), _core_memory),
    "Energy": _told(told_machine.energy),
}
