"""Longest-dimension-first routing: every packet takes its own straight way, and ways from one source merge.

A sink is reached from the source along the longest dimension first, then along the other (a diagonal hop counts as
one).  Ways of one net that begin alike share their links.  Two that part and meet again would bring a packet twice;
so a sink is joined where its way leaves, for the last time, the chips that the tree already has.

Compared with neighbour-exploring routing (``ner``) trees are longer, but no packet goes further than it must, and
which links it takes depends on source and sink alone: nets between the same regions of a machine run in parallel.

Source: the way is that of W. J. Dally, C. L. Seitz 1987, "Deadlock-free message routing in multiprocessor
interconnection networks", IEEE Trans. Computers 36, with the order of the dimensions by length; it was the first
router for this machine (S. Davies, J. Navaridas, F. Galluppi, S. Furber 2012, "Population-based routing in the
SpiNNaker neuromorphic architecture", IJCNN).
"""

from __future__ import annotations

from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.route import Routes
from toolchain.route.ner import Grower
from toolchain.route.shape import routes


def route(graph: Graph, placement: Placement) -> Routes:
    """The tree of each net; absent chips and links are gone round by a shortest way from the tree.

    Raises
    ------
    MappingError
        If absent links cut a sink off from its source.
    """
    return routes(graph, placement, Grower(placement.machine, explores=False).shape)
