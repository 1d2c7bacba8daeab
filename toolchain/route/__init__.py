"""Routes: the multicast tree of each net.

A router is a function ``(graph, placement, *, options) -> Routes``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOCAL = -1
"""Arrival of a packet that was sent by a core of the chip itself."""


@dataclass(frozen=True, eq=False)
class Tree:
    """The tree of one net, one row a chip, the source's chip first, each chip after its parent.

    Parameters
    ----------
    x, y : int32[chips]
        The chips of the tree; each once.
    arrival : int8[chips]
        The link of this chip by which the packet comes in, LOCAL at the source.
    route : uint32[chips]
        Route word: bits 0-5 links to leave by, bit 6 + p the core p to deliver to.
    """

    x: NDArray[np.int32]
    y: NDArray[np.int32]
    arrival: NDArray[np.int8]
    route: NDArray[np.uint32]

    @property
    def links(self) -> int:
        """Link traversals of one packet."""
        return len(self.x) - 1


@dataclass(frozen=True, eq=False)
class Routes:
    """The tree of each net, in the order of the nets."""

    trees: tuple[Tree, ...]
