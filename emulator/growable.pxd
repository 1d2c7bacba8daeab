"""A growable array of int32 for loops without Python."""

from libc.stdint cimport int32_t
from libc.stdlib cimport free, realloc

cdef enum:
    SMALLEST = 64

ctypedef struct Ints:
    int32_t* data
    Py_ssize_t n
    Py_ssize_t capacity
    bint failed  # memory ran out: what was pushed since is lost, and whoever owns it raises MemoryError


cdef inline int32_t* extend(Ints* ints, Py_ssize_t more) noexcept nogil:
    """Append `more` values that the caller writes at the address returned; NULL if there is no memory."""
    cdef Py_ssize_t capacity = 2 * ints.capacity
    cdef int32_t* larger
    if ints.failed:
        return NULL
    if ints.n + more > ints.capacity:
        if capacity < ints.n + more:
            capacity = ints.n + more + SMALLEST
        # One to spare: the index of a value that was lost may still be read before `failed` is seen.
        larger = <int32_t*> realloc(ints.data, (capacity + 1) * sizeof(int32_t))
        if larger == NULL:
            ints.failed = True
            return NULL
        ints.data = larger
        ints.capacity = capacity
    ints.n += more
    return ints.data + ints.n - more


cdef inline void push(Ints* ints, int32_t value) noexcept nogil:
    """Append `value`."""
    cdef int32_t* place = extend(ints, 1)
    if place != NULL:
        place[0] = value


cdef inline void push_pair(Ints* ints, int32_t first, int32_t second) noexcept nogil:
    """Append two values, both or neither."""
    cdef int32_t* place = extend(ints, 2)
    if place != NULL:
        place[0] = first
        place[1] = second


cdef inline void release(Ints* ints) noexcept nogil:
    """Give the memory back."""
    free(ints.data)
    ints.data = NULL
    ints.n = ints.capacity = 0
    ints.failed = False


cdef copied(const Ints* ints)  # the values as a numpy array of their own
