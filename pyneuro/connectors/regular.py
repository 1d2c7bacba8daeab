"""Connectors that draw nothing: all to all, one to one, by a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import connectors, errors

from pyneuro.columns import Columns, excluded
from pyneuro.connectors.at_once import ArrayMixin


class AllToAllConnector(ArrayMixin, connectors.AllToAllConnector):
    """Connect all cells to all cells."""

    __doc__ = connectors.AllToAllConnector.__doc__

    def columns(self, projection: Any) -> Columns:
        """Return all rows for each column."""
        left_out, _ = excluded(self, projection)
        rows, n = projection.shape
        pre = np.tile(np.arange(rows, dtype=np.int32), n)
        self_connections = np.flatnonzero(left_out >= 0)
        pre = np.delete(pre, self_connections * rows + left_out[self_connections])
        return pre, rows - (left_out >= 0).astype(np.int64)


class OneToOneConnector(ArrayMixin, connectors.OneToOneConnector):
    """Connect cell i to cell i; populations of size 1 are as good as others."""

    def columns(self, projection: Any) -> Columns:
        """Return row i for column i."""
        counts = np.zeros(projection.post.size, np.int64)
        counts[: min(projection.shape)] = 1
        return np.arange(min(projection.shape), dtype=np.int32), counts


class ArrayConnector(ArrayMixin, connectors.ArrayConnector):
    """Connect by a boolean matrix."""

    __doc__ = connectors.ArrayConnector.__doc__

    def columns(self, projection: Any) -> Columns:
        """Return the rows that are true in each column."""
        matrix = np.asarray(self.array)
        if matrix.dtype != bool or matrix.shape != tuple(projection.shape):
            raise errors.ConnectionError(
                f"ArrayConnector.array must be boolean and of shape {tuple(projection.shape)} (pre, post), "
                f"got {matrix.dtype} of shape {matrix.shape}"
            )
        return np.nonzero(matrix.T)[1].astype(np.int32), matrix.sum(axis=0, dtype=np.int64)
