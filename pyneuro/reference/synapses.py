"""Synapses as rows by source cell, and the circular buffer of delays that their weights are added to.

The buffer has one slot for each of the next grid times, up to the longest delay; slot s holds what arrives at
the end of every step k with ``k % slots == s``, one number for each receptor of each cell (its input).  A
spike that is found in step k acts ``delay`` steps after the end of that step, so it goes to slot ``k + delay``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyneuro.capacity import MOST_STEPS
from pyneuro.errors import UnsupportedError
from pyneuro.reference.delivery import deliver, order_by_source
from toolchain.errors import NetworkError
from toolchain.network import Projection, Values

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Synapses of one projection: row i, of source cell i, is ``offsets[i]:offsets[i + 1]``.

    Parameters
    ----------
    offsets : int64[sources + 1]
        Where rows begin and end.
    targets : int32[synapses]
        Inputs, numbered over the whole network.
    weights : float64[synapses] or float64[1]
        What is added, one for all or one for each.
    delays : int32[synapses] or int32[1]
        Steps, at least 1.
    """

    offsets: NDArray[np.int64]
    targets: NDArray[np.int32]
    weights: Floats
    delays: NDArray[np.int32]


def delay_steps(delay: Values, timestep: float) -> NDArray[np.int32]:
    """Delays (ms) in timesteps: rounded, at least 1."""
    return np.atleast_1d(np.maximum(np.rint(np.asarray(delay) / timestep), 1.0).astype(np.int32))


def rows(projection: Projection, sources: int, targets: int, first_input: int, timestep: float) -> Rows:
    """Sort the synapses of `projection` into rows.

    Parameters
    ----------
    projection : Projection
        Static synapses.
    sources, targets : int
        Sizes of its two populations.
    first_input : int
        Number of the input that target cell 0 has for this receptor.
    timestep : float
        ms.

    Raises
    ------
    UnsupportedError
        If the synapses are not static.
    NetworkError
        If a cell index or a delay is out of range.
    """
    if projection.synapse != "StaticSynapse":
        raise UnsupportedError(
            f"projection '{projection.label}': the reference simulator has no {projection.synapse}; use StaticSynapse"
        )
    for side, indices, size in (("pre", projection.pre, sources), ("post", projection.post, targets)):
        if len(indices) and not 0 <= indices.min() <= indices.max() < size:
            raise NetworkError(f"projection '{projection.label}': a {side} index is not in 0..{size - 1}")
    offsets = np.zeros(sources + 2, np.int64)
    order = np.empty(len(projection), np.uint32)
    if np.max(projection.delay, initial=0.0) / timestep > MOST_STEPS:
        raise NetworkError(
            f"projection '{projection.label}': a delay can be at most {MOST_STEPS * timestep:g} ms, "
            f"2^31 - 1 timesteps, got {np.max(projection.delay):g} ms"
        )
    order_by_source(projection.pre, offsets, order)
    post = projection.post[order]
    post += np.int32(first_input)
    weights = np.atleast_1d(np.asarray(projection.weight, np.float64))
    delays = delay_steps(projection.delay, timestep)
    return Rows(
        offsets[:-1],
        post,
        weights[order] if len(weights) > 1 else weights,
        delays[order] if len(delays) > 1 else delays,
    )


class DelayLine:
    """The circular buffer.

    Attributes
    ----------
    ring : float64[slots, inputs]
        What arrives.
    """

    def __init__(self, slots: int, inputs: int) -> None:
        self.ring = np.zeros((slots, inputs))

    def send(self, fired: NDArray[np.int64], out: Rows, step: int) -> None:
        """Deliver the spikes that the update of `step` found in the cells `fired`."""
        deliver(fired, out.offsets, out.targets, out.weights, out.delays, self.ring, step % len(self.ring))

    def slot(self, step: int) -> Floats:
        """What arrives at the end of `step`, one number an input; to be cleared by who takes it."""
        slot: Floats = self.ring[step % len(self.ring)]
        return slot

    def lengthen(self, slots: int, step: int) -> None:
        """Make room for longer delays, before `step` is run; what is under way stays so."""
        if slots <= len(self.ring):
            return
        ring = np.zeros((slots, self.ring.shape[1]))
        for ahead in range(len(self.ring)):
            ring[(step + ahead) % slots] = self.slot(step + ahead)
        self.ring = ring
