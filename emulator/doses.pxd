"""Arrivals of dopamine, which a core remembers of each of its neurons for modulated rows.

A history has 16 entries, as that of spikes.  The first stands for the time before any arrival and stays.  Where another
has no place, two that follow each other are merged into one that has the same effect: those whose distance is the
smallest part of their age, so that the farther back the history goes the coarser it is.  The latest is never merged, for
what it left is what the next finds.
"""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t
from libc.string cimport memcpy, memmove, memset

from emulator.plastic cimport register_of, registers_of, run_lanes
from emulator.state cimport DOPAMINE, DOSE, GAP, HISTORY, LANES, NEXT, SINCE, SLOTS, Core, Doses
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
    cdef int32_t* dopamine = register_of(&doses.add_dose, registers, DOPAMINE)
    cdef int32_t after[LANES]
    cdef int32_t k, entry
    for k in range(n):
        entry = neuron[k] * HISTORY + doses.last[neuron[k]]
        dopamine[k] = doses.after[entry]
        if since != NULL:
            since[k] = tick - doses.time[entry]
    run_lanes(&doses.add_dose, registers, n, run)
    memcpy(after, dopamine, n * sizeof(int32_t))
    make_room(doses, neuron, n, tick, thread, run)
    for k in range(n):
        doses.last[neuron[k]] += 1
        entry = neuron[k] * HISTORY + doses.last[neuron[k]]
        doses.time[entry], doses.after[entry] = tick, after[k]


cdef inline void make_room(Doses* doses, const int32_t* neuron, int32_t n, int32_t tick, int32_t thread,
                           program_t run) noexcept nogil:
    """Merge two entries in each history of the `n` neurons that is full."""
    cdef int32_t** registers = registers_of(&doses.merge, thread)
    cdef int32_t* dopamine = register_of(&doses.merge, registers, DOPAMINE)
    cdef int32_t* next = register_of(&doses.merge, registers, NEXT)
    cdef int32_t* gap = register_of(&doses.merge, registers, GAP)
    cdef int32_t* since = register_of(&doses.merge, registers, SINCE)
    cdef int32_t entries[LANES]
    cdef int32_t k, entry, full = 0
    for k in range(n):
        if doses.last[neuron[k]] == HISTORY - 1:
            entry = closest(doses.time + neuron[k] * HISTORY, tick) + neuron[k] * HISTORY
            entries[full] = entry
            dopamine[full] = doses.after[entry]
            if next != NULL:
                next[full] = doses.after[entry + 1]
            if gap != NULL:
                gap[full] = doses.time[entry + 1] - doses.time[entry]
            if since != NULL:
                since[full] = doses.time[entry + 2] - doses.time[entry + 1]
            full += 1
    run_lanes(&doses.merge, registers, full, run)
    for k in range(full):
        doses.after[entries[k]] = dopamine[k]
        entry = entries[k] + 1
        doses.lost[entry // HISTORY] = max(doses.lost[entry // HISTORY], doses.time[entry])
        drop(doses, entry)


cdef inline int32_t closest(const int32_t* time, int32_t tick) noexcept nogil:
    """The first of the two entries of a full history to merge."""
    cdef int32_t k, found = 1
    for k in range(2, HISTORY - 2):
        if (<int64_t> (time[k + 1] - time[k])) * (tick - time[found + 1]) < (
            <int64_t> (time[found + 1] - time[found])
        ) * (tick - time[k + 1]):
            found = k
    return found


cdef inline void drop(Doses* doses, int32_t entry) noexcept nogil:
    """Drop an entry of a full history."""
    cdef int32_t behind = HISTORY - 1 - entry % HISTORY
    memmove(doses.time + entry, doses.time + entry + 1, behind * sizeof(int32_t))
    memmove(doses.after + entry, doses.after + entry + 1, behind * sizeof(int32_t))
    doses.last[entry // HISTORY] -= 1
