"""Spike sources: cells without dynamics, as PyNN 0.13 declares them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.models.declaration import Parameter, SourceModel
from toolchain.network import Values

SPIKE_SOURCE_ARRAY = SourceModel(name="SpikeSourceArray", sequences=(("spike_times", "ms"),))
SPIKE_SOURCE_POISSON = SourceModel(
    name="SpikeSourcePoisson",
    parameters=(
        Parameter("rate", "Hz", 1.0, minimum=0.0),
        Parameter("start", "ms", 0.0, minimum=0.0),
        Parameter("duration", "ms", 1e10, minimum=0.0),
    ),
)


def poisson_window(
    start: Values, duration: Values, timestep: float, n: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ticks in which `n` Poisson sources may spike, the same for both simulators.

    Parameters
    ----------
    start, duration : float or float64[n]
        PyNN's parameters, ms.
    timestep : float
        ms.

    Returns
    -------
    start, stop : int32[n]
        A source may spike in ticks ``start <= t < stop``.
    """
    return nearest_tick(start, timestep, n), nearest_tick(np.add(start, duration), timestep, n)


def nearest_tick(time: Values, timestep: float, n: int) -> NDArray[np.int32]:
    """Ticks nearest to `n` times (ms); a time beyond the last tick that has a number becomes that tick."""
    last = np.iinfo(np.int32).max
    return np.broadcast_to(np.minimum(np.rint(np.divide(time, timestep)), last).astype(np.int32), n)
