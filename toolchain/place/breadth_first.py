"""Breadth first: an order of the vertices in which those that a net joins are near each other.

From a vertex with few neighbours, all its neighbours come next, then theirs: the order sweeps the graph in waves.  In
a graph that is long and narrow, as a chain, a ring or a strip of a sheet, a wave is short, and no order is better; in
one that is round the waves are long, and a vertex is far from its neighbours in the next one.

Where the sweep begins decides how the waves lie.  So a second one goes back from where the first ended, and that is
taken in which nets span less.

Source: E. Cuthill, J. McKee 1969, "Reducing the bandwidth of sparse symmetric matrices", Proc. 24th Nat. Conf. ACM; to
go back from the end: A. George, J. W. H. Liu 1979, "An implementation of a pseudoperipheral node finder", ACM Trans.
Math. Softw. 5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, reverse_cuthill_mckee

from toolchain.graph import Graph, Net


def breadth_first(graph: Graph) -> NDArray[np.int64]:
    """The vertices in that order, int64[vertices]."""
    nets = [net for net in graph.nets if len(net.sinks)]
    if not nets:
        return np.arange(len(graph.vertices))
    sinks = np.concatenate([net.sinks for net in nets])
    sources = np.repeat([net.source for net in nets], [len(net.sinks) for net in nets])
    ends = np.concatenate([sources, sinks]), np.concatenate([sinks, sources])
    joined = csr_array((np.ones(len(ends[0])), ends), (len(graph.vertices), len(graph.vertices)))
    joined.sum_duplicates()
    there = reverse_cuthill_mckee(joined, symmetric_mode=True).astype(np.int64)
    return min(there, _back(joined, there), key=lambda order: _span(nets, sinks, order))


def _back(joined: csr_array, there: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sweep from the last vertex of each part of the graph, which comes first in the reverse order `there`."""
    # Every link is there in both directions, so that those of a part reach one another.
    part = connected_components(joined, connection="strong")[1][there]
    roots = there[np.flatnonzero(np.diff(part, prepend=-1))]
    sweeps = [breadth_first_order(joined, root, return_predecessors=False) for root in roots]
    return np.concatenate(sweeps).astype(np.int64)


def _span(nets: list[Net], sinks: NDArray[np.int32], order: NDArray[np.int64]) -> float:
    """Packets times the distance of the first vertex of their net from its last; `sinks` are those of all nets."""
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    source, starts = rank[[net.source for net in nets]], np.cumsum([0, *(len(net.sinks) for net in nets[:-1])])
    last = np.maximum(np.maximum.reduceat(rank[sinks], starts), source)
    first = np.minimum(np.minimum.reduceat(rank[sinks], starts), source)
    return float(np.array([net.weight for net in nets]) @ (last - first))
