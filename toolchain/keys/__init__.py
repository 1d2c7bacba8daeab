"""Keys: the routing keys of each net.

An allocator is a function ``(graph, placement, routes, *, options) -> Keys``.  Keys come after routes, so that nets
which travel together can have keys that one entry covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Keys:
    """Net i sends keys k with ``k & mask[i] == key[i]``; key ``key[i] | j`` is the j-th; uint32[nets]."""

    key: NDArray[np.uint32]
    mask: NDArray[np.uint32]
