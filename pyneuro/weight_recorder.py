"""Recording of weights: PyNN has none, so this is a callback for ``run()``, as its examples have it.

>>> recorder = sim.WeightRecorder(10.0, projection)      # doctest: +SKIP
>>> sim.run(1000.0, callbacks=[recorder])                # doctest: +SKIP
>>> recorder.get_weights()                               # doctest: +SKIP
"""

from __future__ import annotations

from typing import Any

import neo
import numpy as np
import quantities as pq
from numpy.typing import NDArray


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

    def __call__(self, t: float) -> float:
        """Take a sample; return the time (ms) of the next."""
        self._times.append(t)
        self._samples.append(np.array(self.projection.weights()))
        return t + self.interval

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the samples, ms."""
        return np.array(self._times)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Samples: float64[samples, connections], in the unit of the weights (nA, uS or mV)."""
        return np.array(self._samples).reshape(len(self._samples), -1)

    def get_weights(self) -> neo.AnalogSignal:
        """Return the samples as a Neo signal, a channel a connection."""
        return neo.AnalogSignal(
            self.weights,
            units=self.projection.weight_unit,
            t_start=(self._times[0] if self._times else 0.0) * pq.ms,
            sampling_period=self.interval * pq.ms,
            name="weight",
            array_annotations={"channel_index": np.arange(self.weights.shape[1])},
        )
