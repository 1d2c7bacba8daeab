"""The best of all minimisers: of each chip the shortest table that any of them finds.

None is the best for all tables: where keys were allocated along the trees few general rules with nested exceptions
are left, which prefixes say best; where they were not, merges across gaps save more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import Machine
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables
from toolchain.tables.chain import CHAIN
from toolchain.tables.chip import each_chip


def minimise(machine: Machine, keys: Keys, routes: Routes, tables: Tables) -> Tables:
    """The shortest table of each chip, for generated `tables`; of those equally short, that of the simplest."""
    return each_chip(minimise_chip, machine, keys, routes, tables)


def minimise_chip(table: RoutingTable, straight: NDArray[np.bool_]) -> RoutingTable:
    """The shortest that any link of the chain finds."""
    return min((link(table, straight) for link in CHAIN), key=lambda found: len(found.key))
