"""Renewal sources: intervals of a dead time plus a gamma variate, whose parameters may change with time.

No SpiNNaker software has them.  A core would draw them in software floating point, as it is done here (how is told in
`emulator.trains`); each source has a random stream of its own.  A spike at time t falls into tick
``floor(t / timestep)``.

With a mean m, dead time d and shape k the intervals have the coefficient of variation ``(m - d) / (m sqrt(k))``.  A
source begins in equilibrium, so its rate is 1/m from its first tick on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emulator.alias import COLUMN
from emulator.poisson import LAMBDA_MAX, new_records
from emulator.trains import BIN, KINDS, Trains

ON_GRID = 1e-9
"""Relative distance from a whole number of ticks that a dead time is taken to have by rounding."""


@dataclass(frozen=True, eq=False)
class Intervals:
    """How the intervals of n renewal sources are drawn, in ms.

    Source i has from time ``since[k]`` on gamma variates of ``shape[k]`` and ``scale[k]``, for k from ``offsets[i]`` to
    ``offsets[i + 1] - 1``, each after a dead time ``dead[i]``.  An infinite scale keeps it silent.
    """

    dead: NDArray[np.float64]
    offsets: NDArray[np.int64]
    since: NDArray[np.float64]
    shape: NDArray[np.float64]
    scale: NDArray[np.float64]

    def part(self, low: int, high: int) -> Intervals:
        """The intervals of sources ``low .. high - 1``."""
        bins = slice(self.offsets[low], self.offsets[high])
        offsets = self.offsets[low : high + 1] - self.offsets[low]
        return Intervals(self.dead[low:high], offsets, self.since[bins], self.shape[bins], self.scale[bins])

    @property
    def rate(self) -> NDArray[np.float64]:
        """Spikes a ms in each bin, once the source has forgotten the bin before."""
        bins = np.diff(self.offsets)
        rate: NDArray[np.float64] = 1.0 / (np.repeat(self.dead, bins) + self.shape * self.scale)
        return rate

    @property
    def highest_rate(self) -> NDArray[np.float64]:
        """Spikes a ms of each source in its fastest bin."""
        rate = self.rate
        return np.maximum.reduceat(rate, self.offsets[:-1]) if len(rate) else rate


def fault(intervals: Intervals, n: int, timestep: float) -> str | None:
    """What is wrong with the intervals of `n` sources, if anything is."""
    offsets, bins = intervals.offsets, len(intervals.since)
    lengths = {len(column) for column in (intervals.since, intervals.shape, intervals.scale)}
    if len(intervals.dead) != n or offsets.shape != (n + 1,) or (offsets[0], offsets[-1]) != (0, bins):
        return f"its intervals are not those of {n} sources"
    if np.any(np.diff(offsets) < 1) or lengths != {bins}:
        return "a source has no intervals, or a bin has no shape or scale"
    dead, shape, scale = intervals.dead, intervals.shape, intervals.scale
    within = np.isin(np.arange(1, bins), offsets, invert=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "a dead time is no finite number of at least 0": np.isfinite(dead) & (dead >= 0.0),
            "a shape is no finite number above 0": np.isfinite(shape) & (shape > 0.0),
            "a scale is not above 0": scale > 0.0,
            "the bins of a source do not ascend": (np.diff(intervals.since) > 0.0) | ~within,
            f"a source sends {LAMBDA_MAX} spikes or more a tick": intervals.rate * timestep < LAMBDA_MAX,
        }
    return next((text for text, holds in found.items() if not np.all(holds)), None)


class RenewalTrains(Trains):
    """Renewal sources that go on where they stopped.

    Parameters
    ----------
    intervals : Intervals
        How they are drawn.
    start, stop : int32[n]
        Source i may spike in ticks ``start[i] <= t < stop[i]``.
    seed : uint32[n, 4]
        Seed of the stream of each source.
    timestep : float
        Milliseconds a tick.
    tick : int
        The first tick.
    """

    def __init__(
        self,
        intervals: Intervals,
        start: ArrayLike,
        stop: ArrayLike,
        seed: ArrayLike,
        *,
        timestep: float,
        tick: int = 0,
    ) -> None:
        n, offsets = len(intervals.dead), intervals.offsets
        records = new_records(n, start, stop, seed, tick)
        records["kind"] = KINDS["renewal"]
        dead = intervals.dead / timestep
        whole = np.rint(dead)
        records["dead"] = np.where(np.abs(dead - whole) <= ON_GRID * whole, whole, dead)
        bins = np.empty(len(intervals.since), dtype=BIN)
        bins["since"], bins["shape"] = intervals.since / timestep, intervals.shape
        bins["scale"] = intervals.scale / timestep
        owner = np.repeat(np.arange(n), np.diff(offsets))
        begun = np.bincount(owner[bins["since"] <= records["due"][owner]], minlength=n)
        records["first_bin"], records["last_bin"] = offsets[:-1], offsets[1:] - 1
        records["bin"] = offsets[:-1] + np.maximum(begun, 1) - 1
        expected = float(intervals.highest_rate.sum()) * timestep
        super().__init__(records, bins, np.zeros(0, dtype=COLUMN), expected, tick)
