"""Exact placement: whether units fit at all, as an integer programme, for when a search has found nothing.

Which chip each unit is on is a matrix of zeros and ones, and all that constraints say is linear in it:

- every unit is on one chip, and a chip's cores, SDRAM and each single core are not exceeded;
- *apart*: a chip is open to one side only (a variable a chip), and at most one of those that are on both sides;
- *near*: a unit may be on a chip only if the units around it that it must be near are at least one.

Units that nobody can tell apart are counted and not told apart: hundreds of vertices without a constraint are one
variable a chip.  The programme is solved by branch and bound with cutting planes (HiGHS: Q. Huangfu,
J. A. J. Hall 2018, "Parallelizing the dual revised simplex method", Mathematical Programming Computation 10), in
fractions of a second for hundreds of units on dozens of chips; larger ones are not tried.
"""

from __future__ import annotations

import numpy as np

from emulator.machine import Machine
from toolchain.place.room import Room
from toolchain.place.units import Chips, Distance, Units

_VARIABLES = 20_000
"""Larger programmes are not tried."""
_NODES = 500
"""Of the search tree of HiGHS."""


def solve(units: Units, machine: Machine) -> Room | None:
    """All `units` on chips that suit them; None if there is no such placement, or none is found in bounded time."""
    room = Room(machine, units)
    kinds = _kinds(units)
    if sum(int(room.limits(kind[0]).sum()) for kind in kinds) > _VARIABLES:
        return None
    for kind, chips in zip(kinds, _Programme(units, room, kinds).solution(), strict=False):
        for unit, chip in zip(kind, chips, strict=True):
            room.put(unit, chip)
    exceeded = np.any(room.cores < 0) or np.any(room.sdram < 0)
    return None if exceeded or np.any(room.at < 0) or room.lonely() else room


def _kinds(units: Units) -> list[list[int]]:
    """The units, those together that take the same, may go to the same chips and are in no relation."""
    related = {unit for rule in units.apart + units.near for unit in rule.these + rule.those}
    kinds: dict[tuple[int, int, bytes, int], list[int]] = {}
    for unit in range(len(units)):
        alone = unit if unit in related or unit in units.fixed else -1
        limits = units.chips[unit].tobytes() if unit in units.chips else b""
        kinds.setdefault((units.cores[unit], units.sdram[unit], limits, alone), []).append(unit)
    return list(kinds.values())


class _Programme:
    """Variables and rows; a row is a sum of variables, each times a factor, between two bounds."""

    def __init__(self, units: Units, room: Room, kinds: list[list[int]]) -> None:
        self.units, self.room, self.kinds = units, room, kinds
        self.upper: list[float] = []
        self.terms: list[tuple[int, int, float]] = []
        self.bounds: list[tuple[float, float]] = []
        self.on = [self.variables(room.limits(kind[0]), len(kind)) for kind in kinds]
        """The variable of each chip where a kind may go: how many of the kind are there."""
        self.of = {unit: variables for kind, variables in zip(kinds, self.on, strict=True) for unit in kind}
        for kind, variables in zip(kinds, self.on, strict=True):
            self.row([(v, 1.0) for v in variables.values()], len(kind), len(kind))
        for chip in np.flatnonzero(room.cores).tolist():
            self.limit_chip(chip)
        for rule in units.apart:
            self.part(rule)
        for rule in units.near:
            self.gather(rule)

    def variables(self, chips: Chips, most: float) -> dict[int, int]:
        """A new variable from 0 to `most` for each of `chips`."""
        first = len(self.upper)
        found = {chip: first + i for i, chip in enumerate(np.flatnonzero(chips).tolist())}
        self.upper += [most] * len(found)
        return found

    def row(self, terms: list[tuple[int, float]], low: float, high: float) -> None:
        """Bound the sum of `terms`, each a variable and its factor."""
        self.terms += [(len(self.bounds), variable, factor) for variable, factor in terms]
        self.bounds.append((low, high))

    def limit_chip(self, chip: int) -> None:
        """What is on `chip` has the cores and the SDRAM, and every single core is taken once."""
        here = [(kind[0], on[chip]) for kind, on in zip(self.kinds, self.on, strict=True) if chip in on]
        units, room = self.units, self.room
        self.row([(v, units.cores[unit]) for unit, v in here], 0, float(room.cores[chip]))
        if any(units.sdram[unit] for unit, _ in here):
            self.row([(v, units.sdram[unit] / room.sdram[chip]) for unit, v in here], 0, 1)
        fixed = [(unit, v) for unit, v in here if unit in units.fixed]
        for core in range(1, int(room.cores[chip]) + 1):
            wanting = [(v, 1.0) for unit, v in fixed if units.fixed[unit] >> core & 1]
            if len(wanting) > 1:
                self.row(wanting, 0, 1)

    def part(self, rule: Distance) -> None:
        """Each chip is open to these or to those; of those that are both there is one, and nothing else."""
        both = set(rule.these) & set(rule.those)
        these, those = (set(side) - both for side in (rule.these, rule.those))
        open_to_these = self.variables(self.room.cores > 0, 1)
        for chip, switch in open_to_these.items():
            alone = [(self.of[unit][chip], 1.0) for unit in sorted(both) if chip in self.of[unit]]
            for unit in sorted(these | those):
                if chip not in self.of[unit]:
                    continue
                on = (self.of[unit][chip], 1.0)
                self.row([on, (switch, -1.0)] if unit in these else [on, (switch, 1.0)], -1, float(unit not in these))
                if alone:
                    self.row([on, *alone], 0, 1)
            if len(alone) > 1:
                self.row(alone, 0, 1)

    def gather(self, rule: Distance) -> None:
        """A chip covers these if one of those is near it; each of these is on a chip that does."""
        covered = self.variables(self.room.cores > 0, 1)
        for chip, cover in covered.items():
            disc = np.flatnonzero(self.room.disc(chip, rule.hops)).tolist()
            around = [self.of[unit][other] for unit in rule.those for other in disc if other in self.of[unit]]
            self.row([(cover, -1.0), *((v, 1.0) for v in around)], 0, np.inf)
            for unit in rule.these:
                if chip in self.of[unit]:
                    self.row([(self.of[unit][chip], -1.0), (cover, 1.0)], 0, np.inf)

    def solution(self) -> list[list[int]]:
        """The chips of the units of each kind; nothing if none is found."""
        if not self.upper:
            return []
        # Loading these takes half a second, and few placements come so far.
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        rows, columns, factors = zip(*self.terms, strict=True)
        low, high = zip(*self.bounds, strict=True)
        matrix = coo_array((factors, (rows, columns)), (len(self.bounds), len(self.upper))).tocsr()
        size = len(self.upper)
        found = milp(
            np.zeros(size),
            integrality=np.ones(size),
            bounds=Bounds(np.zeros(size), np.array(self.upper)),
            constraints=LinearConstraint(matrix, low, high),
            options={"node_limit": _NODES},
        )
        if found.x is None:
            return []
        count = np.rint(found.x).astype(np.int64)
        return [[chip for chip, v in on.items() for _ in range(count[v])] for on in self.on]
