"""What is recorded of a population: spikes as they come, samples at the start of every so many steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.network import Recording

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class SpikeRecord:
    """Spikes of the recorded cells of a population of `size` cells."""

    def __init__(self, size: int) -> None:
        self._wanted = np.zeros(size, np.bool_)
        self.clear()

    def configure(self, recording: Recording | None) -> None:
        """Go on with the cells of `recording`; spikes so far stay."""
        self._wanted[:] = False
        if recording is not None:
            self._wanted[recording.indices] = True

    def add(self, step: int, fired: Indices) -> None:
        """Note the spikes that cells `fired` had in `step`."""
        kept = fired[self._wanted[fired]]
        if kept.size:
            self._steps.append(step)
            self._fired.append(kept)

    def spikes(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Steps and cell indices, sorted by step, then index."""
        counts = [len(fired) for fired in self._fired]
        indices = np.concatenate([np.empty(0, np.int64), *self._fired])
        return np.repeat(np.array(self._steps, np.int64), counts), indices.astype(np.int32)

    def clear(self) -> None:
        """Drop the spikes so far."""
        self._steps: list[int] = []
        self._fired: list[Indices] = []


class SampleRecord:
    """Samples of one variable of a population, as `recording` asks for them."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.clear()

    def fits(self, recording: Recording) -> bool:
        """Whether `recording` asks for the same samples, so that this record can go on."""
        same = np.array_equal(recording.indices, self.recording.indices)
        return same and recording.interval_steps == self.recording.interval_steps

    def add(self, step: int, values: Floats) -> None:
        """Take a sample of `values`, the variable in all cells at the start of `step`, if one is due."""
        if step % self.recording.interval_steps == 0:
            self._samples.append(values[self.recording.indices])

    def signal(self, step: int, values: Floats) -> Floats:
        """Samples [samples, recorded cells], with one of the present moment `step` if one is due."""
        due = step % self.recording.interval_steps == 0
        rows = [*self._samples, values[self.recording.indices]] if due else self._samples
        return np.array(rows).reshape(len(rows), len(self.recording.indices))

    def clear(self) -> None:
        """Drop the samples so far."""
        self._samples: list[Floats] = []
