from libc.stdint cimport int32_t, uint8_t, uint64_t


cdef class Words:
    cdef uint64_t[:, ::1] word
    cdef int32_t[::1] size, counts
    cdef uint8_t[::1] side
    cdef uint64_t[::1] ends
    cdef uint64_t low_bits
    cdef readonly int different

    cdef void deliver(self, int chip, int unit) noexcept nogil
    cdef void forget(self, int chip) noexcept nogil
    cdef void write(self, int net, int rows, const int32_t[::1] chip, const uint8_t[::1] leaves,
                    const uint8_t[::1] arrival) noexcept nogil
    cdef void copy(self, int net, int other) noexcept nogil
    cdef void turn(self, int net) noexcept nogil
    cdef void clear(self) noexcept nogil
    cdef void count(self, int slot, int by) noexcept nogil
