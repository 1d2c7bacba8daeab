"""Connectors that draw their connections: the same numbers as PyNN's, from the same streams in the same order.

PyNN also draws from a copy where it compares random numbers with a probability: the generator of a
probabilistic connector stays where it was, and the next projection with it takes the same numbers.
Random generators other than ``NumpyRNG`` and ``NativeRNG`` take PyNN's own way, one column at a time.
"""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import connectors

from pyneuro.columns import (
    Columns,
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
from pyneuro.connectors.at_once import ArrayMixin
from pyneuro.draw import pairs, samples
from pyneuro.errors import UnsupportedError
from pyneuro.random import NativeRNG
from pyneuro.values import distances

CHUNK = 1 << 20
logger = logging.getLogger("PyNN")


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
