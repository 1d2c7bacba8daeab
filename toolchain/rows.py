"""Synaptic rows: the synapses of each core, sorted by the spike that needs them.

When a spike comes in, a core reads one row from SDRAM: all synapses that the sender has on the cells of this
core.  The rows of one sender slice (or of one of its delay stages) are a *block*: one row a cell of the sender,
all of the same stride, so that the address of a row is a multiplication.  The price is padding: every row of a
block is as long as its longest (sPyNNaker ``synapse_row.h``, ``master_pop_table``).

Rows are made by a counting sort in three streams over the synapses: which blocks there are, how long each row
is, and then every word goes to where it belongs.  So the words are made once, in place, and within a row they
stand in the order in which the synapses were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.image import ROW_HEADER_WORDS
from toolchain.delays import Delays
from toolchain.memory import bits_for
from toolchain.network import Network, Projection
from toolchain.scatter import count_rows, fill_rows, mark_blocks
from toolchain.weights import neuron_model, receptor_number, weight_scale
from toolchain.workload import Workload


class Slicing:
    """How the cells of all populations are cut: population i into pieces of ``per_core[i]`` cells.

    The pieces are numbered through all populations; the last of a population may be smaller.

    Parameters
    ----------
    sizes, per_core : sequence of int
        Cells of each population, and on each of its pieces.

    Attributes
    ----------
    first : tuple of int
        Number of the first piece of each population; one more than the last piece at the end.
    starts, lengths : tuple of int32[pieces]
        First cell, and number of cells, of each piece of each population.
    piece_of_cell : tuple of int32[cells]
        Piece of each cell of each population, counted from 0 within the population.
    """

    def __init__(self, sizes: Sequence[int], per_core: Sequence[int]) -> None:
        self.sizes, self.per_core = tuple(sizes), tuple(per_core)
        cuts = [
            np.append(np.arange(0, size, n), size).astype(np.int32) for size, n in zip(sizes, per_core, strict=True)
        ]
        self.starts = tuple(cut[:-1] for cut in cuts)
        self.lengths = tuple(np.diff(cut) for cut in cuts)
        self.first = (0, *(int(n) for n in np.cumsum([len(cut) - 1 for cut in cuts])))
        self.piece_of_cell = tuple(np.repeat(np.arange(len(n), dtype=np.int32), n) for n in self.lengths)

    def pieces(self, population: int) -> int:
        """Number of pieces of a population."""
        return self.first[population + 1] - self.first[population]

    @property
    def all_pieces(self) -> int:
        """Number of pieces of all populations."""
        return self.first[-1]


@dataclass(frozen=True, eq=False)
class Blocks:
    """All blocks of rows, sorted by target piece, then source piece, then stage.

    Parameters
    ----------
    target, source, stage : int32[blocks]
        Pieces, and which delay stage sends (0: the cells themselves).
    rows : int32[blocks]
        Number of rows: the cells of the source piece.
    stride : int32[blocks]
        Words from row to row.
    first_row : int64[blocks + 1]
        Where its rows start among all rows.
    first_word : int64[blocks + 1]
        Where its words start among the words of all cores.
    counts : int32[rows]
        Synapses in each row.
    row_of_cell_0 : mapping of (int, int) to int64[stages, source pieces, target pieces]
        For each pair of populations with a projection: the row that cell 0 of the source would have.
    """

    target: NDArray[np.int32]
    source: NDArray[np.int32]
    stage: NDArray[np.int32]
    rows: NDArray[np.int32]
    stride: NDArray[np.int32]
    first_row: NDArray[np.int64]
    first_word: NDArray[np.int64]
    counts: NDArray[np.int32]
    row_of_cell_0: Mapping[tuple[int, int], NDArray[np.int64]]

    def of_targets(self, first: int, pieces: int) -> slice:
        """The blocks of target pieces ``first <= piece < first + pieces``."""
        low, high = np.searchsorted(self.target, (first, first + pieces))
        return slice(int(low), int(high))


def plan_rows(workload: Workload, slicing: Slicing) -> Blocks:
    """Find the blocks of rows that the synapses of `workload` need, and the length of every row."""
    present = _present(workload, slicing)
    found = [_blocks_of_pair(pair, marks, slicing) for pair, marks in present.items()]
    table = np.concatenate([np.zeros((0, 4), dtype=np.int32), *found])
    table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    first_row = _offsets(table[:, 3])
    row_of_cell_0 = {
        pair: _row_of_cell_0(pair, marks.shape, table, first_row, slicing) for pair, marks in present.items()
    }
    counts = np.zeros(int(first_row[-1]), dtype=np.int32)
    for made, delay in _projections(workload):
        pieces = slicing.piece_of_cell[made.source], slicing.piece_of_cell[made.target]
        count_rows(made.pre, made.post, delay.steps, *pieces, row_of_cell_0[made.source, made.target], counts)
    longest = np.maximum.reduceat(counts, first_row[:-1]) if len(table) else np.zeros(0, dtype=np.int32)
    stride = (longest + ROW_HEADER_WORDS).astype(np.int32)
    return Blocks(
        target=table[:, 0],
        source=table[:, 1],
        stage=table[:, 2],
        rows=table[:, 3],
        stride=stride,
        first_row=first_row,
        first_word=_offsets(stride.astype(np.int64) * table[:, 3]),
        counts=counts,
        row_of_cell_0=row_of_cell_0,
    )


def build_rows(
    workload: Workload, slicing: Slicing, blocks: Blocks, population: int, shifts: Sequence[Sequence[int]]
) -> NDArray[np.uint32]:
    """All rows of the cores of one population, core after core.

    Parameters
    ----------
    shifts : sequence of sequence of int
        Ring-buffer shifts of each receptor of each population.
    """
    span = blocks.of_targets(slicing.first[population], slicing.pieces(population))
    words = np.zeros(int(blocks.first_word[span.stop] - blocks.first_word[span.start]), dtype=np.uint32)
    first_row = int(blocks.first_row[span.start])
    cursor = _row_words(blocks, span)
    words[cursor - 2] = blocks.counts[first_row : first_row + len(cursor)]
    index_bits, type_bits = word_layout(workload.network, slicing, population)
    for made, delay in _projections(workload):
        if made.target != population:
            continue
        fill_rows(
            made.pre,
            made.post,
            delay.steps,
            np.atleast_1d(np.asarray(made.weight, dtype=np.float64)),
            weight_scale(workload.network, made, shifts),
            slicing.piece_of_cell[made.source],
            slicing.piece_of_cell[population],
            slicing.starts[population],
            blocks.row_of_cell_0[made.source, population] - first_row,
            index_bits + type_bits,
            receptor_number(workload.network, made) << index_bits,
            cursor,
            words,
        )
    return words


def word_layout(network: Network, slicing: Slicing, population: int) -> tuple[int, int]:
    """Index bits and type bits of the synaptic words of a population."""
    receptors = len(neuron_model(network, population).receptors)
    return bits_for(min(slicing.per_core[population], slicing.sizes[population])), bits_for(receptors)


def _projections(workload: Workload) -> list[tuple[Projection, Delays]]:
    """All projections that have synapses, and their delays."""
    pairs = zip(workload.network.projections, workload.delays, strict=True)
    return [(made, delay) for made, delay in pairs if len(made)]


def _present(workload: Workload, slicing: Slicing) -> dict[tuple[int, int], NDArray[np.uint8]]:
    """Which blocks each pair of populations needs: uint8[stages, source pieces, target pieces]."""
    stages: dict[tuple[int, int], int] = {}
    for made, delay in _projections(workload):
        pair = made.source, made.target
        stages[pair] = max(stages.get(pair, 0), delay.stages)
    present = {
        (source, target): np.zeros((1 + most, slicing.pieces(source), slicing.pieces(target)), dtype=np.uint8)
        for (source, target), most in stages.items()
    }
    for made, delay in _projections(workload):
        pieces = slicing.piece_of_cell[made.source], slicing.piece_of_cell[made.target]
        mark_blocks(made.pre, made.post, delay.steps, *pieces, present[made.source, made.target])
    return present


def _blocks_of_pair(pair: tuple[int, int], marks: NDArray[np.uint8], slicing: Slicing) -> NDArray[np.int32]:
    """Target piece, source piece, stage and number of rows of each block; int32[blocks, 4]."""
    stage, source, target = np.nonzero(marks)
    columns = (
        target + slicing.first[pair[1]],
        source + slicing.first[pair[0]],
        stage,
        slicing.lengths[pair[0]][source],
    )
    return np.stack(columns, axis=1).astype(np.int32)


def _row_of_cell_0(
    pair: tuple[int, int],
    shape: tuple[int, ...],
    table: NDArray[np.int32],
    first_row: NDArray[np.int64],
    slicing: Slicing,
) -> NDArray[np.int64]:
    """Row that cell 0 of the source would have in each block, which need not hold cell 0."""
    target, source = (table[:, axis] - slicing.first[pair[1 - axis]] for axis in (0, 1))
    mine = (target >= 0) & (target < shape[2]) & (source >= 0) & (source < shape[1])
    rows = np.zeros(shape, dtype=np.int64)
    rows[table[mine, 2], source[mine], target[mine]] = first_row[:-1][mine] - slicing.starts[pair[0]][source[mine]]
    return rows


def _row_words(blocks: Blocks, span: slice) -> NDArray[np.int64]:
    """Where the first synapse of each row of the blocks in `span` goes, from their first word on; int64[rows]."""
    rows, stride = blocks.rows[span], blocks.stride[span].astype(np.int64)
    start = blocks.first_word[span.start : span.stop] - blocks.first_word[span.start] + ROW_HEADER_WORDS
    start -= (blocks.first_row[span.start : span.stop] - blocks.first_row[span.start]) * stride
    return np.repeat(start, rows) + np.arange(int(rows.sum())) * np.repeat(stride, rows)


def _offsets(lengths: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def delay_stages(blocks: Blocks, pieces: int) -> NDArray[np.int32]:
    """Delay stages that each source piece needs, 0 if none; int32[pieces]."""
    stages = np.zeros(pieces, dtype=np.int32)
    np.maximum.at(stages, blocks.source, blocks.stage)
    return stages


def stage_sends(blocks: Blocks, source: int, stages: int) -> NDArray[np.bool_]:
    """Which cells of piece `source` have synapses in delay stage 1, 2, ...; bool[stages, cells]."""
    mine = np.flatnonzero((blocks.source == source) & (blocks.stage > 0))
    send = np.zeros((stages, int(blocks.rows[mine[0]])), dtype=np.bool_)
    for block in mine:
        first = blocks.first_row[block]
        send[blocks.stage[block] - 1] |= blocks.counts[first : first + blocks.rows[block]] > 0
    return send
