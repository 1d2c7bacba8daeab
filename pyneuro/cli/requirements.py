"""Requirements on the command line: those that a mapping file makes, told where they are not met."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from pyneuro import requirements
from toolchain.problems import Problem, render_all
from toolchain.requirements import COMPARED, Verdict
from toolchain.settings import Settings


def tell(verdicts: Iterable[Verdict]) -> bool:
    """Say on standard error which of `verdicts` are not met; whether all are."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if failed:
        print(render_all([_problem(verdict) for verdict in failed]), file=sys.stderr)
    return not failed


def _problem(verdict: Verdict) -> Problem:
    said = verdict.requirement
    hints = (f"try {verdict.remedy}",) if verdict.remedy else ()
    return Problem(f"'{said.text}' is not met: {shown(verdict)}", said.origin, hints)


def shown(verdict: Verdict) -> str:
    """What was measured, and where."""
    measured = verdict.measured
    if measured is None:
        return "there is nothing to measure"
    where = f" ({measured.where})" if measured.where else ""
    if verdict.requirement.operator == "is":
        return measured.where or ("yes" if measured.value else "no")
    return f"it is {100 * measured.value:.3g} %{where}" if verdict.share else f"it is {measured.value:,.6g}{where}"


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


def as_rows(verdicts: Iterable[Verdict]) -> list[requirements.Verdict]:
    """Verdicts on a mapping as the report has them."""
    return [
        requirements.Verdict(
            requirement=verdict.requirement.text,
            population=verdict.measured.where if verdict.measured else "",
            measured=verdict.measured.value if verdict.measured else None,
            share=verdict.share,
            passed=verdict.passed,
        )
        for verdict in verdicts
    ]
