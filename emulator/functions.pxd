"""Functions of fixed-point words; see ``functions.pyx``."""

from libc.stdint cimport int32_t

cdef int32_t expk(int32_t x) noexcept nogil
cdef int32_t expuk(int32_t x) noexcept nogil
cdef int32_t expulr(int32_t x) noexcept nogil
cdef int32_t sqrtk(int32_t x) noexcept nogil
