"""Pair merge: two entries with the same route become one that matches what either matches.

The merged entry fixes the bits that both fix alike::

    0100 -> N     01X0 -> N      a bit in which they differ is free
    0110 -> N

It may match keys that neither did, if no net sends them along this chip; but it must match none that goes
elsewhere.  So no key that is used meets entries with different routes, and their order is free.  An entry grows by
the one beside it that frees the fewest bits, again and again, until none can be taken in.

It begins with the largest blocks of keys that are routed alike.  Those that default routing serves have no entry, and
are not taken in but by entries of their route.

Source: expanding cubes that meet nothing of the off-set, as in two-level logic minimisation: R. K. Brayton, G. D.
Hachtel, C. T. McMullen, A. L. Sangiovanni-Vincentelli 1984, "Logic Minimization Algorithms for VLSI Synthesis".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import Machine
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables
from toolchain.tables.chip import each_chip, trie_of
from toolchain.tables.merge import merge


def minimise(machine: Machine, keys: Keys, routes: Routes, tables: Tables) -> Tables:
    """Merge the entries of each chip, for generated `tables`."""
    return each_chip(minimise_chip, machine, keys, routes, tables)


def minimise_chip(table: RoutingTable, straight: NDArray[np.bool_]) -> RoutingTable:
    """A table without order that routes the blocks of `table`, which are disjoint and ascend."""
    words, trie = trie_of(table, straight)
    key, mask, route, needless = trie.uniform()
    blocks = np.stack([key, mask], axis=1)
    entries, out = blocks[~needless], route[~needless]
    length = merge(blocks, route, entries, out, False)
    return RoutingTable(table.x, table.y, entries[:length, 0], entries[:length, 1], words[out[:length]])
