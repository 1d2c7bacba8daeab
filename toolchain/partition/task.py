"""The task of a partitioner: what is to be cut, and what a core has for it.

A core has a tick's cycles, its DTCM and the SDRAM of its chip.  How many cells of a population it takes is asked here,
by what an average cell of it needs; the rows that a core really has are known only once there are slices (`fit`).

The load of synapses is a guess, so it only shrinks slices down to 64 cells.  Below that it would help little, for
each spike is still heard by every core, at a cost of its own.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from emulator.image import ROW_HEADER_WORDS
from emulator.machine import Machine
from emulator.program import Program
from toolchain.errors import MappingError
from toolchain.memory import CoreMemory, DynamicMemory, check_fits, neuron_core, random_core
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.partition import Partition
from toolchain.partition.assemble import assemble, dynamic_memory, piece_memory
from toolchain.partition.load import Attempts, Stream, streams, update_cycles
from toolchain.rows import RowPlan, Slicing, plan_all_rows
from toolchain.synapses.structure import STRUCTURAL
from toolchain.workload import Workload

FEWEST: Final = 64
"""Cells a core below which the expected synaptic load does not shrink a slice."""

Partitioner = Callable[[Workload, Machine, MappingOptions, float, Slicing | None], Partition]
"""``(workload, machine, options, cycles of a tick, cuts that are settled already)``; keywords are its options."""
Recut = Callable[[Slicing, RowPlan, Sequence[CoreMemory]], Slicing]
"""From rows and memory of each piece to another slicing, if some are too large; else the same."""


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

    def program(self, number: int) -> Program | None:
        """The program of population `number`; None for sources."""
        model = CELL_MODELS[self.network.populations[number].cell]
        if not isinstance(model, CellModel):
            return None
        return model.program(model.substeps(self.network.timestep, self.options.substeps))

    def options_of(self, number: int) -> MappingOptions:
        """The options of population `number`."""
        return self.options.of(self.network.populations[number].label)

    def budget(self, number: int) -> float:
        """Cycles of a tick that a core of population `number` may be planned to need."""
        return self.cycles * self.options_of(number).cycles_margin

    def update(self, number: int, cells: int) -> int:
        """Cycles of the update of `cells` of population `number`."""
        return update_cycles(self.network.populations[number], self.program(number), cells)

    def need(self, number: int, cells: int, per_core: int | None = None) -> CoreMemory:
        """Memory of a core of so many average `cells` of population `number`, recordings left out.

        Parameters
        ----------
        per_core : int, optional
            Cells on the fullest core, if that is another.
        """
        program, heard = self.program(number), self.heard[number]
        if program is None:
            return random_core(cells, 0, (), 1)
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
        )

    def fits(self, need: CoreMemory) -> bool:
        """Whether a core has this memory."""
        return need.dtcm_bytes <= self.machine.dtcm_bytes and need.sdram_bytes <= self.machine.sdram_bytes


def cells_per_core(task: Task, number: int) -> int:
    """The most cells of population `number` that a core takes, if all are like the average one.

    Raises
    ------
    MappingError
        If a single cell takes longer than a tick.
    """
    population, options = task.network.populations[number], task.options_of(number)
    program = task.program(number)
    if program is None:
        return min(options.sources_per_core, population.size)
    least = task.update(number, 1)
    if least > task.cycles:
        raise MappingError(
            f"population '{population.label}': one timestep of one {population.cell} cell takes {least:,} cycles and a "
            f"core has {task.cycles:,.0f} a tick; use a time_scale_factor {math.ceil(least / task.cycles)} times as "
            "large, or a longer timestep"
        )
    heard, budget = task.heard[number], task.budget(number)

    def room(cells: int) -> bool:
        return task.fits(task.need(number, cells)) and task.update(number, cells) <= budget

    def time(cells: int) -> bool:
        return task.update(number, cells) + sum(stream.cycles(cells) for stream in heard) <= budget

    most = largest(room, min(options.neurons_per_core, population.size))
    return max(largest(time, most), min(FEWEST, most))


def largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest whole number from 1 to `most` that fits, or 1; what fits, fits with fewer."""
    return most if fits(most) else max(1, bisect_right(range(1, most + 1), False, key=lambda n: not fits(n)))


def fit(task: Task, slicing: Slicing, recut: Recut | None) -> Partition:
    """Make the partition of `slicing`, or of what `recut` makes of it until it changes no more.

    Parameters
    ----------
    recut : callable, optional
        None if the slicing is settled.

    Raises
    ------
    MappingError
        If a piece does not fit.
    """
    while True:
        plan = plan_all_rows(task.workload, slicing)
        needs = piece_memory(task.workload, slicing, plan, task.options)
        again = recut(slicing, plan, needs) if recut else slicing
        if again == slicing:
            break
        slicing = again
    for number, population in enumerate(task.network.populations):
        for need in needs[slice(*slicing.first[number : number + 2])]:
            check_fits(need, population.label, task.machine, _remedy(task.network, number))
    return assemble(task.workload, slicing, plan, needs, task.options)


def _remedy(network: Network, population: int) -> str:
    """What to do if a core of a population does not fit."""
    lower = "lower 'neurons_per_core' or 'recording_ticks'"
    if any(made.synapse in STRUCTURAL and made.target == population for made in network.projections):
        return f"{lower}, 'rewired_row_synapses' or s_max"
    return lower
