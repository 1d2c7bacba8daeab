"""Injected currents: constant over a step, each from the grid time nearest to its own time on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emulator.waves import BLOCK
from toolchain.network import Current, Injected, WaveCurrent

Floats = NDArray[np.float64]

NEVER = np.iinfo(np.int64).max


class Steps:
    """The amplitudes of currents that change in steps."""

    def __init__(self, currents: Sequence[Current], timestep: float) -> None:
        self._steps = [np.rint(current.times / timestep).astype(np.int64) for current in currents]
        self._amplitudes = [np.append(0.0, current.amplitudes) for current in currents]
        self._levels = np.zeros(len(currents))
        self._valid = range(0)

    def at(self, step: int) -> tuple[Floats, int]:
        """The amplitudes (nA) in `step`, and the step until which they hold."""
        if step not in self._valid:
            until = NEVER
            for number, (steps, amplitudes) in enumerate(zip(self._steps, self._amplitudes, strict=True)):
                passed = int(np.searchsorted(steps, step, side="right"))
                self._levels[number] = amplitudes[passed]
                until = min(until, int(steps[passed]) if passed < len(steps) else NEVER)
            self._valid = range(step, until)
        return self._levels, self._valid.stop


class Waves:
    """The amplitudes of waves, computed a block of steps at a time."""

    def __init__(self, currents: Sequence[WaveCurrent], timestep: float) -> None:
        self._waves = [current.wave for current in currents]
        self._timestep = timestep
        windows = np.array([wave.ticks(timestep) for wave in self._waves], np.int64).reshape(-1, 2)
        self._first, self._last = int(windows[:, 0].min(initial=NEVER)), int(windows[:, 1].max(initial=0))
        self._levels = np.zeros((BLOCK, len(currents)))
        self._block = -1

    def at(self, step: int) -> tuple[Floats, int]:
        """The amplitudes (nA) in `step`, and the step until which they hold."""
        if step >= self._last:
            return np.zeros(len(self._waves)), NEVER
        if step // BLOCK != self._block:
            self._block = step // BLOCK
            for number, wave in enumerate(self._waves):
                self._levels[:, number] = wave.values(self._block * BLOCK, BLOCK, self._timestep)
        return self._levels[step % BLOCK], max(step + 1, self._first)


class Injection:
    """Sum of the currents injected into a block of cells.

    Parameters
    ----------
    currents : sequence of (int, Current or WaveCurrent)
        Where the current's population begins in the block, and the current.
    cells : int
        Number of cells of the block.
    timestep : float
        ms.
    """

    def __init__(self, currents: Sequence[tuple[int, Injected]], cells: int, timestep: float) -> None:
        steps = [(start, current) for start, current in currents if isinstance(current, Current)]
        waves = [(start, current) for start, current in currents if isinstance(current, WaveCurrent)]
        self._steps = Steps([current for _, current in steps], timestep)
        self._waves = Waves([current for _, current in waves], timestep)
        entries = [start + current.indices for start, current in (*steps, *waves)]
        self._cells = np.concatenate([np.zeros(0, np.int64), *entries])
        self._source = np.repeat(np.arange(len(entries)), [len(entry) for entry in entries])
        self._total = np.zeros(cells)
        self._valid = range(0)

    def at(self, step: int) -> Floats | None:
        """The current (nA) into each cell during `step`, or None if no current is ever injected."""
        if not len(self._source):
            return None
        if step not in self._valid:
            (steps, until), (waves, before) = self._steps.at(step), self._waves.at(step)
            levels = np.concatenate([steps, waves])
            self._total[:] = np.bincount(self._cells, levels[self._source], len(self._total))
            self._valid = range(step, min(until, before))
        return self._total
