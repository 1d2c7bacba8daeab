"""Joining nets that are routed alike into a forest of binary tries: the loops of `along`, where the idea is told.

A cluster is a list of places, ascending by chip: the chip and a set of routes, of which one is bit 0 to 62 and bit 63
is to need no entry.  It knows clusters that may be like it, its neighbours.  In each round two clusters that are
each other's best neighbour join, and the new one takes over the neighbours of both.
"""

import numpy as np

from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc

cdef struct Neighbour:
    int32_t cluster
    double likeness

cdef struct Cluster:
    bint alive
    int height                # its block has 2 ** height keys
    int32_t* chip
    uint64_t* routes
    Py_ssize_t places
    Neighbour* neighbour
    Py_ssize_t neighbours, capacity


cdef inline double likeness(const Cluster* a, const Cluster* b) noexcept nogil:
    """Of the chips where both are, the share where they have a route in common; a few chips count less than many."""
    cdef Py_ssize_t i = 0, j = 0
    cdef int alike = 0, both = 0
    while i < a.places and j < b.places:
        if a.chip[i] == b.chip[j]:
            both += 1
            alike += a.routes[i] & b.routes[j] != 0
            i += 1
            j += 1
        elif a.chip[i] < b.chip[j]:
            i += 1
        else:
            j += 1
    return alike / (both + 1.0)


cdef inline uint32_t mixed(int32_t a, int32_t b) noexcept nogil:
    """Scrambled bits of two numbers, whichever comes first."""
    cdef uint64_t word = (<uint64_t> max(a, b) << 32 | <uint32_t> min(a, b)) * <uint64_t> 0x9E3779B97F4A7C15
    return <uint32_t> (word >> 32)


cdef inline bint better(const Cluster* clusters, int32_t a, const Neighbour* one,
                        const Neighbour* other) noexcept nogil:
    """Whether `a` had rather join `one`: the more alike, then what makes the smaller block, then by chance."""
    cdef int height, other_height
    if one.likeness != other.likeness:
        return one.likeness > other.likeness
    height = max(clusters[a].height, clusters[one.cluster].height)
    other_height = max(clusters[a].height, clusters[other.cluster].height)
    if height != other_height:
        return height < other_height
    return mixed(a, one.cluster) < mixed(a, other.cluster)


cdef inline int64_t padding(const Cluster* a, const Cluster* b) noexcept nogil:
    """Keys that are lost if the block of `a` and that of `b` become halves of one."""
    cdef int64_t difference = (<int64_t> 1 << a.height) - (<int64_t> 1 << b.height)
    return difference if difference > 0 else -difference


cdef int32_t best(Cluster* clusters, int32_t a, int64_t spare) noexcept nogil:
    """The best neighbour of `a` that costs no more than `spare` keys, or -1; those that have joined are forgotten."""
    cdef Cluster* cluster = clusters + a
    cdef Py_ssize_t i, kept = 0, found = -1
    for i in range(cluster.neighbours):
        if not clusters[cluster.neighbour[i].cluster].alive:
            continue
        cluster.neighbour[kept] = cluster.neighbour[i]
        if padding(cluster, clusters + cluster.neighbour[kept].cluster) <= spare:
            if found < 0 or better(clusters, a, &cluster.neighbour[kept], &cluster.neighbour[found]):
                found = kept
        kept += 1
    cluster.neighbours = kept
    return cluster.neighbour[found].cluster if found >= 0 else -1


cdef int know(Cluster* cluster, int32_t other, double likeness) noexcept nogil:
    """Add a neighbour; -1 if there is no memory."""
    cdef Neighbour* larger
    if cluster.neighbours == cluster.capacity:
        cluster.capacity = 2 * cluster.capacity + 8
        larger = <Neighbour*> realloc(cluster.neighbour, cluster.capacity * sizeof(Neighbour))
        if larger == NULL:
            return -1
        cluster.neighbour = larger
    cluster.neighbour[cluster.neighbours] = Neighbour(other, likeness)
    cluster.neighbours += 1
    return 0


cdef int meet(Cluster* clusters, int32_t a, int32_t b) noexcept nogil:
    """Make two clusters neighbours if they are alike anywhere."""
    cdef double like = likeness(clusters + a, clusters + b)
    if like > 0 and (know(clusters + a, b, like) < 0 or know(clusters + b, a, like) < 0):
        return -1
    return 0


cdef int reserve(Cluster* cluster, Py_ssize_t places) noexcept nogil:
    """Memory for places."""
    cluster.alive = True
    cluster.chip = <int32_t*> malloc(places * sizeof(int32_t) + 1)
    cluster.routes = <uint64_t*> malloc(places * sizeof(uint64_t) + 1)
    return -1 if cluster.chip == NULL or cluster.routes == NULL else 0


cdef int unite(const Cluster* a, const Cluster* b, Cluster* both) noexcept nogil:
    """The places of two: where both are, the routes that they have in common, or if there are none, those of both."""
    cdef Py_ssize_t i = 0, j = 0, n = 0
    cdef uint64_t common
    if reserve(both, a.places + b.places) < 0:
        return -1
    while i < a.places or j < b.places:
        if j == b.places or (i < a.places and a.chip[i] < b.chip[j]):
            both.chip[n], both.routes[n] = a.chip[i], a.routes[i]
            i += 1
        elif i == a.places or b.chip[j] < a.chip[i]:
            both.chip[n], both.routes[n] = b.chip[j], b.routes[j]
            j += 1
        else:
            common = a.routes[i] & b.routes[j]
            both.chip[n], both.routes[n] = a.chip[i], common if common else a.routes[i] | b.routes[j]
            i += 1
            j += 1
        n += 1
    both.places, both.height = n, max(a.height, b.height) + 1
    return 0


cdef void release(Cluster* cluster) noexcept nogil:
    free(cluster.chip)
    free(cluster.routes)
    free(cluster.neighbour)
    cluster.chip, cluster.routes, cluster.neighbour = NULL, NULL, NULL
    cluster.alive = False
    cluster.neighbours = 0


cdef int join(Cluster* clusters, int32_t a, int32_t b, int32_t new, int32_t* seen, Py_ssize_t most) noexcept nogil:
    """Make `new` of two clusters, with at most `most` neighbours of theirs; -1 if there is no memory."""
    cdef int32_t side, other
    cdef Py_ssize_t i, worst
    cdef double like
    cdef Cluster* cluster = clusters + new
    cdef Cluster* old
    if unite(clusters + a, clusters + b, cluster) < 0:
        return -1
    clusters[a].alive = clusters[b].alive = False
    for side in range(2):
        old = clusters + (b if side else a)
        for i in range(old.neighbours):
            other = old.neighbour[i].cluster
            if not clusters[other].alive or seen[other] == new:
                continue
            seen[other] = new
            like = likeness(cluster, clusters + other)
            if like > 0 and know(cluster, other, like) < 0:
                return -1
    release(clusters + a)
    release(clusters + b)
    while cluster.neighbours > most:
        worst = 0
        for i in range(1, cluster.neighbours):
            if better(clusters, new, &cluster.neighbour[worst], &cluster.neighbour[i]):
                worst = i
        cluster.neighbours -= 1
        cluster.neighbour[worst] = cluster.neighbour[cluster.neighbours]
    for i in range(cluster.neighbours):
        if know(clusters + cluster.neighbour[i].cluster, new, cluster.neighbour[i].likeness) < 0:
            return -1
    return 0


cdef int32_t rounds(Cluster* clusters, int32_t leaves, int64_t spare, int32_t* partner, int32_t* seen,
                    int32_t* child, Py_ssize_t most) noexcept nogil:
    """Join until no two clusters are alike, or none fits; how many there have been, or -1 without memory."""
    cdef int32_t n = leaves, before = 0, end, a, b
    while n > before:
        before = end = n
        for a in range(end):
            partner[a] = best(clusters, a, spare) if clusters[a].alive else -1
        for a in range(end):
            b = partner[a]
            if b <= a or partner[b] != a or padding(clusters + a, clusters + b) > spare:
                continue
            spare -= padding(clusters + a, clusters + b)
            child[2 * (n - leaves)], child[2 * (n - leaves) + 1] = a, b
            if join(clusters, a, b, n, seen, most) < 0:
                return -1
            n += 1
    return n


cdef int load(Cluster* clusters, const int64_t[::1] start, const int32_t[::1] chip, const uint64_t[::1] routes,
              const int8_t[::1] height, const int32_t[:, ::1] pairs) noexcept nogil:
    """The first clusters, and their neighbours."""
    cdef Py_ssize_t i, j
    for i in range(height.shape[0]):
        clusters[i].places, clusters[i].height = start[i + 1] - start[i], height[i]
        if reserve(clusters + i, clusters[i].places) < 0:
            return -1
        for j in range(clusters[i].places):
            clusters[i].chip[j], clusters[i].routes[j] = chip[start[i] + j], routes[start[i] + j]
    for i in range(pairs.shape[0]):
        if meet(clusters, pairs[i, 0], pairs[i, 1]) < 0:
            return -1
    return 0


def forest(const int64_t[::1] start, const int32_t[::1] chip, const uint64_t[::1] routes, const int8_t[::1] height,
           const int32_t[:, ::1] pairs, int64_t spare, Py_ssize_t most):
    """Join clusters that are alike.

    Parameters
    ----------
    start : int64[clusters + 1]
        Cluster i has the places ``start[i]`` to ``start[i + 1]``.
    chip, routes : int32[places], uint64[places]
    height : int8[clusters]
        A cluster needs a block of ``2 ** height`` keys.
    pairs : int32[pairs, 2]
        Clusters to be neighbours, each pair once.
    spare : int
        Keys that may be lost, a cluster in the larger half of a block having a half that is smaller beside it.
    most : int
        Neighbours of a new cluster.

    Returns
    -------
    children : int32[joined, 2]
        Cluster ``clusters + i`` was made of these two.
    """
    cdef int32_t leaves = <int32_t> height.shape[0], n = -1
    cdef Py_ssize_t nodes = max(2 * leaves, 1), i
    children = np.empty((max(leaves, 1), 2), np.int32)
    cdef int32_t[:, ::1] child = children
    cdef int32_t[::1] partner = np.empty(nodes, np.int32), seen = np.full(nodes, -1, np.int32)
    cdef Cluster* clusters = <Cluster*> malloc(nodes * sizeof(Cluster))
    if clusters == NULL:
        raise MemoryError("clusters of nets")
    with nogil:
        for i in range(nodes):
            clusters[i] = Cluster(False, 0, NULL, NULL, 0, NULL, 0, 0)
        if load(clusters, start, chip, routes, height, pairs) == 0:
            n = rounds(clusters, leaves, spare, &partner[0], &seen[0], &child[0, 0], most)
        for i in range(nodes):
            release(clusters + i)
        free(clusters)
    if n < 0:
        raise MemoryError("clusters of nets")
    return children[:n - leaves].copy()
