"""Spike trains of independent sources; both simulators draw their trains here.

Each source has a KISS-64 stream of its own, so that its train depends neither on the partition nor on its
neighbours, and is drawn in one of three ways:

- SLOW, as a SpiNNaker core draws a slow Poisson source: intervals in thousandths of a tick;
- COUNTS: a number of spikes for each tick, from a table (`emulator.alias`);
- RENEWAL: intervals of a dead time plus a gamma variate, in double precision, from one spike to the next.  Shape
  and scale may change with time, bin by bin: within a bin the hazard is that of a gamma variate at the age of
  the source, the time since the dead time of its last spike ended.  So where a bin begins, the rest of the interval is
  drawn anew, given the age (Muller, Buesing, Schemmel and Meier 2007, Neural Comput. 19, 2958-3010, have such
  processes by thinning; the law is the same).  A renewal source begins in equilibrium, as if it had run for ever:
  the interval under way is chosen with a probability in proportion to its length, and the place in it at random.

A block of ticks is drawn at once, source after source, and sorted by tick.  No spike is drawn before the run
that needs it: changed parameters count from the next tick on.
"""

import numpy as np

from libc.math cimport INFINITY, fmax
from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memset

from emulator.alias cimport Column, alias_draw
from emulator.growable cimport Ints, copied, extend, push, release
from emulator.random cimport ISI_SCALE, time_to_spike_draw
from emulator.variates cimport gamma_beyond_draw, gamma_draw, uniform_draw

from emulator.alias import COLUMN

MOST_DRAWN = 1 << 18
"""Spikes that are expected in a block at the most: what is sorted stays in the cache of a core."""
KINDS = {"slow": SLOW, "counts": COUNTS, "renewal": RENEWAL}
"""How a source is drawn."""
BEGINS = FRESH
"""The stage of a source that is to begin."""
BIN = np.dtype([("since", np.float64), ("shape", np.float64), ("scale", np.float64)])
"""Shape and scale (ticks) of the intervals of a renewal source, from a time (ticks) on."""
_words = [("remainder", np.uint32), ("mean_isi", np.uint32)]
_numbers = ["table", "table_bits", "least", "bin", "first_bin", "last_bin"]
SOURCE = np.dtype(
    [
        *((name, np.int32) for name in ("kind", "stage", "due", "start", "stop")),
        *_words,
        *((name, np.int32) for name in _numbers),
        ("state", np.uint32, 4),
        *((name, np.float64) for name in ("previous", "next", "dead")),
    ],
    align=True,
)
"""A source: see `trains.pxd`."""
STATE = ("stage", "due", "remainder", "state", "previous", "next")
"""Fields that change while a source runs, but for `bin`, which counts from its first bin."""
PARAMETERS = ("kind", "start", "stop", "mean_isi", "dead")
"""Fields that, with the bins, say how a source is drawn."""


cdef inline void note(Sources* sources, int32_t tick, int32_t index, uint32_t count) noexcept nogil:
    """`count` spikes of a source in a tick of the block."""
    cdef int32_t offset = tick - sources.first
    cdef int32_t word = <int32_t> (<uint32_t> offset << INDEX_BITS | <uint32_t> index)
    cdef Ints* drawn = &sources.drawn
    cdef int32_t* place
    cdef uint32_t k
    sources.begin[offset + 1] += count
    if count <= 4 and drawn.n + 4 <= drawn.capacity:
        # A branch for each spike would cost more than to write more of them than there are.
        place = drawn.data + drawn.n
        place[0] = place[1] = place[2] = place[3] = word
        drawn.n += count
        return
    place = extend(drawn, count)
    if place != NULL:
        for k in range(count):
            place[k] = word


cdef inline void draw_slow(Sources* sources, Source* source, int32_t index, int32_t end) noexcept nogil:
    """The spikes of a slow source before `end`."""
    cdef uint32_t time, count
    if source.stage != RUNNING:
        time = time_to_spike_draw(source.state, source.mean_isi)
        source.due += <int32_t> (time // ISI_SCALE)
        source.remainder = time % ISI_SCALE
        source.stage = RUNNING
    while source.due < end and source.due < source.stop:
        count = 0
        time = source.remainder
        while time < ISI_SCALE:
            count += 1
            time += time_to_spike_draw(source.state, source.mean_isi)
        note(sources, source.due, index, count)
        source.due += <int32_t> (time // ISI_SCALE)
        source.remainder = time % ISI_SCALE


cdef inline void draw_counts(Sources* sources, Source* source, int32_t index, int32_t end) noexcept nogil:
    """The spikes of a source that draws a count in each tick before `end`."""
    cdef const Column* table = sources.columns + source.table
    cdef uint32_t[4] state = source.state  # a copy may stay in registers
    cdef int32_t last = end if end < source.stop else source.stop
    cdef int32_t tick
    for tick in range(source.due, last):
        note(sources, tick, index, source.least + alias_draw(table, source.table_bits, state))
    source.state = state
    source.due = last


cdef inline double interval(Source* source, const Bin* parameters) noexcept nogil:
    """From one spike to the next, ticks."""
    return source.dead + parameters.scale * gamma_draw(source.state, parameters.shape)


cdef inline double rest(Source* source, const Bin* parameters, double time) noexcept nogil:
    """The time of the next spike, given that there was none before `time` since the last."""
    cdef double age = time - source.previous - source.dead
    if age <= 0.0:
        return source.previous + interval(source, parameters)
    age = parameters.scale * gamma_beyond_draw(source.state, parameters.shape, age / parameters.scale)
    return fmax(time, source.previous + source.dead + age)


cdef inline double in_equilibrium(Source* source, const Bin* parameters, double time) noexcept nogil:
    """The time of the first spike of a source that begins at `time`; the last one before is noted."""
    cdef double share, shape, length
    if parameters.scale == INFINITY:
        source.previous = time
        return INFINITY
    # Of intervals dead + g, with g from gamma(shape), those that are chosen in proportion to their length have g
    # from gamma(shape) in this share, and from gamma(shape + 1) else.
    share = source.dead / (source.dead + parameters.shape * parameters.scale)
    shape = parameters.shape if uniform_draw(source.state) < share else parameters.shape + 1.0
    length = source.dead + parameters.scale * gamma_draw(source.state, shape)
    source.previous = time - uniform_draw(source.state) * length
    return fmax(time, source.previous + length)


cdef inline void cross_bins(Sources* sources, Source* source) noexcept nogil:
    """Where the next spike lies beyond the bin it was drawn in, draw it in the next."""
    while source.bin < source.last_bin and source.next >= sources.bins[source.bin + 1].since:
        source.bin += 1
        source.next = rest(source, sources.bins + source.bin, sources.bins[source.bin].since)


cdef inline void draw_renewal(Sources* sources, Source* source, int32_t index, int32_t end) noexcept nogil:
    """The spikes of a renewal source before `end`."""
    cdef double last = end if end < source.stop else source.stop
    if source.stage != RUNNING:
        if source.stage == FRESH:
            source.next = in_equilibrium(source, sources.bins + source.bin, source.due)
        else:
            source.next = rest(source, sources.bins + source.bin, source.due)
        source.stage = RUNNING
        cross_bins(sources, source)
    while source.next < last:
        note(sources, <int32_t> source.next, index, 1)
        source.previous = source.next
        source.next += interval(source, sources.bins + source.bin)
        cross_bins(sources, source)
    source.due = <int32_t> source.next if source.next < source.stop else NEVER


cdef void draw_block(Sources* sources, int32_t tick) noexcept nogil:
    """Draw the block of ticks that begins with `tick`."""
    cdef int32_t end = tick + sources.block
    cdef int32_t index
    cdef Source* source
    if end > sources.limit:
        end = sources.limit
    sources.first = tick
    sources.last = end
    sources.drawn.n = 0
    memset(sources.begin, 0, sizeof(sources.begin))
    for index in range(sources.n):
        source = sources.sources + index
        if source.due >= end:
            continue
        if source.kind == SLOW:
            draw_slow(sources, source, index, end)
        elif source.kind == COUNTS:
            draw_counts(sources, source, index, end)
        else:
            draw_renewal(sources, source, index, end)
        if source.due >= source.stop:
            source.due = NEVER
    sort_block(sources)


cdef inline void sort_block(Sources* sources) noexcept nogil:
    """From the order of sources to that of ticks, in which the sources of a tick keep their order."""
    cdef int32_t[BLOCK] at
    cdef int32_t* spikes
    cdef uint32_t word
    cdef int32_t offset
    cdef Py_ssize_t k
    sources.spikes.n = 0
    spikes = extend(&sources.spikes, sources.drawn.n)
    if spikes == NULL or sources.drawn.failed:
        memset(sources.begin, 0, sizeof(sources.begin))
        return
    for offset in range(BLOCK):
        sources.begin[offset + 1] += sources.begin[offset]
        at[offset] = sources.begin[offset]
    for k in range(sources.drawn.n):
        word = <uint32_t> sources.drawn.data[k]
        offset = word >> INDEX_BITS
        spikes[at[offset]] = <int32_t> (word & ((1 << INDEX_BITS) - 1))
        at[offset] += 1


cdef class Trains:
    """Sources that go on where they stopped; `emulator.poisson` and `emulator.renewal` make them.

    Parameters
    ----------
    records : SOURCE[n]
        The sources; those whose stage is not RUNNING begin.
    bins : BIN[bins]
        Parameters of all renewal sources.
    columns : COLUMN[columns]
        Tables of all sources that draw counts.
    expected : float
        Spikes a tick of all sources.
    tick : int
        The first tick.
    """

    def __init__(self, records, bins, columns, double expected, int tick=0):
        assert records.dtype == SOURCE and SOURCE.itemsize == sizeof(Source)
        assert bins.dtype == BIN and BIN.itemsize == sizeof(Bin) and columns.dtype == COLUMN
        if len(records) > 1 << INDEX_BITS:
            raise ValueError(f"there can be {1 << INDEX_BITS} sources, not {len(records)}")
        self.n = len(records)
        self.tick = tick
        self._records, self._bins, self._columns = records, bins, columns
        cdef char[::1] memory
        self.sources.n = self.n
        self.sources.block = max(1, min(BLOCK, int(MOST_DRAWN / max(expected, 1.0))))
        self.sources.first = self.sources.last = self.sources.limit = tick
        if self.n:
            memory = records.view(np.int8)
            self.sources.sources = <Source*> &memory[0]
        if len(bins):
            memory = bins.view(np.int8)
            self.sources.bins = <const Bin*> &memory[0]
        if len(columns):
            memory = columns.view(np.int8)
            self.sources.columns = <const Column*> &memory[0]

    def __dealloc__(self):
        release(&self.sources.drawn)
        release(&self.sources.spikes)

    def run(self, n_ticks):
        """Spikes of the next `n_ticks` ticks: (tick, index), int32 each, sorted by tick, then index."""
        cdef Ints ticks = Ints(NULL, 0, 0, False)
        cdef Ints indices = Ints(NULL, 0, 0, False)
        cdef int32_t tick, last = self.tick + n_ticks
        cdef int32_t first = self.tick
        self.run_until(last)
        with nogil:
            for tick in range(first, last):
                emit(&self.sources, tick, &indices)
                while ticks.n < indices.n and not ticks.failed:
                    push(&ticks, tick)
        try:
            if ticks.failed or indices.failed:
                raise MemoryError("no memory left for the spikes of sources")
            return copied(&ticks), copied(&indices)
        finally:
            release(&ticks)
            release(&indices)

    cdef void run_until(self, int tick) noexcept:
        """The ticks before this one may be drawn, and are taken as done."""
        self.sources.limit = tick
        self.tick = tick

    def follow(self, previous):
        """Go on from where `previous`, as many sources, is: those whose parameters stay are undisturbed.

        A renewal source that has begun keeps its last spike: the rest of the interval follows the new parameters.
        """
        mine, old = self._records, (<Trains> previous)._records
        same = np.array([mine == its for mine, its in zip(self._described(), previous._described())], dtype=bool)
        mine["state"] = old["state"]
        for name in STATE:
            mine[name][same] = old[name][same]
        mine["bin"][same] = mine["first_bin"][same] + (old["bin"] - old["first_bin"])[same]
        resumed = ~same & (mine["kind"] == RENEWAL) & (old["kind"] == RENEWAL)
        resumed &= (old["stage"] != FRESH) & (mine["start"] <= self.tick)
        mine["stage"][resumed] = RESUMED
        mine["previous"][resumed] = old["previous"][resumed]

    def _described(self):
        """For each source what is the same for those that are drawn alike."""
        first, last = self._records["first_bin"].tolist(), self._records["last_bin"].tolist()
        values = zip(*(self._records[name].tolist() for name in PARAMETERS))
        return [(row, self._bins[a:b + 1].tobytes()) for row, a, b in zip(values, first, last)]
