"""Delivery of spikes: the rows of the cells that fired are added to the slots of a circular buffer."""

import numpy as np


def order_by_source(const int[::1] pre, long long[::1] offsets, unsigned int[::1] order):
    """Sort synapses by source, keeping the order within one: row i is ``order[offsets[i]:offsets[i + 1]]``.

    A counting sort.  `offsets` is zero on entry and has two more items than there are sources: the counts
    go in two places to the right, so that after summing, item ``i + 1`` is the place of the next synapse
    of source i, and ends up where row i ends.
    """
    cdef Py_ssize_t i
    with nogil:
        for i in range(pre.shape[0]):
            offsets[pre[i] + 2] += 1
        for i in range(2, offsets.shape[0]):
            offsets[i] += offsets[i - 1]
        for i in range(pre.shape[0]):
            order[offsets[pre[i] + 1]] = <unsigned int>i
            offsets[pre[i] + 1] += 1


def deliver(
    const long long[::1] fired,
    const long long[::1] offsets,
    const int[::1] targets,
    const double[::1] weights,
    const int[::1] delays,
    double[:, ::1] ring,
    Py_ssize_t now,
):
    """Add the rows of the `fired` sources: ``ring[(now + delay) % slots, target] += weight``.

    `weights` and `delays` have one item for all synapses or one for each; delays are below the number of
    slots, and `now` is a slot.
    """
    cdef Py_ssize_t slots = ring.shape[0], slot, i, synapse
    cdef Py_ssize_t each_weight = weights.shape[0] > 1, each_delay = delays.shape[0] > 1
    with nogil:
        for i in range(fired.shape[0]):
            for synapse in range(offsets[fired[i]], offsets[fired[i] + 1]):
                slot = now + delays[synapse * each_delay]
                if slot >= slots:
                    slot -= slots
                ring[slot, targets[synapse]] += weights[synapse * each_weight]


def scatter(
    const long long[::1] synapses,
    const double[::1] sent,
    const int[::1] targets,
    const int[::1] delays,
    double[:, ::1] ring,
    Py_ssize_t now,
):
    """Add what each of `synapses` sends: ``ring[(now + delay) % slots, target] += sent``; for the rest see `deliver`."""
    cdef Py_ssize_t slots = ring.shape[0], each_delay = delays.shape[0] > 1, i, synapse, slot
    with nogil:
        for i in range(synapses.shape[0]):
            synapse = synapses[i]
            slot = now + delays[synapse * each_delay]
            if slot >= slots:
                slot -= slots
            ring[slot, targets[synapse]] += sent[i]


def count_until(
    const int[::1] cells,
    const long long[::1] bounds,
    const long long[:, ::1] stamps,
    const long long[::1] counts,
):
    """How many of the first ``counts[c]`` stamps of each cell c, which ascend, are at most the bound.

    The search begins at the latest, as what is asked for is nearly always among the last few.

    Parameters
    ----------
    cells : int32[n]
        Cells asked for.
    bounds : int64[n]
        A bound for each.
    stamps : int64[all cells, capacity]
        Times of spikes.
    counts : int64[all cells]
        How many of them there are.

    Returns
    -------
    int64[n]
    """
    cdef Py_ssize_t n = cells.shape[0], i
    cdef long long last
    out = np.empty(n, dtype=np.int64)
    cdef long long[::1] found = out
    assert bounds.shape[0] == n
    with nogil:
        for i in range(n):
            last = counts[cells[i]]
            while last > 0 and stamps[cells[i], last - 1] > bounds[i]:
                last -= 1
            found[i] = last
    return out
