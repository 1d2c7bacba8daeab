"""The emulated machine as a simulator of the front end: compile, load, run, and read back in PyNN's units.

When the network changes between two runs it is compiled again and the new image goes on from the state
that the old one reached: state variables, ring buffers, delay queues and random streams are carried over.
What was recorded before is kept here.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from emulator.emulator import Emulator
from emulator.image import DELAY_SLOTS, NeuronCore
from emulator.machine import Machine
from emulator.statistics import Statistics, together
from pyneuro.backend import Progress
from pyneuro.errors import MappingWarning, RunWarning, warn_user
from pyneuro.remarks import remarks
from toolchain.changed_delays import Running, carry_synapses, changed_delays
from toolchain.compile import Mapping, compile_network
from toolchain.currents import changed_currents, coarse_currents
from toolchain.language import Given, at_speed, on_machine
from toolchain.map_network import map_network
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Projection, Recording
from toolchain.rewired_banks import Loaded, check_continued
from toolchain.rewiring import CoreState
from toolchain.synapses import PLASTIC
from toolchain.synapses.structure import STRUCTURAL


class EmulatedSimulation:
    """A network on an emulated machine; see `pyneuro.backend.Simulation`.

    Parameters
    ----------
    network : Network
        What to run.
    machine : str or Machine, optional
        The machine, or its name; by default that of `mapping`, or the smallest standard one that fits. What `mapping`
        says of its parts holds of either.
    mapping : optional
        What is said about the mapping: options by name, a mapping file, or statements.
    time_scale_factor : float, optional
        Wall-clock time over biological time on the machine, if `mapping` does not say it.
    threads : int
        Threads of the emulator.
    """

    def __init__(
        self,
        network: Network,
        *,
        machine: Machine | str | None = None,
        mapping: Given = None,
        time_scale_factor: float | None = None,
        threads: int = 1,
    ) -> None:
        self._threads = threads
        self.map_s = self.load_s = 0.0
        self._spikes: dict[int, list[tuple[NDArray[np.int64], NDArray[np.int32]]]] = {}
        self._samples: dict[tuple[int, str], list[NDArray[np.float64]]] = {}
        self._counted: Statistics | None = None
        self._told: set[str] = set()
        self.network = network
        started = time.perf_counter()
        settings = at_speed(on_machine(mapping, machine), time_scale_factor)
        self.outcome = map_network(network, settings)
        self.map_s += time.perf_counter() - started
        self.mapping = self.outcome.mapping
        self.emulator = self._loaded(self.mapping)

    def _mapped_again(self, network: Network) -> Mapping:
        """Compile `network`, which has changed, for the machine and by the algorithms of the first time."""
        started = time.perf_counter()
        mapping = compile_network(network, self.mapping.machine, settings=self.outcome.again, like=self.mapping)
        self.map_s += time.perf_counter() - started
        return mapping

    def _loaded(self, mapping: Mapping) -> Emulator:
        """Load what was mapped, and say what that changed about the network."""
        mapped = time.perf_counter()
        emulator = Emulator(mapping.image, self._threads)
        self.load_s += time.perf_counter() - mapped
        for text in map(str, mapping.diagnostics):
            if text not in self._told:
                self._told.add(text)
                warn_user(text, MappingWarning)
        return emulator

    @property
    def step(self) -> int:
        """Ticks done since the start or the last reset."""
        return self.emulator.tick

    def run(self, steps: int, progress: Progress | None = None) -> None:
        """Run `steps` ticks; what goes wrong is warned of, each kind of it once."""
        self.emulator.run(steps, progress)
        if self._told.issuperset(self.emulator.troubles()):
            return
        for name, text in remarks(self.emulator.statistics(), self.mapping.machine).items():
            if name not in self._told:
                self._told.add(name)
                warn_user(text, RunWarning)

    def update(self, network: Network) -> None:
        """Go on with `network`: compile it and carry the state over; what was recorded is kept."""
        mapping = self._mapped_again(network)
        emulator = self._loaded(mapping)
        if self.step:
            check_continued(Loaded(self.network, self.mapping.banks), Loaded(network, mapping.banks))
        if dropped := emulator.carry_over(self.emulator):
            warn_user(
                f"the changed network lacks delay stages in which spikes sent before step {self.step} still waited "
                f"({dropped:,} of them): they will not arrive with the delay that they were sent with; change delays "
                f"of more than {DELAY_SLOTS} timesteps before the first run, or after reset()",
                MappingWarning,
            )
        if changed_delays(self.network, network):
            self._carry_synapses(Running(network, mapping, emulator))
        for number, population in enumerate(self.network.populations):
            self._keep(number, population.recordings)
        self._counted = self.statistics()
        self.network, self.mapping, self.emulator = network, mapping, emulator

    def _carry_synapses(self, changed: Running) -> None:
        """Have synapses with other delays remember what they did before."""
        if lost := carry_synapses(Running(self.network, self.mapping, self.emulator), changed):
            warn_user(
                f"delays were changed while spikes sent before step {self.step} were on their way to synapses with "
                f"dynamics: {lost:,} rows of synapses are not processed for them, because part of the synapses that "
                "now share a row had been; change delays while nothing is on its way, or before the first run",
                MappingWarning,
            )

    def inject(self, network: Network) -> None:
        """Go on with the injected currents of `network`: those of the loaded image are exchanged."""
        self.emulator.inject(changed_currents(self.network, network, self.mapping.partition))
        pairs = zip(self.network.populations, network.populations, strict=True)
        changed = tuple(new for old, new in pairs if new is not old and f"currents of {new.label}" not in self._told)
        for remark in coarse_currents(changed):
            self._told.add(f"currents of {remark.subject}")
            warn_user(str(remark), MappingWarning)
        self.network, self.mapping = network, replace(self.mapping, image=self.emulator.image)

    def _keep(self, population: int, recordings: tuple[Recording, ...]) -> None:
        self._spikes.setdefault(population, []).append(self._new_spikes(population))
        for recording in recordings:
            if recording.variable != "spikes":
                samples = self._new_samples(population, recording.variable)
                # The new image records the present moment again, in its first tick.
                kept = samples[:-1] if self.step % recording.interval_steps == 0 else samples
                self._samples.setdefault((population, recording.variable), []).append(kept)

    def reset(self) -> None:
        """Back to tick 0 and the first values; recorded data are dropped."""
        self._counted = self.statistics()
        self._spikes.clear()
        self._samples.clear()
        self.emulator.reset()

    def clear(self, population: int) -> None:
        """Drop what was recorded of `population` so far."""
        self._spikes.pop(population, None)
        for key in [key for key in self._samples if key[0] == population]:
            del self._samples[key]
        for core in self.mapping.cores_of(population):
            self.emulator.clear(core)

    def statistics(self) -> Statistics:
        """What the machine has counted since the simulation was made, resets and changes of the network included."""
        present = self.emulator.statistics()
        return together(self._counted, present) if self._counted else present

    # --- reading back -------------------------------------------------------------------------------

    def spikes(self, population: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Steps and cell indices of the recorded spikes since the last clear, sorted by step, then index."""
        parts = [*self._spikes.get(population, []), self._new_spikes(population)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def _new_spikes(self, population: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        steps, indices = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
        for core in self.mapping.cores_of(population):
            tick, index = self.emulator.spikes(core)
            steps.append(tick.astype(np.int64))
            indices.append((index + self.mapping.partition.slices[core].start).astype(np.int32))
        step, index = np.concatenate(steps), np.concatenate(indices)
        order = np.lexsort((index, step))
        return step[order], index[order]

    def signal(self, population: int, variable: str) -> NDArray[np.float64]:
        """Samples [samples, recorded cells] since the last clear, that of the present moment included."""
        return np.concatenate([*self._samples.get((population, variable), []), self._new_samples(population, variable)])

    def _new_samples(self, population: int, variable: str) -> NDArray[np.float64]:
        """Samples that the loaded image has recorded."""
        words = [
            self.emulator.recording(number, variable)
            for number, core in self._neuron_cores(population)
            if any(recording.variable == variable for recording in core.recordings)
        ]
        return self._model(population).decode(variable, np.concatenate(words, axis=1))

    def state(self, population: int, variable: str) -> NDArray[np.float64]:
        """Present value of a state variable, all cells, in PyNN's unit."""
        model = self._model(population)
        return np.concatenate(
            [
                model.read(variable, {word: self.emulator.register(number, word) for word in model.kept})
                for number, _ in self._neuron_cores(population)
            ]
        )

    def weights(self, projection: int) -> NDArray[np.float64]:
        """Present weight of each synapse of a projection, in its order; those given where they do not change."""
        made = self.network.projections[projection]
        if made.synapse in STRUCTURAL:
            return np.asarray(self.present(projection).weight)
        if made.synapse == PLASTIC:
            return self.mapping.plastic_weights(self.network, projection, self.emulator.dynamic_rows)
        return np.array(np.broadcast_to(np.asarray(made.weight, dtype=np.float64), len(made)))

    def present(self, projection: int) -> Projection:
        """A projection with its present weights, and the synapses that there are now."""
        made = self.network.projections[projection]
        if made.synapse in STRUCTURAL:
            return self.mapping.present_synapses(self.network, projection, self._core_state)
        return replace(made, weight=self.weights(projection))

    def _core_state(self, core: int) -> CoreState:
        """A core whose neurons have places for synapses, as it is."""
        neurons = self.mapping.image.cores[core]
        assert isinstance(neurons, NeuronCore)
        assert neurons.rewiring is not None
        return CoreState(neurons.rewiring, self.emulator.places(core), partial(self.emulator.dynamic_rows, core))

    def _neuron_cores(self, population: int) -> list[tuple[int, NeuronCore]]:
        cores = [(number, self.mapping.image.cores[number]) for number in self.mapping.cores_of(population)]
        return [(number, core) for number, core in cores if isinstance(core, NeuronCore)]

    def _model(self, population: int) -> CellModel:
        model = CELL_MODELS[self.network.populations[population].cell]
        assert isinstance(model, CellModel), "sources have neither state nor signals"
        return model
