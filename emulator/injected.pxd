"""Currents injected into the neurons of a core, for loops without Python; see `injected.pyx`."""

from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memset

cdef enum:
    NEVER = 0x7FFFFFFF
    WAVE_MASK = 1023        # of a tick: its place in a row of words; `emulator.waves.BLOCK` less 1

ctypedef struct Injection:
    int32_t n
    const int32_t* index    # of its neurons; NULL if they follow one another from `first` on
    int32_t first
    const int32_t* wave     # words of a block of ticks, or NULL for steps
    int32_t start           # of a wave: it is on in start <= tick < stop
    int32_t stop
    int32_t changes         # of steps
    const int32_t* tick
    const int32_t* amplitude
    int32_t cursor          # changes that have come to pass

ctypedef struct Currents:
    Injection* injections
    int32_t count
    int32_t next_change     # the sum holds until this tick


cdef inline int32_t level(Injection* injection, int32_t tick, int32_t* next_change) noexcept nogil:
    """The word of a current in `tick`; `next_change` becomes that of this current, if it is sooner."""
    cdef int32_t change = NEVER
    cdef int32_t word = 0
    if injection.wave != NULL:
        if tick < injection.start:
            change = injection.start
        elif tick < injection.stop:
            word = injection.wave[tick & WAVE_MASK]
            change = tick + 1
    else:
        while injection.cursor < injection.changes and injection.tick[injection.cursor] <= tick:
            injection.cursor += 1
        if injection.cursor < injection.changes:
            change = injection.tick[injection.cursor]
        if injection.cursor:
            word = injection.amplitude[injection.cursor - 1]
    if change < next_change[0]:
        next_change[0] = change
    return word


cdef inline void inject(Currents* currents, int32_t* total, int32_t neurons, int32_t tick) noexcept nogil:
    """Sum the currents anew into `total`, a word a neuron; sums wrap."""
    cdef Injection* injection
    cdef uint32_t word
    cdef uint32_t* sums = <uint32_t*> total
    cdef int32_t j, k
    currents.next_change = NEVER
    memset(total, 0, neurons * sizeof(int32_t))
    for j in range(currents.count):
        injection = &currents.injections[j]
        word = <uint32_t> level(injection, tick, &currents.next_change)
        if injection.index == NULL:
            for k in range(injection.first, injection.first + injection.n):
                sums[k] += word
        else:
            for k in range(injection.n):
                sums[injection.index[k]] += word


cdef class InjectedCurrents:
    cdef Currents currents
    cdef readonly list waves
    cdef list kept

    cdef const int32_t* ints(self, array) except? NULL
