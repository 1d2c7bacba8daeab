"""Walking packets through the tables of a machine, chip by chip as its routers do."""

from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t

DROPPED = -1
SPLIT = -2
LOST = -3
LOOP = -4


def walk(const int32_t[:, ::1] neighbour, const int64_t[::1] offset, const uint32_t[::1] keys,
         const uint32_t[::1] masks, const uint32_t[::1] routes, int source, uint32_t key, uint32_t mask,
         int32_t[::1] chip, int8_t[::1] arrival, uint32_t[::1] route, int32_t[::1] visited, int32_t stamp):
    """Walk the block of keys `key`, `mask`, sent by a core of chip `source`.

    Parameters
    ----------
    neighbour : int32[chips, 6]
        Chip at the end of each link, -1 where it is absent.
    offset : int64[chips + 1]
        The table of chip c is entries ``offset[c]`` to ``offset[c + 1]`` of `keys`, `masks`, `routes`.
    chip, arrival, route : int32[chips], int8[chips], uint32[chips]
        Written: the chips that a packet enters, how, and what their routers do with it.
    visited : int32[chips]
        Scratch; holds `stamp` at the chips entered in this walk, and must not before.

    Returns
    -------
    rows : int
        Chips entered. Or, the last chip written being where it happened: DROPPED, no entry matches at the
        source; SPLIT, an entry matches a part of the block; LOST, a route leaves by an absent link; LOOP, a chip
        is entered twice.
    place : int
        With SPLIT: the entry; else the number of the last chip written.
    """
    cdef int head = 0, tail = 1, link, there
    cdef int64_t i
    cdef uint32_t out
    chip[0], arrival[0] = source, -1
    visited[source] = stamp
    while head < tail:
        out = 0
        for i in range(offset[chip[head]], offset[chip[head] + 1]):
            if (key ^ keys[i]) & mask & masks[i] == 0:
                if masks[i] & ~mask:
                    return SPLIT, i
                out = routes[i]
                break
        else:
            if arrival[head] < 0:
                return DROPPED, head
            out = <uint32_t> 1 << ((arrival[head] + 3) % 6)
        route[head] = out
        for link in range(6):
            if not out >> link & 1:
                continue
            there = neighbour[chip[head], link]
            if there < 0:
                return LOST, head
            if visited[there] == stamp:
                return LOOP, head
            visited[there] = stamp
            chip[tail], arrival[tail] = there, (link + 3) % 6
            tail += 1
        head += 1
    return tail, tail - 1
