"""Wiring: all projections of a network, and the spikes that are under way in them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.draws import projection_key
from pyneuro.capacity import require
from pyneuro.reference.cells import Block, Member
from pyneuro.reference.neuromodulation import Dopamine, DopamineSynapses, ModulatedSynapses
from pyneuro.reference.plasticity import PlasticSynapses
from pyneuro.reference.release import ReleaseSynapses
from pyneuro.reference.synapses import DelayLine, StaticSynapses, Synapses, no_rows, rows
from toolchain.errors import NetworkError
from toolchain.network import Network, Projection
from toolchain.synapses import ELECTRICAL, PLASTIC, STATIC
from toolchain.synapses.modulation import NEUROMODULATION

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
        self._dopamine: dict[int, Dopamine] = {}
        self._made: list[tuple[Projection, Synapses]] = []

    def load(self, network: Network, step: int) -> None:
        """Take over the projections of `network` before `step` is run; those that are the same objects stay."""
        self._bring_dopamine(network)
        known = {id(projection): synapses for projection, synapses in self._made if self._fits(projection, synapses)}
        made = [known.get(id(p)) or self._make(network, number) for number, p in enumerate(network.projections)]
        longest = max((int(synapses.rows.delays.max(initial=0)) for synapses in made), default=0)
        require((longest + 1) * self._inputs * 8, f"a delay of {longest * network.timestep:g} ms")
        for line in (self._line, *(dopamine.line for dopamine in self._dopamine.values())):
            line.lengthen(longest + 1, step)
        self._hand_over(list(zip(network.projections, made, strict=True)))
        self._leaving: list[list[Synapses]] = [[] for _ in network.populations]
        self._plastic: list[list[PlasticSynapses]] = [[] for _ in network.populations]
        for projection, synapses in self._made:
            if len(synapses.rows.targets):
                self._leaving[projection.source].append(synapses)
            if isinstance(synapses, PlasticSynapses):
                self._plastic[projection.target].append(synapses)
        self._waiting = [synapses for arriving in self._plastic for synapses in arriving]

    def _bring_dopamine(self, network: Network) -> None:
        """Have dopamine in the populations that a projection brings it to."""
        there = self._dopamine
        self._dopamine = {}
        for projection in network.projections:
            if projection.synapse == NEUROMODULATION:
                size = network.populations[projection.target].size
                dopamine = there.get(projection.target) or Dopamine(size, network.timestep)
                dopamine.configure({name: float(np.asarray(value)) for name, value in projection.parameters.items()})
                self._dopamine[projection.target] = dopamine

    def _fits(self, projection: Projection, synapses: Synapses) -> bool:
        """Whether synapses are still what the projection needs: plastic ones are others where there is dopamine."""
        if projection.synapse != PLASTIC:
            return True
        return isinstance(synapses, ModulatedSynapses) == (projection.target in self._dopamine)

    def _make(self, network: Network, number: int) -> Synapses:
        """The synapses of projection number `number`."""
        projection = network.projections[number]
        if projection.synapse == ELECTRICAL:
            return StaticSynapses(no_rows(projection))
        sources, targets = (network.populations[end].size for end in (projection.source, projection.target))
        if projection.synapse == NEUROMODULATION:
            made = rows(projection, sources, targets, 0, network.timestep)
            return DopamineSynapses(projection, made, self._dopamine[projection.target])
        place = self._places.get(projection.target)
        if place is None or projection.receptor not in place[0].model.receptors:
            target = network.populations[projection.target]
            raise NetworkError(
                f"projection '{projection.label}': {target.cell} has no receptor type '{projection.receptor}'"
            )
        cells, member = place
        receptor = list(cells.model.receptors).index(projection.receptor)
        first_input = cells.inputs.start + receptor * cells.cells + member.start
        made = rows(projection, sources, targets, first_input, network.timestep)
        if projection.synapse == STATIC:
            return StaticSynapses(made)
        if projection.synapse == PLASTIC:
            sign = cells.model.weights[projection.receptor].sign
            dopamine = self._dopamine.get(projection.target)
            if dopamine is not None:
                return ModulatedSynapses(projection, made, targets, sign, dopamine)
            return PlasticSynapses(projection, made, targets, sign, network.timestep)
        return ReleaseSynapses(projection, made, network.timestep, projection_key(network.seed, number))

    def _hand_over(self, made: list[tuple[Projection, Synapses]]) -> None:
        """Let synapses go on from the state of those that they replace, the same ones but for their values."""
        staying, known = ({id(synapses) for _, synapses in items} for items in (made, self._made))
        gone = [item for item in self._made if id(item[1]) not in staying]
        for projection, synapses in made:
            old = next((item for item in gone if alike(projection, item[0])), None)
            if old is not None and id(synapses) not in known:
                synapses.take_over(old[1])
                gone.remove(old)
        self._made = made

    def reset(self) -> None:
        """Back to the first weights and states, and nothing under way."""
        self._line.ring[:] = 0.0
        for dopamine in self._dopamine.values():
            dopamine.reset()
        for _, synapses in self._made:
            synapses.reset()

    def weights(self, projection: int) -> Floats:
        """Present weights of a projection, in its order."""
        return self._made[projection][1].weights()

    def arriving(self, step: int) -> Floats:
        """What arrives at the end of `step`, one number an input; to be cleared by who takes it.  Dopamine is taken."""
        for dopamine in self._dopamine.values():
            dopamine.collect(step)
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
