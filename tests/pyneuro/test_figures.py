"""The figures of ``--json``: what a process has held is its own, not that of the one that started it."""

import subprocess
import sys

import numpy as np

from pyneuro.cli.figures import last_line, lines, peak_rss_mb

HELD = 400_000_000
ASK = "from pyneuro.cli.figures import peak_rss_mb; print(peak_rss_mb())"


def test_peak_memory_counts_what_was_held_and_let_go() -> None:
    np.ones(HELD // 8).sum()
    assert peak_rss_mb() > HELD / 2**20


def test_peak_memory_is_not_that_of_the_process_that_started_this_one() -> None:
    np.ones(HELD // 8).sum()
    done = subprocess.run([sys.executable, "-c", ASK], check=True, capture_output=True, text=True)
    assert float(done.stdout) < HELD / 2**20


def test_a_figure_that_is_not_a_number_is_null() -> None:
    assert last_line({"rate_hz": float("nan"), "cores": 3}) == '{"rate_hz": null, "cores": 3}'


def test_figures_for_a_person() -> None:
    shown = lines({"passed": False, "cores": 3000, "rate_hz": None, "rtf": 0.25})
    assert shown == "passed   no\ncores    3,000\nrate_hz  -\nrtf      0.25"
