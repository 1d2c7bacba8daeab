"""Room: what is taken of each chip, and where a unit may still go.

A placement is made by putting units on chips and taking them off again; the room knows at any time which
chips are open to a unit: those that have the cores, the SDRAM and the very core that it wants, hold nothing from
which it must be apart, and are near what it must be near.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, hops
from toolchain.place import Placement
from toolchain.place.units import Chips, Distance, Units


class Room:
    """The chips of `machine` with the `units` that are on them.

    Attributes
    ----------
    at : int64[units]
        The chip of each unit, -1 for those that have none yet.
    on : dict of int to dict
        The units on each chip that has any, as the keys of a dict: in the order in which they came.
    cores, sdram : int64[chips]
        What is left of each chip.
    """

    def __init__(self, machine: Machine, units: Units) -> None:
        self.machine, self.units = machine, units
        self.at = np.full(len(units), -1, np.int64)
        self.on: dict[int, dict[int, None]] = {}
        self.cores = machine.cores.ravel().astype(np.int64)
        self.sdram = np.full(len(self.cores), machine.sdram_bytes, np.int64)
        self._large = {cores: self.cores >= cores for cores in {*units.cores}}
        self._taken: Counter[int] = Counter()
        """The cores of a chip that are taken by units which must have them, core p as bit p."""
        self._apart = _Sides(units.apart)
        self._near = _Sides(units.near)
        self._cover = [np.zeros(len(self.cores), np.int32) for _ in units.near]
        """How many of `those` a chip is near to."""

    def put(self, unit: int, chip: int) -> None:
        """Put `unit` on `chip`, which is open to it."""
        self.at[unit] = chip
        self.on.setdefault(chip, {})[unit] = None
        self._count(unit, chip, 1)

    def take(self, unit: int) -> None:
        """Take `unit` off its chip."""
        chip = int(self.at[unit])
        self.at[unit] = -1
        del self.on[chip][unit]
        self._count(unit, chip, -1)

    def fits(self, unit: int, chip: int) -> bool:
        """Whether `chip` is open to `unit`."""
        units = self.units
        if self.cores[chip] < units.cores[unit] or self.sdram[chip] < units.sdram[unit]:
            return False
        if unit in units.chips and not units.chips[unit][chip]:
            return False
        if self._taken[chip] & units.fixed.get(unit, 0):
            return False
        near = (self._cover[rule][chip] for rule in self._near.these.get(unit, ()) if self._near.those_placed[rule])
        return all(near) and not any(count[chip] for count in self._apart.facing(unit))

    def open_to(self, unit: int) -> Chips:
        """The chips that are open to `unit`."""
        units = self.units
        chips: Chips = self.reach(unit) & (self.cores >= units.cores[unit]) & (self.sdram >= units.sdram[unit])
        if fixed := units.fixed.get(unit, 0):
            chips[[chip for chip, taken in self._taken.items() if taken & fixed]] = False
        for count in self._apart.facing(unit):
            chips[[chip for chip, number in count.items() if number]] = False
        return chips

    def limits(self, unit: int) -> Chips:
        """The chips where `unit` may be whatever else is on them."""
        chips: Chips = self._large[self.units.cores[unit]] & self.units.chips.get(unit, True)
        return chips

    def reach(self, unit: int) -> Chips:
        """The chips of `limits` that are near what `unit` must be near, if that is placed."""
        chips = self.limits(unit)
        for rule in self._near.these.get(unit, ()):
            if self._near.those_placed[rule]:
                chips &= self._cover[rule] > 0
        return chips

    def blockers(self, unit: int, chip: int) -> list[int]:
        """The units on `chip` that `unit` cannot join whatever is free: those it must be apart from, or on its core."""
        fixed = self.units.fixed.get(unit, 0)
        return [
            other
            for other in self.on.get(chip, ())
            if self.units.fixed.get(other, 0) & fixed or self._apart.face(unit, other)
        ]

    def too_far(self, unit: int, chip: int) -> list[list[int]]:
        """For each thing that `unit` would not be near on `chip`: the placed units, of which one would have to be."""
        return [
            [other for other in self.units.near[rule].those if self.at[other] >= 0]
            for rule in self._near.these.get(unit, ())
            if self._near.those_placed[rule] and not self._cover[rule][chip]
        ]

    def lonely(self) -> list[int]:
        """Units that are not near what they must be near, ascending."""
        return sorted({unit for rule in range(len(self._cover)) for unit in self._lonely(rule)})

    def relieves(self, unit: int, weight: NDArray[np.int64]) -> NDArray[np.int64]:
        """The weight of all lonely units that would be so no longer with `unit` on a chip: int64[chips]."""
        relieved = np.zeros(len(self.cores), np.int64)
        for rule in self._near.those.get(unit, ()):
            for other in self._lonely(rule):
                relieved += weight[other] * self.disc(int(self.at[other]), self.units.near[rule].hops)
        return relieved

    def disc(self, chip: int, radius: int) -> Chips:
        """The chips at most `radius` links from `chip`, if no link is absent."""
        height = np.int32(self.machine.height)
        x, y = np.divmod(np.arange(len(self.cores), dtype=np.int32), height)
        near: Chips = hops(self.machine, x - np.int32(chip // height), y - np.int32(chip % height)) <= radius
        return near

    def placement(self) -> Placement:
        """The placement, when all units have a chip: what has no fixed core takes the first that is free."""
        height = self.machine.height
        chip = self.at[self.units.of]
        core = np.zeros(len(chip), np.int32)
        for here in self.on.values():
            vertices = sorted(vertex for unit in here for vertex in self.units.members[unit])
            fixed = {vertex: self.units.core[vertex] for vertex in vertices if vertex in self.units.core}
            others = [vertex for vertex in vertices if vertex not in fixed]
            free = (p for p in range(1, len(vertices) + max(fixed.values(), default=0) + 1) if p not in fixed.values())
            for vertex, p in [*fixed.items(), *zip(others, free, strict=False)]:
                core[vertex] = p
        return Placement(self.machine, (chip // height).astype(np.int32), (chip % height).astype(np.int32), core)

    def _lonely(self, rule: int) -> list[int]:
        cover = self._cover[rule]
        return [unit for unit in self.units.near[rule].these if self.at[unit] >= 0 and not cover[self.at[unit]]]

    def _count(self, unit: int, chip: int, sign: int) -> None:
        """Count `unit` in on `chip`, or out of it."""
        self.cores[chip] -= sign * self.units.cores[unit]
        self.sdram[chip] -= sign * self.units.sdram[unit]
        self._taken[chip] ^= self.units.fixed.get(unit, 0)
        self._apart.count(unit, chip, sign)
        self._near.count(unit, chip, sign)
        for rule in self._near.those.get(unit, ()):
            self._cover[rule] += sign * self.disc(chip, self.units.near[rule].hops).astype(np.int32)


class _Sides:
    """On which sides of which rules units are, and how many of each side are on each chip."""

    def __init__(self, rules: tuple[Distance, ...]) -> None:
        self.these = _rules_of([rule.these for rule in rules])
        self.those = _rules_of([rule.those for rule in rules])
        self.those_placed = [0] * len(rules)
        self._these_on: list[Counter[int]] = [Counter() for _ in rules]
        self._those_on: list[Counter[int]] = [Counter() for _ in rules]

    def count(self, unit: int, chip: int, sign: int) -> None:
        """Count `unit` in on `chip`, or out of it."""
        for rule in self.these.get(unit, ()):
            self._these_on[rule][chip] += sign
        for rule in self.those.get(unit, ()):
            self._those_on[rule][chip] += sign
            self.those_placed[rule] += sign

    def facing(self, unit: int) -> list[Counter[int]]:
        """For each side on which `unit` is, how many of the other side are on each chip."""
        those = [self._those_on[rule] for rule in self.these.get(unit, ())]
        return those + [self._these_on[rule] for rule in self.those.get(unit, ())]

    def face(self, unit: int, other: int) -> bool:
        """Whether the two are on the two sides of a rule."""
        return any(rule in self.those.get(other, ()) for rule in self.these.get(unit, ())) or any(
            rule in self.these.get(other, ()) for rule in self.those.get(unit, ())
        )


def _rules_of(sides: list[tuple[int, ...]]) -> dict[int, list[int]]:
    """The rules in which each unit is on that side."""
    rules: dict[int, list[int]] = {}
    for rule, side in enumerate(sides):
        for unit in side:
            rules.setdefault(unit, []).append(rule)
    return rules
