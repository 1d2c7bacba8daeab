"""Cells that spike when they are told to, in the same timesteps on both simulators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolchain.network import Current, Population, Recording


def driven(label: str, steps: Sequence[Sequence[int]]) -> Population:
    """Cells that spike in the given timesteps of 1 ms, which ascend and are at least 2 apart."""
    currents = []
    for cell, mine in enumerate(steps):
        times: NDArray[np.float64] = np.repeat(np.asarray(mine, dtype=np.float64), 2) + np.tile([0.0, 1.0], len(mine))
        amplitudes = np.tile([1000.0, 0.0], len(mine))
        currents.append(Current(np.array([cell], dtype=np.int32), times, amplitudes))
    spikes = Recording("spikes", np.arange(len(steps), dtype=np.int32))
    parameters = {"v_thresh": -50.0, "tau_refrac": 0.1}
    return Population(label, len(steps), "IF_curr_delta", parameters, currents=tuple(currents), recordings=(spikes,))
