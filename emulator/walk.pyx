"""The walk of packets through the routing tables; what it is for is told in `fabric.py`.

All packets of a core differ in the low bits of their keys only, so they walk together as a **block**: a key
and a mask, the bits outside the mask being free.  An entry meets a block where both fix no bit differently.  It
takes the whole block if it fixes no free bit; else the block is cut, one bit that the entry fixes after the
other: the half that disagrees in this bit goes on to the later entries, the half that agrees is cut further, and
what remains in the end is taken::

    block 1xx, entry x01:   11x goes on (bit 1 differs), 100 goes on (bit 0 differs), 101 is taken

So the cost is one scan of a table for each block and chip, however many keys a block has.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint32_t

from emulator.growable cimport Ints, copied, push, release

cdef enum:
    LINKS = 6
    CORES = 18          # route bits 6..23
    LOCAL = -1          # arrival of a packet from a core of the chip itself
    NOWHERE = -1        # no chip behind a link, no core of that number
    CIRCLE = 1
    TOO_MANY = 2
    NODES_MAX = 1 << 22 # of one source: a tree over a thousand chips, for thousands of parts of its block


ctypedef struct Lists:
    # A block: its source and the keys of it. A node: a block at a chip, and how it came there.
    Ints block_source, block_key, block_mask
    Ints node_block, node_chip, node_arrival, node_parent, node_first
    Ints stack
    Ints delivery_block, delivery_core, hop_block, hop_link, drop_block, drop_chip


cdef class Walk:
    """One walk for every source; results in growing arrays."""

    cdef const int32_t[::1] neighbour, core_at
    cdef const int64_t[::1] table_start
    cdef const uint32_t[::1] key, mask, route
    cdef Lists lists
    cdef int32_t source
    cdef uint32_t source_key, limit
    cdef int trouble
    cdef int32_t trouble_chip, trouble_block

    def __init__(self, neighbour, core_at, table_start, key, mask, route):
        self.neighbour = neighbour
        self.core_at = core_at
        self.table_start = table_start
        self.key = key
        self.mask = mask
        self.route = route

    def __dealloc__(self):
        cdef Ints* lists = <Ints*> &self.lists
        cdef size_t i
        for i in range(sizeof(Lists) // sizeof(Ints)):
            release(&lists[i])

    cdef bint out_of_memory(self) noexcept nogil:
        cdef Ints* lists = <Ints*> &self.lists
        cdef size_t i
        for i in range(sizeof(Lists) // sizeof(Ints)):
            if lists[i].failed:
                return True
        return False

    cdef void start(self, int32_t source, int32_t chip, uint32_t key, uint32_t mask, uint32_t limit) noexcept nogil:
        """Walk the packets of one source, of which those with ``key ^ its key >= limit`` are never sent."""
        self.source = source
        self.source_key = key
        self.limit = limit
        self.lists.node_block.n = self.lists.node_chip.n = self.lists.node_arrival.n = self.lists.node_parent.n = self.lists.node_first.n = 0
        self.visit(self.block(key, mask), chip, LOCAL, -1, 0)
        while self.lists.stack.n and not self.trouble:
            self.lists.stack.n -= 1
            self.step(self.lists.stack.data[self.lists.stack.n])

    cdef int32_t block(self, uint32_t key, uint32_t mask) noexcept nogil:
        """Number of a new block."""
        push(&self.lists.block_source, self.source)
        push(&self.lists.block_key, <int32_t> key)
        push(&self.lists.block_mask, <int32_t> mask)
        return <int32_t> (self.lists.block_source.n - 1)

    cdef void visit(self, int32_t block, int32_t chip, int32_t arrival, int32_t parent, int32_t first) noexcept nogil:
        """Put a node on the stack: `block` at `chip`, entries before `first` being known not to take it."""
        if (<uint32_t> self.lists.block_key.data[block] ^ self.source_key) >= self.limit:
            return
        push(&self.lists.node_block, block)
        push(&self.lists.node_chip, chip)
        push(&self.lists.node_arrival, arrival)
        push(&self.lists.node_parent, parent)
        push(&self.lists.node_first, first)
        push(&self.lists.stack, <int32_t> (self.lists.node_block.n - 1))
        if self.lists.node_block.n > NODES_MAX:
            self.stop(TOO_MANY, chip, block)

    cdef void stop(self, int trouble, int32_t chip, int32_t block) noexcept nogil:
        self.trouble = trouble
        self.trouble_chip = chip
        self.trouble_block = block

    cdef void step(self, int32_t node) noexcept nogil:
        """One block at one chip: find the entry that takes it, or a part of it."""
        cdef int32_t block = self.lists.node_block.data[node]
        cdef int32_t chip = self.lists.node_chip.data[node]
        cdef int32_t arrival = self.lists.node_arrival.data[node]
        cdef uint32_t key = <uint32_t> self.lists.block_key.data[block]
        cdef uint32_t mask = <uint32_t> self.lists.block_mask.data[block]
        cdef int64_t i = self.table_start[chip] + self.lists.node_first.data[node]
        cdef int64_t end = self.table_start[chip + 1]
        while i < end and (key ^ self.key[i]) & self.mask[i] & mask:
            i += 1
        if i < end:
            if self.mask[i] & ~mask:
                block = self.cut(node, key, mask, i)
            self.leave(node, block, self.route[i])
        elif arrival == LOCAL:
            self.drop(block, chip)
        else:
            self.leave(node, block, 1 << ((arrival + 3) % LINKS))

    cdef int32_t cut(self, int32_t node, uint32_t key, uint32_t mask, int64_t entry) noexcept nogil:
        """The part of a block that `entry` takes; the other parts go on to the entries after it."""
        cdef uint32_t bits = self.mask[entry] & ~mask
        cdef int32_t chip = self.lists.node_chip.data[node]
        cdef int32_t after = <int32_t> (entry + 1 - self.table_start[chip])
        cdef uint32_t bit = 1U << 31
        while bit:
            if bits & bit:
                mask |= bit
                self.visit(self.block(key | (~self.key[entry] & bit), mask), chip, self.lists.node_arrival.data[node],
                           self.lists.node_parent.data[node], after)
                key |= self.key[entry] & bit
            bit >>= 1
        return self.block(key, mask)

    cdef void leave(self, int32_t node, int32_t block, uint32_t route) noexcept nogil:
        """Send `block` out of the links and to the cores of `route`."""
        cdef int32_t chip = self.lists.node_chip.data[node]
        cdef int32_t link, p, core
        if (<uint32_t> self.lists.block_key.data[block] ^ self.source_key) >= self.limit:
            return
        if route == 0:
            self.drop(block, chip)
        for p in range(CORES):
            if route >> (LINKS + p) & 1:
                core = self.core_at[chip * CORES + p]
                if core == NOWHERE:
                    self.drop(block, chip)
                else:
                    push(&self.lists.delivery_block, block)
                    push(&self.lists.delivery_core, core)
        for link in range(LINKS):
            if route >> link & 1:
                self.cross(node, block, chip, link)

    cdef void cross(self, int32_t node, int32_t block, int32_t chip, int32_t link) noexcept nogil:
        """Send `block` over one link of `chip`."""
        cdef int32_t next_chip = self.neighbour[chip * LINKS + link]
        cdef int32_t arrival = (link + 3) % LINKS
        cdef int32_t before = node
        if next_chip == NOWHERE:
            self.drop(block, chip)
            return
        push(&self.lists.hop_block, block)
        push(&self.lists.hop_link, chip * LINKS + link)
        while before >= 0:
            if self.lists.node_chip.data[before] == next_chip and self.lists.node_arrival.data[before] == arrival:
                self.stop(CIRCLE, next_chip, block)
                return
            before = self.lists.node_parent.data[before]
        self.visit(block, next_chip, arrival, node, 0)

    cdef void drop(self, int32_t block, int32_t chip) noexcept nogil:
        push(&self.lists.drop_block, block)
        push(&self.lists.drop_chip, chip)


class EndlessWalkError(Exception):
    """A walk that does not end: ``(circle, source, chip, key)``."""


def walk(neighbour, core_at, table_start, key, mask, route, sources):
    """Walk the blocks of all sources.

    Parameters
    ----------
    neighbour : int32[chips * 6]
        Chip behind each link, -1 where the link is absent.
    core_at : int32[chips * 18]
        Number of the core p of each chip, -1 where there is none.
    table_start : int64[chips + 1]
        Entries ``table_start[c] .. table_start[c + 1]`` are those of chip c.
    key, mask, route : uint32[entries]
        All routing tables, one after the other.
    sources : int64[n, 5]
        Rows of (core, chip, key, mask, limit).

    Returns
    -------
    dict of str to array
        The fields of `Fabric`.

    Raises
    ------
    EndlessWalkError
        Where packets walk in a circle, or multiply without end.
    """
    cdef Walk self = Walk(neighbour, core_at, table_start, key, mask, route)
    cdef const int64_t[:, ::1] rows = sources
    cdef Py_ssize_t i
    with nogil:
        for i in range(rows.shape[0]):
            self.start(<int32_t> rows[i, 0], <int32_t> rows[i, 1], <uint32_t> rows[i, 2], <uint32_t> rows[i, 3],
                       <uint32_t> rows[i, 4])
            if self.trouble:
                break
    if self.out_of_memory():
        raise MemoryError("no memory left to walk the routing tables")
    if self.trouble:
        key_bits = <uint32_t> self.lists.block_key.data[self.trouble_block]
        raise EndlessWalkError(self.trouble == CIRCLE, self.source, self.trouble_chip, key_bits)
    return {
        "source": copied(&self.lists.block_source),
        "key": copied(&self.lists.block_key).view(np.uint32),
        "mask": copied(&self.lists.block_mask).view(np.uint32),
        "delivery_block": copied(&self.lists.delivery_block),
        "delivery_core": copied(&self.lists.delivery_core),
        "hop_block": copied(&self.lists.hop_block),
        "hop_link": copied(&self.lists.hop_link),
        "drop_block": copied(&self.lists.drop_block),
        "drop_chip": copied(&self.lists.drop_chip),
    }
