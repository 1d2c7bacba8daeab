"""What the report tells of a network and of how its mapping came about, for text and page alike."""

from __future__ import annotations

from collections.abc import Iterator

from pyneuro.report import Report
from pyneuro.report.schema.flow import AttemptRow, TrialRow
from pyneuro.report.schema.mapping import HistogramRow
from pyneuro.report.tabular import Bar, Block, Facts, Histogram, Mark, Table
from pyneuro.report.words import JUDGED_BY_COMPARE, NONE, amount, count, measured, number, percent, spread
from toolchain.figures import FIGURES

Blocks = Iterator[Block]

HISTOGRAMS = 60
"""Histograms that text and page show; the JSON file has all."""


def requirements(report: Report) -> Blocks:
    """Tell what is required, and what to try where it is not met."""
    yield Table(
        "Requirements and whether they are met.",
        ("requirement", "about", "measured", "verdict", "what to try", "said in"),
        tuple(
            (
                *(row.requirement, row.population or "all", measured(row)),
                *(Mark(row.passed, "met" if row.passed else "NOT MET"), row.remedy or NONE, row.origin or NONE),
            )
            for row in report.requirements
        ),
    )
    yield Table(
        f"Requirements that were not judged; {JUDGED_BY_COMPARE}.",
        ("requirement", "said in"),
        tuple((row.requirement, row.origin or NONE) for row in report.unjudged),
    )


def flow(report: Report) -> Blocks:
    """Tell stages, attempts and trials."""
    if report.flow is None:
        return
    total = sum(row.seconds for row in report.flow.stages) or 1.0
    yield Table(
        "Stages: seconds of all that was tried, what was kept, and of what.",
        ("stage", "seconds", "share", "kept", "tried", "making small", "said in"),
        tuple(
            (
                *(row.stage, f"{row.seconds:.3f}", Bar(row.seconds / total)),
                *(row.kept or NONE, " or ".join(row.tried) or NONE),
                *(row.objective or NONE, row.origin or NONE),
            )
            for row in report.flow.stages
        ),
    )
    if len(report.flow.attempts) > 1:
        yield _attempts(report.flow.attempts)
    if report.flow.trials:
        yield _trials(report.flow.trials)


def _attempts(attempts: tuple[AttemptRow, ...]) -> Table:
    """The attempts, each with its figures."""
    names = tuple(dict.fromkeys(name for row in attempts for name, _ in row.figures))
    rows = []
    for row in attempts:
        found = dict(row.figures)
        told = str(row.number), row.changed or "nothing", "; ".join(row.failed) or "nothing"
        rows.append((*told, *(_figure(name, found.get(name)) for name in names), _kept(row.kept)))
    return Table(
        "Attempts: what did not fit or was not met led to another; figures of what came of each.",
        ("attempt", "changed before it", "failed", *names, "kept"),
        tuple(rows),
    )


def _trials(trials: tuple[TrialRow, ...]) -> Table:
    """The trials; what is the same in all is told once."""
    stages = tuple(dict.fromkeys(stage for trial in trials for stage, _ in trial.algorithms))
    names = tuple(dict.fromkeys(name for trial in trials for name, _ in trial.figures))
    rows = []
    for trial in trials:
        used, found = dict(trial.algorithms), dict(trial.figures)
        rows.append((*(used.get(stage, NONE) for stage in stages), *(_figure(name, found.get(name)) for name in names)))
    headings, columns = (*stages, *names), tuple(zip(*rows, strict=True))
    every = range(len(headings))
    shown = [i for i in every if len(set(columns[i])) > 1] or [*every]
    same = ", ".join(f"{headings[i]} {columns[i][0]}" for i in every if i not in shown)
    ends = ((f"{trial.cpu_s:.3f}", trial.failure or _kept(trial.kept)) for trial in trials)
    return Table(
        "Trials: the combinations of algorithms of the attempt that was kept, each with its figures. CPU seconds of "
        f"what trials share count for the first of them.{f' The same in all: {same}.' if same else ''}",
        (*(headings[i] for i in shown), "CPU s", "outcome"),
        tuple((*(row[i] for i in shown), *end) for row, end in zip(rows, ends, strict=True)),
    )


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return NONE
    return percent(value) if name in FIGURES and FIGURES[name].share else count(value)


def _kept(kept: bool) -> str:
    return "kept" if kept else NONE


def settings(report: Report) -> Blocks:
    """Tell what holds for the mapping, and where it was said."""
    rows = tuple((row.name, row.value, row.origin) for row in report.settings)
    yield Table("Settings that hold, and where each was said.", ("setting", "value", "said in"), rows)


def remarks(report: Report) -> Blocks:
    """Tell the remarks of the stages."""
    rows = tuple((row.stage, row.subject, row.message) for row in report.diagnostics)
    yield Table("What the mapping changed or foresees.", ("stage", "about", "remark"), rows)


def network(report: Report) -> Blocks:
    """Tell populations and projections."""
    found = report.network
    if found is None:
        return
    size = f"{amount(found.cells, 'cell')}, {amount(found.synapses, 'synapse')}"
    yield Facts((("Network", found.label), ("Size", size), ("Timestep", f"{found.timestep_ms:g} ms")))
    yield Table(
        "Populations.",
        ("population", "cell", "size", "parameters", "records"),
        tuple(
            (
                *(p.label, p.cell, f"{p.size:,}"),
                "; ".join(f"{name} = {text}" for name, text in p.parameters),
                ", ".join(p.recorded) or NONE,
            )
            for p in found.populations
        ),
    )
    yield Table(
        "Projections; weights and delays as mean and range.",
        ("projection", "from", "to", "receptor", "synapses", "weight", "unit", "delay (ms)"),
        tuple(
            (p.label, p.source, p.target, p.receptor, f"{p.synapses:,}", spread(p.weight), p.unit, spread(p.delay))
            for p in found.projections
        ),
    )


def weights(report: Report) -> Blocks:
    """Tell what 16 bits and whole timesteps do to weights and delays."""
    yield Table(
        "Quantisation: the step between two weights, and relative errors of the weights that are not 0.",
        ("projection", "step", "unit", "shift", "largest error", "RMS error", "became 0"),
        tuple(
            (
                *(q.label, number(q.quantum), q.unit, str(q.shift), percent(q.largest_error), percent(q.rms_error)),
                f"{q.zeroed:,}",
            )
            for q in report.quantisation
        ),
    )
    told = [row for row in report.histograms if sum(held > 0 for _, held in row.bins) > 1]
    for row in told[:HISTOGRAMS]:
        yield Histogram(_caption(row), row.bins)
    same = [row for row in report.histograms if sum(held > 0 for _, held in row.bins) == 1]
    yield Table(
        "The same for all synapses of a projection.",
        ("projection", "what", "value", "unit", "synapses"),
        tuple((r.projection, r.what, max(r.bins, key=lambda bin: bin[1])[0], r.unit, f"{r.synapses:,}") for r in same),
    )


def _caption(row: HistogramRow) -> str:
    unit = f" in {row.unit}" if row.unit else ""
    sample = "" if row.counted == row.synapses else f", counted over {row.counted:,} of {row.synapses:,} synapses"
    return f"{row.projection}: {row.what}{unit}{sample}."
