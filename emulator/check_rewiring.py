"""The check of synapses that come and go: each has its place, and every row that may be written to lies in memory.

Rewiring finds rows by addresses of its own, not by those of packets; so all of these rows are looked at here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emulator.check_dynamic import Require
from emulator.image import DELAY_SLOTS, NeuronCore
from emulator.rewiring import CERTAIN, EMPTY, Partners, Rewiring
from emulator.synaptic_rows import (
    MODULATED_WORDS,
    RELEASE_HEADER_WORDS,
    ROW_HEADER_WORDS,
    DynamicRows,
    FixedRows,
    ModulatedRows,
    PlasticRows,
    ReleaseRows,
)

LARGEST_WORD = 0xFFFF
MOST_ATTEMPTS = 2.0**20
"""In a tick."""


def plastic_part(rows: DynamicRows) -> tuple[int, int]:
    """Words of the plastic part of a row before its weights, and those of each synapse behind them."""
    if isinstance(rows, PlasticRows):
        return 1 + -(-len(rows.traces) // 2), MODULATED_WORDS if isinstance(rows, ModulatedRows) else 0
    if isinstance(rows, ReleaseRows):
        return RELEASE_HEADER_WORDS, len(rows.words)
    return 0, 0


def rewired_banks(rewiring: Rewiring | None) -> list[int]:
    """The numbers of the dynamic rows whose synapses come and go."""
    return [bank for partners in (rewiring.partners if rewiring else ()) for bank in partners.banks.tolist()]


def check_rewiring(core: NeuronCore, require: Require) -> None:
    """Check what `core` has for synapses that come and go."""
    rewiring, banks = core.rewiring, rewired_banks(core.rewiring)
    fixed = [number for number, rows in enumerate(core.dynamic) if isinstance(rows, FixedRows)]
    require(set(fixed) <= set(banks), f"dynamic rows {fixed} are fixed, and no places are for them")
    if rewiring is None:
        return
    require(0 <= rewiring.key < 2**64, f"key {rewiring.key} has not 64 bits")
    require(0.0 <= rewiring.attempts <= MOST_ATTEMPTS, f"it cannot make {rewiring.attempts} attempts a tick")
    require(0 <= rewiring.first <= rewiring.cells - core.n, f"it has not {core.n} of {rewiring.cells} cells")
    require(rewiring.places >= 1 and rewiring.of_spikes >= 0, "it has no places, or remembers no spikes")
    require(min(rewiring.grid) >= 1, f"distances cannot be measured on a grid of {rewiring.grid}")
    require(all(0 <= loss <= CERTAIN for loss in rewiring.losses), f"{rewiring.losses} are no chances of 2**32")
    require(len(rewiring.partners) >= 1, "it has places for synapses from nowhere")
    distinct = len(set(banks)) == len(banks) and all(0 <= bank < len(core.dynamic) for bank in banks)
    require(distinct, f"{banks} are not different dynamic rows")
    for number, partners in enumerate(rewiring.partners):
        _check_partners(core, partners, rewiring.of_spikes > 0, _at(f"partners {number}", require))
    _check_places(core, rewiring, require)


def _at(where: str, require: Require) -> Require:
    return lambda holds, violation: require(holds, f"{where}: {violation}")


def _check_partners(core: NeuronCore, partners: Partners, of_spikes: bool, require: Require) -> None:
    require(partners.cells >= 1 and partners.width >= 1, f"{partners.cells} cells in blocks of {partners.width}")
    shape = (len(partners.banks), -(-partners.cells // partners.width))
    require(partners.address.shape == partners.stride.shape == shape, f"their rows are not in {shape} blocks")
    complete = [bool(np.all(address >= 0)) for address in partners.address]
    hears = 0 <= partners.hears < len(complete) and complete[partners.hears]
    require(not of_spikes or hears, f"no bank {partners.hears} hears all of them")
    served = partners.served.tolist()
    require(len(served) >= 1 and partners.served.shape == partners.control.shape, "new synapses have no delay")
    require(all(0 <= bank < len(complete) and complete[bank] for bank in served), "new synapses have no rows")
    _check_new(core, partners, require)
    for bank, start, room in bank_rows(partners):
        _check_rows(core.dynamic[bank], start, room, _at(f"dynamic rows {bank}", require))


def _check_new(core: NeuronCore, partners: Partners, require: Require) -> None:
    """What a new synapse is, and how likely."""
    kinds = partners.control >> core.index_bits & (1 << core.type_bits) - 1
    fits = (partners.control & (1 << core.index_bits) - 1 == 0) & (kinds < len(core.shift)) & (partners.control >= 0)
    fits &= partners.control >> core.index_bits + core.type_bits < DELAY_SLOTS
    require(bool(np.all(fits)), f"{partners.control.tolist()} are no controls")
    require(0 <= partners.weight <= LARGEST_WORD, f"a weight of {partners.weight} is not stored in 16 bits")
    require(0 <= partners.weak <= LARGEST_WORD + 1, f"{partners.weak} is no bound of stored weights")
    require(0.0 < partners.unit < np.inf, f"a unit of {partners.unit} is no weight")
    chances = (partners.chances >= 0) & (partners.chances <= CERTAIN)
    require(bool(np.all(chances)), "there are chances that are not of 2**32")


def _check_rows(rows: DynamicRows, start: NDArray[np.int64], stride: NDArray[np.int64], require: Require) -> None:
    """Rows that begin at the words `start` lie in memory, with room for their synapses."""
    moves = isinstance(rows, FixedRows | PlasticRows) and not isinstance(rows, ModulatedRows)
    require(moves, "synapses that have words of their own cannot come and go")
    inside = (start >= 0) & (start + stride <= len(rows.rows)) & (stride >= ROW_HEADER_WORDS)
    require(bool(np.all(inside)), "a row lies outside")
    header, size = plastic_part(rows)[0], rows.rows[start].astype(np.int64)
    require(bool(np.all((size >= header) & (2 * size - header + ROW_HEADER_WORDS <= stride))), "a row is too long")
    count = rows.rows[start + size + 2].astype(np.int64)
    require(bool(np.all(count <= 2 * (size - header))), "a row has more synapses than room")


def bank_rows(partners: Partners) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    """Of each bank the words at which rows begin, and how many they may be."""
    block, within = np.divmod(np.arange(partners.cells), partners.width)
    for bank, address, stride in zip(partners.banks.tolist(), partners.address, partners.stride, strict=True):
        there = address[block] >= 0
        step = stride[block].astype(np.int64)
        yield bank, (address[block] + within * step)[there], step[there]


def starts(partners: Partners, bank: NDArray[np.int32], cell: NDArray[np.int32]) -> NDArray[np.int64]:
    """The words at which the rows of some cells begin, each in one of the banks; below 0 where there is none."""
    block, within = np.divmod(cell.astype(np.int64), partners.width)
    start: NDArray[np.int64] = partners.address[bank, block] + within * partners.stride[bank, block].astype(np.int64)
    return start


def _check_places(core: NeuronCore, rewiring: Rewiring, require: Require) -> None:
    """Every synapse of a row is in one place of its neuron, and in no other."""
    require(rewiring.there.shape == (core.n * rewiring.places, 4), f"its places are {rewiring.there.shape}")
    partner = rewiring.there[:, 0]
    named = (partner == EMPTY) | ((partner >= 0) & (partner < len(rewiring.partners)))
    require(bool(np.all(named)), "a place names no partners")
    for number, partners in enumerate(rewiring.partners):
        mine = np.flatnonzero(partner == number)
        _, cell, bank, synapse = rewiring.there[mine].T
        known = (cell >= 0) & (cell < partners.cells) & (bank >= 0) & (bank < len(partners.banks)) & (synapse >= 0)
        require(bool(np.all(known)), f"a place names no synapse of partners {number}")
        start, neuron = starts(partners, bank, cell), mine // rewiring.places
        require(bool(np.all(start >= 0)), f"a place names a row that partners {number} have not")
        for at, (rows, every, _) in enumerate(bank_rows(partners)):
            here = bank == at
            demand = _at(f"dynamic rows {rows}", require)
            _check_synapses(core, core.dynamic[rows].rows, every, (start[here], synapse[here], neuron[here]), demand)


def _check_synapses(
    core: NeuronCore,
    words: NDArray[np.uint32],
    every: NDArray[np.int64],
    placed: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]],
    require: Require,
) -> None:
    """The synapses of `every` row are those `placed`: their rows, which of the row each is, and whose place has it."""
    start, synapse, neuron = placed
    controls = start + words[start] + ROW_HEADER_WORDS
    pairs = np.unique(np.stack([start, synapse]), axis=1).shape[1]
    total = int(words[every + words[every] + 2].sum(dtype=np.int64))
    inside = bool(np.all(synapse < words[controls - 1]))
    require(pairs == len(start) == total and inside, "its synapses are not each in one place")
    target = words.view(np.uint16)[2 * controls + synapse] & (1 << core.index_bits) - 1
    require(bool(np.all(target == neuron)), "a synapse is in a place of another neuron")
