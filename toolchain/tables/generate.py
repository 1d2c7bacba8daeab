"""Table generation: one entry for each net and chip of its tree.

The blocks of keys are disjoint, so the order of the entries is free; they stand in the order of their keys.
"""

from __future__ import annotations

import numpy as np

from emulator.image import RoutingTable
from emulator.machine import Machine
from toolchain.keys import Keys
from toolchain.route import Routes
from toolchain.tables import Tables


def generate(machine: Machine, keys: Keys, routes: Routes) -> Tables:
    """The tables that send the keys of each net along its tree."""
    if not routes.trees:
        return Tables(())
    net = np.repeat(np.arange(len(routes.trees)), [len(tree.x) for tree in routes.trees])
    x = np.concatenate([tree.x for tree in routes.trees])
    y = np.concatenate([tree.y for tree in routes.trees])
    route = np.concatenate([tree.route for tree in routes.trees])
    chip = x.astype(np.int64) * machine.height + y
    order = np.lexsort((keys.key[net], chip))
    net, x, y, route = net[order], x[order], y[order], route[order]
    starts = np.flatnonzero(np.diff(chip[order], prepend=-1))
    ends = np.append(starts[1:], len(net))
    return Tables(
        tuple(
            RoutingTable(int(x[i]), int(y[i]), keys.key[net[i:j]], keys.mask[net[i:j]], route[i:j])
            for i, j in zip(starts.tolist(), ends.tolist(), strict=True)
        )
    )
