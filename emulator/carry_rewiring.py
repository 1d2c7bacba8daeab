"""Synapses that have come and gone, taken over from one image to the next.

Rows and places are taken as they are now, if the two images began with the same ones; else those of the new image
count.  Stored weights are rounded anew where they stand for other ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.carry import Side
from emulator.check_rewiring import bank_rows, plastic_part, rewired_banks
from emulator.image import NeuronCore
from emulator.rewiring import Partners, Rewiring
from emulator.synaptic_rows import DynamicRows, PlasticRows

LARGEST_WORD = 0xFFFF


def carry_rewiring(old: Side, new: Side) -> None:
    """Take over what is in the places of a core, and in the rows that they name."""
    before, after = old.core.rewiring, new.core.rewiring
    if before is None or after is None or not _same_places(old.core, before, new.core, after):
        return
    new.engine.places(new.number)[:] = old.engine.places(old.number)
    for number, (was, becomes) in enumerate(zip(before.partners, after.partners, strict=True)):
        if before.of_spikes and after.of_spikes:
            new.engine.set_heard_by(new.number, number, old.engine.heard_by(old.number, number))
        for (bank, start, _), target in zip(bank_rows(was), becomes.banks.tolist(), strict=True):
            rows = old.engine.dynamic_rows(old.number, bank).copy()
            _round_anew(rows, start, plastic_part(old.core.dynamic[bank])[0], becomes.unit / was.unit)
            new.engine.dynamic_rows(new.number, target)[:] = rows
            new.engine.set_waiting(new.number, target, *old.engine.waiting(old.number, bank))


def _same_places(old: NeuronCore, before: Rewiring, new: NeuronCore, after: Rewiring) -> bool:
    """Whether two cores began with the same synapses in the same places and rows."""
    if len(before.partners) != len(after.partners) or not np.array_equal(before.there, after.there):
        return False
    pairs = list(zip(before.partners, after.partners, strict=True))
    if not all(_same_rows(one, other) for one, other in pairs):
        return False
    banks = zip(rewired_banks(before), rewired_banks(after), strict=True)
    return all(_kept(old.dynamic[one]) == _kept(new.dynamic[other]) for one, other in banks)


def _same_rows(one: Partners, other: Partners) -> bool:
    """Whether the rows of two partners are laid out alike."""
    sizes = (one.cells, one.width) == (other.cells, other.width)
    return sizes and np.array_equal(one.address, other.address) and np.array_equal(one.stride, other.stride)


def _kept(rows: DynamicRows) -> tuple[type, tuple[str, ...], int, int]:
    """The kind of rows, what they keep, how long they wait, and how many words they are."""
    return type(rows), rows.traces if isinstance(rows, PlasticRows) else (), rows.defer, len(rows.rows)


def _round_anew(rows: NDArray[np.uint32], start: NDArray[np.int64], header: int, factor: float) -> None:
    """Multiply the stored weights of the rows that begin at the words `start`."""
    if factor == 1.0:
        return
    halves, count = rows.view(np.uint16), rows[start + rows[start] + 2].astype(np.int64)
    first, ends = 2 * (start + 1 + header), np.cumsum(count)
    weights = np.repeat(first - ends + count, count) + np.arange(int(count.sum()))
    halves[weights] = np.minimum(np.rint(halves[weights] * factor), LARGEST_WORD).astype(np.uint16)
