"""Connectors that are given their connections, in a list or a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import connectors, errors

from pyneuro.connectors.at_once import ArrayMixin
from toolchain.network import Values


class FromListConnector(ArrayMixin, connectors.FromListConnector):
    """Make the connections of a list."""

    __doc__ = connectors.FromListConnector.__doc__
    conn_list: NDArray[np.float64]

    def __init__(self, conn_list: Any, column_names: Any = None, *args: Any, **kwargs: Any) -> None:
        """Take the list; the arguments are PyNN's."""
        columns = np.shape(conn_list)[1:]
        if column_names is None and len(conn_list) and columns not in ((2,), (4,)):
            raise TypeError(
                "FromListConnector: without column_names each row must be (pre, post) or (pre, post, weight, delay), "
                f"got {'x'.join(map(str, columns)) or 'no'} columns; name those after the first two, "
                "such as column_names=['weight']"
            )
        super().__init__(conn_list, column_names, *args, **kwargs)

    def takes(self, projection: Any) -> bool:
        """Whether what the list does not give is the same for all connections."""
        space = projection.synapse_type.parameter_space
        return all(lazy.is_homogeneous for name, lazy in space.items() if name not in self.column_names)

    def connect(self, projection: Any) -> None:
        """Connect `projection`; the order is PyNN's, which sorts by target with numpy's default algorithm."""
        self._check(projection)
        if not len(self.conn_list):
            return
        if self.location_selector is not None or not self.takes(projection):
            connectors.FromListConnector.connect(self, projection)
            return
        self.conn_list = self.conn_list[np.argsort(self.conn_list[:, 1])]
        pre, post = self.conn_list[:, 0].astype(np.int32), self.conn_list[:, 1].astype(np.int32)
        space = projection.synapse_type.native_parameters
        space.shape = projection.shape
        values: dict[str, Values] = {
            name: float(space[name].evaluate(simplify=True)) for name in space.keys() - set(self.column_names)
        }
        for column, name in enumerate(self.column_names, 2):
            values[name] = self.conn_list[:, column].astype(float)
        self.finish(projection, pre, post, values, np.bincount(post, minlength=projection.post.size))

    def _check(self, projection: Any) -> None:
        names = projection.synapse_type.get_parameter_names()
        for name in self.column_names:
            if name not in names:
                raise ValueError(f"{name} is not a parameter of {type(projection.synapse_type).__name__}: {names}")
        for column, side in enumerate(("pre", "post") if len(self.conn_list) else ()):
            index, size = self.conn_list[:, column], getattr(projection, side).size
            wrong = np.flatnonzero((index < 0) | (index >= size) | (index != np.floor(index)))
            if len(wrong):
                raise errors.ConnectionError(
                    f"{type(self).__name__}: row {wrong[0]} has the {side}-synaptic index {index[wrong[0]]:g}, "
                    f"but {getattr(projection, side).label!r} has {size} cells, 0 to {size - 1}"
                )


class FromFileConnector(FromListConnector, connectors.FromFileConnector):
    """Make the connections that a file lists."""

    __doc__ = connectors.FromFileConnector.__doc__
    __init__ = connectors.FromFileConnector.__init__

    def connect(self, projection: Any) -> None:
        """Read the file, connect `projection`."""
        if self.distributed:
            self.file.rename(f"{self.file.name}.{projection._simulator.state.mpi_rank}")
        names = self.file.get_metadata().get("columns", ("weight", "delay"))
        self.column_names = [name for name in names if name not in ("i", "j")]
        self.conn_list = self.file.read()
        super().connect(projection)
