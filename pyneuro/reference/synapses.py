"""Synapses as rows by source cell, and the circular buffer of delays that their weights are added to.

The buffer has one slot for each of the next grid times, up to the longest delay; slot s holds what arrives at
the end of every step k with ``k % slots == s``, one number for each receptor of each cell (its input).  A
spike that is found in step k acts ``delay`` steps after the end of that step, so it goes to slot ``k + delay``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pyneuro.capacity import MOST_STEPS
from pyneuro.reference.delivery import deliver, order_by_source, scatter
from toolchain.errors import NetworkError
from toolchain.network import Projection, Values

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Synapses of one projection: row i, of source cell i, is ``offsets[i]:offsets[i + 1]``.

    Parameters
    ----------
    offsets : int64[sources + 1]
        Where rows begin and end.
    order : uint32[synapses]
        Place of each synapse in the projection.
    targets : int32[synapses]
        Inputs, numbered over the whole network.
    first : int
        Input of target cell 0.
    weights : float64[synapses] or float64[1]
        What is added, one for all or one for each.
    delays : int32[synapses] or int32[1]
        Steps, at least 1.
    """

    offsets: Indices
    order: NDArray[np.uint32]
    targets: NDArray[np.int32]
    first: int
    weights: Floats
    delays: NDArray[np.int32]

    def of(self, fired: Indices) -> tuple[Indices, Indices]:
        """The synapses of the sources `fired`, row after row, and how many each of these has."""
        lengths = self.offsets[fired + 1] - self.offsets[fired]
        ends = np.cumsum(lengths)
        starts = np.repeat(self.offsets[fired] - ends + lengths, lengths)
        return starts + np.arange(len(starts)), lengths

    def spread(self, values: Floats) -> Floats:
        """What each source has, for each of its synapses."""
        return np.repeat(values, np.diff(self.offsets))

    def sorted(self, values: Values) -> Floats:
        """Values of the projection in the order of the rows; one for all stays one, of shape ()."""
        given = np.asarray(values, np.float64)
        return given[self.order] if given.ndim else given

    def unsorted(self, values: Floats) -> Floats:
        """Values in the order of the rows, or one for all, in the order of the projection."""
        result = np.empty(len(self.order))
        result[self.order] = values
        return result


class Synapses(Protocol):
    """The synapses of one projection."""

    @property
    def rows(self) -> Rows:
        """Where they lead."""

    def send(self, fired: Indices, step: int, line: DelayLine) -> None:
        """Deliver the spikes that the update of `step` found in the source cells `fired`."""

    def weights(self) -> Floats:
        """Present weights, in the order of the projection."""

    def reset(self) -> None:
        """Back to the first weights and state."""

    def take_over(self, before: Any) -> None:
        """Go on from the state of `before`, synapses of the same kind between the same cells."""


class StaticSynapses:
    """Synapses of fixed weight."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def send(self, fired: Indices, step: int, line: DelayLine) -> None:
        """Deliver the spikes that the update of `step` found in the source cells `fired`."""
        line.send(fired, self.rows, step)

    def weights(self) -> Floats:
        """Present weights, in the order of the projection."""
        return self.rows.unsorted(self.rows.weights)

    def reset(self) -> None:
        """Nothing has changed."""

    def take_over(self, before: StaticSynapses) -> None:
        """There is no state."""


def delay_steps(delay: Values, timestep: float) -> NDArray[np.int32]:
    """Delays (ms) in timesteps: rounded, at least 1."""
    return np.atleast_1d(np.maximum(np.rint(np.asarray(delay) / timestep), 1.0).astype(np.int32))


def rows(projection: Projection, sources: int, targets: int, first_input: int, timestep: float) -> Rows:
    """Sort the synapses of `projection` into rows.

    Parameters
    ----------
    projection : Projection
        Synapses of any kind.
    sources, targets : int
        Sizes of its two populations.
    first_input : int
        Number of the input that target cell 0 has for this receptor.
    timestep : float
        ms.

    Raises
    ------
    NetworkError
        If a cell index or a delay is out of range.
    """
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
        order,
        post,
        first_input,
        weights[order] if len(weights) > 1 else weights,
        delays[order] if len(delays) > 1 else delays,
    )


def no_rows(projection: Projection) -> Rows:
    """Rows of a projection that delivers nothing."""
    weights = np.atleast_1d(np.asarray(projection.weight, np.float64))
    order = np.arange(len(projection), dtype=np.uint32)
    return Rows(np.zeros(1, np.int64), order, np.empty(0, np.int32), 0, weights, np.empty(0, np.int32))


def signed(rows: Rows, sign: int) -> Rows:
    """The same synapses, with weights times `sign`."""
    return replace(rows, weights=sign * rows.weights)


def singly(fired: Indices) -> Iterator[Indices]:
    """Split sources of which some may have fired several times in a step: in no part is one twice."""
    if (fired[1:] > fired[:-1]).all():
        yield fired
        return
    while fired.size:
        once, first = np.unique(fired, return_index=True)
        yield once
        fired = np.delete(fired, first)


class DelayLine:
    """The circular buffer.

    Attributes
    ----------
    ring : float64[slots, inputs]
        What arrives.
    """

    def __init__(self, slots: int, inputs: int) -> None:
        self.ring = np.zeros((slots, inputs))

    def send(self, fired: Indices, out: Rows, step: int) -> None:
        """Deliver the spikes that the update of `step` found in the cells `fired`."""
        deliver(fired, out.offsets, out.targets, out.weights, out.delays, self.ring, step % len(self.ring))

    def add(self, synapses: Indices, sent: Floats, out: Rows, step: int) -> None:
        """Deliver what some `synapses` send, one number for each, for a spike that the update of `step` found."""
        scatter(synapses, sent, out.targets, out.delays, self.ring, step % len(self.ring))

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
