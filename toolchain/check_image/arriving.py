"""The rows that packets fetch, decoded: which synapses these are.

A row is decoded as `emulator.synaptic_rows` says, and as a core does: ``[0, n, 0, word 0 ... word n-1]`` without
dynamics, and ``[p, plastic part of p words, 0, n, controls]`` with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.image import DELAY_SLOTS, NeuronCore, SynapseCore
from emulator.synaptic_rows import (
    MODULATED_WORDS,
    RELEASE_HEADER_WORDS,
    ROW_HEADER_WORDS,
    DynamicRows,
    ModulatedRows,
    PlasticRows,
    PopulationTable,
    ReleaseRows,
)
from toolchain.check_image.packets import Heard, Packets
from toolchain.check_image.require import name, require
from toolchain.check_image.sums import DELAY_BIT, MECHANISM_BIT, TYPE_BIT, find_rows, sum_rows
from toolchain.check_image.wanted import Column, Synapses

Places = NDArray[np.int64]
Ticks = np.int64 | NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fetching:
    """A core that fetches rows, the core whose neurons these are for, and the number of the first of these neurons."""

    core: NeuronCore | SynapseCore
    neurons: NeuronCore
    first: int


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows that the packets of a core find in one of its tables.

    Parameters
    ----------
    by : Fetching
        Who fetches them.
    words : uint32[words]
        All rows that the table is of.
    at, packet, room : int64[rows]
        First word of each row, the packet that finds it, and words from row to row.
    """

    by: Fetching
    words: NDArray[np.uint32]
    packets: Packets
    at: Places
    packet: Places
    room: Places

    def sum(self) -> int:
        """The sum of the hashes of all synapses, if these have no dynamics."""
        bits = self.by.neurons.index_bits, self.by.neurons.type_bits
        columns = self.at, self.packet, self.room, self.packets.cell, self.packets.stage
        total, wrong = sum_rows(self.words, *columns, self.by.first, *bits)
        if wrong >= 0:
            require(False, f"{self.name(wrong)} is longer than its room, or has a plastic part")
        return total

    def name(self, row: int) -> str:
        """What messages call a row."""
        cell, stage = (int(column[self.packet[row]]) for column in (self.packets.cell, self.packets.stage))
        return f"{name(self.by.core)}: the row for cell {cell} of the network in delay stage {stage}"

    def fixed(self) -> Synapses:
        """The synapses, if these have no dynamics."""
        row, place = spread(self.words[self.at + 1].astype(np.int64))
        word = self.words[self.at[row] + ROW_HEADER_WORDS + place]
        return self.synapses(row, word >> 16, word & 0xFFFF, 0, 0)

    def synapses(
        self, row: Places, weight: NDArray[np.integer], control: NDArray[np.integer], defer: int, mechanism: int
    ) -> Synapses:
        """Synapses by their rows, stored weights and controls; rows are fetched `defer` ticks late."""
        low, bits = control.astype(np.uint64), self.by.neurons.index_bits + self.by.neurons.type_bits
        delay = ring_delay(low, bits) + np.uint64(defer)
        delay += self.packets.stage[self.packet[row]].astype(np.uint64) * np.uint64(DELAY_SLOTS)
        kind = low >> np.uint64(self.by.neurons.index_bits) & np.uint64((1 << self.by.neurons.type_bits) - 1)
        target = np.uint64(self.by.first) + (low & np.uint64((1 << self.by.neurons.index_bits) - 1))
        ends: Column = self.packets.cell[self.packet[row]] << np.uint64(32) | target
        what = weight.astype(np.uint64) | delay << np.uint64(DELAY_BIT) | kind << np.uint64(TYPE_BIT)
        return Synapses(ends, what | np.uint64(mechanism << MECHANISM_BIT))


def rows_found(by: Fetching, table: PopulationTable, words: NDArray[np.uint32], heard: Heard, packets: Packets) -> Rows:
    """The rows that what a core hears finds in `table`."""
    columns = table.key, table.mask, table.address, table.stride
    require(len({len(column) for column in columns}) == 1, f"{name(by.core)} has a table of unequal columns")
    at, packet, room, outside = find_rows(*columns, heard.key, heard.first, heard.last, packets.number, len(words))
    if outside >= 0:
        require(False, f"{name(by.core)}: the row for cell {packets.cell[outside]} of the network lies outside")
    return Rows(by, words, packets, at, packet, room)


def ring_delay(control: Column, bits: int) -> Column:
    """The ticks that a synapse spends in the ring buffer; 16 is stored as 0."""
    last = np.uint64(DELAY_SLOTS - 1)
    return ((control >> np.uint64(bits)) + last & last) + np.uint64(1)


def spread(counts: Places) -> tuple[Places, Places]:
    """For rows of so many synapses: the row of each synapse, and which of the row it is."""
    row = np.repeat(np.arange(len(counts)), counts)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)


def dynamic(found: Rows, rows: DynamicRows, mechanism: int, grows: bool) -> Synapses:
    """The synapses of rows with dynamics; if these grow, they may have room for more.

    Besides what all have, a synapse has its `service`, and its words.
    """
    header, each = _plastic_part(rows)
    words, at = found.words, found.at
    size = words[at].astype(np.int64)
    _require_rows(found, size <= found.room - ROW_HEADER_WORDS, "has a plastic part that is longer than its room")
    count = words[at + size + 2].astype(np.int64)
    end = size + ROW_HEADER_WORDS + (count + 1) // 2
    least = header + (count + 1) // 2 + each * count
    _require_rows(found, end <= found.room, "is longer than its room")
    _require_rows(found, (size >= least) if grows else (size == least), "has a plastic part of another size")
    _require_rows(found, words[at + size + 1] == 0, "has fixed words")
    _check_first(found, rows, header)
    row, place = spread(count)
    halves = words.view(np.uint16)
    weight = halves[2 * (at + 1 + header)[row] + place]
    control = halves[2 * (at + size + ROW_HEADER_WORDS)[row] + place]
    made = found.synapses(row, weight, control, rows.defer, mechanism)
    behind = (at + 1 + header + (count + 1) // 2)[row] + place
    own = [words[behind + number * count[row]].astype(np.uint64) for number in range(each)]
    bits = found.by.neurons.index_bits + found.by.neurons.type_bits
    ring = ring_delay(control.astype(np.uint64), bits) % np.uint64(DELAY_SLOTS)
    return Synapses(made.ends, made.what, (_service(rows, ring), *own))


def _service(rows: DynamicRows, ring: Column) -> Column:
    back, lag = np.zeros((2, DELAY_SLOTS), np.int64)
    if isinstance(rows, PlasticRows):
        back = rows.back.astype(np.int64)
    if isinstance(rows, ModulatedRows):
        lag = rows.lag.astype(np.int64)
    return service(np.int64(rows.defer), rows.shift, back, lag)[ring]


def service(defer: Ticks, shift: int, back: Ticks, lag: Ticks) -> Column:
    """In one word: ticks that a row waits, by how many spikes of the target and dopamine are later, and the shift."""
    fields = defer + (back << 16) + (lag << 32) + (np.int64(shift) << 48)
    return np.asarray(fields).astype(np.uint64)


def as_words(values: NDArray[np.integer]) -> Column:
    """Numbers as words of 32 bits, of which the negative ones are those of the two's complement."""
    return (values.astype(np.int64) & 0xFFFFFFFF).astype(np.uint64)


def _plastic_part(rows: DynamicRows) -> tuple[int, int]:
    """Words of the plastic part before the weights, and those of each synapse behind them."""
    if isinstance(rows, PlasticRows):
        return 1 + (len(rows.traces) + 1) // 2, MODULATED_WORDS if isinstance(rows, ModulatedRows) else 0
    return (RELEASE_HEADER_WORDS, len(rows.words)) if isinstance(rows, ReleaseRows) else (0, 0)


def _check_first(found: Rows, rows: DynamicRows, header: int) -> None:
    """There was no spike yet; what is released decays from tick -1 of the cell on, which stages repeat later."""
    first = np.zeros((len(found.at), header), np.uint32)
    if isinstance(rows, ReleaseRows):
        stage = found.packets.stage[found.packet].astype(np.int64)
        first[:, 0] = as_words(DELAY_SLOTS * stage - 1)
    told = found.words[found.at[:, None] + 1 + np.arange(header)]
    _require_rows(found, np.all(told == first, axis=1), "tells of spikes that there were not")


def _require_rows(found: Rows, holds: NDArray[np.bool_], violation: str) -> None:
    if not holds.all():
        require(False, f"{found.name(int(np.argmin(holds)))} {violation}")
