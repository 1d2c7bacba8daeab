"""ReferenceSimulation: the network run step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pyneuro.backend import Progress
from pyneuro.reference.cells import Block, Cells
from pyneuro.reference.gap_junctions import GapJunctions
from pyneuro.reference.recording import SampleRecord, SpikeRecord
from pyneuro.reference.sources import Source, Train, make_source
from pyneuro.reference.wiring import Wiring
from toolchain.errors import NetworkError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Projection
from toolchain.synapses import ELECTRICAL

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

BLOCK_STEPS = 1000
"""Steps for which sources draw at once, and between two calls of progress."""


class ReferenceSimulation:
    """A network in the reference simulator; a `pyneuro.backend.Simulation`.

    Parameters
    ----------
    network : Network
        What to simulate.

    Raises
    ------
    NetworkError
        If a projection names a cell or a receptor that there is not.
    UnsupportedError
        If the network has something that this simulator lacks.
    SizeError
        If the spikes under way during the longest delay do not fit into memory.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._step = 0
        self._build_cells(network)
        self._sources = self._make_sources(network)
        self._wiring = Wiring(self._places, self._inputs)
        self._spikes = [SpikeRecord(population.size) for population in network.populations]
        self._samples: list[dict[str, SampleRecord]] = [{} for _ in network.populations]
        self._load(network)

    @property
    def step(self) -> int:
        """Steps done since the start or the last reset."""
        return self._step

    def run(self, steps: int, progress: Progress | None = None) -> None:
        """Run `steps` timesteps; `progress` is called now and then with the number done."""
        start, end = self._step, self._step + steps
        while self._step < end:
            self._run_block(min(self._step + BLOCK_STEPS, end))
            if progress is not None:
                progress(self._step - start)

    def update(self, network: Network) -> None:
        """Go on with `network`, which has the same populations and cells; state, time and spikes under way stay."""
        before, after = (
            [(population.size, population.cell) for population in n.populations] for n in (self._network, network)
        )
        if before != after:
            raise NetworkError("populations were added or changed their cells; reset the simulation first")
        self._load(network)
        for cells in self._blocks:
            cells.configure(network.populations)
        for number, source in self._sources.items():
            source.update(network.populations[number])

    def inject(self, network: Network) -> None:
        """Go on with the injected currents of `network`, which is the same else."""
        before, after = self._network.populations, network.populations
        changed = [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old is not new]
        self._network = replace(self._network, populations=after)
        for cells in {id(self._places[number][0]): self._places[number][0] for number in changed}.values():
            cells.inject(after)

    def reset(self) -> None:
        """Back to step 0 and the initial values; recorded data are dropped."""
        self._step = 0
        self._wiring.reset()
        for cells in self._blocks:
            cells.reset(self._network.populations)
        self._sources = self._make_sources(self._network)
        for number in range(len(self._network.populations)):
            self.clear(number)

    def clear(self, population: int) -> None:
        """Drop what was recorded of `population` so far."""
        self._spikes[population].clear()
        for record in self._samples[population].values():
            record.clear()

    def spikes(self, population: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Steps and cell indices of the recorded spikes since the last clear, sorted by step, then index."""
        return self._spikes[population].spikes()

    def signal(self, population: int, variable: str) -> Floats:
        """Samples [samples, recorded cells] since the last clear, the sample of the present moment included."""
        return self._samples[population][variable].signal(self._step, self._values(population, variable))

    def state(self, population: int, variable: str) -> Floats:
        """Present value of a state variable, all cells, in PyNN's unit."""
        return self._values(population, variable).copy()

    def weights(self, projection: int) -> Floats:
        """Present weights of projection number `projection`, in its order; those of plastic synapses as last sent."""
        return self._wiring.weights(projection)

    def present(self, projection: int) -> Projection:
        """Projection number `projection` as it is now: with present weights, and the synapses that there are."""
        return self._wiring.present(projection)

    def _build_cells(self, network: Network) -> None:
        """Put the populations of each model into one block, and number the inputs."""
        numbers: dict[CellModel, list[int]] = {}
        for number, population in enumerate(network.populations):
            if population.size < 1:
                raise NetworkError(f"population '{population.label}' has no cells")
            model = CELL_MODELS.get(population.cell)
            if isinstance(model, CellModel):
                numbers.setdefault(model, []).append(number)
        self._blocks: list[Block] = []
        self._inputs = 0
        for model, members in numbers.items():
            self._blocks.append(self._block(model, members, network, self._inputs))
            self._inputs = self._blocks[-1].inputs.stop
        self._places = {member.population: (cells, member) for cells in self._blocks for member in cells.members}

    def _block(self, model: CellModel, members: Sequence[int], network: Network, first_input: int) -> Block:
        """The cells of the populations `members`, all of one model."""
        return Cells(model, members, network.populations, network.timestep, first_input, seed=network.seed)

    def _make_sources(self, network: Network) -> dict[int, Source]:
        """The populations that are no cells, from their first step on."""
        every = range(len(network.populations))
        return {number: make_source(network, number) for number in every if number not in self._places}

    def _load(self, network: Network) -> None:
        """Take over projections and recordings."""
        self._wiring.load(network, self._step)
        self._network = network
        electrical = any(projection.synapse == ELECTRICAL for projection in network.projections)
        self._coupled = GapJunctions(network, self._places) if electrical else None
        coupled = self._coupled.blocks if self._coupled else []
        self._alone = [cells for cells in self._blocks if cells not in coupled]
        self._configure_records(network)

    def _configure_records(self, network: Network) -> None:
        """Record what `network` asks for; what is recorded as before goes on, what is not begins now."""
        for number, population in enumerate(network.populations):
            wanted = {recording.variable: recording for recording in population.recordings}
            self._spikes[number].configure(wanted.pop("spikes", None))
            for name in wanted:
                if number not in self._places or name not in self._places[number][0].model.recordable:
                    raise NetworkError(f"population '{population.label}': {population.cell} has no variable '{name}'")
            before = self._samples[number]
            self._samples[number] = {
                name: before[name] if name in before and before[name].fits(recording) else SampleRecord(recording)
                for name, recording in wanted.items()
            }

    def _values(self, population: int, variable: str) -> Floats:
        """Present values of a state variable, as a view."""
        cells, member = self._places[population]
        return cells.values(member, variable)

    def _run_block(self, stop: int) -> None:
        """Run until step `stop`."""
        trains = [(number, Train(source, self._step, stop)) for number, source in self._sources.items()]
        samples = [
            (record, self._values(number, name))
            for number, records in enumerate(self._samples)
            for name, record in records.items()
        ]
        for step in range(self._step, stop):
            for record, values in samples:
                record.add(step, values)
            self._wiring.rewire(step)
            for number, train in trains:
                fired = train.at(step)
                if fired.size:
                    self._spikes[number].add(step, fired)
                    self._wiring.send(number, fired, step - 1)
            self._wiring.settle(step)
            slot = self._wiring.arriving(step)
            for cells, fired in self._move(step, slot):
                if fired.size:
                    self._fire(cells, fired, step)
            self._step = step + 1
        self._wiring.settle(stop)

    def _move(self, step: int, slot: Floats) -> Iterator[tuple[Block, Indices]]:
        """Run `step` for all cells: each block, and which of its cells spike."""
        if self._coupled is not None:
            yield from self._coupled.step(step, slot)
        for cells in self._alone:
            yield cells, cells.step(step, slot)

    def _fire(self, cells: Block, fired: Indices, step: int) -> None:
        """Record and deliver the spikes that the update of `step` found in `cells`."""
        for number, own in cells.shares(fired):
            self._spikes[number].add(step, own)
            self._wiring.receive(number, own, step + 1)
            self._wiring.send(number, own, step)
