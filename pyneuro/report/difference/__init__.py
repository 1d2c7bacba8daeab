"""What changed between two mappings, told from their reports.

Times, and what was counted in runs, are left out: they differ whenever something is done twice.  What is looked at is
the network, the settings, what was tried and kept, the figures that came of it, and where everything is: populations,
keys, trees and routing tables.  Where a setting was said is no part of it: the same said elsewhere is no change.
"""

from __future__ import annotations

from pyneuro.report import Report
from pyneuro.report.difference.change import Change
from pyneuro.report.difference.figures import figures
from pyneuro.report.difference.places import cores, keys, placement
from pyneuro.report.difference.routing import routes, tables
from pyneuro.report.difference.said import choices, network, remarks, requirements, settings, weights
from pyneuro.report.difference.untold import untold

SECTIONS = (
    figures,
    requirements,
    settings,
    choices,
    network,
    weights,
    remarks,
    cores,
    placement,
    keys,
    routes,
    tables,
)


def changes(before: Report, after: Report) -> tuple[Change, ...]:
    """All that changed, by section."""
    found = [change for compare in SECTIONS for change in compare(before, after)]
    return *found, *untold(before, after, {change.section for change in found})
