"""Runs beside: the script of the command line, run in processes of their own, whose results come back in files."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyneuro
from pyneuro.capacity import free_memory
from pyneuro.cli.figures import peak_rss_mb
from pyneuro.errors import ScriptError
from pyneuro.report.build import Run
from pyneuro.results import load_results


@dataclass(frozen=True)
class Job:
    """A run of the script: what to call it in messages, and the words of its command line after the script."""

    name: str
    words: tuple[str, ...]


def start(options: argparse.Namespace, job: Job, out: Path) -> subprocess.Popen[bytes]:
    """Start a job; its results go to `out`.  -P keeps the current folder from hiding the installed package."""
    command = [sys.executable, "-P", "-m", "pyneuro", "run", str(options.script), *job.words]
    command += ["--out", str(out), "--", *options.arguments]
    source = str(Path(pyneuro.__file__).parents[1])
    path = os.pathsep.join([source, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[bytes], job: Job, out: Path) -> Run:
    """Wait for a job and return its run.

    Raises
    ------
    ScriptError
        If it failed; with what it said.
    """
    _, said = process.communicate()
    if process.returncode:
        reason = said.decode(errors="replace").strip().removeprefix("pyneuro: error: ")
        raise ScriptError(f"on {job.name}: {reason or f'exit status {process.returncode}'}")
    told = json.loads((out / "figures.json").read_text())
    seconds = {phase: told[f"{phase}_s"] for phase in ("build", "map", "load", "sim")}
    return Run(load_results(out / "results.npz"), seconds, told["cpu_s"])


def run_all(options: argparse.Namespace, jobs: Sequence[Job], scratch: Path) -> list[Run]:
    """Run all `jobs`, several at once."""

    def run(number: int) -> Run:
        out = scratch / f"job{number}"
        with start(options, jobs[number], out) as process:
            try:
                return finish(process, jobs[number], out)
            finally:
                process.kill()

    with ThreadPoolExecutor(at_once()) as pool:
        return list(pool.map(run, range(len(jobs))))


def at_once() -> int:
    """Jobs to run at once: as many as there are processors for us, and as fit into memory if each is as large as we."""
    ours = peak_rss_mb() * 1e6
    return max(1, min(len(os.sched_getaffinity(0)), int(free_memory() / max(ours, 1.0))))
