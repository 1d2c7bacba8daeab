"""Growing one multicast tree, sink by sink: the inner loops of two routers (see ``ner``, ``longest_dimension``).

Chips are numbers ``x * height + y``.
"""

from libc.stdint cimport int8_t, int32_t, uint32_t

cdef struct Box:
    int width, height
    bint wraps


cdef inline int span(int dx, int dy) noexcept nogil:
    """Hops of the vector (dx, dy): E, N and NE steps make it."""
    if (dx >= 0) == (dy >= 0):
        return max(abs(dx), abs(dy))
    return abs(dx) + abs(dy)


cdef inline int vector(Box box, int start, int end, int* dx, int* dy) noexcept nogil:
    """The shortest vector from chip `start` to chip `end`, round the torus if that is shorter; its hops."""
    cdef int x = end // box.height - start // box.height
    cdef int y = end % box.height - start % box.height
    cdef int i, j, vx, vy, hops, best
    dx[0], dy[0] = x, y
    best = span(x, y)
    if not box.wraps:
        return best
    for i in range(2):
        for j in range(2):
            vx = x if i == 0 else (x - box.width if x > 0 else x + box.width)
            vy = y if j == 0 else (y - box.height if y > 0 else y + box.height)
            hops = span(vx, vy)
            if hops < best:
                best, dx[0], dy[0] = hops, vx, vy
    return best


cdef struct Leg:
    int link, length


cdef inline Leg leg(int dx, int dy) noexcept nogil:
    """The link to leave by, and the hops, of a vector along one of the three axes."""
    if dx > 0:
        return Leg(1 if dy > 0 else 0, dx)
    if dx < 0:
        return Leg(4 if dy < 0 else 3, -dx)
    return Leg(2 if dy > 0 else 5, abs(dy))


cdef int straight_path(Box box, const int32_t[:, ::1] neighbour, int start, int end, int8_t* links) noexcept nogil:
    """Links of the longest-dimension-first path from `start` to `end`; their number, or -1 if one is absent."""
    cdef int dx, dy, diagonal = 0, n, chip = start
    cdef Leg first, second
    vector(box, start, end, &dx, &dy)
    if (dx >= 0) == (dy >= 0):
        diagonal = min(dx, dy) if dx >= 0 else max(dx, dy)
        first, second = leg(diagonal, diagonal), leg(dx - diagonal, dy - diagonal)
    else:
        first, second = leg(dx, 0), leg(0, dy)
    if second.length > first.length:
        first, second = second, first
    for n in range(first.length + second.length):
        links[n] = first.link if n < first.length else second.link
        chip = neighbour[chip, links[n]]
        if chip < 0:
            return -1
    return first.length + second.length


cdef int search_path(const int32_t[:, ::1] neighbour, const int32_t[::1] row, int end,
                     int32_t* queue, int8_t* towards, int8_t* links, int* start) noexcept nogil:
    """Links of a shortest path from the tree to `end` over links that exist; their number, or -1 if there is none.

    Breadth first, backwards from `end`; `towards` is the link that leads a chip nearer to `end`.
    """
    cdef int head = 0, tail = 1, chip, other, link, n = 0
    queue[0] = end
    towards[end] = 6
    start[0] = -1
    while head < tail and start[0] < 0:
        chip = queue[head]
        head += 1
        for link in range(6):
            other = neighbour[chip, link]
            if other >= 0 and towards[other] < 0:
                towards[other] = (link + 3) % 6
                if row[other] >= 0:
                    start[0] = other
                    break
                queue[tail] = other
                tail += 1
    chip = start[0]
    while chip >= 0 and chip != end:
        links[n] = towards[chip]
        chip = neighbour[chip, links[n]]
        n += 1
    for head in range(tail):
        towards[queue[head]] = -1
    if start[0] < 0:
        return -1
    towards[start[0]] = -1
    return n


cdef int nearest_row(Box box, const int32_t[::1] chip, const int32_t[::1] row, int rows, int sink) noexcept nogil:
    """The row of the tree whose chip is nearest to `sink`; of several, the last.

    Hexagons round the sink are looked at first, from the smallest on: in a dense tree one of the first meets it.  When
    they have cost as much as looking at all of a sparse tree does, that is done.
    """
    cdef int ring, side, step, x, y, i, distance, dx, dy, found = -1, best = 1 << 30
    cdef int* go_x = [1, 1, 0, -1, -1, 0]
    cdef int* go_y = [0, 1, 1, 0, -1, -1]
    for ring in range(1, box.width + box.height):
        if 3 * ring * (ring + 1) > 4 * rows:
            break
        x, y = sink // box.height - ring, sink % box.height - ring
        for side in range(6):
            for step in range(ring):
                i = -1
                if box.wraps:
                    i = row[(x % box.width + box.width) % box.width * box.height
                            + (y % box.height + box.height) % box.height]
                elif 0 <= x < box.width and 0 <= y < box.height:
                    i = row[x * box.height + y]
                found = max(found, i)
                x += go_x[side]
                y += go_y[side]
        if found >= 0:
            return found
    for i in range(rows):
        distance = vector(box, chip[i], sink, &dx, &dy)
        if distance <= best:
            best, found = distance, i
    return found


cdef int joining_path(Box box, const int32_t[:, ::1] neighbour, const int32_t[::1] row, int sink,
                      int8_t* links, int* start) noexcept nogil:
    """Links of the straight path from `start` to `sink`, after its last chip in the tree, which becomes `start`."""
    cdef int i, chip = start[0], n = straight_path(box, neighbour, start[0], sink, links), first = 0
    for i in range(n):
        chip = neighbour[chip, links[i]]
        if row[chip] >= 0:
            first, start[0] = i + 1, chip
    for i in range(first, n):
        links[i - first] = links[i]
    return n - first if n >= 0 else n


def grow(const int32_t[:, ::1] neighbour, int width, int height, bint wraps, bint explores, int source,
         const int32_t[::1] sinks,
         int32_t[::1] chip, int8_t[::1] arrival, uint32_t[::1] route,
         int32_t[::1] row, int32_t[::1] queue, int8_t[::1] towards, int8_t[::1] links):
    """Grow the tree from chip `source` to the chips `sinks`, in their order.

    Parameters
    ----------
    neighbour : int32[chips, 6]
        Chip at the end of each link, -1 where it is absent.
    explores : bool
        Whether a sink is joined to the chip of the tree that is nearest to it, or where its path from the source
        leaves the tree for good.
    chip, arrival, route : int32[chips], int8[chips], uint32[chips]
        Written: the rows of the tree.
    row, queue, towards, links : scratch
        Of one element a chip; `row` and `towards` hold -1, before and after.

    Returns
    -------
    rows : int
        Rows of the tree; if a sink cannot be reached, -1 - its place in `sinks`.
    """
    cdef Box box = Box(width, height, wraps)
    cdef int rows = 1, s, i, n, sink, at, failed = -1
    chip[0], arrival[0], route[0] = source, -1, 0
    row[source] = 0
    with nogil:
        for s in range(sinks.shape[0]):
            sink = sinks[s]
            if row[sink] >= 0:
                continue
            at = chip[nearest_row(box, chip, row, rows, sink)] if explores else source
            n = joining_path(box, neighbour, row, sink, &links[0], &at)
            if n < 0:
                n = search_path(neighbour, row, sink, &queue[0], &towards[0], &links[0], &at)
            if n < 0:
                failed = s
                break
            for i in range(n):
                route[row[at]] |= <uint32_t> 1 << links[i]
                at = neighbour[at, links[i]]
                row[at] = rows
                chip[rows], arrival[rows], route[rows] = at, (links[i] + 3) % 6, 0
                rows += 1
        for i in range(rows):
            row[chip[i]] = -1
    return rows if failed < 0 else -1 - failed
