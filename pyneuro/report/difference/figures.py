"""Figures of two mappings: what they take of the machine, as expected; nothing that was counted in a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from pyneuro.report import Report
from pyneuro.report.difference.change import ABSENT, Change
from pyneuro.report.words import count, memory, percent, watts

MANIFOLD = 10
"""So many times as much is told as a factor, less as a percentage."""

Shown = Callable[[float], str]


def figures(before: Report, after: Report) -> Iterator[Change]:
    """The figures that changed, and by how much."""
    old, new = ({name: (value, shown) for name, value, shown in _figures(report)} for report in (before, after))
    for name in dict.fromkeys([*old, *new]):
        was, now = _value(old, name), _value(new, name)
        shown = (old.get(name) or new[name])[1]
        old_text, new_text = (ABSENT if value is None else shown(value) for value in (was, now))
        if old_text != new_text:
            yield Change("figures", name, old_text, new_text, _growth(was, now))


def _figures(report: Report) -> Iterator[tuple[str, float | None, Shown]]:
    machine, cores, memories = report.machine, report.cores, report.memory
    if machine:
        yield "cores", machine.cores_used, count
        yield "chips", machine.chips_used, count
        yield "boards", machine.boards_used, count
        yield "busiest link", machine.expected_link_load, percent
    if cores:
        yield "busiest core", cores.busiest_share, percent
        yield "cores with too much to do", cores.overloaded, count
    yield from _routing(report)
    if memories:
        yield "fullest DTCM", memories.dtcm_most, _bytes
        yield "fullest SDRAM", memories.sdram_most, _bytes
        yield "SDRAM in all", memories.sdram_total, _bytes
    if report.energy:
        yield "estimated power", report.energy.expected_watts, watts


def _routing(report: Report) -> Iterator[tuple[str, float | None, Shown]]:
    routes, tables = report.routes, report.tables
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


def _bytes(value: float) -> str:
    return memory(int(value))


def _value(found: Mapping[str, tuple[float | None, Shown]], name: str) -> float | None:
    return found[name][0] if name in found else None


def _growth(was: float | None, now: float | None) -> str:
    if not was or now is None or not math.isfinite(was):
        return ""
    grown = now / was
    return f"× {count(grown)}" if grown >= MANIFOLD else f"{100 * (grown - 1):+.3g} %"
