"""Sources follow their sinks: an order of the vertices for placers that fill chips one after the other.

A vertex that receives nothing (a Poisson source, an array of spike times) usually goes to few vertices, while
cells go to many.  A net to many chips costs a link a chip, so the cells are packed as densely as they
can be; a source costs its distance from its sinks, so it goes on a chip beside them.  Hence two kinds of
vertices that fill different chips, and an order in which each source comes after its last sink.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.graph import Graph


def sources_after_sinks(
    graph: Graph, order: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order and kinds of the vertices: int64[vertices] both; kind 1 are vertices that only send, kind 0 all others.

    Parameters
    ----------
    order : int64[vertices], optional
        The order for those of kind 0; that of the graph if left out.
    """
    vertices = np.arange(len(graph.vertices))
    rank = vertices.copy()
    if order is not None:
        rank[order] = vertices
    last_sink = rank.copy()
    receives, sends = np.zeros((2, len(vertices)), np.bool_)
    for net in graph.nets:
        receives[net.sinks] = True
        if len(net.sinks):
            sends[net.source] = True
            last_sink[net.source] = rank[net.sinks].max()
    follows = ~receives & sends
    return np.lexsort((vertices, follows, np.where(follows, last_sink, rank))), follows.astype(np.int64)
