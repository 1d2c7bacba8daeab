"""The simulators that stand between the reference and the emulator; each is a `pyneuro.backend.Simulation`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyneuro.backend import Progress, Simulation
from pyneuro.budget.cells import ProgramCells
from pyneuro.budget.networks import Quantiser, parts_for_delays, refined, varied
from pyneuro.reference import ReferenceSimulation
from pyneuro.reference.cells import Block
from pyneuro.reference.sources import Source, Train
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population
from toolchain.options import MappingOptions
from toolchain.weights import ring_buffer_shifts
from toolchain.workload import prepare

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class CoarseSource:
    """Sources that spike at the beginning of every `parts`-th step, as they do without the division of the timestep."""

    def __init__(self, source: Source, parts: int) -> None:
        self._source, self._parts = source, parts

    def between(self, start: int, stop: int) -> tuple[Indices, Indices]:
        """Steps and source indices of the spikes of steps ``start..stop - 1``."""
        steps, indices = self._source.between(-(-start // self._parts), -(-stop // self._parts))
        return steps * self._parts, indices

    def update(self, population: Population) -> None:
        """Go on with the parameters of `population`."""
        self._source.update(population)


class ExactDelays(ReferenceSimulation):
    """The reference with a timestep of which all delays are multiples, or a tenth of its own if that is not enough.

    Sources spike on the grid of the network's own timestep, as always.
    """

    def __init__(self, network: Network) -> None:
        self._parts = parts_for_delays(network)
        self._asked = network
        super().__init__(refined(network, self._parts))

    @property
    def step(self) -> int:
        """Steps of the network's timestep done since the start or the last reset."""
        return super().step // self._parts

    def run(self, steps: int, progress: Progress | None = None) -> None:
        """Run `steps` timesteps of the network."""
        told = None if progress is None else lambda done: progress(done // self._parts)
        super().run(steps * self._parts, told)

    def update(self, network: Network) -> None:
        """Go on with `network`."""
        self._asked = network
        super().update(refined(network, self._parts))

    def inject(self, network: Network) -> None:
        """Go on with the injected currents of `network`."""
        self._asked = network
        super().inject(refined(network, self._parts))

    def spikes(self, population: int) -> tuple[Indices, NDArray[np.int32]]:
        """Recorded spikes, in steps of the network's timestep, sorted by step, then index."""
        steps, indices = super().spikes(population)
        steps = steps // self._parts
        order = np.lexsort((indices, steps))
        return steps[order], indices[order]

    def _make_sources(self, network: Network) -> dict[int, Source]:
        coarse = super()._make_sources(self._asked)
        return {number: CoarseSource(source, self._parts) for number, source in coarse.items()}


class RoundedWeights(ReferenceSimulation):
    """The reference with the weights that a core stores."""

    cuts_delays = False
    """Whether delays are cut to the longest that options allow, as on the machine."""

    def __init__(self, network: Network, options: MappingOptions) -> None:
        self._options = options
        self._quantise = self._quantiser(shifts_of(network, options))
        super().__init__(self._quantise(network))

    def _quantiser(self, shifts: tuple[tuple[int, ...], ...]) -> Quantiser:
        return Quantiser(shifts, self._options if self.cuts_delays else None)

    def update(self, network: Network) -> None:
        """Go on with `network`."""
        shifts = shifts_of(network, self._options)
        if shifts != self._quantise.shifts:
            self._quantise = self._quantiser(shifts)
        super().update(self._quantise(network))


class ProgramSimulation(RoundedWeights):
    """Cells stepped by the programs of the cores, in real numbers or in words, with the machine's order in a tick.

    What arrives in a tick is taken at its beginning, and a spike of the tick with delay d arrives in tick ``t + d``.
    """

    cuts_delays = True

    def __init__(self, network: Network, options: MappingOptions, *, in_words: bool) -> None:
        self._in_words = in_words
        self._programs: dict[int, ProgramCells] = {}
        super().__init__(network, options)

    def _block(self, model: CellModel, members: Sequence[int], network: Network, first_input: int) -> ProgramCells:
        substeps = model.substeps(network.timestep, self._options.substeps)
        cells = ProgramCells(
            model,
            members,
            network.populations,
            network.timestep,
            first_input,
            in_words=self._in_words,
            seed=network.seed,
            substeps=substeps,
        )
        self._programs |= dict.fromkeys(members, cells)
        return cells

    def _run_block(self, stop: int) -> None:
        """Run until step `stop`."""
        trains = [(number, Train(source, self._step, stop)) for number, source in self._sources.items()]
        for step in range(self._step, stop):
            self._wiring.rewire(step)
            for number, train in trains:
                fired = train.at(step)
                if fired.size:
                    self._spikes[number].add(step, fired)
                    self._wiring.send(number, fired, step - 1)
            self._wiring.settle(step)
            for cells in self._blocks:
                fired = cells.step(step, self._wiring.arriving(step - 1))
                if fired.size:
                    self._fire(cells, fired, step)
            self._sample(step)
            self._step = step + 1
        self._wiring.settle(stop)

    def _sample(self, step: int) -> None:
        for number, records in enumerate(self._samples):
            for name, record in records.items():
                member = self._places[number][1]
                record.add(step, self._programs[number].samples[name][member.start : member.stop])

    def _fire(self, cells: Block, fired: Indices, step: int) -> None:
        """Record and deliver the spikes that tick `step` found in `cells`."""
        for number, own in cells.shares(fired):
            self._spikes[number].add(step, own)
            self._wiring.receive(number, own, step)
            self._wiring.send(number, own, step - 1)

    def state(self, population: int, variable: str) -> Floats:
        """Present value of a state variable, all cells, in PyNN's unit."""
        return self._programs[population].values(self._places[population][1], variable)

    def _values(self, population: int, variable: str) -> Floats:
        """Values of a variable that the coming tick samples."""
        member = self._places[population][1]
        coming = self._programs[population].coming(self._step, self._wiring.arriving(self._step - 1))
        return coming[variable][member.start : member.stop]


class Varied:
    """A simulation of another of the runs that are as good as that of `network`; see `networks.varied`.

    Parameters
    ----------
    make : callable
        Makes the simulation of a network.
    number : int
        Which of the other runs; 0 is the run of the network itself.
    """

    def __init__(self, make: Callable[[Network], Simulation], network: Network, number: int) -> None:
        self._number = number
        self._simulation = make(self._changed(network))

    def _changed(self, network: Network) -> Network:
        return varied(network, self._number) if self._number else network

    def update(self, network: Network) -> None:
        """Go on with `network`, changed likewise."""
        self._simulation.update(self._changed(network))

    def inject(self, network: Network) -> None:
        """Go on with the injected currents of `network`, changed likewise."""
        self._simulation.inject(self._changed(network))

    def __getattr__(self, name: str) -> Any:
        """Return what is the same in all runs."""
        return getattr(self._simulation, name)


def shifts_of(network: Network, options: MappingOptions) -> tuple[tuple[int, ...], ...]:
    """Ring-buffer shifts of `network`, as the mapping chooses them."""
    return ring_buffer_shifts(prepare(network, options), options)


STAGES: dict[str, Callable[[Network, MappingOptions], ReferenceSimulation]] = {
    "exact delays": lambda network, options: ExactDelays(network),
    "reference": lambda network, options: ReferenceSimulation(network),
    "weights": RoundedWeights,
    "algorithm": lambda network, options: ProgramSimulation(network, options, in_words=False),
    "arithmetic": lambda network, options: ProgramSimulation(network, options, in_words=True),
}
"""How the simulation of each stage is made."""
