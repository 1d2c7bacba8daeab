"""Compact placement: vertices are packed into bundles, a chip each, and the bundles are arranged on the machine.

A packet costs a link for each chip of its tree after the first.  So two things count: on how many chips a net ends, and
how far apart these are.

The first is settled by packing.  Vertices that receive are packed as densely as they can be, in the order of the
graph or by their affinity, and those that only send go into bundles of their own, or in among their sinks (see
``follow``): whichever lets nets end on the fewest chips.  Chips with fewer cores are taken last, since a bundle more
costs every net a link.

The second is settled by annealing: bundles change places at random, for the worse with a probability that falls with
the temperature, until no move helps.  The cost is the sum over all nets of packets times links of the
minimum spanning tree of their chips.  Nets that start and end in the same bundles are one, so that in a network in
which everything goes everywhere there are few, and a million moves take a second.  What comes out there is a
connected set of chips for the dense part, k chips that every net joins by k - 1 links, with the sources on chips
between those of their sinks.  Such a set need not be round: it may as well have arms, with sources in between.

Bundles stay whole, so vertices that must be together or apart are; those that must be on certain chips, or near
others, stay where they were packed.

Source of the algorithm: S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi 1983, "Optimization by simulated annealing",
Science 220; moves to places near connected bundles, in a reach that shrinks, are after V. Betz and J. Rose 1997,
"VPR: a new packing, placement and routing tool for FPGA research", FPL.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, hops
from toolchain.algorithm_options import Effort, Seed, with_options
from toolchain.constraints import FREE, Constraints
from toolchain.graph import Graph
from toolchain.joined import Joined, joined
from toolchain.place import Placement
from toolchain.place.affinity import by_affinity
from toolchain.place.arrange import Arrangement
from toolchain.place.fill import fill
from toolchain.place.follow import sources_after_sinks
from toolchain.place.hilbert import chips as along_curve

STEPS_OF_BUNDLE: Final = 1_000_000
STEPS_OF_PAIR: Final = 2000
"""Steps of the inner loops at an effort of 1: for each bundle, or for each pair of bundles in a net if that is more."""
MOST_STEPS: Final = 200_000_000
"""No more steps than that, at an effort of 1: a second or two."""
MOVES: Final = 100
"""The largest nets, which are everywhere anyhow, do not count if all could be measured no more often than this."""
SPREAD: Final = 2
SPARE: Final = 48
"""Bundles are arranged on this many times as many chips as there are bundles, and on so many more."""
SAMPLES: Final = 50
HOT: Final = 0.2
"""The first temperature, as a share of what so many moves to anywhere change the cost by on average."""
COLD: Final = 0.05
"""The last temperature, as a share of the cost of a link of the lightest net: one link more is as good as refused."""


@with_options
def place(
    graph: Graph, machine: Machine, constraints: Constraints = FREE, *, effort: Effort = 1.0, seed: Seed = 1
) -> Placement:
    """Pack the vertices and arrange the bundles; `effort` is how long to anneal, `seed` draws the moves.

    Raises
    ------
    MappingError
        If they do not fit, or an option is out of range.
    """
    packed, bundle, nets = _packed(graph, machine, constraints)
    steps = effort * min(max(STEPS_OF_BUNDLE * nets.places, STEPS_OF_PAIR * int(nets.pairs.sum())), MOST_STEPS)
    nets = nets.smallest(steps / MOVES)
    if not len(nets.weight):
        return packed
    chips = _nearby(packed, SPREAD * nets.places + SPARE)
    arrangement = _arrangement(packed, bundle, nets, _held(constraints), chips)
    before, cold = arrangement.total, COLD * float(nets.weight.min())
    hot = max(HOT * arrangement.typical_change(SAMPLES, seed), cold)
    arrangement.anneal(int(steps), hot, cold, seed)
    if arrangement.total >= before:
        return packed
    at = chips[arrangement.position[bundle]]
    return Placement(machine, at[:, 0].copy(), at[:, 1].copy(), packed.p)


def _packed(graph: Graph, machine: Machine, constraints: Constraints) -> tuple[Placement, NDArray[np.int64], Joined]:
    """A placement whose chips are the bundles, the bundle of each vertex, and the nets between bundles."""
    chips = _chips(machine)
    room = machine.cores[chips[:, 0], chips[:, 1]].astype(np.int32)
    order, kind = sources_after_sinks(graph)
    needed = int(np.searchsorted(np.cumsum(room), len(order))) + 1
    gathered, _ = sources_after_sinks(graph, by_affinity(graph, kind == 0, room[:needed]))
    packings = []
    for vertices, kinds in product((order, gathered), (kind, None) if kind.any() else (kind,)):
        packed = fill(graph, machine, chips, vertices, kinds, constraints=constraints)
        _, bundle = np.unique(packed.x.astype(np.int64) * machine.height + packed.y, return_inverse=True)
        packings.append((packed, bundle, joined(graph, bundle, int(bundle.max(initial=-1)) + 1)))
    return min(packings, key=lambda packing: packing[2].links)


def _chips(machine: Machine) -> NDArray[np.int32]:
    """All chips, those with the most cores first, and among these along a Hilbert curve."""
    curve = along_curve(machine)
    return curve[np.argsort(-machine.cores[curve[:, 0], curve[:, 1]].astype(np.int64), kind="stable")]


def _nearby(packed: Placement, number: int) -> NDArray[np.int32]:
    """So many chips, first of all those of `packed`, then those that would have been taken next."""
    chips = _chips(packed.machine)
    free = np.ones((packed.machine.width, packed.machine.height), np.bool_)
    free[packed.x, packed.y] = False
    return chips[np.argsort(free[chips[:, 0], chips[:, 1]], kind="stable")[:number]]


def _held(constraints: Constraints) -> NDArray[np.int64]:
    """The vertices whose chip is the matter of a constraint."""
    near = [vertex for rule in constraints.near for vertex in (*rule.these, *rule.those)]
    return np.array(sorted({*constraints.chips, *near}), np.int64)


def _arrangement(
    packed: Placement, bundle: NDArray[np.int64], nets: Joined, held: NDArray[np.int64], chips: NDArray[np.int32]
) -> Arrangement:
    """The bundles, on the chips on which they were packed, to be arranged on `chips`."""
    machine = packed.machine
    at = np.full((machine.width, machine.height), -1, np.int32)
    at[chips[:, 0], chips[:, 1]] = np.arange(len(chips))
    position, cores = np.zeros((2, nets.places), np.int32)
    position[bundle] = at[packed.x, packed.y]
    np.maximum.at(cores, bundle, packed.p)
    fixed = np.zeros(nets.places, np.int8)
    fixed[bundle[held]] = 1
    dx, dy = np.mgrid[1 - machine.width : machine.width, 1 - machine.height : machine.height].astype(np.int32)
    distance = np.ascontiguousarray(hops(machine, dx, dy), np.int16)
    room = machine.cores[chips[:, 0], chips[:, 1]].astype(np.int32)
    return Arrangement(
        chips, room, cores, fixed, at, distance, nets.start, nets.member, *nets.of_places(), nets.weight, position
    )
