"""Synapses that come and go in plain Python: each row knows in whose places its synapses are, by looking.

It shares with the emulator the image and the random words.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from emulator.draws import synapse_words
from emulator.image import NeuronCore
from emulator.rewiring import Draw, Partners, Rewiring
from emulator.synaptic_rows import PlasticRows

if TYPE_CHECKING:
    from slow_dynamics import Row, SlowDynamics


@dataclass(frozen=True)
class Held:
    """What is in a place."""

    partner: int
    cell: int
    bank: int


@dataclass
class SlowRewiring:
    """The places of one core."""

    core: NeuronCore
    rewiring: Rewiring
    memory: SlowDynamics
    held: dict[int, Held] = field(default_factory=dict)
    rows: dict[Held, list[int]] = field(default_factory=dict)
    heard: list[tuple[int, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        found = [(*row, place) for place, row in enumerate(self.rewiring.there.tolist()) if row[0] >= 0]
        for partner, cell, bank, synapse, place in sorted(found, key=lambda one: one[3]):
            self._hold(place, Held(partner, cell, bank))
            assert self.rows[Held(partner, cell, bank)].index(place) == synapse

    def _hold(self, place: int, held: Held) -> None:
        self.held[place] = held
        self.rows.setdefault(held, []).append(place)

    def there(self) -> list[list[int]]:
        """What is in all places, as the image has it."""
        places = range(len(self.rewiring.there))
        return [self._row(place) if place in self.held else [-1] for place in places]

    def _row(self, place: int) -> list[int]:
        held = self.held[place]
        return [held.partner, held.cell, held.bank, self.rows[held].index(place)]

    def hear(self, bank: int, word: int) -> None:
        """A packet has asked for the row at a word of a bank."""
        for number, partners in enumerate(self.rewiring.partners):
            if partners.banks[partners.hears] == bank:
                starts = [start_of(partners, partners.hears, cell) for cell in range(partners.cells)]
                self.heard.append((number, starts.index(word)))

    def _word(self, draw: Draw, attempt: int) -> int:
        return int(synapse_words(self.rewiring.key, np.array([draw], np.uint32), np.array([attempt], np.uint64))[0])

    def _below(self, draw: Draw, attempt: int, n: int) -> int:
        return self._word(draw, attempt) * n >> 32

    def attempt_all(self, tick: int) -> None:
        """The attempts of a tick."""
        given = self.rewiring
        for attempt in range(math.floor(tick * given.attempts), math.floor((tick + 1) * given.attempts)):
            neuron = self._below(Draw.CELL, attempt, given.cells) - given.first
            if 0 <= neuron < self.core.n:
                self.counts["attempts"] += 1
                place = neuron * given.places + self._below(Draw.PLACE, attempt, given.places)
                self._eliminate(place, attempt) if place in self.held else self._form(neuron, place, attempt)
        self.heard = []

    def _eliminate(self, place: int, attempt: int) -> None:
        held = self.held[place]
        partners, row = self.rewiring.partners[held.partner], self._memory_of(held)
        here = self.rows[held]
        weak = row.weights[here.index(place)] < partners.weak
        if self._word(Draw.CHANCE, attempt) < self.rewiring.losses[0 if weak else 1]:
            self.counts["eliminated"] += 1
            at = here.index(place)
            for values in (here, row.weights, row.controls):
                values[at] = values[-1]
                values.pop()
            del self.held[place]

    def _memory_of(self, held: Held) -> Row:
        partners = self.rewiring.partners[held.partner]
        return self.memory.row(int(partners.banks[held.bank]), start_of(partners, held.bank, held.cell))

    def _form(self, neuron: int, place: int, attempt: int) -> None:
        chosen = self._choose(attempt)
        if chosen is None:
            return
        number, cell = chosen
        partners = self.rewiring.partners[number]
        squared = self._squared(cell, neuron + self.rewiring.first)
        limit = int(partners.chances[squared]) if squared < len(partners.chances) else 0
        if self._word(Draw.CHANCE, attempt) >= limit:
            return
        around = range(neuron * self.rewiring.places, (neuron + 1) * self.rewiring.places)
        known = [(self.held[p].partner, self.held[p].cell) for p in around if p in self.held]
        if not self.rewiring.repeats and (number, cell) in known:
            return
        delay = self._below(Draw.DELAY, attempt, len(partners.served))
        held = Held(number, cell, int(partners.served[delay]))
        row, bank = self._memory_of(held), self.core.dynamic[partners.banks[held.bank]]
        size = int(bank.rows[start_of(partners, held.bank, cell)])
        if len(row.weights) == 2 * (size - (1 + -(-len(bank.traces) // 2) if isinstance(bank, PlasticRows) else 0)):
            self.counts["full_rows"] += 1
            return
        self.counts["formed"] += 1
        row.weights.append(partners.weight)
        row.controls.append(int(partners.control[delay]) | neuron)
        self._hold(place, held)

    def _choose(self, attempt: int) -> tuple[int, int] | None:
        given = self.rewiring
        if given.of_spikes:
            heard = sorted(self.heard, key=lambda one: one[0])[: given.of_spikes]
            return heard[self._below(Draw.PARTNER, attempt, len(heard))] if heard else None
        number = self._below(Draw.PROJECTION, attempt, len(given.partners))
        return number, self._below(Draw.PARTNER, attempt, given.partners[number].cells)

    def _squared(self, one: int, other: int) -> int:
        width, height = self.rewiring.grid
        total = 0
        for a, b, size in ((one // width, other // width, width), (one % height, other % height, height)):
            apart = abs(a - b) if size > 1 else 0
            total += (apart - size if apart > size // 2 else apart) ** 2
        return total


def start_of(partners: Partners, bank: int, cell: int) -> int:
    """The word at which the row of a cell begins."""
    block, within = divmod(cell, partners.width)
    return int(partners.address[bank, block]) + within * int(partners.stride[bank, block])
