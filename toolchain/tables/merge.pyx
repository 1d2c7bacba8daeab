"""Merging entries of one table: the inner loops of `pairs` and `ordered_covering`, where the algorithms are told.

What a chip routes is a list of disjoint blocks of keys; each belongs to the first entry that matches it.  Two sets of
keys meet if no bit is fixed differently by both.
"""

import numpy as np

from libc.stdint cimport int32_t, uint8_t, uint32_t

cdef extern from *:
    """
    static inline int ones(unsigned int word) { return __builtin_popcount(word); }
    """
    int ones(uint32_t word) noexcept nogil

cdef enum:
    NOBODY = -1  # no entry: default routing serves the block
    UNKNOWN = 1 << 30


cdef struct Keys:
    uint32_t key, mask


cdef inline bint meets(Keys a, Keys b) noexcept nogil:
    return (a.key ^ b.key) & a.mask & b.mask == 0


cdef inline Keys around(Keys a, Keys b) noexcept nogil:
    """The narrowest key and mask that match what either matches."""
    cdef uint32_t mask = a.mask & b.mask & ~(a.key ^ b.key)
    return Keys(a.key & mask, mask)


cdef struct Table:
    # Entries stand in their order; a block's owner is the place of its entry.
    Py_ssize_t entries, blocks
    Keys* entry
    int32_t* route
    int32_t* moved
    const Keys* block
    const int32_t* block_route
    int32_t* owner
    bint ordered


cdef inline Py_ssize_t place_of(const Table* table, Keys merged) noexcept nogil:
    """Where a merged entry goes: before the first that is more general."""
    cdef Py_ssize_t low = 0, high = table.entries, middle
    while low < high:
        middle = (low + high) // 2
        if ones(table.entry[middle].mask) >= ones(merged.mask):
            low = middle + 1
        else:
            high = middle
    return low


cdef inline Py_ssize_t first_within(const Table* table, Keys merged) noexcept nogil:
    """The first block, in ascending order, that `merged` may meet: the last that starts at or below its lowest key."""
    cdef Py_ssize_t low = 0, high = table.blocks, middle
    while high - low > 1:
        middle = (low + high) // 2
        if table.block[middle].key <= merged.key:
            low = middle
        else:
            high = middle
    return low


cdef bint keeps_others(const Table* table, Keys merged, int32_t route, Py_ssize_t place) noexcept nogil:
    """Whether an entry at `place` takes no block of another route, and no part of a block.

    Of blocks that an entry before it has taken it takes nothing.
    """
    cdef Py_ssize_t i
    cdef uint32_t last = merged.key | ~merged.mask
    for i in range(first_within(table, merged), table.blocks):
        if table.block[i].key > last:
            return True
        if not meets(merged, table.block[i]) or 0 <= table.owner[i] < place:
            continue
        if table.block_route[i] != route or merged.mask & ~table.block[i].mask:
            return False
    return True


cdef bint stays_reachable(const Table* table, const uint8_t* chosen, Keys merged, int32_t route, Py_ssize_t checked,
                          Py_ssize_t place) noexcept nogil:
    """Whether no entry that comes to stand before the chosen ones meets a block of theirs, but to route it alike whole.

    The entries before `checked` have been looked at, but for those of entries that are marked 2.
    """
    cdef Py_ssize_t i, j
    cdef uint32_t last = merged.key | ~merged.mask
    for i in range(first_within(table, merged), table.blocks):
        if table.block[i].key > last:
            return True
        if table.owner[i] == NOBODY or not chosen[table.owner[i]]:
            continue
        j = table.owner[i] + 1
        if chosen[table.owner[i]] == 1 and checked > j:
            j = checked
        for j in range(j, place):
            if meets(table.entry[j], table.block[i]) and (
                table.route[j] != route or table.entry[j].mask & ~table.block[i].mask
            ):
                return False
    return True


cdef int grow(const Table* table, Py_ssize_t seed, uint8_t* chosen, int32_t* candidate, Keys* merged) noexcept nogil:
    """Choose entries to merge with entry `seed`, always the one that frees the fewest bits; how many there are."""
    cdef Py_ssize_t i, nearest, n = 0, place, checked = seed + 1
    cdef int size = 1, fixed, most
    cdef int32_t route = table.route[seed], other
    cdef Keys wider
    for i in range(table.entries):
        chosen[i] = 0
        if table.route[i] == route and i != seed:
            candidate[n] = <int32_t> i
            n += 1
    merged[0] = table.entry[seed]
    chosen[seed] = 1
    while n:
        nearest, most = 0, -1
        for i in range(n):
            fixed = ones(around(merged[0], table.entry[candidate[i]]).mask)
            if fixed > most:
                nearest, most = i, fixed
        other = candidate[nearest]
        n -= 1
        candidate[nearest] = candidate[n]
        wider = around(merged[0], table.entry[other])
        place = place_of(table, wider) if table.ordered else 0
        chosen[other] = 2
        if keeps_others(table, wider, route, place) and (
            not table.ordered or stays_reachable(table, chosen, wider, route, checked, place)
        ):
            merged[0], checked = wider, place
            chosen[other] = 1
            size += 1
        else:
            chosen[other] = 0
    return size


cdef void replace(Table* table, const uint8_t* chosen, Keys merged, int32_t* size) noexcept nogil:
    """Put one entry in the place of the chosen ones; entry i has the size ``size[i]``."""
    cdef Py_ssize_t i, kept = 0, new, place = place_of(table, merged)
    cdef int32_t route = -1
    cdef int32_t* moved = table.moved
    for i in range(table.entries):
        moved[i] = NOBODY if chosen[i] else <int32_t> kept
        if chosen[i]:
            route = table.route[i]
        else:
            table.entry[kept], table.route[kept], size[kept] = table.entry[i], table.route[i], size[i]
            kept += 1
    table.entries = kept
    new = place_of(table, merged)
    for i in range(kept, new, -1):
        table.entry[i], table.route[i], size[i] = table.entry[i - 1], table.route[i - 1], size[i - 1]
    table.entry[new], table.route[new], size[new] = merged, route, UNKNOWN
    table.entries += 1
    for i in range(table.blocks):
        if table.owner[i] == NOBODY:
            continue
        table.owner[i] = moved[table.owner[i]]
        if table.owner[i] == NOBODY:
            table.owner[i] = <int32_t> new
        elif table.owner[i] >= new:
            table.owner[i] += 1


cdef void merge_all(Table* table, int32_t* size, uint8_t* chosen, int32_t* candidate) noexcept nogil:
    """Merge as many entries as can be, until none can.

    How many entries a merge that grows from entry i has is found anew only when it seems to be the largest, since
    merges of others rarely make it larger; and is at first taken to be that of a merge that i was chosen for.
    """
    cdef Py_ssize_t i, most
    cdef int n
    cdef Keys merged
    for i in range(table.entries):
        size[i] = UNKNOWN
    while True:
        most = 0
        for i in range(table.entries):
            if size[i] > size[most]:
                most = i
        if size[most] < 2:
            return
        n = grow(table, most, chosen, candidate, &merged)
        if n < size[most]:
            size[most] = n
            for i in range(table.entries):
                if chosen[i] and size[i] == UNKNOWN:
                    size[i] = n
        elif n >= 2:
            replace(table, chosen, merged, size)


def merge(const uint32_t[:, ::1] blocks, const int32_t[::1] block_route, uint32_t[:, ::1] entries,
          int32_t[::1] route, bint ordered):
    """Merge entries in place.

    Parameters
    ----------
    blocks : uint32[blocks, 2]
        Disjoint blocks that are routed, key and mask.
    block_route : int32[blocks]
    entries : uint32[entries, 2]
        Key and mask of each entry of a table that routes the blocks, the more general not before the less general.
        A block that meets no entry is left to default routing.
    route : int32[entries]
    ordered : bool
        Whether merged entries may match what an entry before them takes.

    Returns
    -------
    int
        The length of the table now: so many of `entries` and `route` are valid.
    """
    cdef Table table
    cdef Py_ssize_t i, j, n = entries.shape[0]
    cdef int32_t[::1] owner = np.full(blocks.shape[0], NOBODY, np.int32), ints = np.empty(3 * n, np.int32)
    cdef uint8_t[::1] flags = np.empty(n, np.uint8)
    if n == 0:
        return 0
    table.entries, table.blocks, table.ordered = n, blocks.shape[0], ordered
    table.entry, table.route, table.moved = <Keys*> &entries[0, 0], &route[0], &ints[n]
    table.block, table.block_route, table.owner = <const Keys*> &blocks[0, 0], &block_route[0], &owner[0]
    with nogil:
        for i in range(table.blocks):
            for j in range(n):
                if meets(table.block[i], table.entry[j]):
                    owner[i] = <int32_t> j
                    break
        merge_all(&table, &ints[0], &flags[0], &ints[2 * n])
    return table.entries
