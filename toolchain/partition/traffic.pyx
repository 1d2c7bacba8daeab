"""The one loop of the partition's checker: between which slices each synapse needs packets.

Written apart from the loops that make the rows, so that no mistake is shared.  The pairs are kept in a hash table
with open addressing, which grows with their number and not with the square of the slices.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t


def traffic_pairs(
    const int32_t[::1] pre,
    const int32_t[::1] post,
    const double[::1] delay,
    double timestep,
    const int32_t[::1] cells,
    const int32_t[::1] stages,
    const int32_t[::1] targets,
    int64_t slices,
):
    """The pairs ``source slice * slices + target slice`` of all synapses, and -1.

    A synapse that needs delay stages where its source slice has none stops it; its number is returned instead of -1.

    Parameters
    ----------
    delay : float64[synapses] or float64[1]
        Delays in ms; those that round to more than 16 timesteps (ms) need delay stages.
    cells, stages : int32[source cells]
        The slice of each source cell, and that of its delay stages or -1.
    targets : int32[target cells]
        The slice of each target cell.
    slices : int
        Number of slices.

    Returns
    -------
    pairs : int64[pairs]
        Each once, in no order.
    stuck : int
    """
    cdef Py_ssize_t i = 0, n = pre.shape[0], each = delay.shape[0] > 1, used = 0
    cdef int64_t[::1] table = np.full(1024, -1, dtype=np.int64)
    cdef int32_t sender = 0
    while i < n and sender >= 0:
        if 2 * used >= table.shape[0]:
            table = _grown(table)
        with nogil:
            while i < n and 2 * used < table.shape[0]:
                # 16.5 itself rounds to the even 16
                sender = stages[pre[i]] if delay[i * each] / timestep > 16.5 else cells[pre[i]]
                if sender < 0:
                    break
                used += _insert(table, sender * slices + targets[post[i]])
                i += 1
    pairs = np.asarray(table)
    return pairs[pairs >= 0], i if sender < 0 else -1


cdef inline bint _insert(int64_t[::1] table, int64_t pair) noexcept nogil:
    """Put `pair` into the table, whose length is a power of two; whether it was not there."""
    cdef uint64_t last = table.shape[0] - 1
    cdef uint64_t slot = (<uint64_t> pair * <uint64_t> 0x9E3779B97F4A7C15 >> 32) & last
    while table[slot] != pair:
        if table[slot] < 0:
            table[slot] = pair
            return True
        slot = (slot + 1) & last
    return False


cdef int64_t[::1] _grown(int64_t[::1] table):
    """The pairs of `table` in one that is four times as large."""
    cdef int64_t[::1] larger = np.full(4 * table.shape[0], -1, dtype=np.int64)
    cdef Py_ssize_t i
    for i in range(table.shape[0]):
        if table[i] >= 0:
            _insert(larger, table[i])
    return larger
