"""``pyneuro compare``: run a script on both simulators, each in its own process, and compare.

The emulator runs here; the reference runs beside it in a process of its own and leaves its results in a
file.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyneuro
from pyneuro.cli import FAILED
from pyneuro.cli.figures import last_line
from pyneuro.cli.session import Session, figures, run_session
from pyneuro.comparison import compare
from pyneuro.errors import ScriptError
from pyneuro.report.build import Run, add_runs
from pyneuro.report.files import write_report
from pyneuro.report.to_json import plain
from pyneuro.report.to_text import to_text
from pyneuro.requirements import Verdict, parse_requirement, verdicts
from pyneuro.results import load_results


def main(options: argparse.Namespace) -> int:
    """Run, compare, report; 0 only if everything that is required holds."""
    requirements = [parse_requirement(text) for text in options.require]
    with tempfile.TemporaryDirectory(prefix="pyneuro-") as scratch, _start_reference(options, Path(scratch)) as beside:
        try:
            session = run_session(options, "emulator")
            reference = _finish_reference(beside, Path(scratch))
        finally:
            beside.kill()
    comparison = compare(reference.results, session.results)
    mapped = session.report()
    directory = options.out or Path(f"{options.script.stem}-report")
    report = add_runs(mapped, reference, session.run, comparison)
    page = write_report(directory, report)[0]
    judged = verdicts(requirements, comparison)
    if judged:
        report = add_runs(mapped, reference, session.run, comparison, judged)
        write_report(directory, report)
    print(last_line(_summary(session, reference, report.comparison, judged, page)) if options.json else to_text(report))
    if not options.json:
        print(f"The report is in {page}")
    return 0 if all(verdict.passed for verdict in judged) else FAILED


def _start_reference(options: argparse.Namespace, scratch: Path) -> subprocess.Popen[bytes]:
    """Start the script on the reference; -P keeps the current folder from hiding the installed package."""
    command = [sys.executable, "-P", "-m", "pyneuro", "run", str(options.script), "--backend", "reference"]
    command += ["--out", str(scratch), "--", *options.arguments]
    source = str(Path(pyneuro.__file__).parents[1])
    path = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _finish_reference(process: subprocess.Popen[bytes], scratch: Path) -> Run:
    """Wait for the reference and return its run.

    Raises
    ------
    ScriptError
        If it failed; with what it said.
    """
    _, said = process.communicate()
    if process.returncode:
        reason = said.decode(errors="replace").strip().removeprefix("pyneuro: error: ")
        raise ScriptError(f"on the reference simulator: {reason or f'exit status {process.returncode}'}")
    told = json.loads((scratch / "figures.json").read_text())
    seconds = {phase: told[f"{phase}_s"] for phase in ("build", "map", "load", "sim")}
    return Run(load_results(scratch / "results.npz"), seconds, told["cpu_s"])


def _summary(
    session: Session, reference: Run, comparison: Any, judged: tuple[Verdict, ...], page: Path
) -> dict[str, Any]:
    return {
        **figures(session),
        "reference_sim_s": reference.seconds["sim"],
        "reference_cpu_s": reference.cpu_s,
        "comparison": plain(comparison),
        "requirements": [plain(verdict) for verdict in judged],
        "passed": all(verdict.passed for verdict in judged),
        "report": str(page),
    }
