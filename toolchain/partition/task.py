"""The task of a partitioner: what is to be cut, and what a core has for it.

A core has a tick's cycles, its DTCM and the SDRAM of its chip.  What an average cell of a population needs of them is
asked here; the rows that a core really has are known only once there are slices (`fit`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emulator.cycles import TICK_CYCLES, send_cycles
from emulator.machine import Machine
from emulator.program import Program
from emulator.synaptic_rows import ROW_HEADER_WORDS
from toolchain.memory import WORD, CoreMemory, DynamicMemory, neuron_core, random_core, slot_bytes
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network
from toolchain.options import MOST_SYNAPSE_CORES, MappingOptions
from toolchain.partition.assemble import dynamic_memory
from toolchain.partition.load import Attempts, Stream, streams, update_cycles
from toolchain.workload import Workload


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be cut.

    Parameters
    ----------
    machine : Machine
        With the DTCM of a core that may be used.
    cycles : float
        Cycles that a core has for a tick.
    """

    workload: Workload
    machine: Machine
    options: MappingOptions
    cycles: float

    @classmethod
    def of(cls, workload: Workload, machine: Machine, options: MappingOptions, cycles: float) -> Task:
        """The task with the margin that `options` ask for taken off the DTCM."""
        usable = replace(machine, dtcm_bytes=int(machine.dtcm_bytes * options.dtcm_margin))
        return cls(workload, usable, options, cycles)

    @property
    def network(self) -> Network:
        """The network."""
        return self.workload.network

    @cached_property
    def heard(self) -> tuple[tuple[Stream | Attempts, ...], ...]:
        """What each population hears."""
        return streams(self.workload, self.options)

    @cached_property
    def dynamic(self) -> tuple[DynamicMemory, ...]:
        """What the cores of each population need for synapses with dynamics."""
        return dynamic_memory(self.workload)

    @cached_property
    def programs(self) -> tuple[Program | None, ...]:
        """The program of each population; None for sources."""
        models = [CELL_MODELS[population.cell] for population in self.network.populations]
        timestep, wanted = self.network.timestep, self.options.substeps
        return tuple(
            model.program(model.substeps(timestep, wanted)) if isinstance(model, CellModel) else None
            for model in models
        )

    @cached_property
    def most_feeders(self) -> int:
        """Synapse cores that there may be beside a core, on one chip."""
        return min(MOST_SYNAPSE_CORES, int(self.machine.cores.max()) - 1)

    def options_of(self, number: int) -> MappingOptions:
        """The options of population `number`."""
        return self.options.of(self.network.populations[number].label)

    def budget(self, number: int) -> float:
        """Cycles of a tick that a core of population `number` may be planned to need."""
        return self.cycles * self.options_of(number).cycles_margin

    def limit(self, number: int) -> float:
        """Cycles from which on a core of population `number` has too much to do: a tick's, unless more are allowed."""
        return max(self.cycles, self.budget(number))

    def capacity(self, number: int, words: int) -> float:
        """Cycles that a synapse core of population `number`, whose slots have so many words, has for spikes."""
        return max(self.budget(number) - TICK_CYCLES - send_cycles(words), 1.0)

    def update(self, number: int, cells: int) -> int:
        """Cycles of the update of `cells` of population `number`."""
        return update_cycles(self.network.populations[number], self.programs[number], cells)

    def synaptic_cycles(self, number: int, cells: int) -> float:
        """Cycles of a tick for the spikes that `cells` of population `number` hear by synapses without dynamics."""
        return sum(stream.cycles(cells) for stream in self.heard[number] if not stream.stays)

    def senders(self, number: int, cells: int, capacity: float) -> NDArray[np.float64]:
        """The same for each slice that sends, as shares of what a synapse core has; float64[slices].

        What is more than a core has is cut finer (`synapse_cores.widest`).
        """
        heard = [stream for stream in self.heard[number] if not stream.stays]
        cycles = np.array([stream.cycles(cells) / capacity for stream in heard])
        parts = np.maximum(np.array([stream.slices for stream in heard]), np.ceil(cycles).astype(np.int64))
        return np.repeat(cycles / parts, parts)

    def staying_cycles(self, number: int, cells: int) -> float:
        """The same for synapses with dynamics, and for rewiring."""
        return sum(stream.cycles(cells) for stream in self.heard[number] if stream.stays)

    def slot_words(self, number: int, per_core: int) -> int:
        """Words of a slot of the ring buffers, if the fullest core of population `number` has `per_core` cells."""
        program = self.programs[number]
        return 0 if program is None else slot_bytes(program, per_core, self.dynamic[number]) // WORD

    def need(self, number: int, cells: int, feeders: int = 0, per_core: int | None = None) -> CoreMemory:
        """Memory of a core of so many average `cells` of population `number`, recordings left out.

        Parameters
        ----------
        feeders : int
            Synapse cores beside it.
        per_core : int, optional
            Cells on the fullest core, if that is another.
        """
        program = self.programs[number]
        if program is None:
            return random_core(cells, 0, (), 1)
        heard = [stream for stream in self.heard[number] if stream.stays or not feeders]
        return neuron_core(
            program,
            cells,
            per_core=per_core or cells,
            entries=sum(stream.blocks for stream in heard),
            stride=cells + ROW_HEADER_WORDS,
            row_words=math.ceil(sum(s.synapses * cells + ROW_HEADER_WORDS * s.sources for s in heard)),
            recorded=(),
            ticks=1,
            dynamic=self.dynamic[number],
            feeders=feeders,
        )

    def fits(self, cores: Sequence[CoreMemory]) -> bool:
        """Whether cores of one chip have this memory."""
        fast = all(need.dtcm_bytes <= self.machine.dtcm_bytes for need in cores)
        return fast and sum(need.sdram_bytes for need in cores) <= self.machine.sdram_bytes
