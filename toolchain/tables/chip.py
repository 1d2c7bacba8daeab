"""Minimising chip by chip: what all minimisers are told of one chip.

A table can be minimised without the others if it is known which of its nets come in by the link opposite to the
one they leave by, and go to no core: these need no entry, since a packet that matches none goes straight on.  A
packet that was sent on the chip itself and matches none is dropped.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import Machine
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables
from toolchain.tables.trie import Blocks

ChipMinimiser = Callable[[RoutingTable, NDArray[np.bool_]], RoutingTable]
"""A function of the generated table of a chip, and for each entry whether default routing does the same."""

_NONE = np.empty(0, np.uint64)


def each_chip(minimise: ChipMinimiser, machine: Machine, keys: Keys, routes: Routes, tables: Tables) -> Tables:
    """`tables` with each minimised by itself; those that lose all entries are left out."""
    straight = _straight_blocks(machine, keys, routes)
    minimised = (
        minimise(table, np.isin(_blocks(table.key, table.mask), straight.get((table.x, table.y), _NONE)))
        for table in tables.tables
    )
    return Tables(tuple(table for table in minimised if len(table.key)))


def trie_of(table: RoutingTable, straight: NDArray[np.bool_]) -> tuple[NDArray[np.uint32], Blocks]:
    """The trie over the blocks of a generated table, which has numbers for routes, and the route words by number."""
    words, number = np.unique(table.route, return_inverse=True)
    return words, Blocks(table.key, table.mask, number.astype(np.int32), straight.astype(np.uint8), len(words))


def _straight_blocks(machine: Machine, keys: Keys, routes: Routes) -> dict[tuple[int, int], NDArray[np.uint64]]:
    """The blocks that each chip passes straight on and to no core, by chip."""
    nets, chips = [_NONE.astype(np.int64)], [_NONE.astype(np.int64)]
    for i, tree in enumerate(routes.trees):
        rows = np.flatnonzero(tree.straight)
        nets.append(np.full(len(rows), i))
        chips.append(tree.x[rows].astype(np.int64) * machine.height + tree.y[rows])
    net, chip = np.concatenate(nets), np.concatenate(chips)
    order = np.argsort(chip, kind="stable")
    block = _blocks(keys.key, keys.mask)[net[order]]
    found, starts = np.unique(chip[order], return_index=True)
    parts = np.split(block, starts[1:])
    return {divmod(int(c), machine.height): part for c, part in zip(found, parts, strict=False)}


def _blocks(key: NDArray[np.uint32], mask: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Key and mask as one word, to compare both at once."""
    return key.astype(np.uint64) << np.uint64(32) | mask
