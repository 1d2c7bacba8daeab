"""Growing one multicast tree over links that have costs: the inner loop of congestion-aware routing.

Chips are numbers ``x * height + y``.
"""

from libc.stdint cimport int8_t, int32_t, uint8_t, uint32_t

cdef double FAR = 1e300


cdef struct Heap:
    int32_t* chip
    int32_t* place
    double* distance
    int size


cdef inline bint before(Heap* heap, int one, int other) noexcept nogil:
    """Whether a chip comes out of the heap before another: it is nearer, or as near and has the lower number."""
    cdef double a = heap.distance[one], b = heap.distance[other]
    return a < b or (a == b and one < other)


cdef inline void put(Heap* heap, int at, int chip) noexcept nogil:
    heap.chip[at] = chip
    heap.place[chip] = at


cdef void rise(Heap* heap, int chip) noexcept nogil:
    """Enter a chip, or move it forward since its distance has become less."""
    cdef int at = heap.place[chip], above
    if at < 0:
        at = heap.size
        heap.size += 1
    while at > 0:
        above = (at - 1) >> 1
        if not before(heap, chip, heap.chip[above]):
            break
        put(heap, at, heap.chip[above])
        at = above
    put(heap, at, chip)


cdef int pop(Heap* heap) noexcept nogil:
    """Take out the first chip."""
    cdef int first = heap.chip[0], last, at = 0, below
    heap.place[first] = -1
    heap.size -= 1
    if heap.size:
        last = heap.chip[heap.size]
        while 2 * at + 1 < heap.size:
            below = 2 * at + 1
            if below + 1 < heap.size and before(heap, heap.chip[below + 1], heap.chip[below]):
                below += 1
            if before(heap, last, heap.chip[below]):
                break
            put(heap, at, heap.chip[below])
            at = below
        put(heap, at, last)
    return first


def grow_cheapest(const int32_t[:, ::1] neighbour, const double[:, ::1] cost, int source, const int32_t[::1] sinks,
                  int32_t[::1] chip, int8_t[::1] arrival, uint32_t[::1] route,
                  int32_t[::1] row, double[::1] distance, int8_t[::1] towards, uint8_t[::1] wanted,
                  int32_t[::1] heap, int32_t[::1] place, int32_t[::1] touched):
    """Grow a tree from chip `source` to the chips `sinks`: always by the cheapest way to a sink that is not in it.

    Parameters
    ----------
    neighbour : int32[chips, 6]
        Chip at the end of each link, -1 where it is absent.
    cost : float64[chips, 6]
        Of each link, > 0.
    chip, arrival, route : int32[chips], int8[chips], uint32[chips]
        Written: the rows of the tree.
    row, distance, towards, wanted, heap, place, touched : scratch
        Of one element a chip; `row` and `place` hold -1, `distance` 1e300 and `wanted` 0, before and after.

    Returns
    -------
    rows : int
        Rows of the tree; if a sink cannot be reached, -1 - its place in `sinks`.
    """
    cdef Heap queue = Heap(&heap[0], &place[0], &distance[0], 0)
    cdef int rows = 1, missing = 0, met = 1, failed = -1, i, here, there, link, at, n
    cdef double through
    chip[0], arrival[0], route[0] = source, -1, 0
    row[source], distance[source], touched[0] = 0, 0.0, source
    with nogil:
        for i in range(sinks.shape[0]):
            if sinks[i] != source:
                wanted[sinks[i]] = 1
                missing += 1
        rise(&queue, source)
        while missing and queue.size:
            here = pop(&queue)
            if wanted[here]:
                # The way back to the tree, whose chips are numbered from its other end.
                wanted[here] = 0
                missing -= 1
                n, at = 0, here
                while row[at] < 0:
                    n += 1
                    at = neighbour[at, towards[at]]
                rows += n
                at = here
                for i in range(n):
                    row[at] = rows - 1 - i
                    chip[rows - 1 - i], arrival[rows - 1 - i], route[rows - 1 - i] = at, towards[at], 0
                    distance[at] = 0.0
                    rise(&queue, at)
                    at = neighbour[at, towards[at]]
                for i in range(rows - n, rows):
                    at = neighbour[chip[i], arrival[i]]
                    route[row[at]] |= <uint32_t> 1 << ((arrival[i] + 3) % 6)
                continue
            for link in range(6):
                there = neighbour[here, link]
                if there < 0:
                    continue
                through = distance[here] + cost[here, link]
                if through < distance[there]:
                    if distance[there] == FAR:
                        touched[met] = there
                        met += 1
                    distance[there] = through
                    towards[there] = (link + 3) % 6
                    rise(&queue, there)
        for i in range(met):
            row[touched[i]] = -1
            distance[touched[i]] = FAR
            place[touched[i]] = -1
        for i in range(sinks.shape[0]):
            if wanted[sinks[i]] and failed < 0:
                failed = i
            wanted[sinks[i]] = 0
    return rows if failed < 0 else -1 - failed
