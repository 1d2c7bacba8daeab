"""The loops of the image's checker over packets and synapses, written apart from those that make the rows.

A synapse is two words of 64 bits: its ends (the source cell above the target cell, each numbered through the whole
network) and what it does there (from below: stored weight, 32 bits; delay in steps, 8; synapse type, 8; the mechanism
that moves it, 16).  Two heaps of synapses are the same if each has as many of every kind; so that they need not be
sorted, each synapse is hashed and the hashes are added up.  Sums of 64 bits that agree by accident are of no account.
The hash is the finaliser of MurmurHash3 (Appleby 2011): it mixes all bits of both words.
"""

import numpy as np

from libc.math cimport fabs, rint
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef enum:
    DELAY = 32
    TYPE = 40
    MECHANISM = 48
    SLOTS = 16
    HEADER = 3

DELAY_BIT, TYPE_BIT, MECHANISM_BIT = DELAY, TYPE, MECHANISM


cdef inline uint64_t mixed(uint64_t ends, uint64_t what) noexcept nogil:
    """The hash of a synapse; another for every other `what` between the same ends."""
    cdef uint64_t h = ends + what * <uint64_t> 0x9E3779B97F4A7C15
    h = (h ^ h >> 33) * <uint64_t> 0xFF51AFD7ED558CCD
    h = (h ^ h >> 33) * <uint64_t> 0xC4CEB9FE1A85EC53
    return h ^ h >> 33


def hashes(const uint64_t[::1] ends, const uint64_t[::1] what):
    """The hash of each synapse; uint64[synapses]."""
    cdef Py_ssize_t i
    cdef uint64_t[::1] result = np.empty(ends.shape[0], dtype=np.uint64)
    with nogil:
        for i in range(ends.shape[0]):
            result[i] = mixed(ends[i], what[i])
    return np.asarray(result)


def add_up(const uint64_t[::1] hashed, const int32_t[::1] piece, const int32_t[::1] cell, uint64_t[::1] sums):
    """Add each hash to the sum of the piece that its cell is of."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(hashed.shape[0]):
            sums[piece[cell[i]]] += hashed[i]


def add_wanted(
    const int32_t[::1] pre,
    const int32_t[::1] post,
    const double[::1] weight,
    double scale,
    const uint8_t[::1] steps,
    uint64_t first_source,
    uint64_t first_target,
    uint64_t kind,
    const int32_t[::1] piece,
    uint64_t[::1] sums,
):
    """Add the synapses of a projection to the sums of the pieces that their target cells are of.

    Parameters
    ----------
    weight, steps : array[synapses] or array[1]
        Weights, whose magnitudes times `scale` are stored, and delays in timesteps.
    first_source, first_target : int
        Numbers of the first cells of both populations.
    kind : int
        Type and mechanism, where they stand in the second word.
    piece : int32[cells]
        Of the target population.
    """
    cdef Py_ssize_t i, each_weight = weight.shape[0] > 1, each_step = steps.shape[0] > 1
    cdef uint64_t ends, what
    with nogil:
        for i in range(pre.shape[0]):
            ends = (first_source + <uint64_t> pre[i]) << 32 | (first_target + <uint64_t> post[i])
            what = <uint64_t> rint(fabs(weight[i * each_weight]) * scale)
            what |= <uint64_t> steps[i * each_step] << DELAY | kind
            sums[piece[post[i]]] += mixed(ends, what)


def find_rows(
    const uint32_t[::1] key,
    const uint32_t[::1] mask,
    const uint32_t[::1] address,
    const uint32_t[::1] stride,
    const uint32_t[::1] sender_key,
    const int64_t[::1] first,
    const int64_t[::1] last,
    const uint32_t[::1] number,
    int64_t words,
):
    """Which rows the packets of some senders find, as a core does: by the entry of its population table that matches.

    Parameters
    ----------
    key, mask, address, stride : uint32[entries]
        The table, ascending.
    sender_key : uint32[senders]
        What numbers are added to for keys.
    first, last : int64[senders]
        The packets of each sender, among all.
    number : uint32[packets]
        Of all packets.
    words : int
        Words of all rows.

    Returns
    -------
    row, packet : int64[rows]
        The first word of each row that is found, and the packet that finds it.
    room : int64[rows]
        Words from row to row.
    outside : int
        A packet whose row lies outside, -1 if there is none.
    """
    cdef int64_t s, j, e = 0, at, found = 0, entries = key.shape[0], total = 0
    cdef uint32_t k
    for s in range(first.shape[0]):
        total += last[s] - first[s]
    cdef int64_t[::1] row = np.empty(total, dtype=np.int64)
    cdef int64_t[::1] packet = np.empty(total, dtype=np.int64)
    cdef int64_t[::1] room = np.empty(total, dtype=np.int64)
    cdef int64_t outside = -1
    with nogil:
        for s in range(first.shape[0]):
            if entries == 0 or outside >= 0:
                break
            for j in range(first[s], last[s]):
                k = sender_key[s] | number[j]
                if k & mask[e] != key[e]:
                    e = _last_entry(key, k)
                    if k & mask[e] != key[e]:
                        continue
                at = <int64_t> address[e] + <int64_t> (k & ~mask[e]) * stride[e]
                if at + stride[e] > words or stride[e] < HEADER:
                    outside = j
                    break
                row[found], packet[found], room[found] = at, j, stride[e]
                found += 1
    return np.asarray(row)[:found], np.asarray(packet)[:found], np.asarray(room)[:found], outside


cdef inline int64_t _last_entry(const uint32_t[::1] key, uint32_t k) noexcept nogil:
    """The last entry whose key is not above `k`, or the first entry."""
    cdef int64_t low = 0, high = key.shape[0] - 1, middle
    while low < high:
        middle = (low + high + 1) >> 1
        if key[middle] <= k:
            low = middle
        else:
            high = middle - 1
    return low


def sum_rows(
    const uint32_t[::1] words,
    const int64_t[::1] row,
    const int64_t[::1] packet,
    const int64_t[::1] room,
    const uint64_t[::1] sender,
    const uint8_t[::1] stage,
    uint64_t first_target,
    int index_bits,
    int type_bits,
):
    """The sum over all synapses of rows without dynamics, ``[0, n, 0, words]``.

    Parameters
    ----------
    row, packet, room : int64[rows]
        As of `find_rows`.
    sender, stage : array[packets]
        Number of the cell that sends each packet, and the delay stage that repeats it.
    first_target : int
        Number of the first cell of the core.

    Returns
    -------
    sum : int
    wrong : int
        A row that is longer than its room or has a plastic part, -1 if there is none.
    """
    cdef int64_t i, j, at, count
    cdef uint32_t index_mask = (<uint32_t> 1 << index_bits) - 1, type_mask = (<uint32_t> 1 << type_bits) - 1, word
    cdef int fields = index_bits + type_bits
    cdef uint64_t total = 0, source, delay, what
    with nogil:
        for i in range(row.shape[0]):
            at = row[i]
            count = words[at + 1]
            if count > room[i] - HEADER or words[at] or words[at + 2]:
                with gil:
                    return total, i
            source = sender[packet[i]] << 32
            for j in range(at + HEADER, at + HEADER + count):
                word = words[j]
                # A delay of 16 steps is stored as 0.
                delay = ((word >> fields) + (SLOTS - 1) & (SLOTS - 1)) + 1 + SLOTS * <uint64_t> stage[packet[i]]
                what = word >> 16 | delay << DELAY | <uint64_t> (word >> index_bits & type_mask) << TYPE
                total += mixed(source | (first_target + (word & index_mask)), what)
    return total, -1
