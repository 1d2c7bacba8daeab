"""The wall-clock time of each stage."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")


class Stopwatch:
    """Seconds by stage; a stage that is run again adds to what it took before."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, stage: str, work: Callable[..., _T], *arguments: Any) -> _T:
        """Do `work` and count its time for `stage`."""
        start = time.perf_counter()
        result = work(*arguments)
        self.add(stage, time.perf_counter() - start)
        return result

    def add(self, stage: str, seconds: float) -> None:
        """Count `seconds` for `stage`."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
