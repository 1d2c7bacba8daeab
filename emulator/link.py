"""Linking: which rows the packets of each core fetch at each core that gets them.

On the machine a core looks every packet up in its master population table, by binary search.  The key of
a packet decides the outcome, so the search is done once, at load, for each delivery of a block of keys.
What comes out is a list of **feeds** for each core: packets of a source whose number i (the low bits of the
key) satisfies ``i & filter_mask == filter_key`` find their row at word ``base + (i & index_mask) * stride``.

Feeds are ordered by source core, then by key, and so are the spikes of a tick when they are delivered.  The
order of cores in the image knows nothing of the placement; hence neither do results and counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.fabric import Fabric, key_limit
from emulator.image import DelayCore, MachineImage, NeuronCore, PopulationTable

WORD = 64
"""Source cores in one word of the set of sources that a core hears."""
NO_TABLE = PopulationTable(*(np.zeros(0, dtype=np.uint32) for _ in range(4)))


@dataclass(frozen=True, eq=False)
class Feeds:
    """Feeds of all cores, those of core c from ``start[c]`` to ``start[c + 1]``.

    Parameters
    ----------
    start : int64[cores + 1]
    source : int32[feeds]
        The core that sends.
    base : int64[feeds]
        Word of the target's rows at which number 0 has its row; -1 where no entry serves the packets.
    stride, index_mask, filter_mask, filter_key : uint32[feeds]
        As in the module's description.
    """

    start: NDArray[np.int64]
    source: NDArray[np.int32]
    base: NDArray[np.int64]
    stride: NDArray[np.uint32]
    index_mask: NDArray[np.uint32]
    filter_mask: NDArray[np.uint32]
    filter_key: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Hearing:
    """The sources that each core hears, as sets of bits in words of 64 cores.

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


def link(image: MachineImage, fabric: Fabric) -> Feeds:
    """The feeds of all cores of `image`."""
    tables = [_table(core) for core in image.cores]
    lengths = np.array([len(table.key) for table in tables], dtype=np.int64)
    owner = np.repeat(np.arange(len(tables), dtype=np.uint64), lengths)
    entry_key = _joined([table.key for table in tables])
    entry_mask = _joined([table.mask for table in tables])
    entry_address = _joined([table.address for table in tables])
    entry_stride = _joined([table.stride for table in tables])

    target, block, entry, key, mask = _matches(image, fabric, (owner << np.uint64(32)) | entry_key, entry_mask)
    source = fabric.source[block]
    source_key = np.array([core.key for core in image.cores], dtype=np.uint32)[source]
    free = ~np.array([core.mask for core in image.cores], dtype=np.uint32)[source]
    found = entry >= 0
    entry = np.maximum(entry, 0)
    if not len(entry_key):
        entry_mask = entry_address = entry_stride = np.zeros(1, dtype=np.uint32)
    index_mask = ~entry_mask[entry]
    stride = entry_stride[entry]
    base = entry_address[entry] + (source_key & index_mask).astype(np.int64) * stride
    order = np.lexsort((key, source, target))
    return Feeds(
        start=np.searchsorted(target[order], np.arange(len(image.cores) + 1)),
        source=source[order],
        base=np.where(found, base, -1)[order],
        stride=stride[order],
        index_mask=(index_mask & free)[order],
        filter_mask=(mask & free)[order],
        filter_key=(key & free)[order],
    )


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


def _table(core: object) -> PopulationTable:
    """The population table of a core; a delay core has one entry whose "row" is the number of the neuron."""
    if isinstance(core, NeuronCore):
        return core.table
    if isinstance(core, DelayCore):
        words = (core.source_key, core.source_mask, 0, 1)
        return PopulationTable(*(np.array([word], dtype=np.uint32) for word in words))
    return NO_TABLE


def _matches(
    image: MachineImage, fabric: Fabric, tagged_key: NDArray[np.uint64], entry_mask: NDArray[np.uint32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32]]:
    """Target, block, entry (-1: none), key and mask of the parts of each delivery that one entry serves, or none."""
    target, block = fabric.delivery_core, fabric.delivery_block
    key, mask = fabric.key[block], fabric.mask[block]
    low = (target.astype(np.uint64) << np.uint64(32)) | key
    last = np.searchsorted(tagged_key, low | ~mask, side="right") - 1
    entry = np.where(last >= 0, last, 0)
    padded_key, padded_mask = np.append(tagged_key, np.uint64(0)), np.append(entry_mask, np.uint32(0xFFFFFFFF))
    serves = (last >= 0) & ((low ^ padded_key[entry]) & (_HIGH | padded_mask[entry]) == 0)
    serves &= padded_mask[entry] & ~mask == 0
    # Entries are disjoint ranges of keys: if the last that begins before the block's end ends before its
    # beginning, or is another core's, then none has a part of the block.
    reaches = (last >= 0) & (padded_key[entry] | ~padded_mask[entry] >= low)
    whole = serves | ~reaches
    matched = np.where(serves, last, -1)
    parts = [
        (target[delivery], block[delivery], *part)
        for delivery in np.flatnonzero(~whole)
        for part in _parts(image, fabric, int(delivery), tagged_key, entry_mask)
    ]
    columns = np.array(parts, dtype=np.int64).reshape(len(parts), 5).T
    return (
        np.append(target[whole], columns[0]).astype(np.int32),
        np.append(block[whole], columns[1]).astype(np.int32),
        np.append(matched[whole], columns[2]),
        np.append(key[whole], columns[3].astype(np.uint32)),
        np.append(mask[whole], columns[4].astype(np.uint32)),
    )


_HIGH = np.uint64(0xFFFFFFFF00000000)


def _parts(
    image: MachineImage, fabric: Fabric, delivery: int, tagged_key: NDArray[np.uint64], entry_mask: NDArray[np.uint32]
) -> Iterator[tuple[int, int, int]]:
    """Cut the block of one delivery by the entries of its target: (entry, key, mask) of each part with keys in use."""
    target, block = int(fabric.delivery_core[delivery]), int(fabric.delivery_block[delivery])
    source = image.cores[fabric.source[block]]
    first, end = np.searchsorted(tagged_key, [target << 32, (target + 1) << 32])
    rest = [(int(fabric.key[block]), int(fabric.mask[block]))]
    for entry in range(first, end):
        entry_key = int(tagged_key[entry]) & 0xFFFFFFFF
        cuts = [cut(key, mask, entry_key, int(entry_mask[entry])) for key, mask in rest]
        yield from ((entry, *inside) for inside, _ in cuts if inside and inside[0] ^ source.key < key_limit(source))
        rest = [part for _, outside in cuts for part in outside]
    yield from ((-1, *part) for part in rest if part[0] ^ source.key < key_limit(source))


def cut(key: int, mask: int, entry_key: int, entry_mask: int) -> tuple[tuple[int, int] | None, list[tuple[int, int]]]:
    """Cut a block of keys by an entry: the part that matches it (None if none does) and the parts that do not."""
    if (key ^ entry_key) & entry_mask & mask:
        return None, [(key, mask)]
    outside = []
    for bit in (1 << b for b in reversed(range(32)) if entry_mask & ~mask & 1 << b):
        mask |= bit
        outside.append((key | ~entry_key & bit, mask))
        key |= entry_key & bit
    return (key, mask), outside


def _joined(arrays: list[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    return np.concatenate([np.zeros(0, dtype=np.uint32), *arrays])


def _firsts(major: NDArray[np.integer], minor: NDArray[np.integer]) -> NDArray[np.int64]:
    """Where in the sorted pairs (major, minor) a new pair begins."""
    new = np.ones(len(major), dtype=bool)
    new[1:] = (np.diff(major) != 0) | (np.diff(minor) != 0)
    return np.flatnonzero(new)
