"""Waves: currents that may change in every tick, a sine, noise or both, between two times.

The value of a wave at a tick follows from the tick alone.  So a wave has no state: it is the same however a run is
cut, it begins anew after a reset, and both simulators compute it here, a block of ticks at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.conversion import ACCUM_MAX, ACCUM_MIN, ACCUM_ONE
from emulator.seeds import LOW, hashed

BLOCK: Final = 1024
"""Ticks that are computed at once; a power of two."""
FAR: Final = 2**31 - 1


@dataclass(frozen=True)
class Wave:
    """A current of ``offset + amplitude sin(2 pi frequency (t - start) + phase) + deviation * noise`` while it is on.

    It takes the value of t = start, start + interval, start + 2 interval ... and holds each until the next, as the
    current sources of pyNN.nest do.  The noise is normal, of mean 0 and variance 1.

    Parameters
    ----------
    start, stop : float
        ms; it is on from the timestep nearest to the start on, and off from that nearest to the stop on.
    offset, amplitude, deviation : float
        nA.
    frequency, phase : float
        Hz; degrees.
    interval : float
        ms; a multiple of the timestep.
    seed : int
        Of the noise: waves of one seed have the same.
    """

    start: float
    stop: float
    interval: float
    offset: float
    amplitude: float = 0.0
    frequency: float = 0.0
    phase: float = 0.0
    deviation: float = 0.0
    seed: int = 0

    def ticks(self, timestep: float) -> tuple[int, int]:
        """The first tick in which it is on, and the first in which it is off again."""
        start, stop = (round(min(time / timestep, FAR)) for time in (self.start, self.stop))
        return start, max(start, stop)

    def values(self, first: int, n: int, timestep: float) -> NDArray[np.float64]:
        """The current in the ticks ``first .. first + n - 1``, nA; float64[n]."""
        start, stop = self.ticks(timestep)
        values = np.zeros(n)
        on = slice(max(start - first, 0), max(stop - first, 0))
        number = (np.arange(first, first + n)[on] - start) // max(1, round(self.interval / timestep))
        if len(number):
            values[on] = self._taken(int(number[0]), int(number[-1]) + 1)[number - number[0]]
        return values

    def _taken(self, first: int, last: int) -> NDArray[np.float64]:
        """The values number ``first .. last - 1`` that it takes, nA."""
        taken = np.full(last - first, self.offset)
        if self.amplitude:
            time = self.interval * np.arange(first, last)
            taken += self.amplitude * np.sin(2e-3 * np.pi * self.frequency * time + np.deg2rad(self.phase))
        if self.deviation:
            taken += self.deviation * normal(self.seed, first, last)
        return taken

    @property
    def highest(self) -> float:
        """The largest absolute value that it can have, nA: noise ends at seven standard deviations."""
        return abs(self.offset) + abs(self.amplitude) + 7.0 * abs(self.deviation)

    def fault(self) -> str | None:
        """What is wrong with it, if anything is."""
        if not all(isfinite(getattr(self, field.name)) for field in fields(self)):
            return "is not finite"
        if not self.interval > 0.0:
            return f"changes every {self.interval} ms"
        return None


def normal(seed: int, first: int, last: int) -> NDArray[np.float64]:
    """Normal numbers ``first .. last - 1`` of a stream, by the method of Box and Muller 1958; float64[last - first]."""
    words = hashed(seed, 0, np.arange(first, last, dtype=np.uint64))
    radius, turn = (((half & LOW) + 0.5) * 2.0**-32 for half in (words, words >> np.uint64(32)))
    values: NDArray[np.float64] = np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * turn)
    return values


class Waveforms:
    """The s16.15 words of the waves that are in use, in the block of ticks that `tick` is in.

    A row of words stays at its address until its wave is dropped.
    """

    def __init__(self, timestep: float, tick: int) -> None:
        self._timestep = timestep
        self._block = tick // BLOCK
        self._rows: dict[Wave, NDArray[np.int32]] = {}
        self._uses: Counter[Wave] = Counter()

    def take(self, wave: Wave) -> NDArray[np.int32]:
        """The row of `wave`, int32[BLOCK]: the word of tick t is number ``t % BLOCK``."""
        if wave not in self._rows:
            self._rows[wave] = np.empty(BLOCK, dtype=np.int32)
            self._fill(wave)
        self._uses[wave] += 1
        return self._rows[wave]

    def drop(self, waves: Iterable[Wave]) -> None:
        """Forget waves that were taken, once as often as they were."""
        self._uses.subtract(waves)
        for wave in [wave for wave, uses in self._uses.items() if uses == 0]:
            del self._uses[wave], self._rows[wave]

    def supply(self, tick: int) -> int:
        """Have all rows hold the block that `tick` is in; how many ticks from it on that covers."""
        if tick // BLOCK != self._block:
            self._block = tick // BLOCK
            for wave in self._rows:
                self._fill(wave)
        return BLOCK - tick % BLOCK if self._rows else FAR

    def _fill(self, wave: Wave) -> None:
        values = wave.values(self._block * BLOCK, BLOCK, self._timestep)
        self._rows[wave][:] = np.rint(np.clip(values, ACCUM_MIN, ACCUM_MAX) * ACCUM_ONE)
