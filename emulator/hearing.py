"""Hearing: which of the cores that spike in a tick a core has to listen to.

Few cores spike in a tick, and a core hears a part of them.  Both sets are held as bits, 64 cores a word, so
that a core finds those it hears by an AND a word, however many it does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.link import Feeds

WORD = 64
"""Source cores in one word of a set."""


@dataclass(frozen=True, eq=False)
class Hearing:
    """The sources that each core hears, as sets of bits.

    Those of core c are the words ``start[c] .. start[c + 1]``.  Bit b of ``bits[w]`` stands for source
    ``64 * word[w] + b``.  If ``single[w]``, the k-th set bit has one feed, ``first[w] + k``; else it has the feeds
    ``pair_start[first[w] + k] .. pair_start[first[w] + k + 1]``.
    """

    start: NDArray[np.int64]
    word: NDArray[np.int32]
    bits: NDArray[np.uint64]
    first: NDArray[np.int64]
    single: NDArray[np.int32]
    pair_start: NDArray[np.int64]


def hearing(feeds: Feeds) -> Hearing:
    """The sources that each core hears."""
    target = np.repeat(np.arange(len(feeds.start) - 1), np.diff(feeds.start))
    pair_start = _firsts(target, feeds.source)
    pair_target, pair_source = target[pair_start], feeds.source[pair_start]
    first = _firsts(pair_target, pair_source // WORD)
    bit = np.uint64(1) << (pair_source % WORD).astype(np.uint64)
    bits = np.bitwise_or.reduceat(bit, first) if len(first) else bit
    pairs = np.diff(first, append=len(pair_start))
    pair_start = np.append(pair_start, len(target))
    single = pair_start[first + pairs] - pair_start[first] == pairs
    return Hearing(
        start=np.searchsorted(pair_target[first], np.arange(len(feeds.start))),
        word=(pair_source[first] // WORD).astype(np.int32),
        bits=bits,
        first=np.where(single, pair_start[first], first),
        single=single.astype(np.int32),
        pair_start=pair_start,
    )


def _firsts(major: NDArray[np.integer], minor: NDArray[np.integer]) -> NDArray[np.int64]:
    """Where in the sorted pairs (major, minor) a new pair begins."""
    new = np.ones(len(major), dtype=bool)
    new[1:] = (np.diff(major) != 0) | (np.diff(minor) != 0)
    return np.flatnonzero(new)
