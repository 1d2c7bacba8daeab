"""Findings: the report in a few sentences, each good, worth a note, or bad.

A user wants to know whether the network fits, keeps up with time, loses packets, saturates weights, and how far the
machine's arithmetic moves the result.  Each function answers one of these from the finished sections.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyneuro.report import Finding, Level, Report
from pyneuro.report.running import OVERRUNS
from pyneuro.report.schema.runs import ComparisonRow
from pyneuro.report.words import JUDGED_BY_COMPARE, amount, meaning_of, measured, percent

NARROW = 0.9
"""Share of a limit from which on a resource is nearly exhausted."""
SMALL_DIFFERENCE = 0.05
SIGNIFICANT = 3.0
"""Standard deviations over seeds beyond which a difference is none of theirs."""


def findings(report: Report) -> tuple[Finding, ...]:
    """Sum up `report`, whose own findings are not looked at."""
    parts = (_requirements, _fit, _time, _counters, _weights, _activity, _budget)
    return tuple(finding for part in parts for finding in part(report))


def _requirements(report: Report) -> Iterator[Finding]:
    passed: dict[str, bool] = {}
    for row in report.requirements:
        passed[row.requirement] = passed.get(row.requirement, True) and row.passed
    if passed:
        met = sum(passed.values())
        level: Level = "good" if met == len(passed) else "bad"
        yield Finding(level, f"{met} of {amount(len(passed), 'requirement')} met.")
    for row in report.requirements:
        if not row.passed and row.remedy:
            yield Finding("bad", f"'{row.requirement}' is not met: {measured(row)}; try {row.remedy}.")
    if report.unjudged:
        named = ", ".join(f"'{row.requirement}'" for row in report.unjudged)
        yield Finding("note", f"Not judged: {named}; {JUDGED_BY_COMPARE}.")


def _fit(report: Report) -> Iterator[Finding]:
    machine, tables, memory = report.machine, report.tables, report.memory
    if machine is None:
        return
    boards = "" if machine.boards == 1 else f", on {machine.boards_used:,} of {machine.boards:,} boards"
    yield Finding(
        "good",
        f"It fits on {machine.name}: {machine.cores_used:,} of {machine.cores:,} cores on {machine.chips_used:,} of "
        f"{machine.chips:,} chips{boards}.",
    )
    if tables and tables.most > NARROW * tables.limit:
        yield Finding("note", f"The fullest routing table holds {tables.most:,} of {tables.limit:,} entries.")
    if memory and memory.sdram_most > NARROW * memory.sdram_limit:
        share = memory.sdram_most / memory.sdram_limit
        yield Finding("note", f"The fullest SDRAM is filled to {percent(share)}.")


def _time(report: Report) -> Iterator[Finding]:
    run = report.execution
    if run is None or run.busiest is None:
        return
    text = f"the fullest tick of a core ('{run.busiest}') takes {percent(run.busiest_share)} of its time"
    late = [counter for counter in run.counters if counter.name == OVERRUNS and counter.value]
    for counter in late:
        yield Finding("bad", f"It does not keep up: {amount(counter.value, 'overrun')}, {text}; {counter.remedy}.")
    if not late:
        yield Finding("note" if run.busiest_share > NARROW else "good", f"It keeps up with time: {text}.")


def _counters(report: Report) -> Iterator[Finding]:
    counters = report.execution.counters if report.execution else ()
    watched = [counter for counter in counters if counter.remedy and counter.name != OVERRUNS]
    for counter in watched:
        if counter.value:
            yield Finding("bad", f"{counter.name}: {counter.value:,} ({meaning_of(counter)}); {counter.remedy}.")
    quiet = [counter.name.lower() for counter in watched if not counter.value]
    if quiet:
        text = ", ".join(f"no {name}" for name in quiet)
        yield Finding("good", f"{text[:1].upper()}{text[1:]}.")


def _weights(report: Report) -> Iterator[Finding]:
    lost = [row for row in report.quantisation if row.zeroed]
    for row in lost:
        text = f"{row.zeroed:,} of {row.synapses:,} weights of '{row.label}' are too small for 16 bits and became 0"
        yield Finding("bad", f"{text}: one step is {row.quantum:.3g} {row.unit}.")
    if report.quantisation and not lost:
        worst = max(report.quantisation, key=lambda row: row.largest_error)
        if worst.largest_error == 0:
            yield Finding("good", "Every weight is exact in 16 bits.")
            return
        text = f"16-bit weights are within {percent(worst.largest_error)} of those asked for"
        yield Finding("good" if worst.largest_error < SMALL_DIFFERENCE else "note", f"{text} (worst: '{worst.label}').")


def _activity(report: Report) -> Iterator[Finding]:
    section = report.comparison
    cells = [row for row in section.populations if row.recorded and not row.is_source] if section else []
    if section is None or not cells:
        return
    worst = max(cells, key=lambda row: row.rate_difference)
    if worst.rate_difference == 0:
        yield Finding("good", "Every population has as many spikes as in the reference.")
        yield _divergence(cells, section.tolerance_ms)
        return
    small = worst.rate_difference < SMALL_DIFFERENCE
    text = "Mean rates agree with the reference within" if small else "Mean rates differ from the reference by up to"
    yield Finding(
        "good" if small else "note",
        f"{text} {percent(worst.rate_difference)} ('{worst.label}': {worst.rate_hz[1]:.4g} Hz against "
        f"{worst.rate_hz[0]:.4g} Hz).",
    )
    yield _divergence(cells, section.tolerance_ms)


def _budget(report: Report) -> Iterator[Finding]:
    """Which causes move a rate by more than seeds do."""
    if report.budget is None or not report.budget.spread:
        return
    spread = {one.label: one for one in report.budget.spread}
    beyond = [
        (step.cause, share, spread[share.label])
        for step in report.budget.steps
        for share in step.shares
        if share.label in spread and abs(share.rate_hz) > SIGNIFICANT * spread[share.label].rate_hz
    ]
    for cause, share, own in beyond:
        yield Finding(
            "note",
            f"The rate of '{share.label}' is moved by {share.rate_hz:+.3g} Hz by {cause}, more than the reference's "
            f"own spread of {own.rate_hz:.3g} Hz over {own.runs} seeds explains.",
        )
    if not beyond:
        runs = report.budget.spread[0].runs
        text = f"No cause moves a rate by more than the reference's own spread over {runs} seeds explains."
        yield Finding("good", text)


def _divergence(cells: list[ComparisonRow], tolerance_ms: float) -> Finding:
    parted = [(row.divergence, row.label) for row in cells if row.divergence]
    if not parted:
        return Finding("good", "Every spike is in the same step as in the reference.")
    (time, cell, side), label = min(parted)
    spikes = sum(sum(row.spikes) for row in cells)
    paired = sum(row.paired * sum(row.spikes) for row in cells) / spikes
    return Finding(
        "note",
        f"Runs part at {time:g} ms, with a spike of cell {cell} of '{label}' that only the {side} run has; over the "
        f"whole run {percent(paired)} of the spikes have a partner within {tolerance_ms:g} ms. A cell's spike acts one "
        "timestep earlier on the machine, which sends it in the step that finds it; where cells excite each other, "
        "small differences grow until single spikes have nothing in common, and only statistics can agree.",
    )
