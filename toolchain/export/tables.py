"""``routing_tables.json``: routing tables in the form of PACMAN's ``multicast_routing_tables``.

An entry says whether it is defaultable: whether a router without it would send its packets the same way.  So are
entries all of whose packets come in by one link and leave by the opposite one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import opposite
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables

_STRAIGHT_ON = np.array([1 << opposite(link) for link in range(6)], np.uint32)


def tables_form(tables: Tables, keys: Keys, routes: Routes) -> list[dict[str, Any]]:
    """The JSON document of `tables`, which send `keys` along `routes`."""
    passing = _passing(routes)
    return [_table(table, keys, *passing[table.x, table.y]) for table in tables.tables]


Passing = tuple[NDArray[np.int64], NDArray[np.bool_]]
"""The nets that pass a chip, and whether each goes straight on there."""


def _passing(routes: Routes) -> dict[tuple[int, int], Passing]:
    """What passes each chip."""
    found: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    for net, tree in enumerate(routes.trees):
        straight = (tree.arrival >= 0) & (tree.route == _STRAIGHT_ON[tree.arrival])
        for x, y, through in zip(tree.x.tolist(), tree.y.tolist(), straight.tolist(), strict=True):
            found.setdefault((x, y), []).append((net, through))
    return {
        chip: (np.array([net for net, _ in passing]), np.array([through for _, through in passing]))
        for chip, passing in found.items()
    }


def _table(table: RoutingTable, keys: Keys, nets: NDArray[np.int64], straight: NDArray[np.bool_]) -> dict[str, Any]:
    matches = (keys.key[nets, None] ^ table.key) & keys.mask[nets, None] & table.mask == 0
    entry = np.where(matches.any(axis=1), matches.argmax(axis=1), len(table.key))
    used, turned = (np.bincount(entry[which], minlength=len(table.key) + 1) > 0 for which in (slice(None), ~straight))
    rows = zip(table.key.tolist(), table.mask.tolist(), table.route.tolist(), used & ~turned, strict=False)
    return {
        "x": table.x,
        "y": table.y,
        "entries": [
            {"key": key, "mask": mask, "defaultable": bool(defaultable), "spinnaker_route": route}
            for key, mask, route, defaultable in rows
        ],
    }
