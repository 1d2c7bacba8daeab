"""Compact placement: vertices are packed into bundles, a chip each, and the bundles are arranged on the machine.

A packet costs a link for each chip of its tree after the first.  So two things count: on how many chips a net ends, and
how far apart these are.  The first is settled by packing: vertices that receive from many others are packed as
densely as they can be, in the order of the graph, and vertices that only send into bundles of their own
(see ``follow``).  The second is settled by annealing: bundles change places at random, for the worse with a
probability that falls with the temperature, until no move helps.

The cost is the sum over all nets of packets times links of the minimum spanning tree of their chips.  Nets that
start and end in the same bundles are one, so that in a network in which everything goes everywhere there are few,
and a million moves take a second.  What comes out there is a connected set of chips for the dense part, k chips
that every net joins by k - 1 links, with the sources on chips that lie between those of their sinks.  Such a
set need not be round: it may as well have arms, with sources in between.

Chips with fewer cores are taken last, since a bundle more costs every net a link.

Source of the algorithm: S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi 1983, "Optimization by simulated annealing",
Science 220; moves near connected bundles, in a reach that shrinks, are those of V. Betz and J. Rose 1997, "VPR: a
new packing, placement and routing tool for FPGA research".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, hops
from toolchain.constraints import FREE, Constraints
from toolchain.errors import MappingError
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place.arrange import Arrangement
from toolchain.place.fill import fill
from toolchain.place.follow import sources_after_sinks
from toolchain.place.hilbert import chips as along_curve

STEPS: Final = 1_000_000
"""Steps of the inner loops for each bundle, at an effort of 1: a hundredth of a second."""
MOST_BUNDLES: Final = 200
"""Bundles for which there are more steps; two seconds."""
SAMPLES: Final = 200
COLD: Final = 0.05
"""The last temperature, of the lightest net: a link more is then as good as never taken."""


def place(
    graph: Graph, machine: Machine, constraints: Constraints = FREE, *, effort: float = 1.0, seed: int = 1
) -> Placement:
    """Pack the vertices and arrange the bundles; `effort` is how long to anneal, `seed` draws the moves.

    Raises
    ------
    MappingError
        If they do not fit, or an option is out of range.
    """
    if not (0 <= effort <= 1000 and seed >= 0):
        raise MappingError(f"effort {effort:g} must be from 0 to 1000, and seed {seed} at least 0")
    order, kind = sources_after_sinks(graph)
    packed = fill(graph, machine, _chips(machine), order, kind)
    bundles = _bundles(graph, packed)
    if not len(bundles.weight):
        return packed
    arrangement = bundles.on(packed)
    cold = COLD * float(bundles.weight.min())
    steps = int(effort * STEPS * min(len(bundles.cores), MOST_BUNDLES))
    arrangement.anneal(steps, max(arrangement.typical_change(SAMPLES, seed), cold), cold, seed)
    at = bundles.chips[arrangement.position[bundles.of]]
    return Placement(machine, at[:, 0].copy(), at[:, 1].copy(), packed.p)


def _chips(machine: Machine) -> NDArray[np.int32]:
    """All chips, those with the most cores first, and among these along a Hilbert curve."""
    curve = along_curve(machine)
    return curve[np.argsort(-machine.cores[curve[:, 0], curve[:, 1]].astype(np.int64), kind="stable")]


@dataclass(frozen=True, eq=False)
class _Bundles:
    """Vertices that share a chip, and the nets between them: the sets of bundles that nets start and end in.

    Parameters
    ----------
    of : int64[vertices]
        The bundle of each vertex.
    cores : int32[bundles]
        Cores that a chip must have for it.
    nets : tuple of int32[...]
        Sets of at least two bundles, ascending.
    weight : double[nets]
        Packets, of all nets that start and end in these bundles; above 0.
    chips : int32[positions, 2]
        Where bundles may be.
    """

    of: NDArray[np.int64]
    cores: NDArray[np.int32]
    nets: tuple[NDArray[np.int32], ...]
    weight: NDArray[np.float64]
    chips: NDArray[np.int32]

    def on(self, packed: Placement) -> Arrangement:
        """The bundles arranged as they were packed."""
        machine, chips = packed.machine, self.chips
        at = np.full((machine.width, machine.height), -1, np.int32)
        at[chips[:, 0], chips[:, 1]] = np.arange(len(chips))
        position = np.empty(len(self.cores), np.int32)
        position[self.of] = at[packed.x, packed.y]
        dx, dy = np.mgrid[1 - machine.width : machine.width, 1 - machine.height : machine.height].astype(np.int32)
        lengths = np.array([len(net) for net in self.nets])
        ends = np.concatenate(self.nets)
        nets = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        return Arrangement(
            chips, machine.cores[chips[:, 0], chips[:, 1]].astype(np.int32), self.cores, at,
            np.ascontiguousarray(hops(machine, dx, dy), np.int16),
            _starts(lengths), ends,
            _starts(np.bincount(ends, minlength=len(self.cores))), nets[np.argsort(ends, kind="stable")],
            self.weight, position,
        )  # fmt: skip


def _bundles(graph: Graph, packed: Placement) -> _Bundles:
    machine = packed.machine
    _, of = np.unique(packed.x.astype(np.int64) * machine.height + packed.y, return_inverse=True)
    cores = np.zeros(int(of.max(initial=-1)) + 1, np.int32)
    np.maximum.at(cores, of, packed.p)
    weights: dict[bytes, float] = {}
    ends = np.zeros(len(cores), np.bool_)
    for net in graph.nets:
        ends[of[net.sinks]] = True
        ends[of[net.source]] = True
        if np.count_nonzero(ends) > 1 and net.weight > 0:
            bundles = np.flatnonzero(ends).astype(np.int32).tobytes()
            weights[bundles] = weights.get(bundles, 0.0) + net.weight
        ends[:] = False
    nets = tuple(np.frombuffer(bundles, np.int32) for bundles in weights)
    chips = np.ascontiguousarray(np.argwhere(machine.cores > 0), np.int32)
    return _Bundles(of, cores, nets, np.array(list(weights.values())), chips)


def _starts(lengths: NDArray[np.integer]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
