"""What synapses with dynamics remember, taken over from one image to the next.

Weights and parameters are those of the new image, as whoever made it has them.  What the spikes before have left is
taken over where it still has its place: histories whose traces have the same names; and of rows with the same
synapses what stands before their weights, their states, and whether they wait to be fetched.  Who has laid out the same
synapses in other rows fills these (`emulator.emulator.Emulator.replace_rows`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.check_rewiring import rewired_banks
from emulator.engine import Engine
from emulator.image import MachineImage, NeuronCore
from emulator.program import Role
from emulator.synaptic_rows import (
    MODULATED_WORDS,
    MOST_LEARNT,
    RELEASE_HEADER_WORDS,
    ROW_HEADER_WORDS,
    DynamicRows,
    ModulatedRows,
    PlasticRows,
    ReleaseRows,
)

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Side:
    """A core of one of the two images."""

    image: MachineImage
    engine: Engine
    number: int

    @property
    def core(self) -> NeuronCore:
        """The core."""
        core = self.image.cores[self.number]
        assert isinstance(core, NeuronCore)
        return core


def carry_dynamics(old: Side, new: Side) -> None:
    """Take over the histories and rows of a core, and the dopamine at its neurons.

    Rows whose synapses come and go are left to `emulator.carry_rewiring`.
    """
    for arrived, carried in zip(old.engine.doses(old.number), new.engine.doses(new.number), strict=False):
        carried[:] = arrived
    left = list(range(len(old.core.histories)))
    for number, history in enumerate(new.core.histories):
        for before in [known for known in left if old.core.histories[known].traces == history.traces][:1]:
            left.remove(before)
            was, becomes = old.engine.history(old.number, before), new.engine.history(new.number, number)
            becomes[0][:], becomes[1][:], becomes[2][:], becomes[3][:] = was
    left = [known for known in range(len(old.core.dynamic)) if known not in rewired_banks(old.core.rewiring)]
    for number in [known for known in range(len(new.core.dynamic)) if known not in rewired_banks(new.core.rewiring)]:
        for before in [known for known in left if _same_synapses(old, known, new, number)][:1]:
            left.remove(before)
            _take_rows(old, before, new, number)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Where the parts of all rows of a bank are, in words."""

    start: Places
    size: Places
    count: Places

    @classmethod
    def of(cls, rows: DynamicRows) -> _Rows:
        """The rows of the entries of the table, which fill the memory."""
        order = np.argsort(rows.table.address)
        address, stride = rows.table.address[order].astype(np.int64), rows.table.stride[order].astype(np.int64)
        lengths = np.diff(address, append=len(rows.rows)) // np.maximum(stride, 1)
        start = ranges(np.zeros_like(lengths), lengths) * np.repeat(stride, lengths) + np.repeat(address, lengths)
        size = rows.rows[start].astype(np.int64)
        return cls(start, size, rows.rows[start + size + 2].astype(np.int64))

    def controls(self) -> Places:
        """The words of all controls."""
        return ranges(self.start + self.size + ROW_HEADER_WORDS, (self.count + 1) // 2)

    def remembered(self, header: int, states: int) -> Places:
        """The words before the weights, which are `header`, and those of `states` states of each synapse."""
        before = ranges(self.start + 1, np.full_like(self.start, header))
        return np.append(before, ranges(self._behind_weights(header), states * self.count))

    def state(self, header: int, number: int) -> Places:
        """The words of state number `number` of each synapse."""
        return ranges(self._behind_weights(header) + number * self.count, self.count)

    def _behind_weights(self, header: int) -> Places:
        return self.start + 1 + header + (self.count + 1) // 2


def ranges(start: Places, length: Places) -> Places:
    """``start[i] .. start[i] + length[i]`` for each i, one after the other."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    ranges: Places = np.repeat(start - (ends - length), length) + np.arange(total)
    return ranges


def _same_synapses(old: Side, before: int, new: Side, number: int) -> bool:
    """Whether two banks remember the same things of the same synapses."""
    a, b = old.core.dynamic[before], new.core.dynamic[number]
    if _remembers(old.image, a) != _remembers(new.image, b):
        return False
    was, becomes = _Rows.of(a), _Rows.of(b)
    if not np.array_equal(was.count, becomes.count):
        return False
    return bool(np.array_equal(a.rows[was.controls()], b.rows[becomes.controls()]))


def _remembers(image: MachineImage, rows: DynamicRows) -> tuple[type, tuple[str, ...], int]:
    """The kind of rows, the names of what they keep, and how long they wait or whose streams they draw from."""
    if isinstance(rows, ReleaseRows):
        return ReleaseRows, _states(image, rows), rows.key
    assert isinstance(rows, PlasticRows)
    return PlasticRows, rows.traces, rows.defer


def _states(image: MachineImage, rows: DynamicRows) -> tuple[str, ...]:
    """The states of each synapse."""
    if not isinstance(rows, ReleaseRows):
        return ()
    program = image.programs[rows.program]
    return tuple(program.registers[number].name for number in program.numbers(Role.STATE))


def _take_rows(old: Side, before: int, new: Side, number: int) -> None:
    """What stands before the weights of all rows, states, and the queue of rows that wait."""
    a, b = old.core.dynamic[before], new.core.dynamic[number]
    was, becomes = _Rows.of(a), _Rows.of(b)
    header = 1 + -(-len(a.traces) // 2) if isinstance(a, PlasticRows) else RELEASE_HEADER_WORDS
    states = len(_states(old.image, a))
    if isinstance(a, ModulatedRows) and isinstance(b, ModulatedRows):
        states = MODULATED_WORDS
    words, taken = old.engine.dynamic_rows(old.number, before), new.engine.dynamic_rows(new.number, number)
    taken[becomes.remembered(header, states)] = words[was.remembered(header, states)]
    if isinstance(a, ModulatedRows) and isinstance(b, ModulatedRows) and a.bits != b.bits:
        places = becomes.state(header, MODULATED_WORDS - 1)
        taken[places] = scaled(taken[places].view(np.int32), b.bits - a.bits).view(np.uint32)
    tick, start = old.engine.waiting(old.number, before)
    rows = np.searchsorted(was.start, start)
    new.engine.set_waiting(new.number, number, tick, becomes.start[rows].astype(np.int32))


def scaled(words: NDArray[np.int32], bits: int) -> NDArray[np.int32]:
    """Words times ``2**bits``, rounded, or the nearest that an eligibility may be."""
    scaled = np.rint(np.ldexp(words.astype(np.float64), bits))
    return np.clip(scaled, -MOST_LEARNT, MOST_LEARNT).astype(np.int32)
