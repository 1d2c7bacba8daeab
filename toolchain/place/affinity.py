"""Affinity: an order of the vertices in which those that share nets come together, whatever the order of the graph.

Bundles, which are to fill a chip each, are gathered one after the other.  The next vertex of a bundle is the one
that shares the most packets with it, less those that it would bring in: nets that the bundle already takes part in cost
nothing more, and every other net will have to be led there.  The first of a bundle is the one, among the neighbours of
the last bundle, most of whose nets have been met before; bundles so grow side by side and leave no holes.

Vertices that only send are left out: they have no say in where others are (see ``follow``).

This is greedy graph growing, as multilevel partitioners begin with, by the connectivity of hypergraphs: G. Karypis,
V. Kumar 1998, "A fast and high quality multilevel scheme for partitioning irregular graphs", SIAM J. Sci. Comput. 20;
U. V. Catalyurek, C. Aykanat 1999, "Hypergraph-partitioning-based decomposition", IEEE Trans. Par. Distr. Systems 10.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from toolchain.graph import Graph
from toolchain.joined import joined
from toolchain.place.gather import gather

MOST_STEPS: Final = 1_000_000_000
"""Steps of the inner loop beyond which the order of the graph is kept: some seconds."""


def by_affinity(graph: Graph, receives: NDArray[np.bool_], room: NDArray[np.int32]) -> NDArray[np.int64]:
    """The vertices in an order that fills bundles of so many vertices each; those that do not receive come last."""
    those = np.flatnonzero(receives)
    place = np.full(len(graph.vertices), -1, np.int64)
    place[those] = np.arange(len(those))
    nets = joined(graph, place, len(those))
    order = np.arange(len(those), dtype=np.int32)
    if len(nets.member) * len(room) + len(those) ** 2 <= MOST_STEPS:
        gather(nets.start, nets.member, *nets.of_places(), nets.weight, room, order)
    return np.concatenate([those[order], np.flatnonzero(~receives)])
