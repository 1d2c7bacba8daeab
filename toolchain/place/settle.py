"""Settling: the placement under constraints that is near to what a placer wants.

A placer makes up its mind as if there were no constraints: a wish, a chip for each vertex.  Then the units settle,
those that may go to the fewest chips first.  Each takes the chip it wishes, or of those that are open to it the
nearest; a chip on which something is wished counts before one that would be opened for it.

When no chip is open to a unit, it takes one nevertheless, and what is in its way is taken off and settles again.
Which chip is decided by whom that would move: a unit that has found no chip often weighs more, so the search
turns to the others.  It ends when all have settled, or after so many steps; then an integer programme decides
(see `exact`), unless it would be too large.

The weights are those of Y. Nagata, O. Braysy 2009, "A powerful route minimization heuristic for the vehicle
routing problem with time windows", Operations Research Letters 37: there customers in the way are ejected from
routes, here units from chips.
"""

from __future__ import annotations

from collections import Counter
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, hops
from toolchain.place import Placement
from toolchain.place.exact import solve
from toolchain.place.room import Room
from toolchain.place.units import Units

_TRIED = 24
"""Chips that are looked at for a unit that finds none open."""
_STEPS = 200
_SETS = 64
"""Sets of chips that are looked at before the search."""


def settle(units: Units, machine: Machine, wish: NDArray[np.int64]) -> Placement | None:
    """The placement of `units` that keeps to their limits, near to the chips `wish` of their vertices.

    Parameters
    ----------
    wish : int64[vertices]
        A chip ``x * height + y`` that exists for each vertex.

    Returns
    -------
    placement : Placement
        None if there is none, or in a large graph none was found.
    """
    if _too_few(units, machine):
        return None
    search = _Search(units, machine, wish)
    room = search.room if search.run(_STEPS + len(units)) else solve(units, machine)
    return None if room is None else room.placement()


class _Search:
    """The units that are settled, and the queue of those that are not."""

    def __init__(self, units: Units, machine: Machine, wish: NDArray[np.int64]) -> None:
        self.units, self.machine = units, machine
        self.room = Room(machine, units)
        self.wish = [_commonest(wish[list(members)].tolist()) for members in units.members]
        self.wished = np.zeros(machine.width * machine.height, np.bool_)
        self.wished[self.wish] = True
        self.rank = _ranks(units, machine)
        self.weight = np.ones(len(units), np.int64)
        self.dice = np.random.default_rng(1)
        self.queue = list(self.rank)
        heapify(self.queue)

    def run(self, steps: int) -> bool:
        """Settle all units, moving others away `steps` times at the most; whether that was enough."""
        while steps > 0:
            if not self.queue:
                lonely = self.room.lonely()
                if not lonely:
                    return True
                self.weight[lonely] += 1
                self.unsettle(lonely)
                steps -= 1
            *_, unit = heappop(self.queue)
            chip = self.nearest(unit)
            if chip < 0:
                chip = self.make_way(unit)
                steps -= 1
            self.room.put(unit, chip)
        return False

    def nearest(self, unit: int) -> int:
        """The chip to settle on, -1 if none is open."""
        room, wish = self.room, self.wish[unit]
        relieved = room.relieves(unit, self.weight)
        if not relieved.any() and room.fits(unit, wish):
            return wish
        chips = room.open_to(unit) & (relieved == relieved[room.limits(unit)].max())
        if (chips & self.wished).any():
            chips &= self.wished
        return self.closest(np.flatnonzero(chips), wish)

    def closest(self, chips: NDArray[np.int64], wish: int) -> int:
        """That of `chips` which is nearest to the chip `wish`; -1 if there are none."""
        if not len(chips):
            return -1
        height = self.machine.height
        dx, dy = chips // height - wish // height, chips % height - wish % height
        return int(chips[hops(self.machine, dx.astype(np.int32), dy.astype(np.int32)).argmin()])

    def make_way(self, unit: int) -> int:
        """Clear a chip for `unit` of what weighs least."""
        self.weight[unit] += 1
        relieved = self.room.relieves(unit, self.weight)
        tried = self.candidates(unit, relieved)
        away = {chip: self.in_the_way(unit, chip) for chip in tried}
        loads = {chip: int(self.weight[away[chip]].sum() - relieved[chip]) for chip in tried}
        chip = min(tried, key=loads.__getitem__)
        self.unsettle(away[chip])
        return chip

    def candidates(self, unit: int, relieved: NDArray[np.int64]) -> list[int]:
        """Some of the chips where `unit` may be: near what it must be near, and those that lack few cores first."""
        chips = np.flatnonzero(self.room.limits(unit))
        lack = np.maximum(self.units.cores[unit] - self.room.cores[chips], 0)
        order = np.lexsort((self.dice.random(len(chips)), lack, -relieved[chips]))
        reach = self.room.reach(unit)[chips[order]]
        return [*chips[order][reach][:_TRIED].tolist(), *chips[order][~reach][:_TRIED].tolist()]

    def in_the_way(self, unit: int, chip: int) -> list[int]:
        """The units that must move so that `unit` fits on `chip`, the lightest that will do."""
        room, units = self.room, self.units
        away = room.blockers(unit, chip)
        cores = units.cores[unit] - room.cores[chip] - sum(units.cores[other] for other in away)
        sdram = units.sdram[unit] - room.sdram[chip] - sum(units.sdram[other] for other in away)
        stay = [other for other in room.on.get(chip, ()) if other not in away]
        for other in sorted(stay, key=self.weight.__getitem__):
            if cores <= 0 and sdram <= 0:
                break
            if cores > 0 or units.sdram[other]:
                away.append(other)
                cores, sdram = cores - units.cores[other], sdram - units.sdram[other]
        for those in room.too_far(unit, chip):
            if not set(those) & set(away):
                away.append(min(those, key=self.weight.__getitem__))
        return away

    def unsettle(self, away: list[int]) -> None:
        """Take units off their chips, to settle again."""
        for unit in away:
            self.room.take(unit)
            heappush(self.queue, self.rank[unit])


def _commonest(chips: list[int]) -> int:
    """The most common of `chips`, the first of those that are equally common."""
    return max(chips, key=chips.count)


def _ranks(units: Units, machine: Machine) -> list[tuple[int, int, int, int, int]]:
    """The order of settling: what may go to few chips, what others must be near, and groups come first."""
    depth = [0] * len(units)
    for _ in units.near:
        for near in units.near:
            behind = 1 + max((depth[other] for other in near.those), default=0)
            for unit in near.these:
                depth[unit] = max(depth[unit], behind)
    beside = {unit for near in units.near for unit in near.those}
    parted = {unit for apart in units.apart for unit in apart.these + apart.those}
    ranks = []
    for unit in range(len(units)):
        chips = int(units.chips[unit].sum()) if unit in units.chips else machine.width * machine.height
        limited = unit in units.chips or depth[unit] or unit in beside
        kind = 0 if limited else 1 if unit in parted or units.cores[unit] > 1 else 2
        ranks.append((kind, depth[unit], chips, -units.cores[unit], unit))
    return ranks


def _too_few(units: Units, machine: Machine) -> bool:
    """Whether some set of chips has too few cores, too little SDRAM or too few of a core for what must go there."""
    everywhere = machine.cores.ravel() > 0
    inside: dict[bytes, list[int]] = {everywhere.tobytes(): []}
    for unit in range(len(units)):
        inside.setdefault(units.chips.get(unit, everywhere).tobytes(), []).append(unit)
    largest = sorted(inside, key=lambda chips: -len(inside[chips]))[:_SETS]
    sets = {name: np.frombuffer(name, np.bool_) for name in {everywhere.tobytes(): None, **dict.fromkeys(largest)}}
    for chips in sets.values():
        held = [unit for name, other in sets.items() if not np.any(other & ~chips) for unit in inside[name]]
        if _overfull(units, held, machine.cores.ravel()[chips], machine.sdram_bytes):
            return True
    return False


def _overfull(units: Units, held: list[int], cores: NDArray[np.uint8], sdram_bytes: int) -> bool:
    """Whether the units `held` are too many for chips that have so many `cores`."""
    wanted = Counter(core for unit in held for core in _bits(units.fixed.get(unit, 0)))
    return (
        sum(units.cores[unit] for unit in held) > int(cores.sum())
        or sum(units.sdram[unit] for unit in held) > len(cores) * sdram_bytes
        or any(number > int((cores >= core).sum()) for core, number in wanted.items())
        or any(units.cores[unit] > int(cores.max(initial=0)) for unit in held)
    )


def _bits(word: int) -> list[int]:
    return [bit for bit in range(word.bit_length()) if word >> bit & 1]
