"""Progress of long work: one line on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 30
PATIENCE_S = 0.5
"""Work that is done sooner shows nothing."""


def progress(label: str, total: int, stream: TextIO | None = None) -> Callable[[int], None] | None:
    """Return a function to be called with the number of steps done, or None where nobody watches.

    Parameters
    ----------
    label : str
        What is going on.
    total : int
        Number of steps in all.
    stream : text stream, optional
        Where to write; standard error by default. Nothing is written unless it is a terminal.
    """
    out = stream or sys.stderr
    if not out.isatty() or total <= 0:
        return None
    started = time.monotonic()

    def show(done: int) -> None:
        elapsed = time.monotonic() - started
        if elapsed < PATIENCE_S:
            return
        filled = WIDTH * done // total
        left = elapsed * (total - done) / max(done, 1)
        ending = "\r\x1b[K" if done >= total else ""
        out.write(
            f"\r{label} [{'#' * filled}{'.' * (WIDTH - filled)}] {100 * done // total:3d} %, {left:.0f} s left {ending}"
        )
        out.flush()

    return show
