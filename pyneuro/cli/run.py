"""``pyneuro run``: run a PyNN script on one simulator."""

from __future__ import annotations

import argparse

from emulator.archive import written_beside
from pyneuro.cli import FAILED
from pyneuro.cli.figures import last_line, lines
from pyneuro.cli.requirements import tell, tell_unjudged
from pyneuro.cli.session import figures, run_session
from pyneuro.report.build import add_runs
from pyneuro.report.files import write_report
from pyneuro.results import save_results
from pyneuro.unmet import of_mapping


def main(options: argparse.Namespace) -> int:
    """Run the script, print the figures, and write results and report if asked to."""
    session = run_session(options, options.backend)
    table = figures(session)
    if options.out:
        runs = (None, session.run) if session.emulated else (session.run, None)
        write_report(options.out, add_runs(session.report(), *runs))
        save_results(options.out / "results.npz", session.results)
        with written_beside(options.out / "figures.json") as file:
            file.write(last_line(table).encode())
    print(last_line(table) if options.json else lines(table))
    if session.emulated:
        tell_unjudged(session.emulated.outcome.settings)
    return 0 if tell(of_mapping(session.verdicts)) else FAILED
