"""Arrivals of dopamine, which a core remembers of each of its neurons for modulated rows.

A history has 16 entries, as that of spikes.  The first stands for the time before any arrival and stays; where another
has no place, the one that was followed soonest by the next is forgotten.  What the next has left counts for both, so
that the concentration is right again from there on.
"""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t
from libc.string cimport memmove, memset

from emulator.plastic cimport register_of, registers_of, run_lanes
from emulator.state cimport DOPAMINE, DOSE, HISTORY, LANES, SINCE, SLOTS, Core, Doses
from emulator.update cimport program_t


cdef inline int64_t remember_doses(Core* core, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """Take the dopamine that the ring buffer has for this tick; the cycles that it takes."""
    cdef Doses* doses = core.doses
    cdef uint16_t* slot = core.ring + ((<int64_t> (tick & (SLOTS - 1))) << core.slot_bits)
    cdef int32_t** registers = registers_of(&doses.add_dose, thread)
    cdef int32_t* dose = register_of(&doses.add_dose, registers, DOSE)
    cdef int32_t neuron[LANES]
    cdef int32_t i, found, n = 0
    cdef int64_t cycles = 0
    slot += <int64_t> core.receptors << core.index_bits
    for i in range(core.n):
        found = arrived(core, slot + i)
        if found:
            neuron[n] = i
            if dose != NULL:
                dose[n] = found
            n += 1
            if n == LANES:
                add_doses(doses, neuron, n, tick, thread, run)
                cycles += n * doses.add_dose.cycles
                n = 0
    add_doses(doses, neuron, n, tick, thread, run)
    memset(slot, 0, (<size_t> doses.types << core.index_bits) * sizeof(uint16_t))
    return cycles + n * doses.add_dose.cycles


cdef inline int32_t arrived(const Core* core, const uint16_t* slot) noexcept nogil:
    """What has arrived for the neuron of this slot, those that take dopamine off subtracted."""
    cdef uint32_t sum = 0
    cdef int32_t k
    for k in range(core.doses.types):
        sum += <uint32_t> core.doses.sign[k] * (
            <uint32_t> slot[<int64_t> k << core.index_bits] << core.shift[core.receptors + k]
        )
    return <int32_t> sum


cdef inline void add_doses(Doses* doses, const int32_t* neuron, int32_t n, int32_t tick, int32_t thread,
                           program_t run) noexcept nogil:
    """Add an arrival at each of `n` neurons; the doses are in their register."""
    cdef int32_t** registers = registers_of(&doses.add_dose, thread)
    cdef int32_t* since = register_of(&doses.add_dose, registers, SINCE)
    cdef int32_t* after = register_of(&doses.add_dose, registers, DOPAMINE)
    cdef int32_t k, entry
    for k in range(n):
        entry = neuron[k] * HISTORY + doses.last[neuron[k]]
        after[k] = doses.after[entry]
        if since != NULL:
            since[k] = tick - doses.time[entry]
    run_lanes(&doses.add_dose, registers, n, run)
    for k in range(n):
        entry = new_dose(doses, neuron[k], tick)
        doses.time[entry] = tick
        doses.after[entry] = after[k]


cdef inline int32_t new_dose(Doses* doses, int32_t neuron, int32_t tick) noexcept nogil:
    """The entry for the next arrival at a neuron, for which another is forgotten if there is none left."""
    cdef int32_t* time = doses.time + neuron * HISTORY
    cdef int32_t* after = doses.after + neuron * HISTORY
    cdef int32_t gap, k, soonest = HISTORY - 1, least = tick - time[HISTORY - 1]
    if doses.last[neuron] < HISTORY - 1:
        doses.last[neuron] += 1
        return neuron * HISTORY + doses.last[neuron]
    for k in range(HISTORY - 2, 0, -1):
        gap = time[k + 1] - time[k]
        if gap <= least:
            soonest, least = k, gap
    memmove(time + soonest, time + soonest + 1, (HISTORY - 1 - soonest) * sizeof(int32_t))
    memmove(after + soonest, after + soonest + 1, (HISTORY - 1 - soonest) * sizeof(int32_t))
    return neuron * HISTORY + HISTORY - 1
