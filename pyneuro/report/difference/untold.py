"""What reports of very large networks do not tell one by one: whether it changed is told by digests of the whole."""

from __future__ import annotations

from collections.abc import Iterator

from pyneuro.report import Report
from pyneuro.report.difference.change import Change
from pyneuro.report.words import amount


def untold(before: Report, after: Report, sections: set[str]) -> Iterator[Change]:
    """Sections in which no change was found, and which changed in what the reports leave out."""
    for section, (was, left) in _digests(before).items():
        now, left_now = _digests(after).get(section, (was, 0))
        most = max(left, left_now)
        if was != now and most and section not in sections:
            yield Change(section, f"{amount(most, 'row')} that reports leave out", was, now, "changed")


def _digests(report: Report) -> dict[str, tuple[str, int]]:
    """The digest of each section, and how many rows the report does not have."""
    found = {}
    if report.cores:
        found["placement"] = report.cores.digest, report.cores.untold
    if report.cores and report.keys:
        found["keys"] = report.keys.digest, report.cores.untold
    if report.routes:
        found["routes of populations"] = report.routes.digest, report.routes.untold
    if report.tables:
        found["routing tables"] = report.tables.digest, report.tables.untold
    return found
