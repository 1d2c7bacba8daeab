"""Placement constraints: what every placer keeps to, whatever its algorithm.

They are about the vertices of one graph, by index; patterns of labels have been resolved before
(`toolchain.settings`).  The checker of placements holds every placement against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Group = tuple[int, ...]
"""Vertices, ascending."""


@dataclass(frozen=True)
class Near:
    """Every vertex of `these` is at most `hops` links from some vertex of `those`, if no link is absent."""

    these: Group
    those: Group
    hops: int = 1
    origin: str = ""


@dataclass(frozen=True)
class Apart:
    """No vertex of `these` shares a chip with one of `those`; a vertex that is in both is not held against itself."""

    these: Group
    those: Group
    origin: str = ""


@dataclass(frozen=True, eq=False)
class Constraints:
    """What a placement of one graph must keep to.

    Parameters
    ----------
    chips : mapping of int to bool[width, height]
        Where a vertex may go, for those that may not go everywhere.
    core : mapping of int to int
        The core of a vertex that must have a certain one.
    together : tuple of Group
        Vertices that share a chip; no vertex is in two groups.
    apart : tuple of Apart
    near : tuple of Near
    origins : mapping of int to str
        For messages: where the limits of a vertex in `chips` and `core` were said, ``retina.map:7``.
    together_origins : tuple of str
        For messages: where each group of `together` was said; empty if that is not known.
    """

    chips: Mapping[int, NDArray[np.bool_]] = field(default_factory=lambda: MappingProxyType({}))
    core: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    together: tuple[Group, ...] = ()
    apart: tuple[Apart, ...] = ()
    near: tuple[Near, ...] = ()
    origins: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    together_origins: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.chips or self.core or self.together or self.apart or self.near)


FREE = Constraints()
"""No constraint."""
