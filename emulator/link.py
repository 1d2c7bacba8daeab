"""Linking: which rows the packets of each core fetch at each core that gets them.

On the machine a core looks every packet up in its master population table, by binary search.  The key of
a packet decides the outcome, so the search is done once, at load, for each delivery of a block of keys.
What comes out is a list of **feeds** for each core: packets of a source whose number i (the low bits of the
key) satisfies ``i & filter_mask == filter_key`` find their row at word ``base + (i & index_mask) * stride``.

A core of neurons has several **banks** of rows: the static ones (bank 0), then those of each kind of synapse with
dynamics.  Each bank has a population table and feeds of its own; every packet belongs to one feed of bank 0.

Feeds are ordered by source core, then by key, and so are the spikes of a tick when they are delivered.  The
order of cores in the image knows nothing of the placement; hence neither do results and counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.fabric import Fabric, key_limit
from emulator.image import Core, DelayCore, MachineImage, NeuronCore, SynapseCore
from emulator.synaptic_rows import PopulationTable

CORE_BIT = np.uint64(32)
"""Where the number of the core begins, above the key, when tables of several cores are searched at once."""
ALL_CORES = np.uint64(0xFFFFFFFF00000000)
ELSEWHERE = -1
"""Bank of a feed that has no rows, while another bank has rows for its packets."""
NO_TABLE = PopulationTable(*(np.zeros(0, dtype=np.uint32) for _ in range(4)))


@dataclass(frozen=True, eq=False)
class Feeds:
    """Feeds of all cores, those of core c from ``start[c]`` to ``start[c + 1]``.

    Parameters
    ----------
    start : int64[cores + 1]
    source : int32[feeds]
        The core that sends.
    bank : int32[feeds]
        Which rows of the target; `ELSEWHERE` for packets that are served by other banks than bank 0 alone.
    base : int64[feeds]
        Word of these rows at which number 0 has its row; -1 where no entry serves the packets.
    stride, index_mask, filter_mask, filter_key : uint32[feeds]
        As in the module's description.
    """

    start: NDArray[np.int64]
    source: NDArray[np.int32]
    bank: NDArray[np.int32]
    base: NDArray[np.int64]
    stride: NDArray[np.uint32]
    index_mask: NDArray[np.uint32]
    filter_mask: NDArray[np.uint32]
    filter_key: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class _Entries:
    """Population tables of one bank of all cores, in order; ``place`` is the core and the key in one number."""

    place: NDArray[np.uint64]
    mask: NDArray[np.uint32]
    address: NDArray[np.uint32]
    stride: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class _Parts:
    """Parts of blocks of keys, each delivered to one core."""

    target: NDArray[np.int32]
    source: NDArray[np.int32]
    key: NDArray[np.uint32]
    mask: NDArray[np.uint32]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> _Parts:
        return _Parts(self.target[chosen], self.source[chosen], self.key[chosen], self.mask[chosen])

    def halves(self) -> _Parts:
        """Each part cut in two, by the highest bit that it leaves free."""
        _, exponent = np.frexp((~self.mask).astype(np.float64))
        bit = np.uint32(1) << (exponent - 1).astype(np.uint32)
        return _Parts(
            np.tile(self.target, 2),
            np.tile(self.source, 2),
            np.concatenate([self.key, self.key | bit]),
            np.tile(self.mask | bit, 2),
        )


def link(image: MachineImage, fabric: Fabric) -> Feeds:
    """The feeds of all cores of `image`.

    A part of a block whose keys one entry serves, or none, makes one feed of a bank.  Other parts are cut in two until
    all are of that kind in all banks, and halves of which no key is ever sent are forgotten.
    """
    banks = _banks(image)
    limit = np.array([key_limit(core) for core in image.cores], dtype=np.int64)
    source_key = np.array([core.key for core in image.cores], dtype=np.uint32)
    block = fabric.delivery_block
    parts = _Parts(fabric.delivery_core, fabric.source[block], fabric.key[block], fabric.mask[block])
    entry, settled = _search_all(banks, parts)
    found = [(parts[settled], entry[:, settled])]
    while not settled.all():
        halves = parts[~settled].halves()
        parts = halves[halves.key ^ source_key[halves.source] < limit[halves.source]]
        entry, settled = _search_all(banks, parts)
        found.append((parts[settled], entry[:, settled]))
    return _feeds(image, banks, found)


def _banks(image: MachineImage) -> list[_Entries]:
    """The population tables of all banks."""
    kinds = max((len(core.dynamic) for core in image.cores if isinstance(core, NeuronCore)), default=0)
    return [_entries([_table(core, bank) for core in image.cores]) for bank in range(1 + kinds)]


def _entries(tables: Sequence[PopulationTable]) -> _Entries:
    owner = np.repeat(np.arange(len(tables), dtype=np.uint64), [len(table.key) for table in tables])
    key, mask, address, stride = (
        np.concatenate([np.zeros(0, dtype=np.uint32), *(getattr(table, column) for table in tables)])
        for column in ("key", "mask", "address", "stride")
    )
    return _Entries(owner << CORE_BIT | key, mask, address, stride)


def _table(core: Core, bank: int) -> PopulationTable:
    """A population table of a core; a delay core has one entry whose "row" is the number of the neuron."""
    if isinstance(core, SynapseCore) and bank == 0:
        return core.table
    if isinstance(core, NeuronCore) and bank <= len(core.dynamic):
        return core.dynamic[bank - 1].table if bank else core.table
    if isinstance(core, DelayCore) and bank == 0:
        words = (core.source_key, core.source_mask, 0, 1)
        return PopulationTable(*(np.array([word], dtype=np.uint32) for word in words))
    return NO_TABLE


def _search_all(banks: Sequence[_Entries], parts: _Parts) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The entry that serves each part in each bank, int64[banks, parts], and whether that goes for all its keys."""
    found = [_search(entries, parts) for entries in banks]
    settled: NDArray[np.bool_] = np.all([settled for _, settled in found], axis=0)
    return np.stack([entry for entry, _ in found]), settled


def _search(entries: _Entries, parts: _Parts) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The entry that serves each part, -1 if none does, and whether that goes for all keys of the part.

    Entries are disjoint ranges of keys.  So if the last that begins before the end of the part does not reach into
    it, or is another core's, none serves a key of it.
    """
    if not len(entries.place):
        return np.full(len(parts.target), -1), np.ones(len(parts.target), dtype=bool)
    low = parts.target.astype(np.uint64) << CORE_BIT | parts.key
    last = np.searchsorted(entries.place, low | ~parts.mask, side="right") - 1
    place, mask = entries.place[last], entries.mask[last]
    reaches = (last >= 0) & (place | ~mask >= low)
    serves = reaches & (mask & ~parts.mask == 0) & ((place ^ low) & (ALL_CORES | mask) == 0)
    return np.where(serves, last, -1), serves | ~reaches


def _feeds(image: MachineImage, banks: Sequence[_Entries], found: list[tuple[_Parts, NDArray[np.int64]]]) -> Feeds:
    """Feeds from the parts and the entries that serve them in each bank."""
    target, source, key, mask = (
        np.concatenate([getattr(parts, column) for parts, _ in found]) for column in ("target", "source", "key", "mask")
    )
    entry = np.concatenate([numbers for _, numbers in found], axis=1)
    needed = entry >= 0
    needed[0] = True
    bank, part = np.nonzero(needed)
    entry = entry[bank, part]
    elsewhere: NDArray[np.bool_] = np.any(needed[1:], axis=0)
    bank[(entry < 0) & elsewhere[part]] = ELSEWHERE
    order = np.lexsort((bank, key[part], source[part], target[part]))
    bank, part, entry = bank[order], part[order], entry[order]
    target, source, key, mask = target[part], source[part], key[part], mask[part]
    free = ~np.array([core.mask for core in image.cores], dtype=np.uint32)[source]
    source_key = np.array([core.key for core in image.cores], dtype=np.uint32)[source]
    index_mask, address, stride = np.zeros_like(key), np.zeros_like(key), np.zeros_like(key)
    for number, entries in enumerate(banks):
        served = (bank == number) & (entry >= 0)
        index_mask[served] = ~entries.mask[entry[served]]
        address[served] = entries.address[entry[served]]
        stride[served] = entries.stride[entry[served]]
    return Feeds(
        start=np.searchsorted(target, np.arange(len(image.cores) + 1)),
        source=source,
        bank=bank.astype(np.int32),
        base=np.where(entry >= 0, address + (source_key & index_mask).astype(np.int64) * stride, -1),
        stride=stride,
        index_mask=index_mask & free,
        filter_mask=mask & free,
        filter_key=key & free,
    )
