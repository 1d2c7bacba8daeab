"""Refractory times as the reference counts them: in whole timesteps, from the end of the one that the spike is in."""

from __future__ import annotations

import numpy as np

from emulator import arithmetic
from toolchain.models.declaration import Words


def refractory_steps(time: Words, timestep: Words, dt: Words) -> Words:
    """Number of sub-steps of `dt` in the whole timesteps that `time` takes, rounded up; all s16.15.

    To it the sub-steps that are left of the timestep of a spike are to be added.  Where there is no refractory time it
    is so far below 0 that the sum is not positive.

    Each word may be off by half of its lowest bit, and a time that is a multiple of the timestep within that is taken
    for one: 2 ms are 20 timesteps of 0.1 ms, although the words say 19.9988 of them.
    """
    ratio = np.asarray(time, np.float64) / timestep
    unsure = 0.5 * (1.0 + ratio) / timestep
    parts = np.rint(np.asarray(timestep, np.float64) / dt)
    steps = np.ceil(ratio - np.minimum(unsure, 0.5)) * parts
    return arithmetic.as_words(np.where(steps > 0, steps, -parts).astype(np.int64))
