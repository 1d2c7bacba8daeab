"""Nets: a slice sends to exactly the slices that hold a row for it, and to its own delay stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from toolchain.graph import Net
from toolchain.memory import bits_for
from toolchain.partition import Slice
from toolchain.rows import Blocks


def make_nets(
    banks: Sequence[Blocks],
    slices: Sequence[Slice],
    sends: Mapping[int, NDArray[np.bool_]],
    piece_slice: NDArray[np.int32],
    delay_slice: NDArray[np.int32],
    *,
    synapse_slices: Mapping[int, Sequence[int]],
    rates: Sequence[float],
) -> tuple[Net, ...]:
    """One net from each slice that anything hears, in the order of the slices.

    Parameters
    ----------
    sends : mapping of int to bool[stages, cells]
        For each slice of delay stages: which stage repeats which cell.
    piece_slice, delay_slice : int32[pieces]
        The slice of each piece, and that of its delay stages or -1.
    synapse_slices : mapping of int to sequence of int
        The slices of the synapse cores of each piece that has any.
    rates : sequence of float
        Expected rate (Hz) of the cells of each population.
    """
    senders = [np.where(rows.stage > 0, delay_slice[rows.source], piece_slice[rows.source]) for rows in banks]
    delayed = np.flatnonzero(delay_slice >= 0)
    source = np.concatenate([*senders, piece_slice[delayed]]).astype(np.int64)
    sink = np.concatenate([*(_holders(rows, piece_slice, synapse_slices) for rows in banks), delay_slice[delayed]])
    pairs = np.unique(source * len(slices) + sink)
    source, sink = pairs // max(1, len(slices)), (pairs % max(1, len(slices))).astype(np.int32)
    sources, first = np.unique(source, return_index=True)
    sinks = np.split(sink, first[1:])
    nets = []
    for number, heard in zip(sources.tolist(), sinks, strict=False):
        sender = slices[number]
        keys = sender.stages << bits_for(sender.size) if number in sends else sender.size
        packets = float(np.count_nonzero(sends[number]) if number in sends else sender.size)
        nets.append(Net(number, heard, keys, packets, rate=packets * rates[sender.population]))
    return tuple(nets)


def _holders(
    rows: Blocks, piece_slice: NDArray[np.int32], synapse_slices: Mapping[int, Sequence[int]]
) -> NDArray[np.int32]:
    """The slice that holds each block."""
    first = piece_slice.copy()
    for piece, slices in synapse_slices.items():
        first[piece] = slices[0] - 1
    return np.where(rows.core > 0, first[rows.target] + rows.core, piece_slice[rows.target])
