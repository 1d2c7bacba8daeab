"""What synapses with dynamics remember, taken over where a script has changed delays between two runs.

`emulator.carry` takes rows over as they are.  Other delays make other rows: the delay of a synapse decides on its bank,
on the delay stage that repeats the packets, and on how long the row waits.  So here what is remembered goes from
synapse to synapse.  A row knows the tick in which its last spike was processed, that is when it was sent and the wait;
in the new row that spike counts as if it had waited as the next ones will.  A row that is made of several takes what
the latest of their spikes left.

Spikes that wait for a row to be fetched go to the rows that the synapses have now, and are processed when they are due
there, or at once if that is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.carry import ranges, scaled
from emulator.emulator import Emulator
from emulator.image import DELAY_SLOTS
from emulator.program import Role
from emulator.synaptic_rows import MODULATED_WORDS
from toolchain.banks import Bank
from toolchain.compile import Mapping
from toolchain.dynamic_rows import row_starts
from toolchain.network import Network, alike
from toolchain.rows import Blocks, places_in_rows
from toolchain.synapses import PLASTIC
from toolchain.synapses.modulated import Modulated
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.releasing import Releasing
from toolchain.synapses.structure import STRUCTURAL

Places = NDArray[np.int64]
Words = NDArray[np.uint32]
BANK_BITS = 40
"""A row is known by the word at which it begins, and by the number of its bank above so many bits."""


@dataclass(frozen=True, eq=False)
class Running:
    """A network on a machine that runs it."""

    network: Network
    mapping: Mapping
    emulator: Emulator

    def banks(self) -> list[RunningBank]:
        """The banks whose synapses a run neither forms nor eliminates."""
        found, places = [], [0] * len(self.network.populations)
        for bank, blocks in zip(self.mapping.banks, self.mapping.partition.rows.banks, strict=True):
            if self.network.projections[bank.numbers[0]].synapse not in STRUCTURAL:
                found.append(RunningBank.of(self, bank, blocks, places[bank.target]))
            places[bank.target] += 1
        return found


@dataclass(frozen=True, eq=False)
class Members:
    """The synapses of one projection in a bank.

    Parameters
    ----------
    number : int
        The projection.
    chosen : slice or int64[n]
        Which of its synapses.
    row : int64[n]
        The word at which the row of each begins.
    wait : int64[n]
        Ticks from a spike of the source to the fetch of the row.
    states : int64[k, n]
        Places of the words that each synapse remembers.
    """

    number: int
    chosen: slice | Places
    row: Places
    wait: Places
    states: Places


@dataclass(frozen=True, eq=False)
class RunningBank:
    """A bank on all cores of its population.

    Parameters
    ----------
    cores : tuple of int
        The cores, in order.
    place : int
        Which of their banks it is.
    first : tuple of int
        The word at which the rows of each core begin, and the end.
    words : uint32[words]
        Copies of the rows of all cores.
    """

    running: Running
    bank: Bank
    blocks: Blocks
    cores: tuple[int, ...]
    place: int
    first: tuple[int, ...]
    words: Words

    @classmethod
    def of(cls, running: Running, bank: Bank, blocks: Blocks, place: int) -> RunningBank:
        """Read the rows as they are."""
        cores = running.mapping.cores_of(bank.target)
        rows = [running.emulator.dynamic_rows(core, place) for core in cores]
        first = (0, *np.cumsum([len(words) for words in rows]).tolist())
        return cls(running, bank, blocks, cores, place, first, np.concatenate(rows))

    @property
    def header(self) -> int:
        """Words that a row remembers; the first is the tick of the last spike."""
        return self.bank.mechanism.layout.header

    @property
    def states(self) -> int:
        """Words that each synapse remembers."""
        if isinstance(self.bank.mechanism, Releasing):
            return len(self.bank.mechanism.program.numbers(Role.STATE))
        return MODULATED_WORDS if isinstance(self.bank.mechanism, Modulated) else 0

    def first_tick(self, wait: Places) -> Places:
        """What a row has for the tick of the last spike before there was any."""
        return wait - 1 if isinstance(self.bank.mechanism, Releasing) else np.zeros_like(wait)

    def members(self) -> Iterator[Members]:
        """The synapses of each of its projections."""
        blocks, slicing = self.blocks, self.running.mapping.partition.slicing
        start, stage = row_starts(blocks), np.repeat(blocks.stage, blocks.rows).astype(np.int64)
        places = places_in_rows(self.bank.synapses, slicing, blocks)
        for number, chosen, (row, place) in zip(self.bank.numbers, self.bank.chosen, places, strict=True):
            count = blocks.counts[row].astype(np.int64)
            first = start[row] + 1 + self.header + (count + 1) // 2 + place
            states = first + np.arange(self.states)[:, None] * count
            wait = self.bank.defer + DELAY_SLOTS * stage[row]
            yield Members(number, slice(None) if chosen is None else chosen, start[row], wait, states)

    def waiting(self) -> tuple[Places, Places]:
        """The rows that are yet to be fetched: words at which they begin, and ticks from which they wait for it."""
        pairs = [self.running.emulator.waiting(core, self.place) for core in self.cores]
        row = np.concatenate([word + first for (_, word), first in zip(pairs, self.first[:-1], strict=True)])
        stage = np.repeat(self.blocks.stage, self.blocks.rows)[np.searchsorted(row_starts(self.blocks), row)]
        tick = np.concatenate([tick for tick, _ in pairs])
        return row.astype(np.int64), tick - self.bank.defer - DELAY_SLOTS * stage.astype(np.int64)

    def put(self, row: Places, tick: Places) -> None:
        """Have the machine go on with `words`, and fetch rows that wait in these ticks."""
        order = np.lexsort((row, tick))
        row, tick = row[order], tick[order]
        for core, first, stop in zip(self.cores, self.first[:-1], self.first[1:], strict=True):
            mine = (row >= first) & (row < stop)
            due, word = tick[mine].astype(np.int32), (row[mine] - first).astype(np.int32)
            self.running.emulator.replace_rows(core, self.place, self.words[first:stop], due, word)


@dataclass(frozen=True, eq=False)
class Memory:
    """What the synapses of a projection remember.

    Parameters
    ----------
    sent : int64[n]
        The tick of the last spike that was processed; -1 if there was none.
    header : uint32[n, words]
        What that left; the first word says nothing.
    states : uint32[k, n]
        What each synapse has.
    origin : int64[n]
        The row that each was in.
    """

    sent: Places
    header: Words
    states: Words
    origin: Places


def changed_delays(old: Network, new: Network) -> bool:
    """Whether synapses with dynamics that are there still have other delays."""
    pairs = ((old.projections[before], new.projections[now]) for now, before in _partners(old, new).items())
    return any(not np.array_equal(np.asarray(one.delay), np.asarray(other.delay)) for one, other in pairs)


def carry_synapses(old: Running, new: Running) -> int:
    """Have synapses remember what they did before their delays were changed.

    Parameters
    ----------
    old, new : Running
        Before `Emulator.carry_over`, and after.

    Returns
    -------
    lost : int
        Spikes that a row is not fetched for: they waited for some synapses of it, and had been at others.
    """
    before = old.banks()
    memories, waiting = _memories(before, old.network), _all_waiting(before)
    partners, bits = _partners(old.network, new.network), {n: _bits(bank) for bank in before for n in bank.bank.numbers}
    lost = 0
    for bank in new.banks():
        members = [(some, partners[some.number]) for some in bank.members() if partners.get(some.number) in memories]
        for some, number in members:
            _take_states(bank, some, memories[number], _bits(bank) - bits[number])
        if members:
            lost += _take_rows(bank, [(some, memories[number]) for some, number in members], *waiting)
    return lost


def _bits(bank: RunningBank) -> int:
    """The last word of each synapse stands for 2^-bits, if it is an eligibility."""
    return bank.bank.mechanism.bits if isinstance(bank.bank.mechanism, Modulated) else 0


def _memories(banks: Sequence[RunningBank], network: Network) -> dict[int, Memory]:
    """What is remembered in some banks, by projection."""
    found: dict[int, Memory] = {}
    for place, bank in enumerate(banks):
        for some in bank.members():
            n = len(network.projections[some.number])
            words = np.zeros((n, bank.header), np.uint32), np.zeros((bank.states, n), np.uint32)
            memory = found.setdefault(some.number, Memory(np.zeros(n, np.int64), *words, np.zeros(n, np.int64)))
            last = bank.words[some.row + 1].view(np.int32).astype(np.int64)
            memory.sent[some.chosen] = np.where(last == bank.first_tick(some.wait), -1, last - some.wait)
            memory.header[some.chosen] = bank.words[some.row[:, None] + 1 + np.arange(bank.header)]
            memory.states[:, some.chosen] = bank.words[some.states]
            memory.origin[some.chosen] = (place << BANK_BITS) + some.row
    return found


def _all_waiting(banks: Sequence[RunningBank]) -> tuple[Places, Places]:
    """The rows that wait to be fetched, as of `Memory.origin`, and when their spikes were sent."""
    pairs = [bank.waiting() for bank in banks]
    rows = [(place << BANK_BITS) + row for place, (row, _) in enumerate(pairs)]
    nothing = np.zeros(0, np.int64)
    return np.concatenate([nothing, *rows]), np.concatenate([nothing, *(sent for _, sent in pairs)])


def _partners(old: Network, new: Network) -> dict[int, int]:
    """The number that each projection with dynamics had, of those which are there still."""
    left, found = list(range(len(old.projections))), {}
    for number, made in enumerate(new.projections):
        if made.synapse == PLASTIC or made.synapse in RELEASE_MODELS:
            for before in [known for known in left if alike(made, old.projections[known])][:1]:
                found[number] = before
                left.remove(before)
    return found


def _take_states(bank: RunningBank, some: Members, memory: Memory, bits: int) -> None:
    """Give synapses their own words; eligibilities times ``2**bits``."""
    states = memory.states[:, some.chosen]
    bank.words[some.states] = states
    if bits:
        bank.words[some.states[-1]] = scaled(states[-1].view(np.int32), bits).view(np.uint32)


def _take_rows(bank: RunningBank, members: Sequence[tuple[Members, Memory]], waiting: Places, sent: Places) -> int:
    """Give the rows of a bank what the last spikes left, and those spikes that wait; how many of these are lost."""
    row, wait = (np.concatenate([getattr(some, name) for some, _ in members]) for name in ("row", "wait"))
    last, header, origin = (
        np.concatenate([getattr(memory, name)[some.chosen] for some, memory in members])
        for name in ("sent", "header", "origin")
    )
    order = np.argsort(last, kind="stable")
    bank.words[(row[:, None] + 1 + np.arange(bank.header))[order]] = header[order]
    tick = np.where(last < 0, bank.first_tick(wait), last + wait)
    bank.words[row[order] + 1] = tick[order].astype(np.uint32)
    where, due = _due(origin, row, wait, waiting, sent)
    done = due <= bank.words[where + 1].view(np.int32)
    bank.put(where[~done], np.maximum(due[~done], bank.running.emulator.tick))
    return int(np.count_nonzero(done))


def _due(origin: Places, row: Places, wait: Places, waiting: Places, sent: Places) -> tuple[Places, Places]:
    """The rows to which synapses have come from those that are `waiting`, and when they are to be fetched."""
    some = np.isin(origin, waiting)
    origin, row, wait = np.unique(np.stack([origin[some], row[some], wait[some]]), axis=1)
    first = np.searchsorted(origin, waiting)
    count = np.searchsorted(origin, waiting, side="right") - first
    at = ranges(first, count)
    rows, due = np.unique(np.stack([row[at], np.repeat(sent, count) + wait[at]]), axis=1)
    return rows, due
