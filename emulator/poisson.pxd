"""Poisson trains for loops without Python; what they are is told in `poisson.pyx`."""

from libc.stdint cimport int32_t, uint32_t

from emulator.growable cimport Ints, push
from emulator.random cimport ISI_SCALE, poisson_draw, time_to_spike_draw

cdef enum:
    NEVER = 0x7FFFFFFF

ctypedef struct Sources:
    int n
    int32_t soonest               # no source acts before this tick
    int32_t* due                  # tick of the next spike (slow) or of the next count (fast)
    const int32_t* stop
    uint32_t* remainder           # slow: thousandths of a tick left over at the next spike
    const uint32_t* mean_isi
    const uint32_t* exp_minus_lambda
    const int32_t* parts          # fast: counts that are added up; 0 for a slow source
    uint32_t* state


cdef inline uint32_t spikes_of_slow(Sources* sources, Py_ssize_t i, int32_t tick) noexcept nogil:
    """Spikes of slow source `i` in a tick in which it is due."""
    cdef uint32_t count = 0
    cdef uint32_t time = sources.remainder[i]
    while time < ISI_SCALE:
        count += 1
        time += time_to_spike_draw(sources.state + 4 * i, sources.mean_isi[i])
    sources.due[i] = tick + <int32_t> (time // ISI_SCALE)
    sources.remainder[i] = time % ISI_SCALE
    return count


cdef inline uint32_t spikes_of_fast(Sources* sources, Py_ssize_t i, int32_t tick) noexcept nogil:
    """Spikes of fast source `i` in this tick."""
    cdef uint32_t count = 0
    cdef int32_t part
    for part in range(sources.parts[i]):
        count += poisson_draw(sources.state + 4 * i, sources.exp_minus_lambda[i])
    sources.due[i] = tick + 1
    return count


cdef inline void emit(Sources* sources, int32_t tick, Ints* out) noexcept nogil:
    """Append the sources that spike in `tick` to `out`, ascending, one entry a spike."""
    cdef int32_t soonest = NEVER
    cdef uint32_t count
    cdef Py_ssize_t i
    if tick < sources.soonest:
        return
    for i in range(sources.n):
        if sources.due[i] == tick:
            count = spikes_of_fast(sources, i, tick) if sources.parts[i] else spikes_of_slow(sources, i, tick)
            if sources.due[i] >= sources.stop[i]:
                sources.due[i] = NEVER
            while count:
                push(out, <int32_t> i)
                count -= 1
        if sources.due[i] < soonest:
            soonest = sources.due[i]
    sources.soonest = soonest


cdef class PoissonTrains:
    cdef Sources sources
    cdef readonly int n
    cdef readonly int tick
    cdef readonly double timestep
    cdef object _rate, _start
    cdef object _arrays

    cdef Sources* c_sources(self) noexcept
    cdef void advance_to(self, int tick) noexcept
