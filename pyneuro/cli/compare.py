"""``pyneuro compare``: run a script on both simulators, each in its own process, and compare.

The emulator runs here; the reference runs beside it in a process of its own and leaves its results in a
file.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from pyneuro import unmet
from pyneuro.budget.account import Account
from pyneuro.cli import FAILED
from pyneuro.cli.beside import Job, finish, start
from pyneuro.cli.budget import make_account
from pyneuro.cli.figures import last_line
from pyneuro.cli.requirements import of_comparison, tell
from pyneuro.cli.session import Session, figures, run_session
from pyneuro.comparison import compare
from pyneuro.errors import SetupError
from pyneuro.report import Report
from pyneuro.report.build import Run, add_runs
from pyneuro.report.files import write_report
from pyneuro.report.to_json import plain
from pyneuro.report.to_text import to_text
from pyneuro.requirements import parse_requirement, verdicts

REFERENCE = Job("the reference simulator", ("--backend", "reference"))


def main(options: argparse.Namespace) -> int:
    """Run, compare, report; 0 only if everything that is required holds."""
    requirements = [parse_requirement(text) for text in options.require]
    if options.seeds < 0 or (options.seeds and not options.budget):
        raise SetupError(
            f"--seeds {options.seeds} asks for so many more runs of the reference, whose spread stands in the error "
            "budget: give 0 or more, and leave out --no-budget"
        )
    session, reference, budget = _runs(options)
    assert session.emulated is not None
    requirements += of_comparison(session.emulated.outcome.settings)
    comparison = compare(reference.results, session.results)
    mapped = session.report()
    directory = options.out or Path(f"{options.script.stem}-report")
    report = add_runs(mapped, reference, session.run, comparison, budget=budget)
    page = write_report(directory, report)[0]
    judged = verdicts(requirements, comparison)
    if judged:
        report = add_runs(mapped, reference, session.run, comparison, verdicts=judged, budget=budget)
        write_report(directory, report)
    print(last_line(_summary(session, reference, report, page)) if options.json else to_text(report))
    if not options.json:
        print(f"The report is in {page}")
    tell([*unmet.of_mapping(session.verdicts), *unmet.of_comparison(judged)])
    return 0 if _passed(report) else FAILED


def _runs(options: argparse.Namespace) -> tuple[Session, Run, Account | None]:
    """The run of the emulator, that of the reference, and the error budget if it is wanted."""
    with tempfile.TemporaryDirectory(prefix="pyneuro-") as folder:
        scratch = Path(folder)
        with start(options, REFERENCE, scratch / "reference") as beside:
            try:
                session = run_session(options, "emulator")
                reference = finish(beside, REFERENCE, scratch / "reference")
            finally:
                beside.kill()
        budget = make_account(options, session, reference.results, scratch) if options.budget else None
    return session, reference, budget


def _passed(report: Report) -> bool:
    return all(row.passed for row in report.requirements)


def _summary(session: Session, reference: Run, report: Report, page: Path) -> dict[str, Any]:
    return {
        **figures(session),
        "reference_sim_s": reference.seconds["sim"],
        "reference_cpu_s": reference.cpu_s,
        "comparison": plain(report.comparison),
        "budget": plain(report.budget),
        "requirements": plain(report.requirements),
        "passed": _passed(report),
        "report": str(page),
    }
