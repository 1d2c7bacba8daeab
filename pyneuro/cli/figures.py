"""The figures that ``--json`` prints: one object, the last line of standard output."""

from __future__ import annotations

import json
import math
import re
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")


def peak_rss_mb() -> float:
    """The most memory that this process has held, in MB.

    Linux tells it since the last exec as ``VmHWM`` (proc_pid_status(5)).  The figure of getrusage(2) is kept across an
    exec, so that a small process which a large one has started would seem large; it serves where there is no /proc.
    """
    if _STATUS.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
        if found:
            return round(int(found[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def last_line(figures: Mapping[str, Any]) -> str:
    """`figures` as one line of JSON; a figure that is not a number is null."""
    return json.dumps({name: _plain(value) for name, value in figures.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def lines(figures: Mapping[str, Any]) -> str:
    """`figures` for a person: a name and a value a line."""
    width = max(len(name) for name in figures)
    return "\n".join(f"{name:<{width}}  {_shown(value)}" for name, value in figures.items())


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
