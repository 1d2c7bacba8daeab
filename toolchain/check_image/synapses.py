"""The comparison: what arrives at each slice of cells is what the network has for them.

Both are added up, hash by hash.  Where the sums of a slice differ, its synapses are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emulator.image import MachineImage, NeuronCore, SynapseCore
from toolchain.check_image.arriving import Fetching, Rows, dynamic, rows_found
from toolchain.check_image.mechanisms import Mechanisms
from toolchain.check_image.packets import Traffic, first_cells
from toolchain.check_image.require import name, require
from toolchain.check_image.sums import DELAY_BIT, MECHANISM_BIT, TYPE_BIT, add_up
from toolchain.check_image.wanted import Column, Synapses, Wanted, types_of
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.partition import BESIDE, Partition
from toolchain.workload import UNCHANGING

FIELDS = {"weight word": (0, 0xFFFFFFFF), "delay": (DELAY_BIT, 0xFF), "mechanism": (MECHANISM_BIT, 0xFFFF)}
"""Where what a synapse does is in its second word."""


def check_synapses(
    network: Network,
    partition: Partition,
    image: MachineImage,
    traffic: Traffic,
    options: MappingOptions,
) -> None:
    """Check the rows of all cores against the synapses of `network`."""
    wanted = Wanted(network, options, _shifts(network, partition, image))
    both = Comparison(partition, image, wanted, traffic, Mechanisms(image))
    made, asked = both.sums_of_rows(), both.sums_of_network()
    for different in np.flatnonzero(made != asked)[:1].tolist():
        require(False, both.difference(different))


def _shifts(network: Network, partition: Partition, image: MachineImage) -> list[tuple[int, ...]]:
    """The shifts of each population, which all of its cores have."""
    shifts: list[tuple[int, ...]] = []
    for number in range(len(network.populations)):
        cores = [core for i in partition.slices_of(number) if isinstance(core := image.cores[i], NeuronCore)]
        told = [(core.shift, core.index_bits, core.type_bits) for core in cores]
        types = len(types_of(network, number)) if cores else 0
        for core, one in zip(cores, told, strict=True):
            require(len(core.shift) == types, f"{name(core)} has {len(core.shift)} shifts for {types} synapse types")
            require(one == told[0], f"{name(core)} shifts weights, or lays out words, otherwise than {name(cores[0])}")
        shifts.append(told[0][0] if told else ())
    return shifts


@dataclass(frozen=True, eq=False)
class Comparison:
    """The synapses of rows and those of the network."""

    partition: Partition
    image: MachineImage
    wanted: Wanted
    traffic: Traffic
    mechanisms: Mechanisms

    @cached_property
    def first(self) -> list[int]:
        """The number of the first cell of each population, counted through the network."""
        return first_cells(self.wanted.network)

    def sums_of_rows(self) -> Column:
        """The sum of what arrives at each slice of cells; that at its synapse cores goes to them."""
        sums = np.zeros(len(self.image.cores), np.uint64)
        for number, found in enumerate(self.partition.slices):
            cells = found.source if found.kind == "synapses" else number
            for bank, rows in self._rows(number):
                added = rows.sum() if bank < 0 else int(self._dynamic(rows, bank).hashed.sum(dtype=np.uint64))
                sums[cells : cells + 1] += np.uint64(added)  # sums of arrays wrap in silence
        return sums

    def sums_of_network(self) -> Column:
        """The sum of what the network has for each slice of cells."""
        sums = np.zeros(len(self.image.cores), np.uint64)
        for number, made in enumerate(self.wanted.network.projections):
            if not len(made):
                continue
            slices = self._slice_of_cell[made.target]
            if made.synapse in UNCHANGING:
                self.wanted.add(made, slices, sums)
            else:
                add_up(self.mechanisms.synapses(self.wanted, number).hashed, slices, made.post, sums)
        return sums

    def difference(self, cells: int) -> str:
        """A synapse of the network that does not arrive at a slice of cells, or one that does and should not."""
        slices = self.partition.slices
        cores = [i for i, one in enumerate(slices) if i == cells or (one.kind == "synapses" and one.source == cells)]
        there = [self._synapses(rows, bank) for i in cores for bank, rows in self._rows(i)]
        asked, numbers = self._asked(cells)
        arrived = Synapses(_joined([one.ends for one in there]), _joined([one.what for one in there]))
        missing = _surplus(_joined([one.hashed for one in asked]), _joined([one.hashed for one in there]))
        extra = _surplus(_joined([one.hashed for one in there]), _joined([one.hashed for one in asked]))
        where = name(self.image.cores[cells])
        if not len(missing):
            return f"{where}: {self._text(cells, arrived, extra[0])} arrives, the network has no such synapse"
        projection, synapse = numbers[missing[0]].tolist()
        wanted = Synapses(_joined([one.ends for one in asked]), _joined([one.what for one in asked]))
        label = self.wanted.network.name_of(self.wanted.network.projections[projection])
        text = f"{where}: synapse {synapse} of {label!r}, {self._text(cells, wanted, missing[0])}, does not arrive"
        if not len(extra):
            return text
        alike = extra[arrived.ends[extra] == wanted.ends[missing[0]]]
        other = alike[0] if len(alike) else extra[0]
        if (arrived.ends[other], arrived.what[other]) == (wanted.ends[missing[0]], wanted.what[missing[0]]):
            return f"{text} with the first values, or at the time, that it should"
        return f"{text}; {self._text(cells, arrived, other)} does"

    def _rows(self, number: int) -> Iterator[tuple[int, Rows]]:
        """The rows that a core fetches: those without dynamics, as bank -1, and its others."""
        core = self.image.cores[number]
        if not isinstance(core, NeuronCore | SynapseCore):
            return
        neurons = self.image.cores[core.neurons] if isinstance(core, SynapseCore) else core
        assert isinstance(neurons, NeuronCore), "the slice has been checked"
        slice_ = self.partition.slices[number]
        fetching = Fetching(core, neurons, self.first[slice_.population] + slice_.start)
        heard, packets = self.traffic.heard[number], self.traffic.packets
        yield -1, rows_found(fetching, core.table, core.rows, heard, packets)
        for bank, rows in enumerate(core.dynamic if isinstance(core, NeuronCore) else ()):
            yield bank, rows_found(fetching, rows.table, rows.rows, heard, packets)

    def _dynamic(self, rows: Rows, bank: int) -> Synapses:
        core = rows.by.neurons
        grows = core.rewiring is not None and any(bank in partner.banks for partner in core.rewiring.partners)
        number = self.mechanisms.number(self.mechanisms.of_rows(core, bank))
        return dynamic(rows, core.dynamic[bank], number, grows)

    def _synapses(self, rows: Rows, bank: int) -> Synapses:
        return rows.fixed() if bank < 0 else self._dynamic(rows, bank)

    @cached_property
    def _slice_of_cell(self) -> list[NDArray[np.int32]]:
        """The slice of each cell of each population."""
        cells = [np.zeros(population.size, np.int32) for population in self.wanted.network.populations]
        for number, found in enumerate(self.partition.slices):
            if found.kind not in BESIDE:
                cells[found.population][found.start : found.stop] = number
        return cells

    def _asked(self, cells: int) -> tuple[list[Synapses], NDArray[np.int64]]:
        """The synapses of the network onto a slice, and of each the projection and its place there."""
        found, network = self.partition.slices[cells], self.wanted.network
        asked, numbers = [], [np.zeros((0, 2), np.int64)]
        for number, made in enumerate(network.projections):
            if made.target == found.population and len(made):
                fixed = made.synapse in UNCHANGING
                every = self.wanted.synapses(made) if fixed else self.mechanisms.synapses(self.wanted, number)
                here = np.flatnonzero((made.post >= found.start) & (made.post < found.stop))
                more = tuple(column[here] for column in every.more)
                asked.append(Synapses(every.ends[here], every.what[here], more))
                numbers.append(np.stack([np.full(len(here), number), here], axis=1))
        return asked, np.concatenate(numbers)

    def _text(self, cells: int, synapses: Synapses, place: int) -> str:
        """A synapse onto a slice of cells, in words."""
        source, target = divmod(int(synapses.ends[place]), 1 << 32)
        what, population = int(synapses.what[place]), self.partition.slices[cells].population
        types, kind = types_of(self.wanted.network, population), what >> TYPE_BIT & 0xFF
        told = ", ".join(f"{word} {what >> bit & mask}" for word, (bit, mask) in FIELDS.items())
        receptor = types[kind] if kind < len(types) else f"type {kind}"
        sender = int(np.searchsorted(self.first, source, side="right")) - 1
        return f"from {self._cell(sender, source)} to {self._cell(population, target)} ({receptor}, {told})"

    def _cell(self, population: int, number: int) -> str:
        """A cell of a population by its number in the network, in words."""
        return f"cell {number - self.first[population]} of {self.wanted.network.populations[population].label!r}"


def _surplus(one: Column, other: Column) -> NDArray[np.int64]:
    """Which of `one` are there more often than in `other`, ascending."""
    order, known = np.argsort(one, kind="stable"), np.sort(other)
    hashed = one[order]
    before = np.arange(len(hashed)) - np.searchsorted(hashed, hashed)
    there = np.searchsorted(known, hashed, side="right") - np.searchsorted(known, hashed)
    return np.sort(order[before >= there])


def _joined(columns: Sequence[Column]) -> Column:
    return np.concatenate([np.zeros(0, np.uint64), *columns])
