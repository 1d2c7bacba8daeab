"""Poisson spike sources, as a SpiNNaker core makes them; both simulators draw their trains here.

A source of `rate` spikes a second has ``lambda = rate * timestep`` expected spikes a tick, and one of
three methods (sPyNNaker ``spike_source_poisson.c``):

- **slow**, lambda below 0.01: inter-spike intervals are drawn, in thousandths of a tick; the mean is cut to
  whole ticks (it is at least 100), and an interval wraps at 32 bits;
- **fast**, from 0.01 up: a count is drawn every tick, so that a source may spike several times in one tick.  The
  core has 15 bits of ``exp(-lambda)``: rates come out up to 0.3 % too high near 0.01 spikes a tick, 0.1 % up to
  5, 1.2 % up to 8 and 7 % just below 10;
- from 10 up the core squares a Gaussian.  Here ``ceil(lambda)`` fast counts of a lambda below 1 are added
  instead: the sum has the distribution that the Gaussian stands for, but is not the core's stream.

On the machine all sources of a core share one stream of random numbers.  Here each source has its own,
so that its train depends neither on the partition nor on its neighbours.
"""

import numpy as np

from libc.stdint cimport int32_t, uint32_t

from emulator.growable cimport Ints, copied, push, release
from emulator.poisson cimport NEVER, Sources, emit
from emulator.random cimport ISI_SCALE, time_to_spike_draw

from emulator.arithmetic import expk
from emulator.random import validated

SLOW_CUTOFF_RAW = 328
"""Expected spikes a tick (s16.15 of 0.01) from which counts are drawn."""
FAST_CUTOFF_RAW = 10 << 15
"""Expected spikes a tick (s16.15 of 10) from which several counts are added."""
LAMBDA_MAX = 65535
"""Expected spikes a tick must be below this."""


def source_seeds(network_seed, population, first, n):
    """Seeds of sources ``first .. first + n - 1`` of a population: uint32[n, 4], distinct streams.

    SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators") as a counter-based
    hash: the finaliser of (network seed, population) gives a key, the finalisers of key + (2 i) gamma and
    key + (2 i + 1) gamma the words of source i.

    Parameters
    ----------
    network_seed, population, first, n : int
        Any integers; only their low 64 bits count.
    """
    key = _mix(_mix(_words(network_seed) + _GAMMA) + _words(population) + _GAMMA)
    counter = _words(2 * first) + np.arange(2 * n, dtype=np.uint64)
    words = _mix(key + counter * _GAMMA)
    return np.stack([words & _LOW, words >> np.uint64(32)], axis=-1).reshape(n, 4).astype(np.uint32)


_LOW = np.uint64(0xFFFFFFFF)
_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def _words(number):
    """The low 64 bits of an integer, as an array of one word: array arithmetic wraps in silence."""
    return np.array([number & 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)


def _mix(z):
    """The finaliser of SplitMix64: a bijection of 64-bit words in which every bit of `z` matters."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def poisson_trains(rate, start, stop, seed, timestep, first_tick, n_ticks):
    """Trains of independent Poisson sources over ``first_tick <= t < first_tick + n_ticks``.

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

    Returns
    -------
    tick, index : int32[spikes]
        Sorted by tick, then by source; a source that spikes twice in a tick is there twice.
    """
    return PoissonTrains(rate, start, stop, seed, timestep, first_tick).run(n_ticks)


cdef class PoissonTrains:
    """Poisson sources that go on where they stopped; parameters as for `poisson_trains`."""

    def __init__(self, rate, start, stop, seed, timestep, first_tick=0):
        self._load(rate, start, stop, validated(seed), timestep, first_tick)
        self._schedule(np.ones(self.n, dtype=bool))

    def _load(self, rate, start, stop, state, timestep, tick):
        """Take the parameters and link the C arrays; nothing is due yet."""
        self.n = len(rate)
        self.tick = tick
        self.timestep = timestep
        self._rate = np.array(rate, dtype=np.float64)
        self._start = np.array(start, dtype=np.int32)
        exp_minus_lambda, mean_isi, parts = _methods(self._rate, timestep)
        self._arrays = {
            "due": np.full(self.n, NEVER, dtype=np.int32),
            "stop": np.array(stop, dtype=np.int32),
            "remainder": np.zeros(self.n, dtype=np.uint32),
            "mean_isi": mean_isi,
            "exp_minus_lambda": exp_minus_lambda,
            "parts": parts,
            "state": np.array(state, dtype=np.uint32),
        }
        for name, array in self._arrays.items():
            if len(array) != self.n:
                raise ValueError(f"{self.n} Poisson sources, but {name} has {len(array)} values")
        self.sources.n = self.n
        self.sources.soonest = tick
        if self.n == 0:
            return
        cdef int32_t[::1] ints = self._arrays["due"]
        self.sources.due = &ints[0]
        ints = self._arrays["stop"]
        self.sources.stop = &ints[0]
        ints = self._arrays["parts"]
        self.sources.parts = &ints[0]
        cdef uint32_t[::1] words = self._arrays["remainder"]
        self.sources.remainder = &words[0]
        words = self._arrays["mean_isi"]
        self.sources.mean_isi = &words[0]
        words = self._arrays["exp_minus_lambda"]
        self.sources.exp_minus_lambda = &words[0]
        words = self._arrays["state"].reshape(4 * self.n)
        self.sources.state = &words[0]

    def _schedule(self, fresh):
        """Make the sources `fresh` (bool[n]) due for the first time from now on."""
        arrays = self._arrays
        begin = np.maximum(self._start, self.tick).astype(np.int64)
        slow = fresh & (arrays["parts"] == 0)
        cdef uint32_t[::1] interval = np.zeros(self.n, dtype=np.uint32)
        cdef Py_ssize_t i
        for i in np.flatnonzero(slow):
            interval[i] = time_to_spike_draw(self.sources.state + 4 * i, self.sources.mean_isi[i])
        time = np.asarray(interval)
        due = begin + time // ISI_SCALE
        silent = (due >= arrays["stop"]) | (slow & (arrays["mean_isi"] == 0))
        arrays["due"][fresh] = np.where(silent, NEVER, due)[fresh]
        arrays["remainder"][fresh] = (time % ISI_SCALE)[fresh]
        self.sources.soonest = self.tick

    def run(self, n_ticks):
        """Spikes of the next `n_ticks` ticks: (tick, index), int32 each, sorted by tick, then index."""
        cdef Ints ticks = Ints(NULL, 0, 0, False)
        cdef Ints indices = Ints(NULL, 0, 0, False)
        cdef int32_t tick, last = self.tick + n_ticks
        cdef int32_t first = self.tick
        with nogil:
            for tick in range(first, last):
                emit(&self.sources, tick, &indices)
                while ticks.n < indices.n and not ticks.failed:
                    push(&ticks, tick)
        self.tick = last
        try:
            if ticks.failed or indices.failed:
                raise MemoryError("no memory left for the spikes of Poisson sources")
            return copied(&ticks), copied(&indices)
        finally:
            release(&ticks)
            release(&indices)

    def continued(self, rate, start, stop):
        """These sources from now on with other parameters; a source whose parameters stay goes on undisturbed."""
        cdef PoissonTrains other = PoissonTrains.__new__(PoissonTrains)
        other._load(rate, start, stop, self._arrays["state"], self.timestep, self.tick)
        fresh = (other._rate != self._rate) | (other._start != self._start)
        fresh |= other._arrays["stop"] != self._arrays["stop"]
        for name in ("due", "remainder"):
            other._arrays[name][~fresh] = self._arrays[name][~fresh]
        other._schedule(fresh)
        return other

    cdef Sources* c_sources(self) noexcept:
        return &self.sources

    cdef void advance_to(self, int tick) noexcept:
        self.tick = tick


def _methods(rate, timestep):
    """How each source is drawn: (exp_minus_lambda uint32[n], mean_isi uint32[n], parts int32[n]).

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
    parts = np.where(lambda_raw < SLOW_CUTOFF_RAW, 0, parts).astype(np.int32)
    exp_raw = expk(-(lambda_raw // np.maximum(parts, 1)).astype(np.int32))
    exp_minus_lambda = np.where(parts > 0, exp_raw, 0).astype(np.uint32) << np.uint32(17)
    return exp_minus_lambda, np.minimum(mean_isi, np.uint64(0xFFFFFFFF)).astype(np.uint32), parts
