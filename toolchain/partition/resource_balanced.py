"""Resource-balanced partition: every population on the fewest cores, and those equally full.

As many cores are taken as the uniform partition would take, whose last slice may be a small rest.  Then the cells are
cut so that the fullest core is as empty as can be: of cycles, DTCM and SDRAM alike (see `line`).  Of cells that are all
alike these are slices of equal size; cells with many synapses and sources with high rates have smaller slices.

A uniform partition looks at the average cell.  Here a core that exceeds its cycles or its memory all the same makes the
population take more cores, down to `cells.FEWEST` cells each where it is for the cycles of synapses.

Sources of structural projections stay in slices of one size, since a core finds the row of a new synapse by division.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine
from toolchain.memory import SPIKE_BYTES, WORD
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.partition import Partition
from toolchain.partition.cells import FEWEST, cells_per_core, splits
from toolchain.partition.fit import Needs, fit
from toolchain.partition.line import Loads, cut
from toolchain.partition.load import cell_cycles, spike_cycles
from toolchain.partition.task import Task
from toolchain.rows import RowPlan, Slicing
from toolchain.synapses.structure import STRUCTURAL
from toolchain.workload import Workload

GROWTH = 1 / 8
"""More cores at a time, as a share, where some are too full."""


def partition(
    workload: Workload,
    machine: Machine,
    options: MappingOptions,
    cycles_per_tick: float,
    slicing: Slicing | None = None,
) -> Partition:
    """Cut the populations of `workload` into equally full slices for the cores of `machine`.

    Parameters
    ----------
    slicing : Slicing, optional
        The cuts, where they are settled already.

    Raises
    ------
    MappingError
        If a cell or its synapses are too much for a core, however few cells it has.
    """
    task = Task.of(workload, machine, options, cycles_per_tick)
    if slicing is not None:
        return fit(task, slicing, None)
    cutter = _Cutter(task)
    return fit(task, cutter.slicing(cutter.fewest()), cutter.finer)


class _Cutter:
    """Cuts populations into so many pieces, by what each cell takes of a core."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.sizes = tuple(population.size for population in task.network.populations)
        self.most = [cells_per_core(task, number) for number in range(len(self.sizes))]
        self.splits = [splits(task, number) for number in range(len(self.sizes))]
        self.loads = [_loads(task, number, most) for number, most in enumerate(self.most)]
        self.even = {made.source for made in task.network.projections if made.synapse in STRUCTURAL}

    def fewest(self) -> list[int]:
        """Pieces of each population, if all its cells are like the average one."""
        return [math.ceil(size / most) for size, most in zip(self.sizes, self.most, strict=True)]

    def slicing(self, pieces: Sequence[int]) -> Slicing:
        """The populations in so many pieces each."""
        return Slicing(self.sizes, tuple(map(self._cuts, range(len(pieces)), pieces)))

    def _cuts(self, number: int, pieces: int) -> tuple[int, ...]:
        size = self.sizes[number]
        if number in self.even:
            return tuple(range(0, size, math.ceil(size / pieces)))
        return cut(self.loads[number], pieces, self.most[number])

    def finer(self, slicing: Slicing, plan: RowPlan, needs: Needs, widest: Sequence[int]) -> Slicing:
        """More pieces for the populations of which one is too full, or sends too much for a synapse core."""
        spikes = spike_cycles(self.task.workload, slicing, plan)
        now = [slicing.pieces(number) for number in range(len(self.sizes))]
        grown = list(now)
        for number, count in enumerate(now):
            pieces = slice(*slicing.first[number : number + 2])
            lengths = slicing.lengths[number].tolist()
            fits = all(map(self.task.fits, needs[pieces]))
            cycles = [self.task.update(number, cells) for cells in lengths] + spikes[pieces]
            floor = 1 if self.task.programs[number] is None else FEWEST
            late = cycles.max() > self.task.budget(number) and math.ceil(self.sizes[number] / count) > floor
            late = late and not self.splits[number]
            if (late or not fits) and count < self.sizes[number]:
                grown[number] = min(self.sizes[number], count + math.ceil(GROWTH * count))
            if widest[number] < slicing.per_core[number]:
                self.most[number] = widest[number]
                grown[number] = max(grown[number], math.ceil(self.sizes[number] / widest[number]))
        return slicing if grown == now else self.slicing(grown)


def _loads(task: Task, number: int, most: int) -> Loads:
    """What each cell of a population takes, as shares of what a core has: of cycles, DTCM and SDRAM."""
    none, one = task.update(number, 0), task.update(number, 1)
    cycles = one - none + cell_cycles(task.workload, number, most)
    dtcm = task.need(number, 2, per_core=most).dtcm_bytes - task.need(number, 1, per_core=most).dtcm_bytes
    return np.stack(
        [
            cycles / max(task.budget(number) - none, 1.0),
            np.full(len(cycles), dtcm / task.machine.dtcm_bytes),
            _bytes(task.network, number) / task.machine.sdram_bytes,
        ]
    )


def _bytes(network: Network, number: int) -> NDArray[np.float64]:
    """Bytes of SDRAM that each cell takes: a word a synapse, or its spike times."""
    population = network.populations[number]
    taken = np.zeros(population.size)
    if population.spike_times is not None:
        taken += SPIKE_BYTES * np.diff(population.spike_times.offsets)
    for made in network.projections:
        if made.target == number:
            taken += WORD * np.bincount(made.post, minlength=population.size)
    return taken
