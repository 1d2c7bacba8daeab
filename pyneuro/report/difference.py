"""What changed between two mappings, told from their reports.

Times and runs are left out: they differ whenever something is done twice.  What is looked at is the network, the
settings, what was tried and kept, the figures that came of it, and where everything is: populations, keys, routes and
routing tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pyneuro.report import Report
from pyneuro.report.schema.mapping import CoreRow
from pyneuro.report.words import count, measured, memory, percent, watts
from toolchain.graph import population_of

ABSENT = "–"
MANIFOLD = 10
"""So many times as much is told as a factor, less as a percentage."""


@dataclass(frozen=True)
class Change:
    """Something that is not as before: what it is about (`subject`), its texts before and after, and a remark."""

    section: str
    subject: str
    before: str
    after: str
    remark: str = ""


def changes(before: Report, after: Report) -> tuple[Change, ...]:
    """All that changed, by section."""
    return tuple(change for compare in SECTIONS for change in compare(before, after))


def _differing(section: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """A change for each name whose text is not as before."""
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Change(section, name, before.get(name, ABSENT), after.get(name, ABSENT))


# --- figures ---------------------------------------------------------------------------------------------

Shown = Callable[[float], str]


def _figures(report: Report) -> Iterator[tuple[str, float | None, Shown]]:
    machine, routes, tables, memories = report.machine, report.routes, report.tables, report.memory
    if machine:
        yield "cores", machine.cores_used, count
        yield "chips", machine.chips_used, count
        yield "boards", machine.boards_used, count
        yield "busiest link", machine.link_load, percent
    if routes:
        yield "hops", routes.hops, count
        yield "links in use", routes.links_used, count
        yield "longest path", routes.longest_path, count
    if tables:
        yield "entries generated", tables.generated, count
        yield "entries loaded", tables.minimised, count
        yield "fullest table", tables.most, count
    if report.keys:
        yield "keys in blocks", report.keys.held, count
    if memories:
        yield "fullest DTCM", memories.dtcm_most, _bytes
        yield "fullest SDRAM", memories.sdram_most, _bytes
        yield "SDRAM in all", memories.sdram_total, _bytes
    if report.energy and not report.energy.measured:
        yield "estimated power", report.energy.watts, watts


def _bytes(value: float) -> str:
    return memory(int(value))


def _of_figures(before: Report, after: Report) -> Iterator[Change]:
    old, new = ({name: (value, shown) for name, value, shown in _figures(report)} for report in (before, after))
    for name in dict.fromkeys([*old, *new]):
        was, now = _value(old, name), _value(new, name)
        shown = (old.get(name) or new[name])[1]
        old_text, new_text = (ABSENT if value is None else shown(value) for value in (was, now))
        if was != now and old_text != new_text:
            yield Change("figures", name, old_text, new_text, _growth(was, now))


def _value(figures: Mapping[str, tuple[float | None, Shown]], name: str) -> float | None:
    return figures[name][0] if name in figures else None


def _growth(was: float | None, now: float | None) -> str:
    if not was or now is None or not math.isfinite(was):
        return ""
    grown = now / was
    return f"× {count(grown)}" if grown >= MANIFOLD else f"{100 * (grown - 1):+.3g} %"


# --- the network, settings and choices -------------------------------------------------------------------


def _of_network(before: Report, after: Report) -> Iterator[Change]:
    def told(report: Report) -> dict[str, str]:
        found = report.network
        if found is None:
            return {}
        return {
            "timestep": f"{found.timestep_ms:g} ms",
            **_numbered((f"population {p.label}", f"{p.size:,} {p.cell}") for p in found.populations),
            **_numbered((f"projection {p.label}", f"{p.synapses:,} {p.synapse}") for p in found.projections),
        }

    yield from _differing("network", told(before), told(after))


def _numbered(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Pairs as a dictionary; a name that comes again has its number behind it."""
    found: dict[str, str] = {}
    for name, value in pairs:
        again = 2
        unique = name
        while unique in found:
            unique, again = f"{name} ({again})", again + 1
        found[unique] = value
    return found


def _of_settings(before: Report, after: Report) -> Iterator[Change]:
    def told(report: Report) -> dict[str, str]:
        required = (row for row in report.settings if row.name != "require")
        return _numbered((row.name, f"{row.value} ({row.origin})") for row in required)

    def machine(report: Report) -> dict[str, str]:
        return {"machine in use": report.machine.name} if report.machine else {}

    yield from _differing("settings", {**machine(before), **told(before)}, {**machine(after), **told(after)})


def _of_choices(before: Report, after: Report) -> Iterator[Change]:
    def told(report: Report) -> dict[str, str]:
        stages = report.flow.stages if report.flow else ()
        return {row.stage: row.kept for row in stages if row.kept}

    yield from _differing("algorithms kept", told(before), told(after))


def _of_requirements(before: Report, after: Report) -> Iterator[Change]:
    def told(report: Report) -> dict[str, str]:
        judged = (row for row in report.requirements if row.of == "mapping")
        return _numbered((row.requirement, f"{'met' if row.passed else 'NOT MET'}, {measured(row)}") for row in judged)

    yield from _differing("requirements", told(before), told(after))


# --- places, keys, routes, tables ------------------------------------------------------------------------


def _of_partition(before: Report, after: Report) -> Iterator[Change]:
    def told(report: Report) -> dict[str, str]:
        rows = report.places.rows if report.places else ()
        return {row.population: f"{row.cores:,}" for row in rows}

    yield from _differing("cores of populations", told(before), told(after))


def _of_places(before: Report, after: Report) -> Iterator[Change]:
    yield from _by_population("placement", "moved", before, after, lambda row: f"{row.x}, {row.y}, core {row.p}")


def _of_keys(before: Report, after: Report) -> Iterator[Change]:
    yield from _by_population("keys", "changed", before, after, lambda row: f"{row.key or ABSENT}/{row.mask or ABSENT}")


def _by_population(
    section: str, word: str, before: Report, after: Report, text: Callable[[CoreRow], str]
) -> Iterator[Change]:
    """For each population how many of the slices in both reports have another `text`, and the first of them."""
    old, new = ({row.label: row for row in (report.cores.rows if report.cores else ())} for report in (before, after))
    common: dict[str, list[str]] = {}
    for label in old:
        if label in new:
            common.setdefault(population_of(label), []).append(label)
    for population, labels in common.items():
        differing = [label for label in labels if text(old[label]) != text(new[label])]
        if differing:
            first = differing[0]
            remark = f"{len(differing):,} of {len(labels):,} slices {word}, {first} the first" if labels[1:] else ""
            yield Change(section, population, text(old[first]), text(new[first]), remark)


def _of_routes(before: Report, after: Report) -> Iterator[Change]:
    def told(report: Report) -> dict[str, str]:
        rows = report.places.rows if report.places else ()
        return {row.population: f"{row.links:,} links, {count(row.hops)} hops" for row in rows}

    yield from _differing("routes of populations", told(before), told(after))


def _of_tables(before: Report, after: Report) -> Iterator[Change]:
    def told(report: Report) -> dict[str, str]:
        rows = report.tables.rows if report.tables else ()
        return {f"chip ({r.x}, {r.y})": f"{r.generated:,} generated, {r.minimised:,} loaded" for r in rows}

    old, new = told(before), told(after)
    yield from sorted(_differing("routing tables", old, new), key=lambda change: change.subject)


SECTIONS = (
    _of_figures,
    _of_requirements,
    _of_settings,
    _of_choices,
    _of_network,
    _of_partition,
    _of_places,
    _of_keys,
    _of_routes,
    _of_tables,
)
