"""Ordered covering: entries merge even where they then match too much, if the right entry stands before them.

The lowest entry that matches wins, so a table that is sorted by how many bits the entries leave free may hold general
rules below their exceptions::

    0100 -> N     0101 -> E      the exception
    0101 -> E     01XX -> N      matches 0101, which does not come so far
    0111 -> N

A merged entry goes behind all that are as general as it.  Two things must hold of it.  Looking down: it takes no
block of another route from an entry behind it, or from default routing.  Looking up: no entry between the old places
and the new one takes a block that those merged were to serve.  Both are about blocks in use: what else an
entry matches does not matter.

From each entry a merge is grown by what frees the fewest bits, as long as both hold; the largest merge of all is
made; and so on.  It begins with the largest blocks of keys that are routed alike, or with the smallest prefix table,
whose general entries may already stand where this search would not come to.

Source: A. Mundy, J. Heathcote, J. D. Garside 2016, "On-chip order-exploiting routing table minimization for a
multicast supercomputer network", HPSR.  There merges are shrunk until they are allowed; here they are grown.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import Machine
from toolchain.algorithm_options import OneOf, with_options
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables
from toolchain.tables.chip import each_chip, trie_of
from toolchain.tables.merge import merge


@with_options
def minimise(
    machine: Machine,
    keys: Keys,
    routes: Routes,
    tables: Tables,
    *,
    start: Annotated[str, OneOf(("blocks", "prefixes"))] = "blocks",
) -> Tables:
    """Merge the entries of each chip, for generated `tables`.

    Parameters
    ----------
    start : str
        What is merged: ``blocks`` that are routed alike, or the entries of the smallest table of ``prefixes``.
    """
    return each_chip(partial(minimise_chip, start=start), machine, keys, routes, tables)


def minimise_chip(table: RoutingTable, straight: NDArray[np.bool_], start: str = "blocks") -> RoutingTable:
    """A table in order that routes the blocks of `table`, which are disjoint and ascend."""
    words, trie = trie_of(table, straight)
    key, mask, route, needless = trie.uniform()
    blocks = np.stack([key, mask], axis=1)
    first_key, first_mask, first_route = trie.prefixes() if start == "prefixes" else (
        key[~needless], mask[~needless], route[~needless]
    )  # fmt: skip
    order = np.lexsort((first_key, ~first_mask))
    entries = np.stack([first_key, first_mask], axis=1)[order]
    out = first_route[order]
    length = merge(blocks, route, entries, out, True)
    return RoutingTable(table.x, table.y, entries[:length, 0], entries[:length, 1], words[out[:length]])
