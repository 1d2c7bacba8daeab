"""Formulas over blocks of cells, for loops without Python; what they are is told in `kernel.pyx`."""

from libc.stdint cimport int32_t

cdef extern from *:
    """
    enum { BLOCK = 64 };

    #define EACH _Pragma("GCC ivdep") for (int i = 0; i < n; i++)
    /* By what the processor can do: a processor's own name would not match its successors. */
    #if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__)
    #define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
    #else
    #define CLONES
    #endif
    """
    enum:
        BLOCK


cdef class Kernel:
    cdef const int32_t[:, ::1] code
    cdef list constants
    cdef double[:, ::1] space
    cdef long long[::1] pointers, bases, strides
    cdef int[::1] outputs
    cdef int symbols

    cdef void place(self, Py_ssize_t start) noexcept nogil
    cdef void spread(self) noexcept nogil
    cdef void take(self, int lane, Py_ssize_t cell) noexcept nogil
    cdef void symbol(self, int number, const double *values) noexcept nogil
    cdef double *output(self, int number) noexcept nogil
    cdef void run(self, int n) noexcept nogil
