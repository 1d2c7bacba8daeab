"""What was said and chosen: the network, settings, requirements, algorithms, and what became of weights and delays."""

from __future__ import annotations

from collections.abc import Iterator

from pyneuro.report import Report
from pyneuro.report.difference.change import ABSENT, Change, differing, numbered
from pyneuro.report.schema.flow import RequirementRow
from pyneuro.report.schema.mapping import HistogramRow
from pyneuro.report.words import measured, percent, spread


def network(before: Report, after: Report) -> Iterator[Change]:
    """Populations and projections that are not as before."""

    def told(report: Report) -> dict[str, str]:
        found = report.network
        if found is None:
            return {}
        return {
            "timestep": f"{found.timestep_ms:g} ms",
            **numbered(pair for p in found.populations for pair in _population(p.label, p.size, p.cell, p.parameters)),
            **numbered(
                (
                    f"projection {p.label}",
                    f"{p.synapses:,} {p.synapse}, weights {spread(p.weight)} {p.unit}, delays {spread(p.delay)} ms",
                )
                for p in found.projections
            ),
        }

    yield from differing("network", told(before), told(after))


def _population(label: str, size: int, cell: str, parameters: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    yield f"population {label}", f"{size:,} {cell}"
    for name, text in parameters:
        yield f"population {label}: {name}", text


def settings(before: Report, after: Report) -> Iterator[Change]:
    """Settings whose values are not as before, with where they were said."""

    def told(report: Report) -> tuple[dict[str, str], dict[str, str]]:
        said = [(row.name, row.value, row.origin) for row in report.settings if row.name != "require"]
        values = numbered((name, value) for name, value, _ in said)
        return values, dict(zip(values, (f"{value} ({origin})" for _, value, origin in said), strict=True))

    def machine(report: Report) -> dict[str, str]:
        return {"machine in use": report.machine.name} if report.machine else {}

    (old, old_texts), (new, new_texts) = told(before), told(after)
    yield from differing("settings", machine(before), machine(after))
    for change in differing("settings", old, new):
        name = change.subject
        yield Change("settings", name, old_texts.get(name, ABSENT), new_texts.get(name, ABSENT))


def choices(before: Report, after: Report) -> Iterator[Change]:
    """Stages whose mapping was made by another algorithm."""

    def told(report: Report) -> dict[str, str]:
        stages = report.flow.stages if report.flow else ()
        return {row.stage: row.kept for row in stages if row.kept}

    yield from differing("algorithms kept", told(before), told(after))


def requirements(before: Report, after: Report) -> Iterator[Change]:
    """Requirements on the mapping that came, went, or are met otherwise; of those on runs whether they are made."""

    def told(report: Report) -> dict[str, str]:
        judged = [row for row in report.requirements if row.of == "mapping"]
        others = dict.fromkeys((row.value for row in report.settings if row.name == "require"), "judged on runs")
        verdicts = ((_asked(row), f"{'met' if row.passed else 'NOT MET'}, {measured(row)}") for row in judged)
        return {**others, **numbered(verdicts)}

    yield from differing("requirements", told(before), told(after))


def _asked(row: RequirementRow) -> str:
    return row.requirement.removeprefix("require ")


def weights(before: Report, after: Report) -> Iterator[Change]:
    """What 16 bits make of the weights of each projection, and whole timesteps of its delays."""
    yield from differing("weights and delays", _quantised(before), _quantised(after))
    old, new = _delays(before), _delays(after)
    for label in dict.fromkeys([*old, *new]):
        was, now = old.get(label), new.get(label)
        if (was and was.bins) != (now and now.bins):
            yield Change("weights and delays", f"{label}: delays", _served(was), _served(now), _moved(was, now))


def _quantised(report: Report) -> dict[str, str]:
    """What is told of each projection, and of which."""
    return numbered(
        (f"{row.label}: {name}", text)
        for row in report.quantisation
        for name, text in (
            ("shift", str(row.shift)),
            ("largest error", percent(row.largest_error)),
            ("RMS error", percent(row.rms_error)),
            ("became 0", f"{row.zeroed:,}"),
        )
    )


def _delays(report: Report) -> dict[str, HistogramRow]:
    """The delays of each projection, as they are served."""
    return {row.projection: row for row in report.histograms if row.what == "delays"}


def _served(row: HistogramRow | None) -> str:
    """The range of delays."""
    texts = [text for text, held in row.bins if held] if row else []
    if row is None or not texts:
        return ABSENT
    low, high = texts[0].partition(" … ")[0], texts[-1].rpartition(" … ")[2]
    return f"{low} {row.unit}" if low == high else f"{low} … {high} {row.unit}"


def _moved(was: HistogramRow | None, now: HistogramRow | None) -> str:
    """How many synapses have another delay, where the same delays are told of both."""
    if was is None or now is None or [text for text, _ in was.bins] != [text for text, _ in now.bins]:
        return ""
    grown = sum(max(0, new - old) for (_, old), (_, new) in zip(was.bins, now.bins, strict=True))
    return f"{grown:,} of {now.counted:,} synapses have another"


def remarks(before: Report, after: Report) -> Iterator[Change]:
    """Remarks of the stages that came, went, or say something else."""

    def told(report: Report) -> dict[str, str]:
        return numbered((f"{row.stage}, {row.subject}", row.message) for row in report.diagnostics)

    yield from differing("remarks", told(before), told(after))
