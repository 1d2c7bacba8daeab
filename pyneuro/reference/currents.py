"""Injected currents: constant over a step, each from the grid time nearest to its own time on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolchain.network import Current

Floats = NDArray[np.float64]


class Injection:
    """Sum of the currents injected into a block of cells.

    Parameters
    ----------
    currents : sequence of (int, Current)
        Where the current's population begins in the block, and the current.
    cells : int
        Number of cells of the block.
    timestep : float
        ms.
    """

    def __init__(self, currents: Sequence[tuple[int, Current]], cells: int, timestep: float) -> None:
        self._sources = [
            (start + current.indices, np.rint(current.times / timestep).astype(np.int64), current.amplitudes)
            for start, current in currents
        ]
        self._total = np.zeros(cells)
        self._valid = range(0)

    def at(self, step: int) -> Floats | None:
        """The current (nA) into each cell during `step`, or None if no current is ever injected."""
        if not self._sources:
            return None
        if step not in self._valid:
            self._total[:] = 0.0
            until = np.iinfo(np.int64).max
            for cells, steps, amplitudes in self._sources:
                passed = int(np.searchsorted(steps, step, side="right"))
                if passed:
                    np.add.at(self._total, cells, amplitudes[passed - 1])
                if passed < len(steps):
                    until = min(until, int(steps[passed]))
            self._valid = range(step, until)
        return self._total
