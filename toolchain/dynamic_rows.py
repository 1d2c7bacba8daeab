"""Rows of synapses with dynamics: the words that are loaded, where each row begins, and where each weight stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from emulator.image import DELAY_SLOTS
from emulator.synaptic_rows import ROW_HEADER_WORDS
from toolchain.banks import Bank
from toolchain.network import Network
from toolchain.rows import Blocks, Slicing, places_in_rows, word_layout
from toolchain.synapses.releasing import Releasing
from toolchain.targets import receptor_number, relative_weights
from toolchain.weights import LARGEST_WORD, weight_scale

Words = NDArray[np.uint32]


def build_dynamic_rows(
    network: Network, bank: Bank, slicing: Slicing, blocks: Blocks, shifts: Sequence[Sequence[int]]
) -> Words:
    """All rows of a bank, core after core, before any spike.

    First values of synapses that release decay as from a spike in tick -1; delay stages repeat it later.

    Parameters
    ----------
    shifts : sequence of sequence of int
        Ring-buffer shifts of each receptor of each population.
    """
    words = np.zeros(int(blocks.first_word[-1]), dtype=np.uint32)
    held = blocks.counts if bank.room is None else np.repeat(blocks.room, blocks.rows)
    start, size = row_starts(blocks), bank.mechanism.layout.plastic_words(held)
    words[start] = size
    words[start + size + 2] = blocks.counts
    if isinstance(bank.mechanism, Releasing):
        words[start + 1] = (DELAY_SLOTS * np.repeat(blocks.stage, blocks.rows) - 1).astype(np.int32).view(np.uint32)
    halves = words.view(np.uint16)
    index_bits, type_bits = word_layout(network, slicing, bank.target)
    first_cell = slicing.starts[bank.target][slicing.piece_of_cell[bank.target]]
    places = places_in_rows(bank.synapses, slicing, blocks)
    for (made, delay), (row, place) in zip(bank.synapses, places, strict=True):
        stored = np.rint(np.abs(relative_weights(network, made)) * weight_scale(network, made, shifts))
        halves[_first_weight(bank, start, row) + place] = np.minimum(stored, LARGEST_WORD)
        ring = delay.steps.astype(np.int64) % DELAY_SLOTS
        control = receptor_number(network, made) << index_bits | (made.post - first_cell[made.post]).astype(np.int64)
        halves[2 * (start + size + ROW_HEADER_WORDS)[row] + place] = ring << index_bits + type_bits | control
        if isinstance(bank.mechanism, Releasing):
            count = blocks.counts[row].astype(np.int64)
            first = start[row] + 1 + bank.mechanism.layout.header + (count + 1) // 2 + place
            for number, values in enumerate(bank.mechanism.words.values()):
                words[first + number * count] = values.astype(np.uint64) & 0xFFFFFFFF
    return words


def weight_halves(bank: Bank, slicing: Slicing, blocks: Blocks) -> Iterator[NDArray[np.int64]]:
    """Where in the half-words of all rows the weights of each projection of a bank are; int64[synapses] each."""
    start = row_starts(blocks)
    for row, place in places_in_rows(bank.synapses, slicing, blocks):
        yield _first_weight(bank, start, row) + place


def row_starts(blocks: Blocks) -> NDArray[np.int64]:
    """The word at which each row starts."""
    within = np.arange(len(blocks.counts)) - np.repeat(blocks.first_row[:-1], blocks.rows)
    words: NDArray[np.int64] = np.repeat(blocks.first_word[:-1], blocks.rows) + within * np.repeat(
        blocks.stride.astype(np.int64), blocks.rows
    )
    return words


def _first_weight(bank: Bank, start: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """The half-word at which the weights of rows begin, which start at the words `start`."""
    first: NDArray[np.int64] = 2 * (start[row] + 1 + bank.mechanism.layout.header)
    return first
