"""A cut in two by METIS, if the package ``pymetis`` is installed (``pip install pyneuro-spinnaker[metis]``).

METIS cuts graphs, so a net becomes links between each two of its vertices, which share its weight.  It coarsens the
graph, cuts what is left, and improves the cut on the way back.

Source: G. Karypis, V. Kumar 1998, "A fast and high quality multilevel scheme for partitioning irregular graphs",
SIAM Journal on Scientific Computing 20; the weights of cliques: T. Lengauer 1990, "Combinatorial Algorithms for
Integrated Circuit Layout".
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LARGEST: Final = 2**20
"""Weights of links are integers up to this."""
MOST_PAIRS: Final = 4_000_000
"""Graphs with more links than this are left to others."""


def metis_sides(
    net_start: NDArray[np.int32],
    net_unit: NDArray[np.int32],
    weight: NDArray[np.float64],
    size: NDArray[np.int32],
    most: NDArray[np.int32],
) -> NDArray[np.int8] | None:
    """The side of each unit, 0 or 1, by METIS; None if it is not installed or the graph is too dense for it.

    Parameters
    ----------
    net_start, net_unit : int32[nets + 1], int32[...]
        The units of net n are those from net_start[n] to net_start[n + 1].
    weight : double[nets]
    size : int32[units]
    most : int32[2]
        What the sides hold, which need not be reached exactly.
    """
    lengths = np.diff(net_start).astype(np.int64)
    pairs = int((lengths * (lengths - 1)).sum())
    if importlib.util.find_spec("pymetis") is None or not 0 < pairs <= MOST_PAIRS or len(size) < 3:
        return None
    links = _links(net_start, net_unit, weight, len(size))
    pymetis = importlib.import_module("pymetis")
    _, side = pymetis.part_graph(
        2,
        pymetis.CSRAdjacency(links.indptr.tolist(), links.indices.tolist()),
        vweights=size.tolist(),
        eweights=links.data.tolist(),
        tpwgts=(most / most.sum()).tolist(),
        options=pymetis.Options(seed=1),
    )
    return np.array(side, np.int8)


def _links(
    net_start: NDArray[np.int32], net_unit: NDArray[np.int32], weight: NDArray[np.float64], units: int
) -> csr_array:
    """The links between units, int64[units, units]: each net shares its weight among all pairs of its units."""
    from scipy.sparse import csr_array  # loading it takes time that mapping without METIS need not spend

    lengths = np.diff(net_start)
    share = np.repeat(weight / np.maximum(lengths - 1, 1), lengths)
    members = csr_array((np.ones(len(net_unit)), net_unit, net_start), (len(lengths), units))
    shared = csr_array((share, net_unit, net_start), (len(lengths), units))
    links = csr_array(shared.T @ members)
    links.setdiag(0)
    links.eliminate_zeros()
    scale = LARGEST / max(float(links.data.max(initial=0.0)), 1e-300)
    links.data = np.maximum(np.rint(links.data * scale), 1).astype(np.int64)
    return links
