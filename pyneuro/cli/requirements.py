"""Requirements on the command line: those that a mapping file makes, told where they are not met."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from pyneuro import requirements
from pyneuro.report.flow import unjudged_rows
from pyneuro.report.words import JUDGED_BY_COMPARE
from toolchain.problems import Problem, render_all
from toolchain.requirements import COMPARED
from toolchain.settings import Settings


def tell(unmet: Iterable[Problem]) -> bool:
    """Say on standard error which requirements are not met; whether all are."""
    problems = list(unmet)
    if problems:
        print(render_all(problems), file=sys.stderr)
    return not problems


def tell_unjudged(settings: Settings) -> None:
    """Say on standard error, once, which requirements of `settings` a mapping alone cannot meet."""
    rows = unjudged_rows(settings)
    if rows:
        named = ", ".join(f"'{row.requirement}' ({row.origin})" for row in rows)
        print(f"pyneuro: note: not judged: {named}; {JUDGED_BY_COMPARE}", file=sys.stderr)


def of_comparison(settings: Settings) -> list[requirements.Requirement]:
    """The requirements of `settings` that only a comparison of both simulators can meet."""
    return [
        requirements.Requirement(
            text=required.text,
            label=required.pattern or None,
            metric=COMPARED[required.figure],
            operator=required.operator,
            threshold=required.threshold,
            origin=required.origin,
        )
        for required in settings.requirements
        if required.figure in COMPARED
    ]
