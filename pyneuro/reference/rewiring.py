"""Structural plasticity: synapses that come and go, in the places that the cells of a population have for them.

See `toolchain.synapses.structure` for what an attempt does.  Place p of the target population is place ``p % s_max``
of cell ``p // s_max``; `Structure` knows which projection has a synapse in it.  Each of the projections has arrays
with an item for every place, of which those count that are its own, and sorts them by source anew when it has changed
and spikes are to be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from emulator.draws import synapse_words
from emulator.rewiring import Draw
from pyneuro.reference.delivery import order_by_source
from pyneuro.reference.plasticity import NEVER, PlasticSynapses, timing
from pyneuro.reference.synapses import DelayLine, Rows, delay_steps
from toolchain.network import Network, Projection, alike
from toolchain.synapses.structure import (
    ELIMINATIONS,
    FORMATIONS,
    PARTNER_SELECTIONS,
    STRUCTURAL_PLASTIC,
    attempts_before,
    below,
    structure_of,
    threshold,
)

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

EMPTY = -1


@dataclass(frozen=True, eq=False)
class ChangingRows(Rows):
    """Rows whose synapses are places, of which some are empty.

    Parameters
    ----------
    pre : int32[places]
        Source cell, or the number of source cells where there is no synapse.
    sequence : uint32[places]
        Places sorted by source: row i is ``sequence[offsets[i]:offsets[i + 1]]``.
    """

    pre: NDArray[np.int32]
    sequence: NDArray[np.uint32]

    def sort(self) -> None:
        """Take note of changes of `pre`."""
        offsets = np.zeros(len(self.offsets) + 2, np.int64)
        order_by_source(self.pre, offsets, self.sequence)
        self.offsets[:] = offsets[: len(self.offsets)]

    def of(self, fired: Indices) -> tuple[Indices, Indices]:
        """The places of synapses of the sources `fired`, row after row, and how many each of these has."""
        positions, lengths = super().of(fired)
        return self.sequence[positions].astype(np.int64), lengths

    def spread(self, values: Floats) -> Floats:
        """What each source has, for each of its synapses; infinity for empty places."""
        return np.append(values, np.inf)[self.pre]

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which places have a synapse."""
        return self.pre < len(self.offsets) - 1


def changing_rows(sources: int, places: int, s_max: int, first_input: int) -> ChangingRows:
    """Rows without any synapse."""
    order = np.arange(places, dtype=np.uint32)
    return ChangingRows(
        np.zeros(sources + 1, np.int64),
        order,
        (first_input + order // s_max).astype(np.int32),
        first_input,
        np.zeros(places),
        np.ones(places, np.int32),
        np.full(places, sources, np.int32),
        order.copy(),
    )


class RewiredSynapses:
    """Synapses of fixed weight that come and go."""

    def __init__(self, rows: ChangingRows) -> None:
        self.rows = rows

    def send(self, fired: Indices, step: int, line: DelayLine) -> None:
        """Deliver the spikes that the update of `step` found in the source cells `fired`."""
        places, _ = self.rows.of(fired)
        line.add(places, self.rows.weights[places], self.rows, step)

    def weights(self) -> Floats:
        """Present weights, place after place."""
        return self.rows.weights[self.rows.there]

    def magnitude(self, place: int) -> float:
        """Weight of the synapse at `place`, without its sign."""
        return abs(float(self.rows.weights[place]))

    def renew(self, place: int) -> None:
        """There is another synapse at `place`, or none."""

    def reset(self) -> None:
        """There is no state but the rows."""

    def take_over(self, before: RewiredSynapses) -> None:
        """There is no state but the rows."""


class RewiredPlasticSynapses(PlasticSynapses):
    """Plastic synapses that come and go; for the parameters see `PlasticSynapses`.

    A new synapse goes through the spikes that its target has had since the last one of its source, as one of a core
    does, whose row knows that spike but not when the synapse came.

    Attributes
    ----------
    longest : int
        The longest delay (steps) of new synapses.
    """

    rows: ChangingRows
    longest: int = 1

    def weights(self) -> Floats:
        """Present weights, place after place."""
        return (self._sign * self.magnitudes)[self.rows.there]

    def take_over(self, before: PlasticSynapses) -> None:
        """Go on from the traces of `before`, synapses between the same cells in other places."""
        super().take_over(before)
        self._waiting = []

    def _needless(self) -> Indices:
        """The time up to which no synapse needs spikes of the targets, one that may come from any source included."""
        fired = self._last[np.isfinite(self._last)]
        kept = int(fired.min()) - max(self.longest, int(self.rows.delays.max())) if fired.size else NEVER
        return np.minimum(super()._needless(), kept)

    def magnitude(self, place: int) -> float:
        """Weight of the synapse at `place`, without its sign."""
        return float(self.magnitudes[place])

    def renew(self, place: int) -> None:
        """There is another synapse at `place`, or none: what was on its way to the one before is lost."""
        self.magnitudes[place] = abs(self.rows.weights[place])
        one = slice(place, place + 1)
        self.shift[one], self._until[one], self._before[one] = timing(self.rows.delays[one], self._fraction)
        if self._until[place] not in self._waits:
            self._waits.append(int(self._until[place]))
        waiting = [(time, event.of(event.synapses != place)) for time, event in self._waiting]
        self._waiting = [(time, event) for time, event in waiting if event.synapses.size]


Rewired = RewiredSynapses | RewiredPlasticSynapses


class Structure:
    """The structural projections onto one population.

    Parameters
    ----------
    network : Network
        The network.
    numbers : sequence of int
        Numbers of these projections.
    made : sequence of Rewired
        Their synapses, without any yet.
    key : int
        What their random numbers follow from, see `toolchain.synapses.structure`.
    """

    def __init__(self, network: Network, numbers: Sequence[int], made: Sequence[Rewired], key: int) -> None:
        self.made = list(made)
        self._key = key
        self._timestep = network.timestep
        self.configure([network.projections[number] for number in numbers])
        self._cells = network.populations[self.projections[0].target].size
        self._sources = [network.populations[projection.source].size for projection in self.projections]
        self._s_max = int(self._p["s_max"])
        self.reset()

    def configure(self, projections: Sequence[Projection]) -> None:
        """Take the rules and their parameters from `projections`; the synapses stay."""
        self.projections = list(projections)
        self._p = structure_of(self.projections[0])
        names = self.projections[0].rules[-3:]
        self._selection = PARTNER_SELECTIONS[names[0]]
        self._formation, self._elimination = FORMATIONS[names[1]], ELIMINATIONS[names[2]]
        for synapses in self.made:
            if isinstance(synapses, RewiredPlasticSynapses):
                synapses.longest = self._formed_delays()[1]

    def reset(self) -> None:
        """Back to the synapses that the connectors made, in the first places of each cell."""
        self._owner = np.full(self._cells * self._s_max, EMPTY, np.int64)
        self._heard: list[tuple[int, Indices]] = []
        used = np.zeros(self._cells, np.int64)
        for number, (projection, synapses) in enumerate(zip(self.projections, self.made, strict=True)):
            rows, n = synapses.rows, len(projection)
            rows.pre[:] = self._sources[number]
            order = np.argsort(projection.post, kind="stable")
            cells = projection.post[order].astype(np.int64)
            rank = np.arange(n) - np.searchsorted(cells, cells)
            places = cells * self._s_max + used[cells] + rank
            used += np.bincount(cells, minlength=self._cells)
            self._owner[places] = number
            rows.pre[places] = projection.pre[order]
            rows.weights[places] = np.broadcast_to(np.asarray(projection.weight, np.float64), n)[order]
            rows.delays[places] = np.broadcast_to(delay_steps(projection.delay, self._timestep), n)[order]
            rows.sort()
            if isinstance(synapses, RewiredPlasticSynapses):
                synapses.set_delays()
            synapses.reset()

    @property
    def longest(self) -> int:
        """The longest delay (steps) that a synapse may have."""
        return max(self._formed_delays()[1], *(int(synapses.rows.delays.max()) for synapses in self.made))

    def hear(self, population: int, fired: Indices) -> None:
        """Note that the cells `fired` of a population have spiked."""
        if self._selection.of_spikes:
            self._heard += [
                (n, fired) for n, projection in enumerate(self.projections) if projection.source == population
            ]

    def rewire(self, step: int) -> None:
        """Make the attempts of `step`, before it is run."""
        first, stop = (attempts_before(k, self._p["f_rew"], self._timestep) for k in (step, step + 1))
        if stop > first:
            self._attempt_all(np.arange(first, stop, dtype=np.uint64))
        self._heard = []

    def _attempt_all(self, attempts: NDArray[np.uint64]) -> None:
        """Make some attempts, one after the other."""
        words = {draw: synapse_words(self._key, np.full(len(attempts), draw, np.uint32), attempts) for draw in Draw}
        cells, places = below(words[Draw.CELL], self._cells), below(words[Draw.PLACE], self._s_max)
        low, high = self._formed_delays()
        chances, delays = words[Draw.CHANCE], low + below(words[Draw.DELAY], high - low + 1)
        changed = set()
        for i, cell in enumerate(cells.tolist()):
            place = cell * self._s_max + int(places[i])
            owner = int(self._owner[place])
            if owner != EMPTY:
                done = self._eliminate(owner, place, int(chances[i]))
            else:
                owner, source = self._partner(words[Draw.PROJECTION][i : i + 1], words[Draw.PARTNER][i : i + 1])
                done = owner != EMPTY and self._form(owner, source, place, int(chances[i]), int(delays[i]))
            if done:
                changed.add(owner)
        for number in sorted(changed):
            self.made[number].rows.sort()

    def _eliminate(self, owner: int, place: int, chance: int) -> bool:
        """Try to take away the synapse at `place`; whether it is gone."""
        plastic = self.projections[owner].synapse == STRUCTURAL_PLASTIC
        magnitude = self.made[owner].magnitude(place)
        if chance >= threshold(self._elimination.probability(magnitude, plastic, self._p)):
            return False
        self._owner[place] = EMPTY
        self._put(owner, self._sources[owner], place, 0.0, 1)
        return True

    def _partner(self, first: NDArray[np.uint32], second: NDArray[np.uint32]) -> tuple[int, int]:
        """Which projection is to have a synapse, and from which of its sources; none if nothing can be chosen."""
        if self._selection.of_spikes:
            in_order = sorted(self._heard, key=itemgetter(0))
            heard = [(number, source) for number, fired in in_order for source in fired.tolist()]
            heard = heard[: int(self._p["spike_buffer_size"])]
            return heard[int(below(second, len(heard))[0])] if heard else (EMPTY, 0)
        number = int(below(first, len(self.made))[0])
        return number, int(below(second, self._sources[number])[0])

    def _form(self, owner: int, source: int, place: int, chance: int, delay: int) -> bool:
        """Try to form a synapse of projection `owner` at `place`, with a delay in steps; whether it is there."""
        projection, cell = self.projections[owner], place // self._s_max
        lateral = projection.source == projection.target
        if chance >= threshold(self._formation.probability(source, cell, lateral, self._p)):
            return False
        around = slice(cell * self._s_max, (cell + 1) * self._s_max)
        if not self._p["with_replacement"] and (self.made[owner].rows.pre[around] == source).any():
            return False
        self._owner[place] = owner
        self._put(owner, source, place, self._p["initial_weight"], delay)
        return True

    def _formed_delays(self) -> tuple[int, int]:
        """The shortest and the longest delay (steps) of what is formed."""
        low, high = (self._p[f"initial_delay_{end}"] for end in ("low", "high"))
        return int(delay_steps(low, self._timestep)[0]), int(delay_steps(high, self._timestep)[0])

    def _put(self, owner: int, source: int, place: int, weight: float, delay: int) -> None:
        """Write what is at `place` of a projection."""
        rows = self.made[owner].rows
        rows.pre[place], rows.weights[place], rows.delays[place] = source, weight, delay
        self.made[owner].renew(place)

    def continues(self, projections: Sequence[Projection]) -> bool:
        """Whether `projections` are these, perhaps with other parameters, so that the synapses may stay as they are."""
        if len(projections) != len(self.projections) or structure_of(projections[0])["s_max"] != self._s_max:
            return False
        return all(alike(one, other) for one, other in zip(projections, self.projections, strict=True))

    def present(self, number: int) -> Projection:
        """Projection `number` of these with the synapses that it has now, cell after cell."""
        synapses = self.made[number]
        rows, there = synapses.rows, synapses.rows.there
        return replace(
            self.projections[number],
            pre=rows.pre[there],
            post=(np.flatnonzero(there) // self._s_max).astype(np.int32),
            weight=synapses.weights(),
            delay=rows.delays[there].astype(np.float64) * self._timestep,
        )
