"""Requirements that are not met, as problems: what was measured, the line that requires more, and what to try."""

from __future__ import annotations

from collections.abc import Iterable

from pyneuro import requirements
from pyneuro.errors import MappingWarning, warn_user
from pyneuro.report.flow import comparison_rows, mapping_rows
from pyneuro.report.words import measured
from toolchain.problems import Problem
from toolchain.requirements import Verdict


def of_mapping(verdicts: Iterable[Verdict]) -> list[Problem]:
    """Those on the mapping."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    return [
        _problem(f"'{row.requirement}' is not met: {measured(row)}", verdict)
        for verdict, row in zip(failed, mapping_rows(failed), strict=True)
    ]


def of_comparison(verdicts: Iterable[requirements.Verdict]) -> list[Problem]:
    """Those on the comparison of both simulators, one for each population."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    return [
        _problem(f"'{row.requirement}' is not met by {row.population}: {measured(row)}", verdict)
        for verdict, row in zip(failed, comparison_rows(failed), strict=True)
    ]


def _problem(message: str, verdict: Verdict | requirements.Verdict) -> Problem:
    origin = verdict.requirement.origin if isinstance(verdict, Verdict) else verdict.origin
    return Problem(message, origin, (f"try {verdict.remedy}",) if verdict.remedy else ())


def warn(verdicts: Iterable[Verdict]) -> None:
    """Warn of those on the mapping, where nobody judges a script by its exit status."""
    for problem in of_mapping(verdicts):
        told = "; ".join([problem.message, *problem.hints])
        warn_user(f"the requirement {told} ({problem.origin})", MappingWarning)
