"""What `emulator.loaded` sees of the rows with dynamics of a core."""

from libc.stdint cimport int32_t

from emulator.state cimport Doses, Dynamic, History, Partners, Rewiring, Routine


cdef class Banks:
    cdef History* histories
    cdef int32_t history_count
    cdef Dynamic* dynamic
    cdef int32_t dynamic_count
    cdef Doses doses
    cdef readonly tuple dosed      # (time, after, last) of the doses
    cdef Rewiring* rewiring  # NULL if all synapses stay
    cdef int32_t threads
    cdef list benches        # one array of words a thread
    cdef object shared       # rows that hold one value
    cdef list kept           # arrays that the structures point into
    cdef readonly list rows  # uint32[words] of each bank; they change
    cdef readonly list remembered  # (time, trace, last) of each history
    cdef readonly object there  # int32[n * places, 4]; they change

    cdef int load_history(self, History* history, made, program, int n) except -1
    cdef int load_rows(self, Dynamic* bank, made) except -1
    cdef int load_plastic(self, Dynamic* bank, made, core, image) except -1
    cdef int load_doses(self, made, image, int n) except -1
    cdef int load_modulated(self, Dynamic* bank, made, image) except -1
    cdef int load_release(self, Dynamic* bank, made, image) except -1
    cdef int load_rewiring(self, made) except -1
    cdef int load_partners(self, Partners* partners, made, bint of_spikes) except -1
    cdef const int32_t* ints(self, array) except? NULL
    cdef int load_routine(self, Routine* routine, program, given) except -1
