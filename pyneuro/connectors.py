"""Connectors: PyNN's, of which the common ones build their connections in arrays.

The network is the one that PyNN's own code builds for the same seed: the same numbers are taken from the
same streams in the same order, column (post-synaptic cell) after column, and the order of the connections
is the same.  What PyNN makes column by column in Python is made here in one go, or in Cython
(`pyneuro.draw`) where numbers are drawn.

A projection is connected in three parts: the synapse's parameters are taken (PyNN copies their random
generators at this point), the columns are drawn, and the parameters are evaluated for all connections.
PyNN also draws from a copy where it compares random numbers with a probability: the generator of a
probabilistic connector stays where it was, and the next projection with it takes the same numbers.
Random generators other than ``NumpyRNG`` and ``NativeRNG``, and connectors that are not here, take PyNN's
own way, one column at a time.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pyNN import connectors, errors
from pyNN.connectors import (
    CloneConnector,
    Connector,
    CSAConnector,
    DisplacementDependentProbabilityConnector,
    IndexBasedProbabilityConnector,
    MapConnector,
)

from pyneuro.columns import (
    Columns,
    Counts,
    Indices,
    by_column,
    drawn_by_probability,
    drawn_with_replacement,
    excluded,
    is_mersenne,
    none_excluded,
    numbers,
    skipped_by_probability,
    stream,
    within,
)
from pyneuro.draw import pairs, samples
from pyneuro.errors import UnsupportedError
from pyneuro.random import NativeRNG
from pyneuro.values import distances, evaluate
from toolchain.network import Values

CHUNK = 1 << 20
logger = logging.getLogger("PyNN")


class ArrayMixin(Connector):
    """How a connector connects that draws all its columns at once, by `columns`."""

    parameters_first: ClassVar[bool] = True
    """Whether PyNN's code copies the synapse's random generators before it draws the columns."""

    @abstractmethod
    def columns(self, projection: Any) -> Columns:
        """Return the pre-synaptic cells of each column."""

    def takes(self, projection: Any) -> bool:
        """Whether `columns` can do it; if not, PyNN's own code does."""
        return True

    def connect(self, projection: Any) -> None:
        """Connect `projection`."""
        if self.location_selector is not None:
            raise UnsupportedError("location_selector is for cells with several compartments, which pyneuro lacks")
        if not self.takes(projection):
            super().connect(projection)
            return
        columns = None if self.parameters_first else self.columns(projection)
        distance = self._generate_distance_map(projection)
        space = self._parameters_from_synapse_type(projection, distance)
        pre, counts = columns or self.columns(projection)
        post = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        values = evaluate(space, projection, pre=pre, post=post, counts=counts, distance=distance)
        self.finish(projection, pre, post, values, counts)

    def finish(self, projection: Any, pre: Indices, post: Indices, values: Any, counts: Counts) -> None:
        """Hand the connections over, check the signs of the weights if that is wished, tell the callback."""
        projection.append(pre, post, values)
        if self.safe and len(pre):
            for name, check in projection.synapse_type.parameter_checks.items():
                check(values[name], projection)
        if self.callback:
            for column in np.flatnonzero(counts):
                self.callback(int(column) / projection.post.local_size)


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


class FixedProbabilityConnector(ArrayMixin, connectors.FixedProbabilityConnector):
    """Connect each pair with the same probability."""

    __doc__ = connectors.FixedProbabilityConnector.__doc__

    def __init__(self, p_connect: float, *args: Any, **kwargs: Any) -> None:
        """Take the probability; the arguments are PyNN's."""
        if not 0 <= float(p_connect) <= 1:
            raise ValueError(f"FixedProbabilityConnector: p_connect must be a probability, 0 to 1, got {p_connect:g}")
        super().__init__(p_connect, *args, **kwargs)

    def takes(self, projection: Any) -> bool:
        """Whether the generator is one of ours."""
        return is_mersenne(self.rng) or isinstance(self.rng, NativeRNG)

    def columns(self, projection: Any) -> Columns:
        """Return the rows drawn for each column."""
        draw = skipped_by_probability if isinstance(self.rng, NativeRNG) else drawn_by_probability
        return draw(self.rng, self.p_connect, projection.pre.size, *excluded(self, projection))


class DistanceDependentProbabilityConnector(ArrayMixin, connectors.DistanceDependentProbabilityConnector):
    """Connect each pair with a probability that depends on its distance."""

    __doc__ = connectors.DistanceDependentProbabilityConnector.__doc__

    def columns(self, projection: Any) -> Columns:
        """Return the rows drawn for each column."""
        left_out, only_above = excluded(self, projection)
        rows, n = projection.shape
        before, after = projection.pre.positions[:, np.newaxis, :], projection.post.positions[:, :, np.newaxis]
        some, rng = max(1, CHUNK // rows), deepcopy(self.rng)
        pre, counts = [], np.zeros(n, np.int64)
        for first in range(0, n, some):
            block = slice(first, min(first + some, n))
            p = self.distance_function(distances(projection.space, before, after[:, block]))
            uniform = rng.next(rows * len(left_out[block]), "uniform", {"low": 0, "high": 1})
            hits = np.reshape(uniform, (-1, rows)) < p
            self._leave_out(hits, left_out[block], first if only_above else None)
            counts[block] = hits.sum(axis=1)
            pre.append(np.nonzero(hits)[1].astype(np.int32))
        return np.concatenate(pre), counts

    @staticmethod
    def _leave_out(hits: NDArray[np.bool_], left_out: Indices, diagonal: int | None) -> None:
        at = np.flatnonzero(left_out >= 0)
        hits[at, left_out[at]] = False
        if diagonal is not None:
            hits &= np.arange(hits.shape[1]) > diagonal + np.arange(len(hits))[:, np.newaxis]


class FixedNumberPreConnector(ArrayMixin, connectors.FixedNumberPreConnector):
    """Connect a fixed number of cells to each cell."""

    __doc__ = connectors.FixedNumberPreConnector.__doc__

    def takes(self, projection: Any) -> bool:
        """Whether the generator is one of ours; permutations are drawn from a Mersenne Twister only."""
        return bool(self.with_replacement) or is_mersenne(self.rng)

    def columns(self, projection: Any) -> Columns:
        """Return the rows drawn for each column."""
        rows, n = projection.shape
        left_out = np.arange(n, dtype=np.int32) if within(self, projection) else none_excluded(projection)
        counts = numbers(self.n, n, type(self).__name__)
        if self.with_replacement:
            return drawn_with_replacement(self.rng, counts, rows, left_out), counts
        with stream(self.rng) as words:
            return samples(words, counts, rows, left_out), counts


class FixedNumberPostConnector(ArrayMixin, connectors.FixedNumberPostConnector):
    """Connect each cell to a fixed number of cells."""

    __doc__ = connectors.FixedNumberPostConnector.__doc__
    parameters_first = False

    def takes(self, projection: Any) -> bool:
        """Whether the generator is one of ours, and the number of connections is drawn from no other."""
        return isinstance(self.n, int) and (bool(self.with_replacement) or is_mersenne(self.rng))

    def columns(self, projection: Any) -> Columns:
        """Return the rows of each column, in the order of the rows; targets are drawn row after row."""
        n, size = projection.shape
        left_out = np.arange(n, dtype=np.int32) if within(self, projection) else np.full(n, -1, np.int32)
        counts = numbers(self.n, n, type(self).__name__)
        if self.with_replacement:
            targets = drawn_with_replacement(self.rng, counts, size, left_out)
        else:
            with stream(self.rng) as words:
                targets = samples(words, counts, size, left_out)
        sources = np.repeat(np.arange(n, dtype=np.int32), counts)
        return by_column(sources, targets, size)


class FixedTotalNumberConnector(ArrayMixin, connectors.FixedTotalNumberConnector):
    """Make a fixed number of connections, each between two cells drawn at random.

    Like PyNN's own code, and unlike its documentation, this draws with replacement and allows self-connections
    whatever the arguments say; a warning is logged if they say otherwise.
    """

    parameters_first = False

    def takes(self, projection: Any) -> bool:
        """Whether the generator is one of ours."""
        if not self.with_replacement or not self.allow_self_connections:
            logger.warning("FixedTotalNumberConnector: PyNN ignores with_replacement and allow_self_connections")
        return isinstance(self.n, int) and is_mersenne(self.rng)

    def columns(self, projection: Any) -> Columns:
        """Return the rows of each column, in the order in which they were drawn."""
        total = self.rng.next(None, "binomial", {"n": self.n, "p": 1.0})  # PyNN's share of this process
        with stream(self.rng) as words:
            sources, targets = pairs(words, int(total), *projection.shape)
        return by_column(sources, targets, projection.post.size)


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


class SmallWorldConnector(ArrayMixin, connectors.SmallWorldConnector):
    """Connect neighbours, and a few others instead.

    PyNN 0.13 declares this connector and leaves open what it does.  Here, as Watts and Strogatz (1998) have it,
    cells nearer than `degree` are connected, and each connection leads, with the probability `rewiring`, to a
    post-synaptic cell drawn at random instead.
    """

    def columns(self, projection: Any) -> Columns:
        """Return the rows of each column, in the order of the rows."""
        if self.n_connections is not None:
            raise UnsupportedError("SmallWorldConnector: n_connections has no meaning in pyneuro; leave it out")
        if self.allow_self_connections == "NoMutual":
            raise UnsupportedError("SmallWorldConnector: allow_self_connections must be True or False")
        left_out, _ = excluded(self, projection)
        positions = projection.pre.positions[:, :, np.newaxis], projection.post.positions[:, np.newaxis, :]
        near = distances(projection.space, *positions) < float(self.d_expression.removeprefix("d < "))
        self_row = np.flatnonzero(left_out >= 0)
        near[left_out[self_row], self_row] = False
        sources, targets = (index.astype(np.int32) for index in np.nonzero(near))
        rewired = np.flatnonzero(self.rng.next(len(sources)) < self.rewiring)
        while len(rewired):
            targets[rewired] = self.rng.next(len(rewired), "uniform_int", {"low": 0, "high": projection.post.size})
            rewired = rewired[left_out[targets[rewired]] == sources[rewired]]
        return by_column(sources, targets, projection.post.size)


__all__ = [
    "AllToAllConnector",
    "ArrayConnector",
    "CSAConnector",
    "CloneConnector",
    "Connector",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentProbabilityConnector",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "IndexBasedProbabilityConnector",
    "MapConnector",
    "OneToOneConnector",
    "SmallWorldConnector",
]
