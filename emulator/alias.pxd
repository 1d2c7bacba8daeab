"""Counts from one random word each, for loops without Python; how is told in `alias.pyx`."""

from libc.stdint cimport int32_t, uint32_t

from emulator.random cimport kiss64_draw

ctypedef struct Column:
    uint32_t threshold      # of the fraction, times 2**32
    uint32_t other


cdef inline uint32_t alias_draw(const Column* columns, int32_t bits, uint32_t* state) noexcept nogil:
    """A number from 0 to ``2**bits - 1``."""
    cdef uint32_t word = kiss64_draw(state)
    cdef uint32_t column = word >> (32 - bits)
    return column if word << bits < columns[column].threshold else columns[column].other
