"""Pruning a spanning tree down to what one net needs: the inner loops of ``trunk``.

Chips are numbers ``x * height + y``.
"""

from libc.stdint cimport int8_t, int32_t, uint8_t, uint32_t

cdef uint8_t CLIMBED = 64, END = 128
cdef int8_t ROOT = -1


cdef inline int opposite(int link) noexcept nogil:
    return (link + 3) % 6


cdef int climb(const int32_t[:, ::1] neighbour, const int8_t[::1] up, int at,
               uint8_t[::1] mark, int32_t[::1] seen, int climbed, int* top) noexcept nogil:
    """Mark the way from chip `at` to the root, as far as it is not marked; how many are marked now.

    `top` becomes the root, or -2 if there is a second one.
    """
    while not mark[at] & CLIMBED:
        mark[at] |= CLIMBED
        seen[climbed] = at
        climbed += 1
        if up[at] < 0:
            top[0] = at if top[0] == -1 and up[at] == ROOT else -2
            break
        mark[neighbour[at, up[at]]] |= 1 << opposite(up[at])
        at = neighbour[at, up[at]]
    return climbed


cdef inline int lone_child(uint8_t mark) noexcept nogil:
    """The link to the child of a chip that is no end and has one child; else -1."""
    cdef int link
    for link in range(6):
        if mark == CLIMBED | (1 << link):
            return link
    return -1


def prune(const int32_t[:, ::1] neighbour, const int8_t[::1] up, int source, const int32_t[::1] sinks,
          int32_t[::1] chip, int8_t[::1] arrival, uint32_t[::1] route, uint8_t[::1] mark, int32_t[::1] seen):
    """The smallest part of a spanning tree that joins chip `source` to the chips `sinks`, as rows from `source`.

    Parameters
    ----------
    neighbour : int32[chips, 6]
        Chip at the end of each link, -1 where it is absent.
    up : int8[chips]
        The link from each chip to its parent in the spanning tree: -1 at a root, -2 where there is no tree.
    chip, arrival, route : int32[chips], int8[chips], uint32[chips]
        Written: the rows.
    mark, seen : scratch
        Of one element a chip; `mark` holds 0, before and after.

    Returns
    -------
    rows : int
        0 if no tree joins them.
    """
    cdef int s, at, link, climbed = 0, top = -1, rows = 0, r = 0
    with nogil:
        climbed = climb(neighbour, up, source, mark, seen, climbed, &top)
        mark[source] |= END
        for s in range(sinks.shape[0]):
            climbed = climb(neighbour, up, sinks[s], mark, seen, climbed, &top)
            mark[sinks[s]] |= END
        if top >= 0:
            link = lone_child(mark[top])
            while link >= 0:
                top = neighbour[top, link]
                link = lone_child(mark[top])
            chip[0], arrival[0] = source, -1
            rows = 1
        while r < rows:
            at = chip[r]
            route[r] = mark[at] & 63
            if at != top:
                route[r] |= 1 << up[at]
            if arrival[r] >= 0:
                route[r] &= ~(<uint32_t> 1 << arrival[r])
            for link in range(6):
                if route[r] >> link & 1:
                    chip[rows], arrival[rows] = neighbour[at, link], opposite(link)
                    rows += 1
            r += 1
        for r in range(climbed):
            mark[seen[r]] = 0
    return rows
