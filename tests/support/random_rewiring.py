"""Random synapses that come and go, on the neuron cores of an image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from random_dynamics import halves, random_plastic

from emulator.check_rewiring import plastic_part
from emulator.image import MachineImage, NeuronCore
from emulator.link import NO_TABLE
from emulator.program import Program
from emulator.rewiring import EMPTY, Partners, Rewiring
from emulator.synaptic_rows import DynamicRows, FixedRows, History, PopulationTable

Synapse = tuple[int, int, int]
"""The number of a cell, stored weight and control."""


def with_rewiring(image: MachineImage, seed: int) -> MachineImage:
    """The image with one or two kinds of synapses that come and go on most neuron cores."""
    rng = np.random.default_rng(seed)
    programs = list(image.programs)
    cores = [
        _rewired(rng, core, programs) if isinstance(core, NeuronCore) and len(core.table.key) else core
        for core in image.cores
    ]
    return replace(image, programs=tuple(programs), cores=tuple(cores))


def _rewired(rng: np.random.Generator, core: NeuronCore, programs: list[Program]) -> NeuronCore:
    histories, dynamic = list(core.histories), list(core.dynamic)
    first, places = int(rng.integers(0, 5)), int(rng.integers(1, 7))
    there = np.full((core.n * places, 4), EMPTY, dtype=np.int32)
    # Each place has a kind, and each kind fills some of its places.
    count = int(rng.integers(1, 3))
    kind_of_place = rng.integers(0, count, len(there))
    partners = tuple(
        _partners(rng, core, (programs, histories, dynamic), there, (kind, np.flatnonzero(kind_of_place == kind)))
        for kind in range(count)
    )
    rewiring = Rewiring(
        key=int(rng.integers(2**63)),
        attempts=float(rng.choice([0.3, 4.0, 30.7])),
        first=first,
        cells=first + core.n + int(rng.integers(0, 5)),
        places=places,
        repeats=bool(rng.random() < 0.5),
        of_spikes=int(rng.choice([0, 1, 7, 64])),
        grid=(int(rng.integers(1, 5)), int(rng.integers(1, 5))),
        losses=(int(rng.integers(0, 2**32 + 1)), int(rng.integers(0, 2**31))),
        partners=partners,
        there=there,
    )
    return replace(core, histories=tuple(histories), dynamic=tuple(dynamic), rewiring=rewiring)


def _partners(
    rng: np.random.Generator,
    core: NeuronCore,
    lists: tuple[list[Program], list[History], list[DynamicRows]],
    there: NDArray[np.int32],
    kind: tuple[int, NDArray[np.int64]],
) -> Partners:
    """One kind, its number and places: the cells of one sender in blocks, and two banks of rows.

    What they need is added to the lists of programs, histories and rows.
    """
    (programs, histories, dynamic), (number, own) = lists, kind
    places = len(there) // core.n
    sender = int(rng.integers(len(core.table.key)))
    cells = -int(core.table.mask[sender]) & 0xFFFFFFFF
    width = max(cells >> int(rng.integers(0, 3)), 1)
    plastic = bool(rng.random() < 0.5)
    empty: DynamicRows = (
        random_plastic(rng, core, programs, histories) if plastic else FixedRows(NO_TABLE, np.zeros(0, np.uint32), 3, 0)
    )
    header = plastic_part(empty)[0]
    address, stride, defer = [], [], int(rng.choice([0, 0, 2]))
    for bank in range(2):
        mine = own[rng.random(len(own)) < 0.3]
        own = np.setdiff1d(own, mine)
        made: list[list[Synapse]] = [[] for _ in range(cells)]
        for place in mine.tolist():
            cell = int(rng.integers(cells))
            control = _delay_and_kind(rng, core) | place // places
            there[place] = number, cell, bank, len(made[cell])
            made[cell].append((cell, int(rng.integers(0, 3000)), control))
        room = 2 * int(rng.integers(0, 3))
        table, words = _packed(made, (int(core.table.key[sender]), width), header, room)
        dynamic.append(replace(empty, table=table, rows=words, defer=defer if plastic else 0))
        address.append(table.address.astype(np.int32))
        stride.append(table.stride.astype(np.int32))
    delays = int(rng.integers(1, 6))
    return Partners(
        cells=cells,
        width=width,
        banks=np.arange(len(dynamic) - 2, len(dynamic), dtype=np.int32),
        address=np.stack(address),
        stride=np.stack(stride),
        hears=int(rng.integers(2)),
        served=rng.integers(0, 2, delays).astype(np.int32),
        control=np.array([_delay_and_kind(rng, core) for _ in range(delays)], dtype=np.int32),
        weight=int(rng.integers(0, 3000)),
        weak=int(rng.choice([0, 1500])),
        unit=float(rng.uniform(0.5, 2.0)),
        chances=rng.integers(0, 2**32 + 1, int(rng.integers(0, 9))),
    )


def _delay_and_kind(rng: np.random.Generator, core: NeuronCore) -> int:
    delay, kind = int(rng.integers(0, 16)), int(rng.integers(0, len(core.shift)))
    return delay << core.index_bits + core.type_bits | kind << core.index_bits


def _packed(
    made: list[list[Synapse]], sender: tuple[int, int], header: int, spare: int
) -> tuple[PopulationTable, NDArray[np.uint32]]:
    """Rows with room for `spare` more synapses than the fullest, in blocks of a width."""
    key, width = sender
    room = max(map(len, made))
    room += room % 2 + spare
    memory: list[int] = []
    for row in made:
        weights, controls = ([synapse[column] for synapse in row] + [0] * (room - len(row)) for column in (1, 2))
        plastic = [*[0] * header, *halves(weights)]
        memory += [len(plastic), *plastic, 0, len(row), *halves(controls)]
    stride = len(memory) // len(made)
    blocks = range(0, len(made), width)
    columns = (
        [key + block for block in blocks],
        [-width & 0xFFFFFFFF] * len(blocks),
        [block * stride for block in blocks],
        [stride] * len(blocks),
    )
    return PopulationTable(*(np.array(column, dtype=np.uint32) for column in columns)), np.array(memory, np.uint32)
