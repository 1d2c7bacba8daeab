"""Requirements on the command line: those that a mapping file makes, told where they are not met."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from pyneuro import requirements
from pyneuro.report.flow import mapping_rows, unjudged_rows
from pyneuro.report.words import JUDGED_BY_COMPARE, measured
from toolchain.problems import Problem, render_all
from toolchain.requirements import COMPARED, Verdict
from toolchain.settings import Settings


def tell(verdicts: Iterable[Verdict]) -> bool:
    """Say on standard error which of `verdicts` are not met; whether all are."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if failed:
        print(render_all([_problem(verdict) for verdict in failed]), file=sys.stderr)
    return not failed


def tell_unjudged(settings: Settings) -> None:
    """Say on standard error, once, which requirements of `settings` a mapping alone cannot meet."""
    rows = unjudged_rows(settings)
    if rows:
        named = ", ".join(f"'{row.requirement}' ({row.origin})" for row in rows)
        print(f"pyneuro: note: not judged: {named}; {JUDGED_BY_COMPARE}", file=sys.stderr)


def _problem(verdict: Verdict) -> Problem:
    said = verdict.requirement
    hints = (f"try {verdict.remedy}",) if verdict.remedy else ()
    (row,) = mapping_rows((verdict,))
    return Problem(f"'{said.text}' is not met: {measured(row)}", said.origin, hints)


def of_comparison(settings: Settings) -> list[requirements.Requirement]:
    """The requirements of `settings` that only a comparison of both simulators can meet."""
    return [
        requirements.Requirement(
            text=required.text,
            label=required.pattern or None,
            metric=COMPARED[required.figure],
            operator=required.operator,
            threshold=required.threshold,
        )
        for required in settings.requirements
        if required.figure in COMPARED
    ]
