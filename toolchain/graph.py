"""The machine graph: vertices that take one core each, and nets between them.

It is what placement, keys, routing and tables work on, whether it came from a network or from a netlist
file.  A net carries the packets of one source vertex to its sinks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import IllegalProductError


@dataclass(frozen=True)
class Vertex:
    """What takes one core: `neurons` may send; `sdram_bytes` of the chip's SDRAM are used."""

    name: str
    neurons: int
    sdram_bytes: int = 0


@dataclass(frozen=True, eq=False)
class Net:
    """Packets from vertex `source` to the vertices `sinks` (ascending, no repeats).

    Parameters
    ----------
    keys : int
        How many keys the source needs (neurons, times stages for a delay stage).
    weight : float
        Packets if each source neuron fires once.
    key, mask : int, optional
        Where the user fixed them.
    rate : float
        Packets expected in a second of biological time; 0 if nothing is known.
    """

    source: int
    sinks: NDArray[np.int32]
    keys: int
    weight: float
    key: int | None = None
    mask: int | None = None
    rate: float = 0.0


@dataclass(frozen=True, eq=False)
class Graph:
    """Vertices and nets; every vertex is the source of one net at the most.

    Parameters
    ----------
    together : tuple of tuple of int
        Groups of vertices that share a chip, since they share its SDRAM; each ascending, and no vertex is in two.
    cut : bool
        Whether the vertices are slices that were cut of a network, and may be cut otherwise.
    """

    name: str
    vertices: tuple[Vertex, ...]
    nets: tuple[Net, ...]
    together: tuple[tuple[int, ...], ...] = ()
    cut: bool = False


_SLICE = re.compile(r"(.*)\[[0-9]+(:[0-9]+)?\]")


def population_of(label: str) -> str:
    """The population of slice `label`: ``L4E`` for ``L4E[256:512]``, ``a[4]`` for ``a[4][0:9] delayed``."""
    found = _SLICE.match(label)
    return found[1] if found else label


def population_name(vertex: Vertex) -> str:
    """The population that `vertex` is a slice of."""
    return population_of(vertex.name)


def check(graph: Graph) -> None:
    """Check that `graph` is legal.

    Raises
    ------
    IllegalProductError
        At the first net that starts or ends nowhere, repeats a sink, or shares its source; at the first group of
        vertices that are not there, do not ascend or are in another group.
    """
    sources: dict[int, int] = {}
    for i, net in enumerate(graph.nets):
        if not 0 <= net.source < len(graph.vertices):
            raise IllegalProductError("graph", f"net {i} starts at vertex {net.source} of {len(graph.vertices)}")
        if (other := sources.setdefault(net.source, i)) != i:
            raise IllegalProductError("graph", f"nets {other} and {i} both start at vertex {net.source}")
        _check_sinks(i, net, len(graph.vertices))
    members = [vertex for group in graph.together for vertex in group]
    if len(set(members)) < len(members) or not set(members) <= set(range(len(graph.vertices))):
        raise IllegalProductError("graph", "vertices that share a chip are not there, or in two groups")
    if any(list(group) != sorted(group) for group in graph.together):
        raise IllegalProductError("graph", "vertices that share a chip do not ascend")


def _check_sinks(i: int, net: Net, vertices: int) -> None:
    if net.keys < 1:
        raise IllegalProductError("graph", f"net {i} needs {net.keys} keys")
    if len(net.sinks) and (net.sinks.min() < 0 or net.sinks.max() >= vertices):
        raise IllegalProductError("graph", f"net {i} ends at a vertex that is none of {vertices}")
    if np.any(np.diff(net.sinks) <= 0):
        raise IllegalProductError("graph", f"the sinks of net {i} repeat or do not ascend")
