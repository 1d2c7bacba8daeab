"""Wiring: all projections of a network, and the spikes that are under way in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emulator.draws import projection_key
from pyneuro.capacity import require
from pyneuro.reference.cells import Block, Member
from pyneuro.reference.make_synapses import make_rewired, make_synapses
from pyneuro.reference.neuromodulation import Dopamine, ModulatedSynapses
from pyneuro.reference.plasticity import PlasticSynapses
from pyneuro.reference.rewiring import Rewired, Structure
from pyneuro.reference.synapses import DelayLine, Synapses
from toolchain.network import Network, Projection, alike
from toolchain.synapses import PLASTIC
from toolchain.synapses.modulation import NEUROMODULATION
from toolchain.synapses.structure import STRUCTURAL

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
        self._structures: dict[int, Structure] = {}
        self._made: list[tuple[Projection, Synapses]] = []

    def load(self, network: Network, step: int) -> None:
        """Take over the projections of `network` before `step` is run; those that are the same objects stay."""
        self._bring_dopamine(network)
        known = {id(projection): synapses for projection, synapses in self._made if self._fits(projection, synapses)}
        rewired = self._rewire_populations(network)
        made = [
            rewired.get(number) or known.get(id(p)) or make_synapses(network, number, self._places, self._dopamine)
            for number, p in enumerate(network.projections)
        ]
        longest = max((int(synapses.rows.delays.max(initial=0)) for synapses in made), default=0)
        longest = max(longest, *(structure.longest for structure in self._structures.values()), 0)
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

    def _rewire_populations(self, network: Network) -> dict[int, Rewired]:
        """Have places for structural synapses where there are some; their projections, by number.

        Where no projection is new the synapses stay as they are.
        """
        before, self._structures = self._structures, {}
        groups: dict[int, list[int]] = {}
        for number, projection in enumerate(network.projections):
            if projection.synapse in STRUCTURAL:
                groups.setdefault(projection.target, []).append(number)
        made: dict[int, Rewired] = {}
        for target, numbers in groups.items():
            projections = [network.projections[number] for number in numbers]
            structure = before.get(target)
            if structure is None or not structure.continues(projections):
                fresh = [make_rewired(network, projection, self._places) for projection in projections]
                structure = Structure(network, numbers, fresh, projection_key(network.seed, -1 - target))
            structure.configure(projections)
            self._structures[target] = structure
            made |= zip(numbers, structure.made, strict=True)
        return made

    def _fits(self, projection: Projection, synapses: Synapses) -> bool:
        """Whether synapses are still what the projection needs: plastic ones are others where there is dopamine."""
        if projection.synapse != PLASTIC:
            return True
        return isinstance(synapses, ModulatedSynapses) == (projection.target in self._dopamine)

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
        for structure in self._structures.values():
            structure.reset()

    def weights(self, projection: int) -> Floats:
        """Present weights of a projection, in its order."""
        return self._made[projection][1].weights()

    def present(self, projection: int) -> Projection:
        """A projection as it is now: with present weights, and where there is rewiring with present synapses."""
        given, synapses = self._made[projection]
        structure = self._structures.get(given.target)
        if structure is not None and synapses in structure.made:
            return structure.present(structure.made.index(synapses))
        return replace(given, weight=synapses.weights())

    def rewire(self, step: int) -> None:
        """Form and eliminate synapses, before `step` is run."""
        for structure in self._structures.values():
            structure.rewire(step)

    def arriving(self, step: int) -> Floats:
        """What arrives at the end of `step`, one number an input; to be cleared by who takes it.  Dopamine is taken."""
        for dopamine in self._dopamine.values():
            dopamine.collect(step)
        return self._line.slot(step)

    def send(self, population: int, fired: Indices, found: int) -> None:
        """Deliver the spikes of the sources `fired` as if the update of step `found` had found them."""
        for synapses in self._leaving[population]:
            synapses.send(fired, found, self._line)
        for structure in self._structures.values():
            structure.hear(population, fired)

    def receive(self, population: int, fired: Indices, time: int) -> None:
        """Let plastic synapses know that their targets `fired` spike at `time` (steps)."""
        for synapses in self._plastic[population]:
            synapses.receive(fired, time)

    def settle(self, known: int) -> None:
        """Deliver the spikes that waited for those of their targets up to time `known` (steps)."""
        for synapses in self._waiting:
            synapses.settle(known, self._line)
