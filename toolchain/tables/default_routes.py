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
from emulator.machine import Machine
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables
from toolchain.tables.chip import each_chip


def minimise(machine: Machine, keys: Keys, routes: Routes, tables: Tables) -> Tables:
    """Leave out of `tables` the entries of single nets that default routing makes needless."""
    return each_chip(minimise_chip, machine, keys, routes, tables)


def minimise_chip(table: RoutingTable, straight: NDArray[np.bool_]) -> RoutingTable:
    """The table without the entries that only go straight on, and no other entry matches a part of one."""
    keep = ~(straight & _apart(table))
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
