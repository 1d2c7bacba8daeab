"""The machine graph: vertices that take one core each, and nets between them.

It is what placement, keys, routing and tables work on, whether it came from a network or from a netlist
file.  A net carries the packets of one source vertex to its sinks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    """

    source: int
    sinks: NDArray[np.int32]
    keys: int
    weight: float
    key: int | None = None
    mask: int | None = None


@dataclass(frozen=True, eq=False)
class Graph:
    """Vertices and nets; every vertex is the source of one net at the most."""

    name: str
    vertices: tuple[Vertex, ...]
    nets: tuple[Net, ...]
