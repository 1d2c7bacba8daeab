"""Synapses that come and go: what a core is told of them.

The neurons of a population have places for synapses.  A number of times a tick the population makes an attempt: a
neuron is drawn, and one of its places.  If there is a synapse it may go; if there is none, a cell that may send is
chosen, and a synapse from it may come.  Words of `emulator.draws` decide, whose number is that of the attempt, so
that all cores of the population can go through the same attempts without a word to each other, each of them doing
what concerns its own neurons.  Hence what comes of it does not depend on how the population is cut.

A synapse that comes is put behind the others of its row, and one that goes leaves its place in the row to the last
(sPyNNaker ``structural_plasticity/synaptogenesis``).  So every cell that may be chosen has a row on every core, with
room for more synapses than there are.  An attempt that finds a row full fails, and is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

EMPTY = -1
"""The partner of a place without a synapse."""
CERTAIN = 2**32
"""A chance of 1: a random word is below it."""


class Draw(IntEnum):
    """What a random word of an attempt decides: the stream that it is of."""

    CELL = 0
    PLACE = 1
    PROJECTION = 2
    PARTNER = 3
    CHANCE = 4
    DELAY = 5


@dataclass(frozen=True, eq=False)
class Partners:
    """Cells that may come to send to the neurons of a core, and where their synapses are.

    Parameters
    ----------
    cells : int
        How many there are.
    width : int
        Cells in each block of rows but the last.
    banks : int32[b]
        The dynamic rows of the core that hold these synapses.
    address, stride : int32[b, blocks]
        Word at which the rows of a block begin in each bank, and words from row to row; -1 and 0 where there are none.
    hears : int
        Which of `banks` has a row for each cell that is asked for in the tick of a spike; -1 if nobody need know.
    served, control : int32[delays]
        For each delay that a new synapse may have, all equally likely: which of `banks`, and its control but for the
        neuron.
    weight : int
        Stored weight of a new synapse.
    weak : int
        Synapses of a stored weight below this are weak.
    unit : float
        Stored weight of what counts as 1, for those who go on with another image.
    chances : int64[n]
        How many of 2**32 random words let a synapse come from the squared distance 0, 1, ...; none from n on.
    """

    cells: int
    width: int
    banks: NDArray[np.int32]
    address: NDArray[np.int32]
    stride: NDArray[np.int32]
    hears: int
    served: NDArray[np.int32]
    control: NDArray[np.int32]
    weight: int
    weak: int
    unit: float
    chances: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rewiring:
    """The places for synapses of the neurons of a core.

    Parameters
    ----------
    key : int
        Of the random words; see `emulator.draws`.
    attempts : float
        Attempts a tick: number k is made at the beginning of tick t if ``floor(t * attempts) <= k`` and
        ``k < floor((t + 1) * attempts)``.
    first, cells : int
        The number that neuron 0 has in its population, and the size of this.
    places : int
        Places of a neuron.
    repeats : bool
        Whether a neuron may have several synapses from the same cell.
    of_spikes : int
        If it is above 0, the partner is one of the spikes that came in the tick before, of at most so many; 0: any.
    grid : (int, int)
        Width and height of the torus that distances are measured on: cell i stands at ``(i // width, i % height)``.
    losses : (int, int)
        How many of 2**32 random words let a synapse go that is weak, and one that is not.
    partners : tuple of Partners
        One for each kind of synapse.
    there : int32[n * places, 4]
        What is in place p of neuron i, in row ``i * places + p``: number of the partners or `EMPTY`, cell, which of
        their banks, and which synapse of the row.
    """

    key: int
    attempts: float
    first: int
    cells: int
    places: int
    repeats: bool
    of_spikes: int
    grid: tuple[int, int]
    losses: tuple[int, int]
    partners: tuple[Partners, ...]
    there: NDArray[np.int32]
