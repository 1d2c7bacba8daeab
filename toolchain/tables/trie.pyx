"""The smallest prefix table of one chip: the inner loops of `prefixes`, where the algorithm is told.

The blocks that a chip routes, in the order of their keys, are the leaves of a binary trie without unary nodes: the
node between two neighbours is at the highest bit in which their keys differ.  Nodes 0 to n - 1 are the leaves; a
node comes after its children.
"""

import numpy as np

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

cdef enum:
    NONE = -1  # no entry above
    ABOVE_ALL = 33  # above the highest bit of a key

cdef extern from *:
    """
    static inline int highest(unsigned int word) { return 31 - __builtin_clz(word); }
    static inline int lowest64(unsigned long long word) { return __builtin_ctzll(word); }
    """
    int highest(uint32_t word) noexcept nogil
    int lowest64(uint64_t word) noexcept nogil


cdef struct Trie:
    Py_ssize_t leaves, words          # words: of 64 routes
    int32_t* child                    # two a node, from node `leaves` on
    int32_t* bit                      # where the children part
    int32_t* first                    # the first leaf below
    int32_t* bare                     # entries needed if none above catches
    int32_t* fewest                   # entries needed below an entry that suits best
    uint64_t* suits                   # the routes of such entries, a set


cdef inline bint has(const uint64_t* routes, int32_t route) noexcept nogil:
    return routes[route >> 6] >> (route & 63) & 1


cdef inline void join(Trie* trie, int32_t node, int32_t left, int32_t right, int32_t bit) noexcept nogil:
    """Make `node` the parent of two nodes: their common routes suit it, or if there are none, the routes of both."""
    cdef Py_ssize_t w, words = trie.words
    cdef const uint64_t* a = trie.suits + left * words
    cdef const uint64_t* b = trie.suits + right * words
    cdef uint64_t* both = trie.suits + node * words
    cdef uint64_t common = 0
    cdef int32_t bare
    for w in range(words):
        both[w] = a[w] & b[w]
        common |= both[w]
    trie.fewest[node] = trie.fewest[left] + trie.fewest[right]
    if not common:
        trie.fewest[node] += 1
        for w in range(words):
            both[w] = a[w] | b[w]
    trie.bare[node] = min(trie.bare[left] + trie.bare[right], trie.fewest[node] + 1)
    trie.child[2 * node], trie.child[2 * node + 1] = left, right
    trie.bit[node], trie.first[node] = bit, trie.first[left]


cdef int32_t build(Trie* trie, const uint32_t* key, int32_t* stack, int32_t* gap) noexcept nogil:
    """Join neighbours, those that differ in the lowest bits first; the root."""
    cdef Py_ssize_t n = trie.leaves, i, depth = 0
    cdef int32_t node = <int32_t> n, bit
    for i in range(n):
        stack[depth] = <int32_t> i
        depth += 1
        bit = highest(key[i] ^ key[i + 1]) if i + 1 < n else ABOVE_ALL
        while depth > 1 and gap[depth - 2] < bit:
            join(trie, node, stack[depth - 2], stack[depth - 1], gap[depth - 2])
            depth -= 1
            stack[depth - 1] = node
            node += 1
        gap[depth - 1] = bit
    return stack[0]


cdef inline int32_t any_of(const uint64_t* routes) noexcept nogil:
    """The lowest route of a set."""
    cdef int32_t w = 0
    while not routes[w]:
        w += 1
    return 64 * w + lowest64(routes[w])


cdef Py_ssize_t assign(const Trie* trie, int32_t root, int32_t* stack, int32_t* above, int32_t* entry,
                       int32_t* route) noexcept nogil:
    """Write the nodes that have an entry, and its route, from the root downwards; their number."""
    cdef Py_ssize_t depth = 1, entries = 0
    cdef int32_t node, inherited, side, child
    stack[0], above[0] = root, NONE
    while depth:
        depth -= 1
        node, inherited = stack[depth], above[depth]
        if inherited == NONE:
            if trie.bare[node] > trie.fewest[node]:
                inherited = any_of(trie.suits + node * trie.words)
                entry[entries], route[entries] = node, inherited
                entries += 1
        elif not has(trie.suits + node * trie.words, inherited):
            inherited = any_of(trie.suits + node * trie.words)
            entry[entries], route[entries] = node, inherited
            entries += 1
        if node < trie.leaves:
            continue
        for side in range(2):
            child = trie.child[2 * node + 1 - side]
            stack[depth], above[depth] = child, inherited
            depth += 1
    return entries


def prefix_entries(const uint32_t[::1] key, const uint32_t[::1] mask, const int32_t[::1] route,
                   const uint8_t[::1] straight, Py_ssize_t routes):
    """The smallest prefix table for disjoint blocks in ascending order.

    Parameters
    ----------
    key, mask : uint32[n]
        The blocks.
    route : int32[n]
        The number of the route of each, below `routes`.
    straight : uint8[n]
        1 where default routing does the same.

    Returns
    -------
    key, mask : uint32[entries]
    route : int32[entries]
        Entries above come before those within them: the table must be turned round, or sorted by mask.
    """
    cdef Py_ssize_t n = key.shape[0], nodes = max(2 * n - 1, 1), words = (routes + 63) // 64, i, entries
    cdef int32_t[::1] ints = np.zeros((9 * nodes) + 2 * n + 2, np.int32)
    cdef uint64_t[::1] sets = np.zeros(max(nodes * words, 1), np.uint64)
    cdef Trie trie
    cdef int32_t root
    cdef int32_t* spare = &ints[0]
    if n == 0:
        return np.empty(0, np.uint32), np.empty(0, np.uint32), np.empty(0, np.int32)
    trie.leaves, trie.words, trie.suits = n, words, &sets[0]
    trie.child, trie.bit, trie.first = spare, spare + 2 * nodes, spare + 3 * nodes
    trie.bare, trie.fewest = spare + 4 * nodes, spare + 5 * nodes
    spare += 6 * nodes
    for i in range(n):
        trie.first[i], trie.bare[i] = <int32_t> i, not straight[i]
        sets[i * words + (route[i] >> 6)] = <uint64_t> 1 << (route[i] & 63)
    root = build(&trie, &key[0], spare, spare + n + 1)
    found, chosen = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    cdef int32_t[::1] entry = found, out = chosen
    entries = assign(&trie, root, spare, spare + nodes, &entry[0], &out[0])
    keys, masks = np.empty(entries, np.uint32), np.empty(entries, np.uint32)
    cdef uint32_t[::1] keys_view = keys, masks_view = masks
    for i in range(entries):
        if entry[i] < n:
            masks_view[i] = mask[entry[i]]
        else:
            masks_view[i] = <uint32_t> (-(<uint64_t> 2 << trie.bit[entry[i]]))
        keys_view[i] = key[trie.first[entry[i]]] & masks_view[i]
    return keys, masks, chosen[:entries].copy()
