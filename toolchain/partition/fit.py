"""Fitting: slices whose memory is known, since their rows are.

How long rows are is known only once there are slices: rows are padded to the longest of their block, and so may take
more than was thought.  A partitioner then cuts again, until all fits or it gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from emulator.machine import Machine
from toolchain.memory import CoreMemory, check_fits
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.partition import Partition
from toolchain.partition.assemble import assemble, piece_memory
from toolchain.partition.synapse_cores import deal, widest
from toolchain.partition.task import Task
from toolchain.rows import RowPlan, Slicing, plan_all_rows
from toolchain.synapses.structure import STRUCTURAL
from toolchain.workload import Workload

Partitioner = Callable[[Workload, Machine, MappingOptions, float, Slicing | None], Partition]
"""``(workload, machine, options, cycles of a tick, cuts that are settled already)``; keywords are its options."""
Needs = Sequence[Sequence[CoreMemory]]
"""The memory of the cores of each piece: that of the cells, and its synapse cores."""
Recut = Callable[[Slicing, RowPlan, Needs, Sequence[int]], Slicing]
"""From the rows, as if there were no synapse cores, what all cores need, and how wide slices of each population may be
for the synapse cores that hear them, to another slicing; or to the same."""


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
        rows = plan_all_rows(task.workload, slicing)
        plan = deal(task, slicing, rows)
        needs = piece_memory(task.workload, slicing, plan, task.options)
        again = recut(slicing, rows, needs, widest(task, slicing, plan)) if recut else slicing
        if again == slicing:
            break
        slicing = again
    for number, population in enumerate(task.network.populations):
        for cores in needs[slice(*slicing.first[number : number + 2])]:
            for need in cores:
                check_fits(need, population.label, task.machine, _remedy(task.network, number, recut))
    return assemble(task.workload, slicing, plan, needs, task.options)


def _remedy(network: Network, population: int, recut: Recut | None) -> str:
    """What to do if a core of a population does not fit, which then has a single cell unless cuts are settled."""
    if recut is None:
        return "call reset(), so that it is cut anew"
    if any(made.synapse in STRUCTURAL and made.target == population for made in network.projections):
        return "lower 'rewired_row_synapses' or s_max"
    return "use fewer synapses a cell"
