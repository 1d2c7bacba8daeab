"""Default-route removal: entries that the router does without.

A packet that matches no entry leaves a chip straight on, by the link opposite to the one it came in by.  An
entry that says just that is needless, if no other entry of the table would then capture its keys.

Sources: S. B. Furber et al. 2013, "Overview of the SpiNNaker System Architecture" (default routing);
A. Mundy, J. Heathcote, J. D. Garside 2016, "On-chip order-exploiting routing table minimization for a
multicast supercomputer network", HPSR (removal before minimisation).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import Machine, opposite
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables

_STRAIGHT_ON = np.array([1 << opposite(link) for link in range(6)], np.uint32)
"""The route that default routing gives to a packet that came in by each link."""


def minimise(machine: Machine, keys: Keys, routes: Routes, tables: Tables) -> Tables:
    """Leave out of `tables` the entries of single nets that default routing makes needless."""
    straight = _straight_blocks(machine, keys, routes)
    kept = (_without(table, straight.get((table.x, table.y), _NONE)) for table in tables.tables)
    return Tables(tuple(table for table in kept if len(table.key)))


_NONE = np.empty(0, np.uint64)


def _straight_blocks(machine: Machine, keys: Keys, routes: Routes) -> dict[tuple[int, int], NDArray[np.uint64]]:
    """The blocks that each chip passes straight on and to no core, by chip."""
    nets, chips = [_NONE.astype(np.int64)], [_NONE.astype(np.int64)]
    for i, tree in enumerate(routes.trees):
        rows = np.flatnonzero((tree.arrival >= 0) & (tree.route == _STRAIGHT_ON[tree.arrival]))
        nets.append(np.full(len(rows), i))
        chips.append(tree.x[rows].astype(np.int64) * machine.height + tree.y[rows])
    net, chip = np.concatenate(nets), np.concatenate(chips)
    order = np.argsort(chip, kind="stable")
    block = _blocks(keys.key, keys.mask)[net[order]]
    found, starts = np.unique(chip[order], return_index=True)
    parts = np.split(block, starts[1:])
    return {divmod(int(c), machine.height): part for c, part in zip(found, parts, strict=False)}


def _without(table: RoutingTable, blocks: NDArray[np.uint64]) -> RoutingTable:
    """The table without the entries that match one of `blocks` alone, and no other entry matches a part of it."""
    keep = ~(np.isin(_blocks(table.key, table.mask), blocks) & _apart(table))
    return RoutingTable(table.x, table.y, table.key[keep], table.mask[keep], table.route[keep])


def _apart(table: RoutingTable) -> NDArray[np.bool_]:
    """Entries whose keys, from the lowest to the highest, lie between no other entry's lowest and highest."""
    order = np.argsort(table.key, kind="stable")
    lowest, highest = table.key[order], (table.key | ~table.mask)[order]
    apart = np.ones(len(order), np.bool_)
    apart[1:] &= np.maximum.accumulate(highest)[:-1] < lowest[1:]
    apart[:-1] &= highest[:-1] < lowest[1:]
    result = np.empty_like(apart)
    result[order] = apart
    return result


def _blocks(key: NDArray[np.uint32], mask: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Key and mask as one word, to compare both at once."""
    return key.astype(np.uint64) << np.uint64(32) | mask
