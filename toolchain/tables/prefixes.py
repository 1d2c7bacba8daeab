"""Prefix tables: as few entries as masks of ones followed by zeros allow, with default routing as no entry.

The blocks of keys that a chip routes are the leaves of a binary trie.  An entry at a node of it catches all keys
below, except those that a longer mask catches, which stands before it in the table.  So a leaf has the route of
the nearest entry above it, and the question is where to put entries so that they are fewest.  Keys that no
net sends along the chip may go anywhere.

From the leaves to the root each node is told which routes an entry right above it should have: those that both
children want; or if they have none in common, those of either, and one child needs an entry of its own.  Counted
besides are the entries if nothing above catches: then a leaf that default routing serves needs none.  From
the root to the leaves entries are then written where the route from above is none of those wanted.  In time and
memory proportional to the blocks, and no prefix table is smaller.

Sources: R. P. Draves, C. King, S. Venkatachary, B. D. Zill 1999, "Constructing optimal IP routing tables", INFOCOM
(for leaves that all need an entry); the sets are those of W. M. Fitch 1971, "Toward defining the course of
evolution", Systematic Zoology 20: an entry is a mutation.
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


def minimise(machine: Machine, keys: Keys, routes: Routes, tables: Tables) -> Tables:
    """The smallest prefix table of each chip, for generated `tables`."""
    return each_chip(minimise_chip, machine, keys, routes, tables)


def minimise_chip(table: RoutingTable, straight: NDArray[np.bool_]) -> RoutingTable:
    """The smallest prefix table that routes the blocks of `table`, which are disjoint and ascend."""
    words, trie = trie_of(table, straight)
    key, mask, route = trie.prefixes()
    order = np.lexsort((key, ~mask))
    return RoutingTable(table.x, table.y, key[order], mask[order], words[route[order]])
