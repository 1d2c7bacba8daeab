"""A chain of minimisers: from cheap to strong, until the table of a chip is short enough.

A table that fits as it is need not be touched; one that does not is worth some time.  If no link of the chain meets
the target, the shortest table that was found is taken.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import TABLE_ENTRIES, Machine
from toolchain.algorithm_options import Between, with_options
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables
from toolchain.tables.chip import ChipMinimiser, each_chip
from toolchain.tables.default_routes import minimise_chip as default_routes
from toolchain.tables.ordered_covering import minimise_chip as ordered_covering
from toolchain.tables.pairs import minimise_chip as pairs
from toolchain.tables.prefixes import minimise_chip as prefixes

CHAIN: tuple[ChipMinimiser, ...] = (
    default_routes,
    prefixes,
    pairs,
    ordered_covering,
    partial(ordered_covering, start="prefixes"),
)


@with_options
def minimise(
    machine: Machine,
    keys: Keys,
    routes: Routes,
    tables: Tables,
    *,
    target: Annotated[int, Between(0, TABLE_ENTRIES)] = 0,
) -> Tables:
    """Minimise each chip until it meets the target, for generated `tables`.

    Parameters
    ----------
    target : int
        Entries a chip; 0 for as many as the machine has room for.
    """
    return each_chip(partial(minimise_chip, target=target or machine.table_entries), machine, keys, routes, tables)


def minimise_chip(table: RoutingTable, straight: NDArray[np.bool_], target: int) -> RoutingTable:
    """The first table of the chain that has no more than `target` entries, or the shortest."""
    shortest = table
    for link in CHAIN:
        if len(shortest.key) <= target:
            break
        shortest = min(shortest, link(table, straight), key=lambda found: len(found.key))
    return shortest
