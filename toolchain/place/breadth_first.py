"""Breadth first: an order of the vertices in which those that a net joins are near each other.

From a vertex with few neighbours, all its neighbours come next, then theirs: the order sweeps the graph in waves.  In
a graph that is long and narrow, as a chain, a ring or a strip of a sheet, a wave is short, and no order is better; in
one that is round the waves are long, and a vertex is far from its neighbours in the next one.

Source: E. Cuthill, J. McKee 1969, "Reducing the bandwidth of sparse symmetric matrices", Proc. 24th Nat. Conf. ACM.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from toolchain.graph import Graph


def breadth_first(graph: Graph) -> NDArray[np.int64]:
    """The vertices in that order, int64[vertices]."""
    size = len(graph.vertices)
    if not any(len(net.sinks) for net in graph.nets):
        return np.arange(size)
    sinks = np.concatenate([np.empty(0, np.int32), *(net.sinks for net in graph.nets)])
    sources = np.repeat([net.source for net in graph.nets], [len(net.sinks) for net in graph.nets])
    ends = np.concatenate([sources, sinks]), np.concatenate([sinks, sources])
    joined = csr_array((np.ones(len(ends[0]), np.int8), ends), (size, size))
    order: NDArray[np.int64] = reverse_cuthill_mckee(joined, symmetric_mode=True).astype(np.int64)
    return order
