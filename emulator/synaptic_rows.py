"""Synaptic rows: how the synapses of a core are written as 32-bit words, and how the row of a packet is found.

A synaptic word is, from the top: weight (16 bits), unused, delay (4 bits, 0 stands for 16), synapse type
(``type_bits``), target index (``index_bits``); the low three fields together fit 16 bits.
A row is ``[0, n, 0, word 0 .. word n-1, padding]``: plastic size, fixed count, plastic control count,
then the fixed words (sPyNNaker ``synapse_row.h``).  All rows of one population-table entry have the same stride.

Synapses with dynamics have rows of their own, in which there are no fixed words: ``[p, plastic part of p words, 0, n,
controls, padding]``.  The controls are the low 16 bits of synaptic words, two a word, low half first; so are the
weights, which stand at the end of the header of the plastic part.  (Where synapses come and go, `emulator.rewiring`,
p is that of a full row, so that nothing else moves when they do.)  A core runs programs over all synapses of the rows
that are fetched in a tick.  What a program gets is bound by the names of its INPUT registers, and of its STATE
registers: ``weight`` (s16.15, the stored weight shifted left), what the last spike left, as ``pre_<trace>`` and
``post_<trace>`` (s4.11), ticks since then, ``since_pre`` and ``since_post``, and ``seen_pre`` and ``seen_post``, which
are 1 (s4.11) if it was in another tick than 0.  Rows that dopamine modulates have more of them, see `ModulatedRows`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROW_HEADER_WORDS = 3
HISTORY = 16
"""Entries of the history of a neuron. The first stands for the time before any spike, so 15 spikes are kept."""
MOST_TRACES = 4
"""Traces that a spike may leave on either side."""


@dataclass(frozen=True, eq=False)
class PopulationTable:
    """Where the rows of an incoming key are: entry i serves keys with ``key & mask[i] == key[i]``.

    The row of a packet starts at word ``address[i] + (key & ~mask[i]) * stride[i]`` of the core's rows.
    Entries are sorted by key and do not overlap.
    """

    key: NDArray[np.uint32]
    mask: NDArray[np.uint32]
    address: NDArray[np.uint32]
    stride: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class History:
    """What a core keeps of the spikes of its neurons for plastic rows: their times and the traces that they left.

    Parameters
    ----------
    program : int
        Index into the programs of the image; it is run for the neurons that spike. Its STATE registers are the traces.
    traces : tuple of str
        Their names.
    """

    program: int
    traces: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DynamicRows:
    """Rows of synapses with dynamics of one kind.

    Parameters
    ----------
    table : PopulationTable
        Where the row of a packet is; a packet may find one here and others elsewhere.
    rows : uint32[words]
        All rows, as they are in the beginning.
    shift : int
        A weight is its stored word shifted left by this, as s16.15.
    defer : int
        Ticks from the arrival of a packet to the fetch of its row.
    """

    table: PopulationTable
    rows: NDArray[np.uint32]
    shift: int
    defer: int


@dataclass(frozen=True, eq=False)
class FixedRows(DynamicRows):
    """Rows of synapses that come and go, but whose weights stay: the plastic part is ``[weights]``."""


@dataclass(frozen=True, eq=False)
class PlasticRows(DynamicRows):
    """Rows of synapses whose weights follow from the spikes of both sides.

    The plastic part is ``[tick of the last spike, traces that it left (16 bits, two a word), weights]``.  When a row
    is fetched, each spike of the target since the last fetch is applied, then the spike of the source; a spike of the
    target counts as later by some ticks.

    Parameters
    ----------
    history : int
        Which history of the core it reads.
    traces : tuple of str
        Names of the traces that a spike of the source leaves.
    add_pre, apply_pre, apply_post : int
        Programs: new traces (STATE) of a row that is fetched; new weights (STATE) after a spike of the source, if the
        target has spiked before, and after one of the target.
    back : int32[16]
        For each delay (16 is at 0): by how many ticks spikes of the target count as later.
    """

    history: int
    traces: tuple[str, ...]
    add_pre: int
    apply_pre: int
    apply_post: int
    back: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Dopamine:
    """Dopamine of the neurons of a core, for modulated rows.

    It comes through the ring buffer, under synapse types of its own behind those of the receptors.  What arrives in a
    tick changes the concentration at the neuron, of which the core remembers the tick and what it is then.

    Parameters
    ----------
    add : int
        Program: the concentration (STATE ``dopamine``) after an arrival of ``dose``, or of 0, ``since`` ticks after it
        was such.
    merge : int
        Program: the concentration that has the same effect as such a one and, after a ``gap``, a ``next`` for another
        ``since`` ticks.
    signs : tuple of int
        For each of the synapse types, 1 if it adds and -1 if it takes off.
    """

    add: int
    merge: int
    signs: tuple[int, ...]


MOST_SIGNS = 2
"""Synapse types that may bring dopamine."""


@dataclass(frozen=True, eq=False)
class ModulatedRows(PlasticRows):
    """Plastic rows whose spikes change eligibilities, which with dopamine change the weights.

    Behind the weights each synapse has two words: what the weight is above the stored one, in 2^-15 of its step, from
    -1/2 to 1/2; and its eligibility.  Between two events, be they spikes or arrivals of dopamine, time goes by: the
    program `elapse` moves weight, eligibility and concentration.  Its ``weight`` is in steps of the stored weight,
    s16.15, and the state of `apply_pre` and `apply_post` is ``eligibility``.

    Parameters
    ----------
    elapse : int
        Program: ``weight``, ``eligibility`` and ``dopamine`` (STATE) after ``since`` ticks.
    lag : int32[16]
        For each delay (16 is at 0): by how many ticks dopamine counts as later.
    bits : int
        The words of eligibilities stand for 2^-bits, for who takes them over.
    """

    elapse: int
    lag: NDArray[np.int32]
    bits: int


MODULATED_WORDS = 2
"""Words that a modulated synapse has besides its weight."""
MOST_LEARNT = 2**30 - 1
"""Words of eligibilities and concentrations go up to this, and down to its negative, so that sums have room."""


@dataclass(frozen=True, eq=False)
class ReleaseRows(DynamicRows):
    """Rows of synapses that send what follows from the spikes of their source alone, and from chance.

    The plastic part is ``[tick of the last spike, spikes so far, weights, words]``: for each name of `words` a word a
    synapse.  In the beginning the tick is the one from which first values decay.

    Parameters
    ----------
    program : int
        What is sent, s16.15, as its recorded ``sent``, and new states.
    words : tuple of str
        Registers that each synapse has words for: the STATE registers, then the PARAMETER registers. If the program has
        INPUT registers ``draw_0`` and so on, which are given random words, the last is `STREAM`, the number of the
        synapse's stream.
    key : int
        Of the streams; see `emulator.draws`.
    """

    program: int
    words: tuple[str, ...]
    key: int


STREAM = "stream"
RELEASE_HEADER_WORDS = 2
"""Words of the plastic part of such a row before its weights."""
MOST_WORDS = 12
"""Words that a synapse may have besides its weight."""
MOST_DRAWS = 4
"""Random words that a spike of a synapse may take."""
