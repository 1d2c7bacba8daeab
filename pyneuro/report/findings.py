"""Findings: the report in a few sentences, each good, worth a note, or bad.

A user wants to know whether the network fits, keeps up with time, loses packets, saturates weights, and how far the
machine's arithmetic moves the result.  Each function answers one of these from the finished sections.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyneuro.report import Finding, Level, Report
from pyneuro.report.running import OVERRUNS
from pyneuro.report.schema.flow import RequirementRow
from pyneuro.report.schema.runs import ComparisonRow
from pyneuro.report.words import JUDGED_BY_COMPARE, amount, link_name, meaning_of, measured, percent

NARROW = 0.9
"""Share of a limit from which on a resource is nearly exhausted."""
LONGEST = 160
"""Characters of a list of names in a finding."""
SMALL_DIFFERENCE = 0.05
SIGNIFICANT = 3.0
"""Standard deviations over seeds beyond which a difference is none of theirs."""


def findings(report: Report) -> tuple[Finding, ...]:
    """Sum up `report`, whose own findings are not looked at."""
    parts = (_requirements, _fit, _expected_time, _time, _links, _counters, _weights, _remarks, _activity, _budget)
    return tuple(finding for part in parts for finding in part(report))


def _requirements(report: Report) -> Iterator[Finding]:
    passed: dict[str, bool] = {}
    for row in report.requirements:
        passed[row.requirement] = passed.get(row.requirement, True) and row.passed
    if passed:
        met = sum(passed.values())
        level: Level = "good" if met == len(passed) else "bad"
        yield Finding(level, f"{met} of {amount(len(passed), 'requirement')} met.")
    unmet: dict[str, list[RequirementRow]] = {}
    for row in report.requirements:
        if not row.passed:
            unmet.setdefault(row.requirement, []).append(row)
    for first, *others in unmet.values():
        by = f" by {first.population}" if first.of == "comparison" else ""
        also = f", nor by {amount(len(others), 'other')}" if others else ""
        remedy = f"; try {first.remedy}" if first.remedy else ""
        yield Finding("bad", f"'{first.requirement}' is not met{by}: {measured(first)}{also}{remedy}.")
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


def _expected_time(report: Report) -> Iterator[Finding]:
    """What the partitioner expected of cores; where it was run, that counts more."""
    cores = report.cores
    if cores is None or not cores.overloaded or cores.busiest_share is None:
        return
    needs = "is" if cores.overloaded == 1 else "are"
    text = (
        f"{amount(cores.overloaded, 'core')} {needs} expected to need more than a tick at the assumed rates, "
        f"'{cores.busiest}' {percent(cores.busiest_share)}"
    )
    if report.execution:
        yield Finding("note", f"{text}; the run tells what they needed.", "Cores")
    else:
        remedy = "lower neurons_per_core, or spikes_per_second if cells fire less, or raise time_scale_factor"
        yield Finding("bad", f"It is not expected to keep up with time: {text}; {remedy}.", "Cores")


def _links(report: Report) -> Iterator[Finding]:
    """What links carry of what they can."""
    machine, routes = report.machine, report.routes
    if machine is None or routes is None or machine.link_load is None or not routes.busiest:
        return
    when = "in this run" if report.execution else "at the expected rates"
    busiest = f"{link_name(routes.busiest[0])}, {percent(machine.link_load)} of {machine.link_capacity:,.0f} packets/s"
    if machine.links_over:
        yield Finding(
            "bad",
            f"{amount(machine.links_over, 'link')} {'has' if machine.links_over == 1 else 'have'} more to carry {when} "
            f"than a link can; the busiest is {busiest}. A board would delay or drop packets, the emulated fabric "
            "delivers whatever links carry: say `route using congestion`, lower the rates, or raise time_scale_factor.",
            "Routes",
        )
        return
    yield Finding("good", f"No link has more to carry {when} than it can: the busiest is {busiest}.")
    expected = machine.expected_link_load
    if report.execution and expected is not None and expected > 1:
        text = f"At the expected rates the busiest link would have {percent(expected)} of what it can carry"
        yield Finding("note", f"{text}: other inputs than those of this run may be too much for it.", "Routes")


def _remarks(report: Report) -> Iterator[Finding]:
    """That there are remarks, and about what."""
    if not report.diagnostics:
        return
    about = ", ".join(f"'{subject}'" for subject in dict.fromkeys(row.subject for row in report.diagnostics))
    if len(about) > LONGEST:
        about = f"{about[:LONGEST].rpartition(',')[0] or about[:LONGEST]} and others"
    number = len(report.diagnostics)
    text = f"{amount(number, 'remark')} of the mapping {'tells' if number == 1 else 'tell'} what it changed or foresees"
    yield Finding("note", f"{text}, about {about}.", "Remarks")


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
