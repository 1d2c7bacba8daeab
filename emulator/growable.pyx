"""Growable arrays of int32, handed to Python; what C code does with them is in ``growable.pxd``."""

import numpy as np

from libc.stdint cimport int32_t


cdef copied(const Ints* ints):
    if ints.n == 0:
        return np.zeros(0, dtype=np.int32)
    return np.array(<const int32_t[:ints.n]> ints.data)
