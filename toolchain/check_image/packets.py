"""The packets that cells and delay stages send, which cores they come to, and which entries of tables are for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emulator.image import Core, DelayCore, MachineImage, NeuronCore, SynapseCore
from emulator.synaptic_rows import PopulationTable
from toolchain.check_image.require import name, require
from toolchain.map_graph import GraphMapping
from toolchain.network import Network
from toolchain.partition import Partition


@dataclass(frozen=True, eq=False)
class Packets:
    """All packets that may be sent, slice after slice.

    Parameters
    ----------
    start : int64[slices + 1]
        Where the packets of each slice begin.
    number : uint32[packets]
        What is added to the key of the slice.
    cell : uint64[packets]
        Whose spike it tells, numbered through the network.
    stage : uint8[packets]
        How many times 16 ticks after that it is sent.
    """

    start: NDArray[np.int64]
    number: NDArray[np.uint32]
    cell: NDArray[np.uint64]
    stage: NDArray[np.uint8]


def first_cells(network: Network) -> list[int]:
    """The number of the first cell of each population, counted through the network, and of all cells."""
    return [0, *np.cumsum([population.size for population in network.populations]).tolist()]


def packets_of(network: Network, partition: Partition, image: MachineImage) -> Packets:
    """What the cores of `image` send."""
    first, columns = first_cells(network), []
    for found, core in zip(partition.slices, image.cores, strict=True):
        stage, index = _sent(core)
        shift = core.stage_shift if isinstance(core, DelayCore) else 0
        number = np.maximum(stage - 1, 0) << shift | index
        columns.append((number, first[found.population] + found.start + index, stage))
    none = np.zeros(0, np.int64)
    number, cell, stage = (np.concatenate(column) for column in zip((none, none, none), *columns, strict=True))
    start = np.cumsum([0, *(len(numbers) for numbers, _, _ in columns)])
    return Packets(start, number.astype(np.uint32), cell.astype(np.uint64), stage.astype(np.uint8))


def _sent(core: Core) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Delay stages, 0 for none, and neurons of what a core sends."""
    if isinstance(core, DelayCore):
        stage, index = np.nonzero(core.send)
        return stage + 1, index
    cells = np.arange(0 if isinstance(core, SynapseCore) else core.n)
    return np.zeros_like(cells), cells


@dataclass(frozen=True, eq=False)
class Heard:
    """What comes to a core: the slices that send to it, with their blocks of keys, ascending, and their packets."""

    slices: NDArray[np.int64]
    key: NDArray[np.uint32]
    last_key: NDArray[np.uint32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Traffic:
    """The packets of all cores, and what each core hears of them."""

    packets: Packets
    heard: list[Heard]


def traffic_of(network: Network, partition: Partition, mapped: GraphMapping, image: MachineImage) -> Traffic:
    """Who sends what to whom, as the nets say."""
    packets, nets = packets_of(network, partition, image), mapped.graph.nets
    source = np.array([net.source for net in nets], np.int64)
    sink = np.concatenate([np.zeros(0, np.int64), *(net.sinks for net in nets)])
    sender = np.repeat(source, [len(net.sinks) for net in nets])
    keys = np.array([(core.key, core.mask) for core in image.cores], np.uint32).reshape(-1, 2)
    order = np.lexsort((keys[sender, 0], sink))
    parts = np.split(sender[order], np.searchsorted(sink[order], np.arange(1, len(image.cores))))
    heard = (
        Heard(part, keys[part, 0], keys[part, 0] | ~keys[part, 1], packets.start[part], packets.start[part + 1])
        for part in parts[: len(image.cores)]
    )
    return Traffic(packets, list(heard))


@dataclass(frozen=True, eq=False)
class _Entries:
    """First and last keys of the entries of a core, ascending in each of its tables."""

    key: NDArray[np.uint32]
    mask: NDArray[np.uint32]

    @cached_property
    def last(self) -> NDArray[np.uint32]:
        return self.key | ~self.mask


def check_entries(image: MachineImage, traffic: Traffic) -> None:
    """Check that a core that a net reaches knows its keys, and that its tables, ascending, have no others."""
    for core, known in zip(image.cores, traffic.heard, strict=True):
        senders = np.zeros(len(known.slices), np.bool_)
        for entries in _entries(core):
            require(bool(np.all(entries.key[1:] > entries.last[:-1])), f"{name(core)} has a table that does not ascend")
            sender = np.searchsorted(known.key, entries.key, side="right") - 1
            foreign = sender < 0
            foreign[~foreign] = known.last_key[sender[~foreign]] < entries.last[~foreign]
            if foreign.any():
                key, mask = (int(column[foreign.argmax()]) for column in (entries.key, entries.mask))
                require(False, f"{name(core)} has an entry for {key:#x}/{mask:#x}, which nobody sends to it")
            senders[sender] = True
        for sender in known.slices[~senders][:1].tolist():
            require(False, f"{name(core)} has no entry for the keys of {name(image.cores[sender])}")


def tables_of(core: Core) -> Iterator[PopulationTable]:
    """The population tables of a core: that of rows without dynamics, then those of its other rows."""
    if isinstance(core, NeuronCore | SynapseCore):
        yield core.table
    if isinstance(core, NeuronCore):
        yield from (rows.table for rows in core.dynamic)


def _entries(core: Core) -> Iterator[_Entries]:
    if isinstance(core, DelayCore):
        yield _Entries(*(np.array([word], np.uint32) for word in (core.source_key, core.source_mask)))
    yield from (_Entries(table.key, table.mask) for table in tables_of(core))
