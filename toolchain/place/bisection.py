"""Placement by recursive bisection: machine and graph are cut in two, again and again, until a chip is left.

The chips that are needed, as round a set as there is, are cut across where they are longest.  The vertices are cut into
two parts that fit the halves, with as few packets between them as can be found.  Where nets also go to vertices that
lie elsewhere, these pull at the side that is nearer to them ("terminal propagation").  So what communicates is
parted late, and lies on chips of one quarter, one eighth, one pair.

A cut begins with several candidates: the order in which vertices come, parts that grow from a vertex drawn at random by
what is most connected, and, if ``pymetis`` is installed, METIS's.  Each is improved by moving single vertices, the
best first, for the worse too, and going back to where the cut was smallest; the best of all is taken.  Nets of more
than 64 vertices count until they are cut for the first time: after that they go everywhere.

Vertices that only send are placed last, in the same way, on the chips that the others leave and those round about:
mixed with the others they would spread these over more chips, at the cost of all that is sent to them (see ``follow``).

Source: M. A. Breuer 1977, "A class of min-cut placement algorithms", DAC; A. E. Dunlop, B. W. Kernighan 1985, "A
procedure for placement of standard-cell VLSI circuits", IEEE Trans. CAD 4 (terminal propagation); C. M. Fiduccia,
R. M. Mattheyses 1982, "A linear-time heuristic for improving network partitions", DAC; G. Karypis, V. Kumar 1998, "A
fast and high quality multilevel scheme for partitioning irregular graphs", SIAM J. Sci. Comput. 20 (growing; METIS).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, hops
from toolchain.algorithm_options import Seed, with_options
from toolchain.constraints import FREE, Constraints
from toolchain.graph import Graph
from toolchain.joined import Joined, joined
from toolchain.place import Placement
from toolchain.place.fits import check_fits
from toolchain.place.follow import sources_after_sinks
from toolchain.place.halves import Halves
from toolchain.place.keep import keep
from toolchain.place.metis import metis_sides
from toolchain.place.units import Units, units_of

GROWN: Final = 4
"""Candidates of a cut that grow from a vertex drawn at random."""
PASSES: Final = 8
LARGE: Final = 64
"""Larger nets count until they are cut for the first time."""


@with_options
def place(graph: Graph, machine: Machine, constraints: Constraints = FREE, *, seed: Seed = 1) -> Placement:
    """Place by cutting graph and machine in two, recursively; `seed` draws where parts begin to grow.

    Raises
    ------
    MappingError
        If they do not fit, or an option is out of range.
    """
    check_fits(graph, machine)
    units = units_of(graph, machine, constraints)
    chip = _Cutting(graph, machine, units, seed).run()[units.of]
    x, y = (chip // machine.height).astype(np.int32), (chip % machine.height).astype(np.int32)
    return keep(graph, Placement(machine, x, y, np.zeros_like(x)), constraints)


@dataclass(frozen=True, eq=False)
class _Part:
    """Units that are to be on certain chips, and the nets that matter for how."""

    units: NDArray[np.int64]
    chips: NDArray[np.int64]
    nets: NDArray[np.int64]


class _Cutting:
    """The state of the recursion: where each unit is, as far as it is known."""

    def __init__(self, graph: Graph, machine: Machine, units: Units, seed: int) -> None:
        self.machine, self.units = machine, units
        self.cores, self.sdram = np.array(units.cores, np.int32), np.array(units.sdram, np.int64)
        self.nets: Joined = joined(graph, units.of, len(units))
        self.dice = np.random.default_rng(seed)
        self.room = machine.cores.ravel().astype(np.int32)
        self.memory = np.full(len(self.room), machine.sdram_bytes, np.int64)
        order, follows = sources_after_sinks(graph)
        _, first = np.unique(units.of[order], return_index=True)
        self.order = np.argsort(first)
        self.follows = np.array([follows[list(members)].all() for members in units.members], np.bool_)
        self.xy = np.zeros((len(units), 2))
        """The middle of the chips that each unit may still be on."""

    def run(self) -> NDArray[np.int64]:
        """The chip of each unit."""
        chip = np.zeros(len(self.units), np.int64)
        for chosen in (self.order[~self.follows[self.order]], self.order[self.follows[self.order]]):
            if len(chosen):
                self.cut(chosen, chip)
                np.subtract.at(self.room, chip[chosen], self.cores[chosen])
                np.subtract.at(self.memory, chip[chosen], self.sdram[chosen])
                self.room[(self.room < 0) | (self.memory < 0)] = 0
        return chip

    def cut(self, chosen: NDArray[np.int64], chip: NDArray[np.int64]) -> None:
        """Find the chips of the units `chosen`."""
        chips = self.area(chosen)
        self.xy[chosen] = self.middle(chips)
        parts = [_Part(chosen, chips, np.arange(len(self.nets.weight)))]
        while parts:
            whole = parts.pop(0)
            if len(whole.chips) == 1:
                chip[whole.units] = whole.chips[0]
                continue
            for part in self.halves(whole):
                self.xy[part.units] = self.middle(part.chips)
                if len(part.units):
                    parts.append(part)

    def area(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """As many chips as the units need, those nearest to one in the middle."""
        machine = self.machine
        x, y = np.indices(machine.cores.shape, np.int32)[:, machine.cores > 0]
        middle = np.argmin(np.maximum(abs(x - x.mean()), abs(y - y.mean())))
        # Where SDRAM has run out there may be no room that is known of; `keep` finds some, or says so.
        chips = np.flatnonzero(self.room if self.room.any() else machine.cores)
        dx, dy = chips // machine.height - x[middle], chips % machine.height - y[middle]
        chips = chips[np.argsort(hops(machine, dx.astype(np.int32), dy.astype(np.int32)), kind="stable")]
        cores, sdram = np.cumsum(self.room[chips]), np.cumsum(self.memory[chips])
        needed = max(np.searchsorted(cores, self.cores[chosen].sum()), np.searchsorted(sdram, self.sdram[chosen].sum()))
        return chips[: int(needed) + 1]

    def middle(self, chips: NDArray[np.int64]) -> NDArray[np.float64]:
        """The mean of the coordinates of `chips`."""
        middle: NDArray[np.float64] = np.stack(np.divmod(chips, self.machine.height), axis=-1).mean(axis=0)
        return middle

    def halves(self, whole: _Part) -> Iterator[_Part]:
        """The two parts of `whole`."""
        chips = self.cut_chips(whole.chips)
        nets, problem = self.between(whole, chips)
        held = problem.held(self.units, chips)
        side = problem.best(held, np.array([self.room[half].sum() for half in chips], np.int32), self.dice)
        for number, half in enumerate(chips):
            yield _Part(whole.units[side == number], half, nets)

    def cut_chips(self, chips: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The chips in two halves with about as many cores, cut across where they extend farthest."""
        x, y = np.divmod(chips, self.machine.height)
        across, along = (x, y) if np.ptp(x) >= np.ptp(y) else (y, x)
        ordered = chips[np.lexsort((along, across))]
        filled = np.cumsum(self.room[ordered])
        at = int(np.argmin(abs(filled[:-1] - filled[-1] / 2))) + 1
        return ordered[:at], ordered[at:]

    def between(
        self, whole: _Part, chips: tuple[NDArray[np.int64], NDArray[np.int64]]
    ) -> tuple[NDArray[np.int64], _Problem]:
        """The nets that matter for this cut and those after it, and the problem that they make."""
        start, member = self.nets.start, self.nets.member
        inside = np.full(len(self.units), -1, np.int32)
        inside[whole.units] = np.arange(len(whole.units))
        lengths = (start[1:] - start[:-1])[whole.nets]
        pins = np.concatenate([np.empty(0, np.int32), *(member[start[n] : start[n + 1]] for n in whole.nets)])
        net = np.repeat(np.arange(len(whole.nets)), lengths)
        within = np.bincount(net[inside[pins] >= 0], minlength=len(whole.nets))
        matters = (within > 0) & ((within == lengths) | (lengths <= LARGE))
        pulls = self.pulls(chips)[pins]
        anchors = np.zeros((len(whole.nets), 2), np.int8)
        for half in (0, 1):
            anchors[net[(inside[pins] < 0) & (pulls == half)], half] = 1
        counted = matters & (within + anchors.sum(axis=1) > 1)
        kept = counted[net] & (inside[pins] >= 0)
        problem = _Problem(
            whole.units,
            self.cores[whole.units],
            _starts(within[counted]),
            inside[pins[kept]],
            self.nets.weight[whole.nets[counted]],
            anchors[counted],
        )
        return whole.nets[matters], problem

    def pulls(self, chips: tuple[NDArray[np.int64], NDArray[np.int64]]) -> NDArray[np.int64]:
        """The half that each unit is nearer to, -1 if neither."""
        away = [self.xy - self.middle(half) for half in chips]
        left, right = (np.maximum.reduce([abs(d[:, 0]), abs(d[:, 1]), abs(d[:, 0] - d[:, 1])]) for d in away)
        return np.where(left < right, 0, np.where(right < left, 1, -1))


@dataclass(frozen=True, eq=False)
class _Problem:
    """Units to cut in two: nets are sets of them, numbered from 0, in their order."""

    units: NDArray[np.int64]
    size: NDArray[np.int32]
    net_start: NDArray[np.int32]
    net_unit: NDArray[np.int32]
    weight: NDArray[np.float64]
    anchors: NDArray[np.int8]

    def held(self, units: Units, chips: tuple[NDArray[np.int64], NDArray[np.int64]]) -> NDArray[np.int8]:
        """The half to which each unit is limited, -1 if it may be in both or must be elsewhere."""
        held = np.full(len(self.units), -1, np.int8)
        for i, unit in enumerate(self.units.tolist()):
            if unit in units.chips:
                left, right = (bool(units.chips[unit][half].any()) for half in chips)
                held[i] = -1 if left == right else int(right)
        return held

    def best(self, held: NDArray[np.int8], most: NDArray[np.int32], dice: np.random.Generator) -> NDArray[np.int8]:
        """The side of each unit: of all candidates, the one between whose sides least is sent when improved."""
        lengths = np.diff(self.net_start)
        net = np.repeat(np.arange(len(self.weight), dtype=np.int32), lengths)
        unit_start = _starts(np.bincount(self.net_unit, minlength=len(self.units)))
        unit_net = net[np.argsort(self.net_unit, kind="stable")]
        halves = Halves(
            self.net_start, self.net_unit, unit_start, unit_net, self.weight, self.anchors, self.size, held, most
        )
        candidates = [self.in_order(held, most)]
        candidates += [halves.grow(int(first)) for first in dice.integers(len(self.units), size=GROWN)]
        found = metis_sides(self.net_start, self.net_unit, self.weight, self.size, most)
        if found is not None:
            candidates.append(np.where(held >= 0, held, found).astype(np.int8))
        improved = []
        for candidate in candidates:
            side, cut = halves.refine(candidate, PASSES)
            improved.append((not halves.is_balanced(), cut, side))
        return min(improved, key=lambda one: one[:2])[2]

    def in_order(self, held: NDArray[np.int8], most: NDArray[np.int32]) -> NDArray[np.int8]:
        """The first units on side 0, as long as it has room."""
        taken = int(self.size[held == 0].sum()) + np.cumsum(np.where(held < 0, self.size, 0))
        return np.where(held >= 0, held, taken > most[0]).astype(np.int8)


def _starts(counts: NDArray[np.integer]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
