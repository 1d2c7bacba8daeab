"""Tables from which a number of any distribution is drawn with one random word.

A table of 2**b equal columns stands for the distribution: column c belongs to the number c up to its threshold,
and above it to one other number.  The high b bits of a word choose the column, its other bits are compared
with the threshold (Walker 1977, ACM Trans. Math. Softw. 3, 253-256).  The tables are filled as Vose 1991 (IEEE
Trans. Softw. Eng. 17, 972-975) does it: what a likely number has too much goes to the column of an unlikely one.
"""

import numpy as np

from libc.stdint cimport int32_t, uint32_t

COLUMN = np.dtype([("threshold", np.uint32), ("other", np.uint32)])
"""A column of a table."""


def alias_table(weights):
    """The table of a distribution: a `COLUMN` for each of the numbers 0 .. 2**b - 1.

    Parameters
    ----------
    weights : float64[2**b]
        How likely each number is, in any unit; b is at least 1.
    """
    cdef Py_ssize_t n = len(weights)
    cdef double[::1] share = np.array(weights, dtype=np.float64) * (n / np.sum(weights))
    cdef uint32_t[::1] threshold = np.full(n, 0xFFFFFFFF, dtype=np.uint32)
    cdef uint32_t[::1] other = np.arange(n, dtype=np.uint32)
    # The columns that are not full stand at the front of this, those with too much at its back.
    cdef int32_t[::1] waiting = np.empty(n, dtype=np.int32)
    cdef Py_ssize_t poor = 0
    cdef Py_ssize_t rich = n
    cdef int32_t number, low, high
    for number in range(n):
        if share[number] < 1.0:
            waiting[poor] = number
            poor += 1
        else:
            rich -= 1
            waiting[rich] = number
    while poor > 0 and rich < n:
        poor -= 1
        low, high = waiting[poor], waiting[rich]
        threshold[low] = <uint32_t> (share[low] * 4294967295.0)
        other[low] = high
        share[high] -= 1.0 - share[low]
        if share[high] < 1.0:
            rich += 1
            waiting[poor] = high
            poor += 1
    table = np.empty(n, dtype=COLUMN)
    table["threshold"] = threshold
    table["other"] = other
    return table
