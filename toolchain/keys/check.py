"""The checker of keys: it knows the graph, and no algorithm."""

from __future__ import annotations

import numpy as np

from toolchain.errors import IllegalProductError
from toolchain.graph import Graph
from toolchain.keys import Keys


def check(graph: Graph, keys: Keys) -> None:
    """Check that each net has a block of its own: aligned, large enough, as fixed where it is fixed.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    if not len(keys.key) == len(keys.mask) == len(graph.nets):
        raise _illegal(f"{len(graph.nets)} nets have {len(keys.key)} keys and {len(keys.mask)} masks")
    size = (1 << 32) - keys.mask.astype(np.int64)
    start = keys.key.astype(np.int64)
    names = [graph.vertices[net.source].name for net in graph.nets]
    for i, net in enumerate(graph.nets):
        block = f"block {start[i]:#x}/{keys.mask[i]:#x} of {names[i]!r}"
        if size[i] & (size[i] - 1) or keys.mask[i] == 0:
            raise _illegal(f"{block} has a mask that is not ones followed by zeros")
        if start[i] & (size[i] - 1):
            raise _illegal(f"{block} is not aligned")
        if size[i] < net.keys:
            raise _illegal(f"{block} holds {size[i]} keys, {net.keys} are needed")
        if net.key is not None and (net.key, net.mask) != (start[i], keys.mask[i]):
            raise _illegal(f"{block} was fixed to {net.key:#x}/{net.mask:#x}")
    order = np.argsort(start, kind="stable")
    overlaps = start[order[1:]] < (start + size)[order[:-1]]
    if overlaps.any():
        at = int(overlaps.argmax())
        raise _illegal(f"the blocks of {names[order[at]]!r} and {names[order[at + 1]]!r} overlap")


def _illegal(violation: str) -> IllegalProductError:
    return IllegalProductError("keys", violation)
