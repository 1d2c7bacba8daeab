"""Spike trains as C structures, for loops without Python; what they are is told in `trains.pyx`."""

from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memcpy

from emulator.alias cimport Column
from emulator.growable cimport Ints, extend

cdef enum:
    NEVER = 0x7FFFFFFF
    BLOCK = 64              # ticks that are drawn at once, at the most
    INDEX_BITS = 26         # of a drawn spike; the bits above are its tick in the block
    # how a source is drawn
    SLOW = 0
    COUNTS = 1
    RENEWAL = 2
    # how it goes on when it is next due
    RUNNING = 0
    FRESH = 1               # it begins
    RESUMED = 2             # it has new parameters; its last spike is known

ctypedef struct Bin:        # parameters of a renewal source from a time on
    double since            # ticks
    double shape
    double scale            # ticks

ctypedef struct Source:
    int32_t kind
    int32_t stage           # RUNNING, FRESH, RESUMED
    int32_t due             # it does nothing before this tick
    int32_t start
    int32_t stop
    uint32_t remainder      # SLOW: thousandths of a tick left over at the next spike
    uint32_t mean_isi       # SLOW: whole ticks
    int32_t table           # COUNTS: number of its first column
    int32_t table_bits
    int32_t least           # COUNTS: the count that column 0 stands for
    int32_t bin             # RENEWAL: the bin of the next spike
    int32_t first_bin
    int32_t last_bin
    uint32_t state[4]
    double previous         # RENEWAL: time of the last spike, ticks
    double next             # RENEWAL: time of the next
    double dead             # RENEWAL: ticks after a spike in which there is no other

ctypedef struct Sources:
    Source* sources
    int32_t n
    const Bin* bins
    const Column* columns
    int32_t block           # ticks to draw at once
    int32_t limit           # no tick is drawn from this one on
    int32_t first           # the block that is drawn: first <= tick < last
    int32_t last
    Ints drawn              # its spikes, source by source
    Ints spikes             # its spikes, tick by tick
    int32_t begin[BLOCK + 1]

cdef void draw_block(Sources* sources, int32_t tick) noexcept nogil


cdef inline void emit(Sources* sources, int32_t tick, Ints* out) noexcept nogil:
    """Append the sources that spike in `tick` to `out`, ascending, one entry a spike; ticks come in order."""
    cdef int32_t* place
    cdef int32_t begin, count
    if tick >= sources.last:
        draw_block(sources, tick)
    begin = sources.begin[tick - sources.first]
    count = sources.begin[tick - sources.first + 1] - begin
    if count:
        place = extend(out, count)
        if place != NULL:
            memcpy(place, sources.spikes.data + begin, count * sizeof(int32_t))
    if sources.drawn.failed or sources.spikes.failed:
        out.failed = True


cdef class Trains:
    cdef Sources sources
    cdef readonly int n
    cdef readonly int tick
    cdef object _records, _bins, _columns

    cdef void run_until(self, int tick) noexcept
