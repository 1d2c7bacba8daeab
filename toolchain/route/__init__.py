"""Routes: the multicast tree of each net.

A router is a function ``(graph, placement, *, options) -> Routes``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.machine import opposite

LOCAL = -1
"""Arrival of a packet that was sent by a core of the chip itself."""
_STRAIGHT_ON = np.array([1 << opposite(link) for link in range(6)], np.uint32)
"""The route that default routing gives to a packet that came in by each link."""


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

    @property
    def straight(self) -> NDArray[np.bool_]:
        """bool[chips]: where default routing does the same, so that a packet needs no entry."""
        result: NDArray[np.bool_] = (self.arrival >= 0) & (self.route == _STRAIGHT_ON[self.arrival])
        return result


@dataclass(frozen=True, eq=False)
class Routes:
    """The tree of each net, in the order of the nets."""

    trees: tuple[Tree, ...]
