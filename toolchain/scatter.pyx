"""The loops over synapses: every pass that the tool chain makes over pre, post, weight and delay.

A network has up to hundreds of millions of synapses, so each pass streams its inputs once and keeps what it
writes to small enough for the caches.  Values that are the same for all synapses come as arrays of length 1.
"""

import numpy as np

from libc.math cimport fabs
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from emulator.row cimport FIXED_COUNT, HEADER_WORDS, WEIGHT_SHIFT

cdef extern from *:
    """
    #define prefetch(address) __builtin_prefetch(address, 1)
    """
    void prefetch(const void* address) noexcept nogil

cdef enum:
    BATCH = 32

cdef double ROUNDER = 6755399441055744.0  # 1.5 * 2**52: adding and taking it away rounds half to even


cdef inline double rint(double x) noexcept nogil:
    """`x` rounded to the nearest whole number, halves to even; |x| < 2**51."""
    return (x + ROUNDER) - ROUNDER


def round_delays(const double[::1] delay, double timestep, uint8_t[::1] steps):
    """Round delays (ms) to `steps` of at least 1.

    Returns
    -------
    longest : float
        The longest delay in steps; where it exceeds 255, `steps` is of no use.
    raised : int
        Number of delays that rounded to less than one step.
    moved : int
        Number of delays of at least one step that are no multiple of the timestep.
    worst : float
        The largest such change (ms).
    """
    cdef Py_ssize_t i, raised = 0, moved = 0
    cdef double exact, whole, change, longest = 1.0, worst = 0.0
    with nogil:
        for i in range(delay.shape[0]):
            exact = delay[i] / timestep
            whole = rint(exact)
            change = fabs(exact - whole)
            if whole < 1.0:
                raised += 1
                whole = 1.0
            elif change > 1e-6 * exact:
                moved += 1
                if change > worst:
                    worst = change
            if whole > longest:
                longest = whole
            steps[i] = <uint8_t>(<int64_t>whole)
    return longest, raised, moved, worst * timestep


def count_inputs(const int32_t[::1] post, int32_t[::1] counts):
    """Add the number of synapses on each target cell to `counts`; fastest where `post` is sorted."""
    cdef Py_ssize_t i, n = post.shape[0], start = 0
    with nogil:
        for i in range(n):
            if i + 1 == n or post[i + 1] != post[i]:
                counts[post[i]] += <int32_t>(i + 1 - start)
                start = i + 1


def weight_sums(const double[::1] weight):
    """Smallest, largest and sum of `weight`, sum of the squares of its deviations from the mean."""
    cdef Py_ssize_t i, n = weight.shape[0]
    cdef double w, lowest = weight[0], highest = weight[0], total = 0.0, squares = 0.0, mean
    with nogil:
        for i in range(n):
            w = weight[i]
            total += w
            if w < lowest:
                lowest = w
            if w > highest:
                highest = w
        mean = total / n
        for i in range(n):
            w = weight[i] - mean
            squares += w * w
    return lowest, highest, total, squares


def quantisation_errors(const double[::1] weight, double scale):
    """What storing weights as ``rint(|w| * scale)`` does to them.

    Returns
    -------
    largest, squares : float
        Largest relative error of a weight that is not 0; sum of the squares of all relative errors.
    nonzero, zeroed : int
        Number of weights that are not 0; number of those that are stored as 0.
    """
    cdef Py_ssize_t i, nonzero = 0, zeroed = 0
    cdef double exact, stored, error, largest = 0.0, squares = 0.0
    with nogil:
        for i in range(weight.shape[0]):
            exact = fabs(weight[i]) * scale
            if exact == 0.0:
                continue
            stored = rint(exact)
            nonzero += 1
            zeroed += stored == 0.0
            error = fabs(stored - exact) / exact
            squares += error * error
            if error > largest:
                largest = error
    return largest, squares, nonzero, zeroed


def mark_blocks(
    const int32_t[::1] pre,
    const int32_t[::1] post,
    const uint8_t[::1] steps,
    const int32_t[::1] source_slice,
    const int32_t[::1] target_slice,
    uint8_t[:, :, ::1] present,
):
    """Mark in ``present[stage, source slice, target slice]`` which blocks have a synapse.

    A delay of 1 to 16 steps is of stage 0, one of 17 to 32 steps of stage 1, and so on.
    """
    cdef Py_ssize_t i, each = steps.shape[0] > 1
    cdef int stage
    with nogil:
        for i in range(pre.shape[0]):
            stage = (steps[i * each] - 1) >> 4
            present[stage, source_slice[pre[i]], target_slice[post[i]]] = 1


def count_rows(
    const int32_t[::1] pre,
    const int32_t[::1] post,
    const uint8_t[::1] steps,
    const int32_t[::1] source_slice,
    const int32_t[::1] target_slice,
    const int64_t[:, :, ::1] row_of_cell_0,
    int32_t[::1] counts,
):
    """Add the number of synapses of each row to `counts`.

    Row ``row_of_cell_0[stage, source slice, target slice] + pre`` is that of cell `pre`.
    """
    cdef Py_ssize_t i, each = steps.shape[0] > 1
    cdef int stage
    with nogil:
        for i in range(pre.shape[0]):
            stage = (steps[i * each] - 1) >> 4
            counts[row_of_cell_0[stage, source_slice[pre[i]], target_slice[post[i]]] + pre[i]] += 1


def place_synapses(
    const int32_t[::1] pre,
    const int32_t[::1] post,
    const uint8_t[::1] steps,
    const int32_t[::1] source_slice,
    const int32_t[::1] target_slice,
    const int64_t[:, :, ::1] row_of_cell_0,
    int32_t[::1] filled,
):
    """The row of each synapse, numbered as for `count_rows`, and how many stand before it in the row.

    Parameters
    ----------
    filled : int32[rows]
        Synapses that are in each row already; those of this call are added.
    """
    cdef Py_ssize_t i, n = pre.shape[0], each = steps.shape[0] > 1
    cdef int stage
    rows, places = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int32)
    cdef int64_t[::1] row = rows
    cdef int32_t[::1] place = places
    with nogil:
        for i in range(n):
            stage = (steps[i * each] - 1) >> 4
            row[i] = row_of_cell_0[stage, source_slice[pre[i]], target_slice[post[i]]] + pre[i]
            place[i] = filled[row[i]]
            filled[row[i]] += 1
    return rows, places


def fill_rows(
    const int32_t[::1] pre,
    const int32_t[::1] post,
    const uint8_t[::1] steps,
    const double[::1] weight,
    double scale,
    const int32_t[::1] source_slice,
    const int32_t[::1] target_slice,
    const int32_t[::1] target_start,
    const int64_t[:, :, ::1] word_of_cell_0,
    const int64_t[:, :, ::1] stride,
    int delay_shift,
    uint32_t type_field,
    uint32_t[::1] words,
):
    """Append the word of each synapse to its row, whose second word counts what is there already.

    The row of cell `pre` in a block starts at ``word_of_cell_0 + pre * stride`` of the block.  Rows are looked up a
    batch ahead and prefetched, which hides the memory's latency where synapses come in no order.
    """
    cdef Py_ssize_t i, high, low = 0, n = pre.shape[0]
    cdef Py_ssize_t each_step = steps.shape[0] > 1, each_weight = weight.shape[0] > 1
    cdef Py_ssize_t[BATCH] rows
    cdef uint32_t[BATCH] fields
    cdef int32_t source, target
    cdef int step, stage
    cdef uint32_t low_fields, raw
    cdef uint32_t* row
    with nogil:
        while low < n:
            high = min(low + BATCH, n)
            for i in range(low, high):
                step = steps[i * each_step]
                stage = (step - 1) >> 4
                source = source_slice[pre[i]]
                target = target_slice[post[i]]
                rows[i - low] = word_of_cell_0[stage, source, target] + pre[i] * stride[stage, source, target]
                prefetch(&words[rows[i - low]])
                low_fields = <uint32_t>(step & 15) << delay_shift | type_field
                fields[i - low] = low_fields | <uint32_t>(post[i] - target_start[target])
            for i in range(low, high):
                row = &words[rows[i - low]]
                prefetch(row + HEADER_WORDS + row[FIXED_COUNT])
            for i in range(low, high):
                row = &words[rows[i - low]]
                raw = <uint32_t>(<int64_t>rint(fabs(weight[i * each_weight]) * scale))
                row[HEADER_WORDS + row[FIXED_COUNT]] = raw << WEIGHT_SHIFT | fields[i - low]
                row[FIXED_COUNT] += 1
            low = high
