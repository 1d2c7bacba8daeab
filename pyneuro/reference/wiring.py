"""Wiring: all projections of a network, and the spikes that are under way in them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.draws import projection_key
from pyneuro.capacity import require
from pyneuro.reference.cells import Block, Member
from pyneuro.reference.plasticity import PlasticSynapses
from pyneuro.reference.release import ReleaseSynapses
from pyneuro.reference.synapses import DelayLine, StaticSynapses, Synapses, no_rows, rows
from toolchain.errors import NetworkError
from toolchain.network import Network, Projection
from toolchain.synapses import ELECTRICAL, PLASTIC, STATIC

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Wiring:
    """The projections of a network.

    Parameters
    ----------
    places : mapping of int to (Block, Member)
        Where the cells of each population that has dynamics are.
    inputs : int
        Number of inputs of all cells.
    """

    def __init__(self, places: Mapping[int, tuple[Block, Member]], inputs: int) -> None:
        self._places = places
        self._inputs = inputs
        self._line = DelayLine(1, inputs)
        self._made: list[tuple[Projection, Synapses]] = []

    def load(self, network: Network, step: int) -> None:
        """Take over the projections of `network` before `step` is run; those that are the same objects stay."""
        known = {id(projection): synapses for projection, synapses in self._made}
        made = [
            known.get(id(projection)) or self._make(network, number)
            for number, projection in enumerate(network.projections)
        ]
        longest = max((int(synapses.rows.delays.max(initial=0)) for synapses in made), default=0)
        require((longest + 1) * self._inputs * 8, f"a delay of {longest * network.timestep:g} ms")
        self._line.lengthen(longest + 1, step)
        fresh = [item for item in zip(network.projections, made, strict=True) if id(item[0]) not in known]
        self._hand_over(fresh, {id(projection) for projection in network.projections})
        self._made = list(zip(network.projections, made, strict=True))
        self._leaving: list[list[Synapses]] = [[] for _ in network.populations]
        self._plastic: list[list[PlasticSynapses]] = [[] for _ in network.populations]
        for projection, synapses in self._made:
            if len(synapses.rows.targets):
                self._leaving[projection.source].append(synapses)
            if isinstance(synapses, PlasticSynapses):
                self._plastic[projection.target].append(synapses)
        self._waiting = [synapses for arriving in self._plastic for synapses in arriving]

    def _make(self, network: Network, number: int) -> Synapses:
        """The synapses of projection number `number`."""
        projection = network.projections[number]
        if projection.synapse == ELECTRICAL:
            return StaticSynapses(no_rows(projection))
        place = self._places.get(projection.target)
        if place is None or projection.receptor not in place[0].model.receptors:
            target = network.populations[projection.target]
            raise NetworkError(
                f"projection '{projection.label}': {target.cell} has no receptor type '{projection.receptor}'"
            )
        cells, member = place
        size = member.stop - member.start
        receptor = list(cells.model.receptors).index(projection.receptor)
        first_input = cells.inputs.start + receptor * cells.cells + member.start
        made = rows(projection, network.populations[projection.source].size, size, first_input, network.timestep)
        if projection.synapse == STATIC:
            return StaticSynapses(made)
        if projection.synapse == PLASTIC:
            sign = cells.model.weights[projection.receptor].sign
            return PlasticSynapses(projection, made, size, sign, network.timestep)
        return ReleaseSynapses(projection, made, network.timestep, projection_key(network.seed, number))

    def _hand_over(self, fresh: list[tuple[Projection, Synapses]], staying: set[int]) -> None:
        """Let `fresh` synapses go on from the state of those that they replace, the same ones but for their values."""
        gone = [item for item in self._made if id(item[0]) not in staying]
        for projection, synapses in fresh:
            for old in gone:
                if alike(projection, old[0]):
                    synapses.take_over(old[1])
                    gone.remove(old)
                    break

    def reset(self) -> None:
        """Back to the first weights and states, and nothing under way."""
        self._line.ring[:] = 0.0
        for _, synapses in self._made:
            synapses.reset()

    def weights(self, projection: int) -> Floats:
        """Present weights of a projection, in its order."""
        return self._made[projection][1].weights()

    def slot(self, step: int) -> Floats:
        """What arrives at the end of `step`, one number an input; to be cleared by who takes it."""
        return self._line.slot(step)

    def send(self, population: int, fired: Indices, found: int) -> None:
        """Deliver the spikes of the sources `fired` as if the update of step `found` had found them."""
        for synapses in self._leaving[population]:
            synapses.send(fired, found, self._line)

    def receive(self, population: int, fired: Indices, time: int) -> None:
        """Let plastic synapses know that their targets `fired` spike at `time` (steps)."""
        for synapses in self._plastic[population]:
            synapses.receive(fired, time)

    def settle(self, known: int) -> None:
        """Deliver the spikes that waited for those of their targets up to time `known` (steps)."""
        for synapses in self._waiting:
            synapses.settle(known, self._line)


def alike(one: Projection, other: Projection) -> bool:
    """Whether two projections connect the same cells in the same order by synapses of the same kind."""
    kinds = [(p.source, p.target, p.receptor, p.synapse, p.rules, len(p)) for p in (one, other)]
    return kinds[0] == kinds[1] and np.array_equal(one.pre, other.pre) and np.array_equal(one.post, other.post)
