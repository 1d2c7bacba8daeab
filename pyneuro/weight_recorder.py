"""Recording of weights: PyNN has none, so this is a callback for ``run()``, as its examples have it.

>>> recorder = sim.WeightRecorder(10.0, projection)      # doctest: +SKIP
>>> sim.run(1000.0, callbacks=[recorder])                # doctest: +SKIP
>>> recorder.get_weights()                               # doctest: +SKIP

A channel is a connection.  Where runs form and eliminate connections, it is one of a pair of cells: the first of the
connections that it has, the second if it has two, and so on; the weight is NaN while there is none.
"""

from __future__ import annotations

from typing import Any

import neo
import numpy as np
import quantities as pq
from numpy.typing import NDArray

from pyneuro.connections import Connections

Keys = NDArray[np.int64]


class WeightRecorder:
    """Records the weights of all connections of a projection at regular times.

    Parameters
    ----------
    sampling_interval : float
        Time between two samples, ms.
    projection : Projection
        Whose weights.
    """

    def __init__(self, sampling_interval: float, projection: Any) -> None:
        if not sampling_interval > 0.0:
            raise ValueError(f"WeightRecorder: sampling_interval must be > 0 ms, got {sampling_interval}")
        self.interval = sampling_interval
        self.projection = projection
        self._times: list[float] = []
        self._samples: list[NDArray[np.float64]] = []
        self._connections: Connections | None = None
        self._keys: list[Keys] = []
        """Of each sample what its connections are called; the same object as long as they are the same."""

    def __call__(self, t: float) -> float:
        """Take a sample; return the time (ms) of the next."""
        present = self.projection.present
        if present is self._connections:
            self._keys.append(self._keys[-1])
        else:
            self._keys.append(_keys(present, self.projection.shape))
            self._connections = present
        self._times.append(t)
        self._samples.append(np.array(self.projection.weights()))
        return t + self.interval

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the samples, ms."""
        return np.array(self._times)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Samples: float64[samples, channels], in the unit of the weights (nA, uS or mV)."""
        channels = self._channels()
        order = np.argsort(channels)
        result = np.full((len(self._samples), len(channels)), np.nan)
        for row, keys, sample in zip(result, self._keys, self._samples, strict=True):
            row[order[np.searchsorted(channels, keys, sorter=order)]] = sample
        return result

    @property
    def cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indices of the pre-synaptic and the post-synaptic cell of each channel."""
        rows, columns = self.projection.shape
        pre, post = np.divmod(self._channels() % (rows * columns), columns)
        return pre, post

    def _channels(self) -> Keys:
        """Keys of all connections there were, in the order in which they came."""
        different = {id(keys): keys for keys in self._keys}
        keys = np.concatenate([np.zeros(0, np.int64), *different.values()])
        _, first = np.unique(keys, return_index=True)
        return keys[np.sort(first)]

    def get_weights(self) -> neo.AnalogSignal:
        """Return the samples as a Neo signal, a channel a connection."""
        weights, (pre, post) = self.weights, self.cells
        return neo.AnalogSignal(
            weights,
            units=self.projection.weight_unit,
            t_start=(self._times[0] if self._times else 0.0) * pq.ms,
            sampling_period=self.interval * pq.ms,
            name="weight",
            array_annotations={
                "channel_index": np.arange(weights.shape[1]),
                "presynaptic_index": pre,
                "postsynaptic_index": post,
            },
        )


def _keys(connections: Connections, shape: tuple[int, int]) -> Keys:
    """Return a number for each connection: of its pair of cells, and of how many the pair has before it."""
    pairs = connections.pre.astype(np.int64) * shape[1] + connections.post
    order = np.argsort(pairs, kind="stable")
    before = np.empty(len(pairs), np.int64)
    before[order] = np.arange(len(pairs)) - np.searchsorted(pairs[order], pairs[order])
    return before * (shape[0] * shape[1]) + pairs
