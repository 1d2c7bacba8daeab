"""``pyneuro diff``: what changed between two mappings, told from their reports.

Exit status as that of ``diff``: 0 if nothing changed, 1 if something did, 2 if a file cannot be read.
"""

from __future__ import annotations

import argparse
import json
from itertools import groupby

from pyneuro.report import Report
from pyneuro.report.difference import changes
from pyneuro.report.difference.change import Change
from pyneuro.report.from_json import read_report
from pyneuro.report.text_blocks import table
from pyneuro.report.to_json import plain

CHANGED = 1
LISTED = 20
"""Changes of a section that are printed; `--json` has all."""


def main(options: argparse.Namespace) -> int:
    """Print what changed; 0 only if nothing did."""
    before, after = read_report(options.before), read_report(options.after)
    found = changes(before, after)
    if options.json:
        print(json.dumps({"same": not found, "changes": [plain(change) for change in found]}))
    else:
        print(_told(before, after, found))
    return CHANGED if found else 0


def _told(before: Report, after: Report, found: tuple[Change, ...]) -> str:
    names = before.title if before.title == after.title else f"{before.title} and {after.title}"
    if not found:
        return f"{names}: nothing changed"
    lines = [names]
    for section, rows in groupby(found, key=lambda change: change.section):
        cells = [(row.subject, row.before, row.after, row.remark) for row in rows]
        lines += ["", *table((section, "before", "after", ""), cells[:LISTED], len(cells[LISTED:]))]
    return "\n".join(line.rstrip() for line in [*lines, *_left_out(before, after)])


def _left_out(before: Report, after: Report) -> list[str]:
    """That reports do not have all slices."""
    untold = max(report.cores.untold if report.cores else 0 for report in (before, after))
    return ["", f"({untold:,} more slices are compared as a whole only)"] if untold else []
