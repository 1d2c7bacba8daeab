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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from emulator.synaptic_rows import ROW_HEADER_WORDS
from toolchain.banks import Room, Synapses
from toolchain.memory import bits_for
from toolchain.network import Network
from toolchain.scatter import count_rows, fill_rows, mark_blocks, place_synapses
from toolchain.targets import receptor_number, relative_weights, synapse_types
from toolchain.weights import weight_scale
from toolchain.workload import Workload


@dataclass(frozen=True)
class Slicing:
    """How the cells of all populations are cut into pieces, which are numbered through all populations.

    Parameters
    ----------
    sizes : tuple of int
        Cells of each population.
    cuts : tuple of tuple of int
        First cell of each piece of each population.
    """

    sizes: tuple[int, ...]
    cuts: tuple[tuple[int, ...], ...]

    @classmethod
    def uniform(cls, sizes: Sequence[int], per_core: Sequence[int]) -> Slicing:
        """Population i in pieces of ``per_core[i]`` cells; the last of a population may be smaller."""
        pairs = zip(sizes, per_core, strict=True)
        return cls(tuple(sizes), tuple(tuple(range(0, size, width)) for size, width in pairs))

    @cached_property
    def per_core(self) -> tuple[int, ...]:
        """Cells of the largest piece of each population."""
        return tuple(int(lengths.max(initial=0)) for lengths in self.lengths)

    @cached_property
    def starts(self) -> tuple[NDArray[np.int32], ...]:
        """First cell of each piece of each population; int32[pieces]."""
        return tuple(np.array(cuts, dtype=np.int32) for cuts in self.cuts)

    @cached_property
    def lengths(self) -> tuple[NDArray[np.int32], ...]:
        """Number of cells of each piece of each population; int32[pieces]."""
        cuts = zip(self.starts, self.sizes, strict=True)
        return tuple(np.diff(starts, append=np.int32(size)) for starts, size in cuts)

    @cached_property
    def piece_of_cell(self) -> tuple[NDArray[np.int32], ...]:
        """Piece of each cell of each population, counted from 0 within the population; int32[cells]."""
        return tuple(np.repeat(np.arange(len(n), dtype=np.int32), n) for n in self.lengths)

    @cached_property
    def first(self) -> tuple[int, ...]:
        """Number of the first piece of each population; at the end, one more than the last piece."""
        return tuple(accumulate((len(starts) for starts in self.starts), initial=0))

    def pieces(self, population: int) -> int:
        """Number of pieces of a population."""
        return len(self.starts[population])

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
    room : int32[blocks]
        Synapses that each row of a block has room for.
    grows : bool
        Whether there may come to be as many, in all rows.
    shapes : mapping of (int, int) to (int, int, int)
        Stages, source pieces and target pieces of each pair of populations with a projection.
    core : int32[blocks]
        Which core of the target piece has the block: 0 is that of the cells, 1, 2, ... are synapse cores. It ascends
        within a target piece.
    """

    target: NDArray[np.int32]
    source: NDArray[np.int32]
    stage: NDArray[np.int32]
    rows: NDArray[np.int32]
    stride: NDArray[np.int32]
    first_row: NDArray[np.int64]
    first_word: NDArray[np.int64]
    counts: NDArray[np.int32]
    room: NDArray[np.int32]
    grows: bool
    shapes: Mapping[tuple[int, int], tuple[int, ...]]
    core: NDArray[np.int32]

    def of_core(self, piece: int, core: int) -> slice:
        """The blocks of a target piece on its core of that number."""
        mine = self.of_targets(piece, 1)
        low, high = np.searchsorted(self.core[mine], (core, core + 1))
        return slice(mine.start + int(low), mine.start + int(high))

    def of_targets(self, first: int, pieces: int) -> slice:
        """The blocks of target pieces ``first <= piece < first + pieces``."""
        low, high = np.searchsorted(self.target, (first, first + pieces))
        return slice(int(low), int(high))


@dataclass(frozen=True, eq=False)
class RowPlan:
    """Where all rows are: the blocks of synapses without dynamics, and those of each bank of the workload."""

    fixed: Blocks
    banks: tuple[Blocks, ...] = ()

    @property
    def all(self) -> tuple[Blocks, ...]:
        """All blocks."""
        return self.fixed, *self.banks


def fixed_words(synapses: NDArray[np.int32]) -> NDArray[np.int32]:
    """Words of rows of so many synapses without dynamics."""
    return synapses + ROW_HEADER_WORDS


def plan_rows(
    synapses: Synapses,
    slicing: Slicing,
    row_words: Callable[[NDArray[np.int32]], NDArray[np.integer]] = fixed_words,
    room: Room | None = None,
) -> Blocks:
    """Find the blocks of rows that `synapses` need, and the length of every row.

    Parameters
    ----------
    row_words : callable
        Words of rows by their numbers of synapses.
    room : Room, optional
        For synapses that are yet to be formed.
    """
    present = _present(synapses, slicing)
    if room is not None:
        for marks in present.values():
            marks[room.stage] = 1
    found = [_blocks_of_pair(pair, marks, slicing) for pair, marks in present.items()]
    table = np.concatenate([np.zeros((0, 4), dtype=np.int32), *found])
    table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
    target, source, stage, rows = table.T.copy()
    first_row = _offsets(rows)
    shapes = {pair: marks.shape for pair, marks in present.items()}
    counts = _row_lengths(synapses, slicing, shapes, table, first_row)
    longest = np.maximum.reduceat(counts, first_row[:-1]) if len(table) else np.zeros(0, dtype=np.int32)
    if room is not None:
        cells = np.concatenate([np.zeros(0, dtype=np.int32), *slicing.lengths])
        longest = np.maximum(longest + longest % 2, room.on(cells[target]))
    stride = row_words(longest).astype(np.int32)
    first_word = _offsets(stride.astype(np.int64) * rows)
    grows = room is not None and room.most > 0
    core = np.zeros_like(target)
    return Blocks(target, source, stage, rows, stride, first_row, first_word, counts, longest, grows, shapes, core)


def plan_all_rows(workload: Workload, slicing: Slicing) -> RowPlan:
    """Find the blocks of all rows of `workload`."""
    banks = (
        plan_rows(bank.synapses, slicing, bank.mechanism.layout.words_of_rows, bank.room) for bank in workload.banks
    )
    return RowPlan(plan_rows(workload.fixed, slicing), tuple(banks))


def _row_lengths(
    synapses: Synapses,
    slicing: Slicing,
    shapes: Mapping[tuple[int, int], tuple[int, ...]],
    table: NDArray[np.int32],
    first_row: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Synapses in each row; int32[rows]."""
    grids = _row_grids(slicing, shapes, table, first_row)
    counts = np.zeros(int(first_row[-1]), dtype=np.int32)
    for made, delay in synapses:
        pieces = slicing.piece_of_cell[made.source], slicing.piece_of_cell[made.target]
        count_rows(made.pre, made.post, delay.steps, *pieces, grids[made.source, made.target], counts)
    return counts


def _row_grids(
    slicing: Slicing,
    shapes: Mapping[tuple[int, int], tuple[int, ...]],
    table: NDArray[np.int32],
    first_row: NDArray[np.int64],
) -> dict[tuple[int, int], NDArray[np.int64]]:
    """The number that the row of cell 0 has, or would have, in the blocks of each pair of populations."""
    row_of_cell_0 = first_row[:-1] - _first_cell(slicing)[table[:, 1]]
    return {pair: _grid(pair, shape, slicing, table, row_of_cell_0) for pair, shape in shapes.items()}


def places_in_rows(
    synapses: Synapses, slicing: Slicing, blocks: Blocks
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """The row of each synapse and its place in it, a pair for each projection."""
    table = np.stack([blocks.target, blocks.source, blocks.stage], axis=1)
    grids = _row_grids(slicing, blocks.shapes, table, blocks.first_row)
    filled = np.zeros_like(blocks.counts)
    for made, delay in synapses:
        pieces = slicing.piece_of_cell[made.source], slicing.piece_of_cell[made.target]
        yield place_synapses(made.pre, made.post, delay.steps, *pieces, grids[made.source, made.target], filled)


def build_rows(
    workload: Workload, slicing: Slicing, blocks: Blocks, population: int, shifts: Sequence[Sequence[int]]
) -> NDArray[np.uint32]:
    """All rows without dynamics of the cores of one population, core after core.

    Parameters
    ----------
    shifts : sequence of sequence of int
        Ring-buffer shifts of each receptor of each population.
    """
    span = blocks.of_targets(slicing.first[population], slicing.pieces(population))
    words = np.zeros(int(blocks.first_word[span.stop] - blocks.first_word[span.start]), dtype=np.uint32)
    index_bits, type_bits = word_layout(workload.network, slicing, population)
    table = np.stack([blocks.target, blocks.source, blocks.stage], axis=1)[span]
    stride = blocks.stride[span].astype(np.int64)
    word_of_cell_0 = blocks.first_word[span.start : span.stop] - blocks.first_word[span.start]
    word_of_cell_0 -= _first_cell(slicing)[table[:, 1]] * stride
    for made, delay in workload.fixed:
        if made.target != population:
            continue
        pair = made.source, population
        fill_rows(
            made.pre,
            made.post,
            delay.steps,
            relative_weights(workload.network, made),
            weight_scale(workload.network, made, shifts),
            slicing.piece_of_cell[made.source],
            slicing.piece_of_cell[population],
            slicing.starts[population],
            _grid(pair, blocks.shapes[pair], slicing, table, word_of_cell_0),
            _grid(pair, blocks.shapes[pair], slicing, table, stride),
            index_bits + type_bits,
            receptor_number(workload.network, made) << index_bits,
            words,
        )
    return words


def word_layout(network: Network, slicing: Slicing, population: int) -> tuple[int, int]:
    """Index bits and type bits of the synaptic words of a population."""
    types = len(synapse_types(network, population))
    return bits_for(slicing.per_core[population]), bits_for(types)


def _present(synapses: Synapses, slicing: Slicing) -> dict[tuple[int, int], NDArray[np.uint8]]:
    """Which blocks each pair of populations needs: uint8[stages, source pieces, target pieces]."""
    stages: dict[tuple[int, int], int] = {}
    for made, delay in synapses:
        pair = made.source, made.target
        stages[pair] = max(stages.get(pair, 0), delay.stages)
    present = {
        (source, target): np.zeros((1 + most, slicing.pieces(source), slicing.pieces(target)), dtype=np.uint8)
        for (source, target), most in stages.items()
    }
    for made, delay in synapses:
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


def _grid(
    pair: tuple[int, int],
    shape: tuple[int, ...],
    slicing: Slicing,
    table: NDArray[np.int32],
    values: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The `values` of the blocks of one pair, as int64[stages, source pieces, target pieces].

    `table` has the target piece, source piece and stage of each block.
    """
    target, source = (table[:, axis] - slicing.first[pair[1 - axis]] for axis in (0, 1))
    mine = (target >= 0) & (target < shape[2]) & (source >= 0) & (source < shape[1])
    grid = np.zeros(shape, dtype=np.int64)
    grid[table[mine, 2], source[mine], target[mine]] = values[mine]
    return grid


def _first_cell(slicing: Slicing) -> NDArray[np.int64]:
    """First cell of each piece of all populations; int64[pieces]."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *slicing.starts])


def _offsets(lengths: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def stage_sends(*banks: Blocks) -> dict[int, NDArray[np.bool_]]:
    """Which cells of a source piece have or may get synapses in its delay stages 1, 2, ...: bool[stages, cells]."""
    pieces = 1 + max(int(blocks.source.max(initial=-1)) for blocks in banks)
    stages, cells = np.zeros((2, pieces), dtype=np.int32)
    for blocks in banks:
        np.maximum.at(stages, blocks.source, blocks.stage)
        cells[blocks.source] = blocks.rows
    sends = {piece: np.zeros((stages[piece], cells[piece]), np.bool_) for piece in np.flatnonzero(stages).tolist()}
    for blocks in banks:
        heard = blocks.counts > 0
        for block in np.flatnonzero(blocks.stage).tolist():
            low, high = blocks.first_row[block : block + 2]
            sends[int(blocks.source[block])][blocks.stage[block] - 1] |= blocks.grows | heard[low:high]
    return sends
