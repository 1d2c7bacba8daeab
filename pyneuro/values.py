"""Weights and delays of many connections at once, from what PyNN calls a LazyArray.

PyNN evaluates a parameter of a projection for one post-synaptic cell after the other.  What is the same for
all stays a number here; matrices, functions of distance and random distributions are evaluated for all
connections in one go.  Drawing n1 numbers and then n2 gives the same as drawing n1 + n2, unless the
distribution draws again what falls outside its limits; that one, and what is not recognised, is evaluated
column after column, as PyNN does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from lazyarray import larray
from numpy.typing import NDArray
from pyNN.parameters import LazyArray, ParameterSpace
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Space

from pyneuro.random import NativeRNG
from toolchain.network import Values

Indices = NDArray[np.int32]
Floats = NDArray[np.float64]

REDRAWN = {"normal_clipped"}
CHUNK = 1 << 20


def distances(space: Space, pre: Floats, post: Floats) -> Floats:
    """Return the distances in `space` from positions `pre` to positions `post`.

    Parameters
    ----------
    space : pyNN.space.Space
        Its axes, scale factor, offset and periodic boundaries.
    pre, post : float64[3, ...]
        Positions; their trailing axes broadcast.

    Returns
    -------
    float64[...]
        Distances, by the same operations as PyNN's, so that they are the same to the last bit.
    """
    trailing = (1,) * (post.ndim - 1)
    scale, offset = (np.reshape(v, (-1, *trailing)) for v in (space.scale_factor, space.offset))
    moved = scale * (post + offset)
    squares = []
    for axis in space.axes:
        difference = pre[axis] - moved[axis]
        bounds = space.periodic_boundaries and space.periodic_boundaries[axis]
        if bounds:
            difference = np.minimum(abs(difference), (bounds[1] - bounds[0]) - abs(difference))
        squares.append(difference**2)
    return np.asarray(np.sqrt(np.sum(squares, axis=0)))


def connection_distances(projection: Any, pre: Indices, post: Indices) -> Floats:
    """Return the distance of each connection."""
    before, after = projection.pre.positions, projection.post.positions
    result = np.empty(len(pre))
    for start in range(0, len(pre), CHUNK):
        some = slice(start, start + CHUNK)
        result[some] = distances(projection.space, before[:, pre[some]], after[:, post[some]])
    return result


def evaluate(
    parameters: ParameterSpace,
    projection: Any,
    *,
    pre: Indices,
    post: Indices,
    counts: NDArray[np.int64],
    distance: LazyArray,
) -> dict[str, Values]:
    """Return the value of each parameter for all connections of a projection.

    Parameters
    ----------
    parameters : ParameterSpace
        LazyArrays of the shape of the projection.
    projection : Projection
        What is connected.
    pre, post : int32[connections]
        Indices, column after column.
    counts : int64[columns]
        Connections in each column.
    distance : LazyArray
        The distance map to which functions of distance were applied.

    Returns
    -------
    dict of str to (float or float64[connections])
        Values in the order of the connections.
    """

    def value(lazy: LazyArray) -> Values:
        base = lazy.base_value
        if lazy.is_homogeneous:
            return float(lazy.evaluate(simplify=True))
        if any(isinstance(argument, larray) for _, argument in lazy.operations):
            return _by_column(lazy, pre, counts)
        if isinstance(base, np.ndarray) and base.ndim == 2:
            return _operated(lazy, base[pre, post])
        if isinstance(base, RandomDistribution) and _concatenates(base):
            return _operated(lazy, base.next(len(pre)))
        if base is distance.base_value:
            return _operated(lazy, connection_distances(projection, pre, post))
        return _by_column(lazy, pre, counts)

    return {name: value(lazy) for name, lazy in parameters.items()}


def _operated(lazy: LazyArray, values: Any) -> Floats:
    """Return `values` after the operations that are queued in `lazy`; a function may make one number of them."""
    result = np.asarray(lazy._apply_operations(values), float)
    return result if result.shape == np.shape(values) else np.full(np.shape(values), result)


def _concatenates(distribution: RandomDistribution) -> bool:
    """Whether drawing in parts gives the numbers that drawing at once gives."""
    return type(distribution.rng) in (NumpyRNG, NativeRNG) and distribution.name not in REDRAWN


def _by_column(lazy: LazyArray, pre: Indices, counts: NDArray[np.int64]) -> Floats:
    result = np.empty(len(pre))
    ends = np.cumsum(counts)
    for column in np.flatnonzero(counts):
        some = slice(ends[column] - counts[column], ends[column])
        result[some] = lazy[pre[some].astype(int), int(column)]
    return result


def of_pairs(lazy: LazyArray, projection: Any, pre: Indices, post: Indices) -> Values:
    """Return the elements (pre, post) of a matrix: what `Projection.set` assigns.

    A random distribution is drawn for the whole matrix, row after row, as in PyNN's back ends.
    """
    base = lazy.base_value
    if lazy.is_homogeneous:
        return float(lazy.evaluate(simplify=True))
    if any(isinstance(argument, larray) for _, argument in lazy.operations):
        return np.asarray(lazy.evaluate(), float)[pre, post]
    if isinstance(base, RandomDistribution) and _concatenates(base):
        return _operated(lazy, _drawn_by_row(base.next, projection.shape, pre, post))
    if isinstance(base, np.ndarray) and base.ndim == 2:
        return _operated(lazy, base[pre, post])
    return np.asarray(lazy.evaluate(), float)[pre, post]


def _drawn_by_row(draw: Callable[[int], Floats], shape: tuple[int, int], pre: Indices, post: Indices) -> Floats:
    """Draw a matrix row after row, keep the elements (pre, post)."""
    order = np.argsort(pre, kind="stable")
    rows = max(1, CHUNK // shape[1])
    result = np.empty(len(pre))
    for first in range(0, shape[0], rows):
        n = min(rows, shape[0] - first)
        block = np.reshape(draw(n * shape[1]), (n, shape[1]))
        left, right = np.searchsorted(pre[order], [first, first + n])
        some = order[left:right]
        result[some] = block[pre[some] - first, post[some]]
    return result
