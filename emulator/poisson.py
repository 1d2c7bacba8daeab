"""Poisson spike sources, as a SpiNNaker core makes them; both simulators draw their trains here.

A source of `rate` spikes a second has ``lambda = rate * timestep`` expected spikes a tick, and on the core one of
three methods (sPyNNaker ``spike_source_poisson.c``):

- **slow**, lambda below 0.01: inter-spike intervals are drawn, in thousandths of a tick; the mean is cut to
  whole ticks (it is at least 100), and an interval wraps at 32 bits;
- **fast**, from 0.01 up: a count is drawn every tick, so that a source may spike several times in one tick.  The
  core has 15 bits of ``exp(-lambda)``: rates come out up to 0.3 % too high near 0.01 spikes a tick, 0.1 % up to
  5, 1.2 % up to 8 and 7 % just below 10;
- from 10 up it squares a Gaussian, which is taken here as ``ceil(lambda)`` fast counts of a lambda below 1.

On the machine all sources of a core share one stream of random numbers.  Here each source has its own, so that its
train depends neither on the partition nor on its neighbours.  Slow sources draw from it what the core draws; for the
others only the distribution is the core's, rates included, and the quickest way to it is taken: exponential intervals
where most ticks are empty, else a count from a table with one random word, where the core multiplies up lambda + 1 of
them (Knuth).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emulator.alias import COLUMN, alias_table
from emulator.arithmetic import expk
from emulator.random import validated
from emulator.trains import BEGINS, BIN, KINDS, SOURCE, Trains

SLOW_CUTOFF_RAW: Final = 328
"""Expected spikes a tick (s16.15 of 0.01) from which counts are drawn."""
FAST_CUTOFF_RAW: Final = 10 << 15
"""Expected spikes a tick (s16.15 of 10) from which several counts are added."""
LAMBDA_MAX: Final = 65535
"""Expected spikes a tick must be below this."""
GAPS_BELOW: Final = 0.4
"""Expected spikes a tick below which an interval for each spike is quicker than a count for each tick."""
NEVER: Final = 2**31 - 1
"""The tick in which a silent source is due."""


class PoissonTrains(Trains):
    """Poisson sources that go on where they stopped.

    Parameters
    ----------
    rate : float64[n]
        Rate in Hz.
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
        self, rate: ArrayLike, start: ArrayLike, stop: ArrayLike, seed: ArrayLike, *, timestep: float, tick: int = 0
    ) -> None:
        rates = np.asarray(rate, dtype=np.float64)
        records = new_records(len(rates), start, stop, seed, tick)
        mean, mean_isi = _means(rates, timestep)
        slow, gaps = mean == 0.0, (mean > 0.0) & (mean < GAPS_BELOW)
        records["kind"] = np.select([slow, gaps], [KINDS["slow"], KINDS["renewal"]], KINDS["counts"])
        records["mean_isi"] = mean_isi
        records["due"][slow & (mean_isi == 0)] = NEVER
        columns = _put_tables(records, mean, ~slow & ~gaps)
        bins = np.ones(len(rates), dtype=BIN)
        bins["scale"] = 1.0 / np.where(slow, 1.0, mean)
        for name in ("bin", "first_bin", "last_bin"):
            records[name] = np.arange(len(rates))
        super().__init__(records, bins, columns, float(mean.sum()), tick)


def new_records(n: int, start: ArrayLike, stop: ArrayLike, seed: ArrayLike, tick: int) -> NDArray[Any]:
    """Records of `n` sources that begin where their time has come, not before `tick`; SOURCE[n].

    Raises
    ------
    ValueError
        If there are not `n` starts, stops and seeds.
    """
    given = {"start": np.asarray(start), "stop": np.asarray(stop), "seed": validated(seed)}
    for name, values in given.items():
        if len(values) != n:
            raise ValueError(f"{n} sources, but {name} has {len(values)} values")
    records = np.zeros(n, dtype=SOURCE)
    records["start"], records["stop"], records["state"] = given.values()
    records["due"] = np.maximum(records["start"], tick)
    records["stage"] = BEGINS
    return records


def _means(rate: NDArray[np.float64], timestep: float) -> tuple[NDArray[np.float64], NDArray[np.uint32]]:
    """Expected spikes a tick of each source, 0 for slow ones, and mean intervals in ticks.

    The core's own arithmetic: rate in u16.16, seconds a tick in u0.32, their product cut to s16.15.
    """
    if not np.all((rate >= 0) & (rate * timestep * 1e-3 < LAMBDA_MAX)):
        raise ValueError(f"the rate of a Poisson source must be 0 Hz or more, and below {LAMBDA_MAX} spikes a timestep")
    rate_raw = np.rint(rate * 65536).astype(np.uint64)
    seconds_raw = np.uint64(np.rint(timestep * 1e-3 * 2.0**32))
    lambda_raw = ((rate_raw * seconds_raw) >> np.uint64(33)).astype(np.int64)
    ticks_per_second_raw = np.uint64(1000) * np.uint64(np.rint(65536 / timestep))
    mean_isi = np.where(rate_raw > 0, ticks_per_second_raw // np.maximum(rate_raw, np.uint64(1)), np.uint64(0))
    parts = np.where(lambda_raw < FAST_CUTOFF_RAW, 1, -(-lambda_raw >> 15))
    exp_minus_lambda = expk(-(lambda_raw // parts).astype(np.int32)) * 2.0**-15
    mean = np.where(lambda_raw < SLOW_CUTOFF_RAW, 0.0, parts * -np.log(exp_minus_lambda))
    return mean, np.minimum(mean_isi, np.uint64(0xFFFFFFFF)).astype(np.uint32)


def _put_tables(records: NDArray[Any], mean: NDArray[np.float64], counting: NDArray[np.bool_]) -> NDArray[Any]:
    """Tables of Poisson counts, one for each distinct mean of the sources `counting`, which are told of theirs."""
    means, which = np.unique(mean[counting], return_inverse=True)
    least = [max(0, int(m - _reach(m))) for m in means]
    bits = [int(m + _reach(m) - low).bit_length() for m, low in zip(means, least, strict=True)]
    sizes = [1 << b for b in bits]
    for name, values in (("table", np.cumsum([0, *sizes])[:-1]), ("table_bits", bits), ("least", least)):
        records[name][counting] = np.array(values, dtype=np.int32)[which]
    tables = [alias_table(_likelihood(*what)) for what in zip(means, least, sizes, strict=True)]
    return np.concatenate([np.zeros(0, dtype=COLUMN), *tables])


def _reach(mean: float) -> float:
    """Distance from the mean beyond which a Poisson count lies less often than a word has values."""
    return float(7.0 * np.sqrt(mean) + 12.0)


def _likelihood(mean: float, least: int, size: int) -> NDArray[np.float64]:
    """How likely the counts ``least .. least + size - 1`` are, relative to the likeliest."""
    steps = np.log(mean / np.arange(least + 1, least + size))
    logarithms = np.concatenate([[0.0], np.cumsum(steps)])
    likelihood: NDArray[np.float64] = np.exp(logarithms - logarithms.max())
    return likelihood
