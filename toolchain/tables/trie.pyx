"""The trie over the blocks of one chip: the inner loops of `prefixes`, where the algorithm is told.

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


cdef Py_ssize_t uniform(const Trie* trie, int32_t root, int32_t* stack, int32_t* found) noexcept nogil:
    """Write the highest nodes below which all leaves have one route; their number."""
    cdef Py_ssize_t depth = 1, n = 0
    cdef int32_t node
    stack[0] = root
    while depth:
        depth -= 1
        node = stack[depth]
        if trie.fewest[node] == 0:
            found[n] = node
            n += 1
            continue
        stack[depth], stack[depth + 1] = trie.child[2 * node + 1], trie.child[2 * node]
        depth += 2
    return n


cdef class Blocks:
    """The trie over the blocks of one chip.

    Parameters
    ----------
    key, mask : uint32[n]
        Disjoint blocks, ascending; one at least.
    route : int32[n]
        The number of the route of each, below `routes`.
    straight : uint8[n]
        1 where default routing does the same.
    """

    cdef Trie trie
    cdef int32_t root
    cdef const uint32_t[::1] key, mask
    cdef int32_t[::1] ints
    cdef uint64_t[::1] sets

    def __init__(self, const uint32_t[::1] key, const uint32_t[::1] mask, const int32_t[::1] route,
                 const uint8_t[::1] straight, Py_ssize_t routes):
        cdef Py_ssize_t n = key.shape[0], nodes = 2 * n, words = (routes + 63) // 64, i
        cdef int32_t* spare
        self.key, self.mask = key, mask
        self.ints = np.zeros(8 * nodes, np.int32)
        self.sets = np.zeros(nodes * words, np.uint64)
        spare = &self.ints[0]
        self.trie.leaves, self.trie.words, self.trie.suits = n, words, &self.sets[0]
        self.trie.child, self.trie.bit, self.trie.first = spare, spare + 2 * nodes, spare + 3 * nodes
        self.trie.bare, self.trie.fewest = spare + 4 * nodes, spare + 5 * nodes
        for i in range(n):
            self.trie.first[i], self.trie.bare[i] = <int32_t> i, not straight[i]
            self.sets[i * words + (route[i] >> 6)] = <uint64_t> 1 << (route[i] & 63)
        self.root = build(&self.trie, &key[0], spare + 6 * nodes, spare + 7 * nodes)

    def prefixes(self):
        """The smallest prefix table, wide entries before those within them: it must be sorted by mask.

        Returns
        -------
        key, mask : uint32[entries]
        route : int32[entries]
        """
        cdef Py_ssize_t nodes = 2 * self.trie.leaves, entries
        cdef int32_t[::1] entry = np.empty(nodes, np.int32)
        routes = np.empty(nodes, np.int32)
        cdef int32_t[::1] route = routes
        entries = assign(&self.trie, self.root, &self.ints[6 * nodes], &self.ints[7 * nodes], &entry[0], &route[0])
        return *self.blocks_of(entry[:entries]), routes[:entries].copy()

    def uniform(self):
        """The largest blocks that are routed alike, ascending.

        Returns
        -------
        key, mask : uint32[blocks]
        route : int32[blocks]
        straight : bool[blocks]
            Where default routing does the same.
        """
        cdef Py_ssize_t nodes = 2 * self.trie.leaves, n, i
        cdef int32_t[::1] found = np.empty(nodes, np.int32)
        n = uniform(&self.trie, self.root, &self.ints[6 * nodes], &found[0])
        routes, straight = np.empty(n, np.int32), np.empty(n, np.bool_)
        for i in range(n):
            routes[i] = any_of(self.trie.suits + found[i] * self.trie.words)
            straight[i] = self.trie.bare[found[i]] == 0
        return *self.blocks_of(found[:n]), routes, straight

    cdef blocks_of(self, int32_t[::1] node):
        """Keys and masks of nodes."""
        cdef Py_ssize_t i
        keys, masks = np.empty(node.shape[0], np.uint32), np.empty(node.shape[0], np.uint32)
        cdef uint32_t[::1] key = keys, mask = masks
        for i in range(node.shape[0]):
            if node[i] < self.trie.leaves:
                mask[i] = self.mask[node[i]]
            else:
                mask[i] = <uint32_t> (-(<uint64_t> 2 << self.trie.bit[node[i]]))
            key[i] = self.key[self.trie.first[node[i]]] & mask[i]
        return keys, masks
