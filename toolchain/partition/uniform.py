"""Uniform partition: every population is cut into slices of one size, as large as a core can take.

The size is the largest that meets all limits: the mapping options, the index field of a synaptic word, the
DTCM of a core, the SDRAM of a chip, and the cycles of a tick at the expected rates.  All but the last
slice of a population have that size (sPyNNaker's fixed splitter does the same).

How long the rows are is known only once there are slices: rows are padded to the longest of their block, and so may
take more than was thought.  A population whose slices then exceed a memory is cut in halves until they do not; one of
which a slice sends more than a synapse core keeps up with, into slices that do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.machine import Machine
from toolchain.options import MappingOptions
from toolchain.partition import Partition
from toolchain.partition.cells import cells_per_core
from toolchain.partition.fit import Needs, fit
from toolchain.partition.task import Task
from toolchain.rows import RowPlan, Slicing
from toolchain.workload import Workload


def partition(
    workload: Workload,
    machine: Machine,
    options: MappingOptions,
    cycles_per_tick: float,
    slicing: Slicing | None = None,
) -> Partition:
    """Cut the populations of `workload` into slices of one size for the cores of `machine`.

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
    sizes = [population.size for population in task.network.populations]
    per_core = [cells_per_core(task, number) for number in range(len(sizes))]

    def narrower(slicing: Slicing, plan: RowPlan, needs: Needs, widest: Sequence[int]) -> Slicing:
        spans = zip(slicing.per_core, slicing.first, slicing.first[1:], strict=False)
        fitting = [width if all(map(task.fits, needs[first:last])) else -(-width // 2) for width, first, last in spans]
        return Slicing.uniform(sizes, list(map(min, fitting, widest)))

    return fit(task, Slicing.uniform(sizes, per_core), narrower)
