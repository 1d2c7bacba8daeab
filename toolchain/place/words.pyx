"""Words of nets: what each asks of the chips on its tree, so that the entries can be counted that nets will need.

A word is a chip, the links by which the packets of a net leave it, and the units there that receive them: made one
number of 64 random bits.  Nets with the same word can share an entry, if their keys are made for it; a word that says no
more than straight on needs none.  So the different words are, nearly, the entries.

Each net has two sets of words, one that counts and one that may come to: a move writes the other sets of the nets that
it changes and turns these nets over, and turns them back if it is refused.  How many nets have a word is counted in
a table, at the place that its low bits say; words that share a place, which few do, count as one.
"""

from libc.stdint cimport int32_t, uint8_t, uint64_t

import numpy as np

cdef enum:
    PLACES = 1000  # of the table, for each net
    ROWS = 64  # chips of a tree that are looked at, those that joined it first


cdef inline uint64_t mixed(uint64_t word) noexcept nogil:
    """Scrambled bits (the finaliser of splitmix64)."""
    word += <uint64_t> 0x9E3779B97F4A7C15
    word = (word ^ word >> 30) * <uint64_t> 0xBF58476D1CE4E5B9
    word = (word ^ word >> 27) * <uint64_t> 0x94D049BB133111EB
    return word ^ word >> 31


cdef class Words:
    """The words of so many `nets` on so many `chips`; `different` are those that count."""

    def __init__(self, int nets, int chips):
        self.word = np.zeros((2 * nets, ROWS), np.uint64)
        self.size, self.side = np.zeros(2 * nets, np.int32), np.zeros(nets, np.uint8)
        self.counts, self.ends = np.zeros(1 << (PLACES * nets).bit_length(), np.int32), np.zeros(chips, np.uint64)
        self.different, self.low_bits = 0, <uint64_t> self.counts.shape[0] - 1

    cdef void deliver(self, int chip, int unit) noexcept nogil:
        """The nets to be written end at `unit`, on `chip`."""
        self.ends[chip] += mixed(unit)

    cdef void forget(self, int chip) noexcept nogil:
        """No net ends on `chip`."""
        self.ends[chip] = 0

    cdef void write(self, int net, int rows, const int32_t[::1] chip, const uint8_t[::1] leaves,
                    const uint8_t[::1] arrival) noexcept nogil:
        """Write the other words of a net whose tree has so many rows, the first at its source.

        For each: its chip, the links by which packets leave it, and the direction in which they came, bit by bit.
        """
        cdef int row, slot = 2 * net + 1 - self.side[net], size = 0
        cdef uint64_t ends
        for row in range(min(rows, ROWS)):
            ends = self.ends[chip[row]]
            if row and not ends and leaves[row] == arrival[row]:
                continue
            self.word[slot, size] = mixed(ends + mixed(<uint64_t> chip[row] << 8 | leaves[row]))
            size += 1
        self.size[slot] = size

    cdef void copy(self, int net, int other) noexcept nogil:
        """Give `net` the other words of net `other`."""
        cdef int i, slot = 2 * net + 1 - self.side[net], origin = 2 * other + 1 - self.side[other]
        self.size[slot] = self.size[origin]
        for i in range(self.size[slot]):
            self.word[slot, i] = self.word[origin, i]

    cdef void turn(self, int net) noexcept nogil:
        """Let the other words of a net count instead of those that do."""
        self.count(2 * net + self.side[net], -1)
        self.side[net] = 1 - self.side[net]
        self.count(2 * net + self.side[net], 1)

    cdef void clear(self) noexcept nogil:
        """Forget all words."""
        self.size[:] = 0
        self.counts[:] = 0
        self.different = 0

    cdef void count(self, int slot, int by) noexcept nogil:
        cdef int i
        cdef int32_t* counted
        for i in range(self.size[slot]):
            counted = &self.counts[self.word[slot, i] & self.low_bits]
            self.different -= counted[0] > 0
            counted[0] += by
            self.different += counted[0] > 0
