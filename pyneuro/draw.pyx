"""Drawing connections from PyNN's random streams, without a Python object a connection.

PyNN's ``NumpyRNG`` wraps ``numpy.random.RandomState``: the Mersenne Twister MT19937 (M. Matsumoto and
T. Nishimura 1998, ACM Trans. Model. Comput. Simul. 8, 3-30).  PyNN's connectors draw from it column after
column, one column a post-synaptic cell, and such draws concatenate: a loop over all columns that takes the
same words in the same order makes the same network.  Three facts of numpy's legacy generators are used:

* a uniform number is made of two words a, b: ``((a >> 5) * 2**26 + (b >> 6)) / 2**53``; so "u < p" is a
  comparison of integers, ``(a >> 5) << 26 | b >> 6  <  ceil(p * 2**53)``;
* an integer in 0..m is drawn by masked rejection: words & mask, mask = 2**bits(m) - 1, until one is <= m;
* ``permutation(n)`` exchanges element i with element j in 0..i, for i = n - 1 down to 1.

Only the first few elements of a permutation are wanted.  The exchanges are therefore followed backwards,
from the wanted places (i = 1 first) to where their elements came from, which touches few of them.

`Stream` keeps a block of 624 words, tempered all at once: both loops over the block vectorise.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef enum:
    WORDS = 624
    SHIFT = 397


cdef inline uint32_t twisted(uint32_t upper, uint32_t lower) noexcept nogil:
    cdef uint32_t word = (upper & <uint32_t>0x80000000) | (lower & <uint32_t>0x7fffffff)
    return (word >> 1) ^ ((-(word & 1)) & <uint32_t>0x9908b0df)


cdef class Stream:
    """The words of a Mersenne Twister from a state on: `key` (uint32[624]) and `position` in it."""

    cdef uint32_t key[WORDS]
    cdef uint32_t words[WORDS]
    cdef int at

    def __init__(self, const uint32_t[::1] key, int position):
        if key.shape[0] != WORDS or not 0 <= position <= WORDS:
            raise ValueError("a Mersenne Twister has 624 words and a position among them")
        cdef int i
        for i in range(WORDS):
            self.key[i] = key[i]
        self.at = position
        self.temper()

    def state(self):
        """Return the state to go on from: the key and the position in it."""
        return np.array(<uint32_t[:WORDS]>self.key), self.at

    cdef void temper(self) noexcept nogil:
        cdef int i
        cdef uint32_t word
        for i in range(WORDS):
            word = self.key[i]
            word ^= word >> 11
            word ^= (word << 7) & <uint32_t>0x9d2c5680
            word ^= (word << 15) & <uint32_t>0xefc60000
            self.words[i] = word ^ (word >> 18)

    cdef void refill(self) noexcept nogil:
        cdef int i
        for i in range(WORDS - SHIFT):
            self.key[i] = self.key[i + SHIFT] ^ twisted(self.key[i], self.key[i + 1])
        for i in range(WORDS - SHIFT, WORDS - 1):
            self.key[i] = self.key[i + SHIFT - WORDS] ^ twisted(self.key[i], self.key[i + 1])
        self.key[WORDS - 1] = self.key[SHIFT - 1] ^ twisted(self.key[WORDS - 1], self.key[0])
        self.temper()
        self.at = 0

    cdef inline uint32_t next(self) noexcept nogil:
        if self.at == WORDS:
            self.refill()
        self.at += 1
        return self.words[self.at - 1]

    cdef inline uint32_t below(self, uint32_t largest) noexcept nogil:
        """The next integer in 0..largest."""
        cdef uint32_t mask = mask_of(largest)
        cdef uint32_t word
        if largest == 0:
            return 0
        word = self.next() & mask
        while word > largest:
            word = self.next() & mask
        return word

    cdef void exchanges(self, uint32_t n, uint32_t *partner) noexcept nogil:
        """Draw what each element i = n - 1, ..., 1 is exchanged with into ``partner[i]``.

        A rejected word is overwritten by the next one: no branch depends on the random numbers.
        """
        cdef uint32_t i = n - 1
        cdef uint32_t mask, word, smallest
        cdef int at
        while i > 0:
            mask = mask_of(i)
            smallest = (mask >> 1) + 1
            if self.at == WORDS:
                self.refill()
            at = self.at
            while at < WORDS and i >= smallest:
                word = self.words[at] & mask
                at += 1
                partner[i] = word
                i -= word <= i
            self.at = at


cdef inline uint32_t mask_of(uint32_t largest) noexcept nogil:
    """The smallest 2**k - 1 that is not less than `largest`."""
    cdef uint32_t mask = largest
    mask |= mask >> 1
    mask |= mask >> 2
    mask |= mask >> 4
    mask |= mask >> 8
    return mask | (mask >> 16)


cdef inline void compare(const uint32_t *words, int n, uint64_t limit, uint8_t *hits) noexcept nogil:
    """Set ``hits[i]`` to whether the uniform number i of `words`, times 2**53, is less than `limit`."""
    cdef int32_t high = <int32_t>(limit >> 26), low = <int32_t>(limit & 0x3ffffff)
    cdef int32_t a, b
    cdef int i
    for i in range(n):
        a, b = <int32_t>(words[2 * i] >> 5), <int32_t>(words[2 * i + 1] >> 6)
        hits[i] = (a < high) | ((a == high) & (b < low))


cdef inline void draw(Stream stream, int n, uint64_t limit, uint8_t *hits) noexcept nogil:
    """Set ``hits[i]`` to whether the next uniform number but i, times 2**53, is less than `limit`."""
    cdef uint32_t pair[2]
    cdef int done = 0, some
    while done < n:
        some = min((WORDS - stream.at) // 2, n - done)
        if some > 0:
            compare(&stream.words[stream.at], some, limit, hits + done)
            stream.at += 2 * some
        else:
            pair[0], pair[1] = stream.next(), stream.next()
            some = 1
            compare(pair, 1, limit, hits + done)
        done += some


def bernoulli(Stream stream, uint64_t limit, int32_t rows, int32_t first, const int32_t[::1] excluded,
              bint only_above, int32_t[::1] chosen, int64_t[::1] counts, int64_t filled):
    """Connect each pair with one probability, columns `first` on, while `chosen` has room.

    Parameters
    ----------
    stream : Stream
        What is drawn from, one uniform number a pair.
    limit : int
        Probability times 2**53, rounded up.
    rows, first : int
        Number of rows; the column to begin with.
    excluded : int32[columns]
        The row that is not connected in each column, or -1.
    only_above : bool
        Whether only rows greater than the column are connected.
    chosen : int32
        Where the rows go, from `filled` on; a column is begun only if all its rows would fit.
    counts : int64[columns]
        Where the number of rows chosen in each column goes.
    filled : int
        Elements of `chosen` in use.

    Returns
    -------
    column, filled : int
        The column that comes next (the number of columns when all is done), and the elements in use.
    """
    cdef int32_t column = first, columns = <int32_t>counts.shape[0], row
    cdef int64_t before, room = chosen.shape[0]
    cdef uint8_t[::1] hit = np.empty(rows + 1, np.uint8)
    cdef uint8_t *hits = &hit[0]
    cdef int32_t *out = &chosen[0]
    with nogil:
        while column < columns and filled + rows < room:
            before = filled
            draw(stream, rows, limit, hits)
            if excluded[column] >= 0:
                hits[excluded[column]] = 0
            for row in range(min(column + 1, rows) if only_above else 0):
                hits[row] = 0
            for row in range(rows):
                out[filled] = row
                filled += hits[row]
            counts[column] = filled - before
            column += 1
    return column, filled


def samples(Stream stream, const int64_t[::1] counts, int32_t rows, const int32_t[::1] excluded):
    """Choose ``counts[c]`` rows for each column c, none again before all have been chosen.

    Whole rounds of all rows come first, in order; the rest is the beginning of a random permutation.

    Parameters
    ----------
    stream : Stream
        What is drawn from: one permutation a column whose count is no multiple of the number of rows.
    counts : int64[columns]
        How many rows each column gets.
    rows : int
        Number of rows.
    excluded : int32[columns]
        The row that is left out in each column, or -1.

    Returns
    -------
    int32[sum of counts]
        The rows, column after column.
    """
    cdef int64_t[::1] ends = np.cumsum(counts)
    result = np.empty(ends[ends.shape[0] - 1] if ends.shape[0] else 0, np.int32)
    cdef int32_t[::1] out = result
    cdef uint32_t[::1] partners = np.empty(rows + 1, np.uint32)
    cdef int32_t[::1] places = np.zeros(rows + 1, np.int32)
    cdef uint32_t *partner = &partners[0]
    cdef int32_t *place = &places[0]
    cdef int64_t c, filled = 0, left
    cdef int32_t n, row, banned
    for c in range(counts.shape[0]):
        banned = excluded[c]
        n = rows - (1 if banned >= 0 else 0)
        left = counts[c]
        if left > 0 and n == 0:
            raise ValueError("there is no cell to choose from")
        with nogil:
            while left >= n and left > 0:
                for row in range(n):
                    out[filled] = row + (banned >= 0 and row >= banned)
                    filled += 1
                left -= n
            if left > 0:
                stream.exchanges(n, partner)
                origins(n, <int32_t>left, partner, place)
                for row in range(n):
                    if place[row]:
                        out[filled + place[row] - 1] = row + (banned >= 0 and row >= banned)
                        place[row] = 0
                filled += left
    return result


cdef void origins(int32_t n, int32_t first, const uint32_t *partner, int32_t *place) noexcept nogil:
    """Find which elements the exchanges bring to the places 0 to `first` - 1.

    ``place[e]`` becomes k + 1 where element e comes to place k; it is 0 for the others, and at entry.
    """
    cdef int32_t i, here
    cdef uint32_t j
    for i in range(first):
        place[i] = i + 1
    for i in range(1, first):
        j = partner[i]
        here, place[i] = place[i], place[j]
        place[j] = here
    for i in range(first, n):
        here = place[partner[i]]
        place[partner[i]] = 0
        place[i] = here


def pairs(Stream stream, int64_t n, int32_t rows, int32_t columns):
    """Draw `n` pairs of a row and a column, each uniform and independent, row first.

    Returns
    -------
    int32[n], int32[n]
        Rows and columns, in the order in which they were drawn.
    """
    row_array, column_array = np.empty(n, np.int32), np.empty(n, np.int32)
    cdef int32_t[::1] row = row_array, column = column_array
    cdef int64_t k
    with nogil:
        for k in range(n):
            row[k] = <int32_t>stream.below(rows - 1)
            column[k] = <int32_t>stream.below(columns - 1)
    return row_array, column_array
