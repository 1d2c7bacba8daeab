"""Placement constraints: what every placer keeps to, whatever its algorithm.

They are about the vertices of one graph, by index; patterns of labels have been resolved before
(`toolchain.settings`).  The checker of placements holds every placement against them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from toolchain.graph import Graph

Group = tuple[int, ...]
"""Vertices, ascending."""
Origins = tuple[str, ...]
"""For messages: all places where a constraint was said, as ``retina.map:7``."""


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
    origins : mapping of int to Origins
        Of the limits of a vertex in `chips` and `core`.
    together_origins : tuple of Origins
        Of each group of `together`; empty if they are not known.
    """

    chips: Mapping[int, NDArray[np.bool_]] = field(default_factory=lambda: MappingProxyType({}))
    core: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    together: tuple[Group, ...] = ()
    apart: tuple[Apart, ...] = ()
    near: tuple[Near, ...] = ()
    origins: Mapping[int, Origins] = field(default_factory=lambda: MappingProxyType({}))
    together_origins: tuple[Origins, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.chips or self.core or self.together or self.apart or self.near)


def merged(groups: Iterable[tuple[Group, Origins]]) -> tuple[tuple[Group, Origins], ...]:
    """Groups that share no vertex, each with where it was said: those that did are one, with all their origins."""
    of: dict[int, tuple[list[int], list[str]]] = {}
    for group, said_at in groups:
        parts = [of.get(vertex, ([vertex], [])) for vertex in group]
        distinct = list({id(part): part for part in parts}.values())
        vertices = [vertex for members, _ in distinct for vertex in members]
        origins = [*(said for _, several in distinct for said in several), *said_at]
        of.update(dict.fromkeys(vertices, (vertices, origins)))
    whole = {id(part): part for part in of.values()}.values()
    found = ((tuple(sorted(vertices)), tuple(dict.fromkeys(origins))) for vertices, origins in whole)
    return tuple(sorted(found))


def of_graph(graph: Graph) -> list[tuple[Group, Origins]]:
    """The groups of vertices that `graph` itself keeps together, and what to call the reason."""
    return [(group, (f"the synapse cores of {graph.vertices[group[0]].name}",)) for group in graph.together]


def with_graph(constraints: Constraints, graph: Graph) -> Constraints:
    """The constraints, and those that `graph` itself has."""
    if not graph.together:
        return constraints
    origins = constraints.together_origins or ((),) * len(constraints.together)
    groups = merged([*zip(constraints.together, origins, strict=True), *of_graph(graph)])
    return replace(
        constraints,
        together=tuple(group for group, _ in groups),
        together_origins=tuple(origins for _, origins in groups),
    )


FREE = Constraints()
"""No constraint."""
