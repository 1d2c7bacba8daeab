"""Synapse cores: they take over the synapses of cells whose core has too much to do, and hand it their inputs.

A core that needs more than a tick for the spikes that it hears would fall behind.  Synapse cores beside it, on the same
chip, share these spikes: each hears some of the senders, has their rows and a ring buffer, and passes its slot of the
next tick to the core of the cells through SDRAM (`emulator.image.SynapseCore`).  So the cells may be many, and the
cost of each spike is paid once and not on every small slice.

The senders are dealt out in their order, slice after slice, so that the busiest core has as little as can be (`line`):
neighbours among the senders stay together, and so do their keys in the routing tables.  There are as many cores as
that takes, or as the option ``synapse_cores`` says, but no more than senders.

What one slice sends to a piece goes to one of its cores, since its packets have one route.  Where that is too much, as
from many fast sources, the sender is cut finer (`widest`): its cells, and their spikes, are the same in any slices.

Synapses with dynamics stay with the cells, since they see their spikes; what brings dopamine need not.

After sPyNNaker's ``SplitterPopulationVertexNeuronsSynapses``, which deals senders out in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emulator.cycles import gather_cycles
from toolchain.partition.line import PRECISION, cut, parts_needed
from toolchain.partition.load import block_cycles, spike_cycles
from toolchain.partition.task import Task
from toolchain.rows import Blocks, RowPlan, Slicing


def deal(task: Task, slicing: Slicing, plan: RowPlan) -> RowPlan:
    """The plan with the rows of cores that have too much to do, or shall have synapse cores, on such."""
    fixed = next(block_cycles(task.workload, slicing, plan))
    spikes = spike_cycles(task.workload, slicing, plan)
    core = np.zeros_like(plan.fixed.core)
    for number in range(len(task.network.populations)):
        wanted = task.options_of(number).synapse_cores
        if task.programs[number] is None or wanted == 0:
            continue
        words = task.slot_words(number, slicing.per_core[number])
        for piece, cells in enumerate(slicing.lengths[number].tolist(), slicing.first[number]):
            mine = plan.fixed.of_targets(piece, 1)
            load = task.update(number, cells) + spikes[piece]
            relief = fixed[mine].sum() - gather_cycles(words, 1)
            if wanted is not None or (load > task.limit(number) and relief > 0):
                senders = _senders(plan, mine)
                most = min(wanted or task.most_feeders, task.most_feeders)
                core[mine] = _dealt(fixed[mine], senders, task.capacity(number, words), wanted, most)
    return replace(plan, fixed=replace(plan.fixed, core=core)) if core.any() else plan


def widest(task: Task, slicing: Slicing, plan: RowPlan) -> list[int]:
    """Cells that a slice of each population may have, by what the slices there are send to synapse cores.

    A sender is too much if it takes more than a core has for spikes, or than each of as many cores as there may be has
    to take anyhow.  Slices that are not, or of which a single cell is too much, may stay as wide as they are.
    """
    widths = np.repeat(slicing.per_core, np.diff(slicing.first))
    if plan.fixed.core.any():
        spent = next(block_cycles(task.workload, slicing, plan))
        for number in range(len(task.network.populations)):
            capacity = task.capacity(number, task.slot_words(number, slicing.per_core[number]))
            most = min(task.options_of(number).synapse_cores or task.most_feeders, task.most_feeders)
            for piece in range(*slicing.first[number : number + 2]):
                for source, width in _too_much(plan, piece, spent, capacity, most):
                    widths[source] = min(widths[source], width)
    return [int(widths[first:last].min()) for first, last in zip(slicing.first, slicing.first[1:], strict=False)]


def _too_much(
    plan: RowPlan, piece: int, spent: NDArray[np.float64], capacity: float, most: int
) -> Iterator[tuple[int, int]]:
    """The pieces that send too much to a piece with synapse cores, and how wide they should be instead."""
    blocks, mine = plan.fixed, plan.fixed.of_targets(piece, 1)
    if not blocks.core[mine].any():
        return
    senders = _senders(plan, mine)
    shares = np.add.reduceat(spent[mine], senders) / max(capacity, spent[mine].sum() / most)
    ends = np.append(senders, mine.stop - mine.start) + mine.start
    for sender in np.flatnonzero(shares > 1 + PRECISION).tolist():
        own = slice(*ends[sender : sender + 2].tolist())
        if width := int(_span(blocks, own) / shares[sender]):
            yield int(blocks.source[own.start]), width


def _span(blocks: Blocks, sender: slice) -> int:
    """Cells of a sender from the first that has synapses in its blocks to the last."""
    rows = blocks.counts[blocks.first_row[sender.start] : blocks.first_row[sender.stop]]
    heard = np.flatnonzero(rows.reshape(-1, blocks.rows[sender.start]).any(axis=0))
    return int(heard[-1] - heard[0]) + 1


def _senders(plan: RowPlan, mine: slice) -> NDArray[np.int64]:
    """Where among the blocks of a piece those of another sender begin: a slice, or all its delay stages."""
    source, delayed = plan.fixed.source[mine], plan.fixed.stage[mine] > 0
    new = np.append(True, (np.diff(source) != 0) | (np.diff(delayed) != 0))[: len(source)]
    return np.flatnonzero(new)


def _dealt(
    load: NDArray[np.float64], senders: NDArray[np.int64], capacity: float, wanted: int | None, most: int
) -> NDArray[np.int32]:
    """The synapse core, from 1 on, of each block; int32[blocks]."""
    if not len(load):
        return np.zeros(0, dtype=np.int32)
    loads = np.add.reduceat(load, senders)[None] / capacity
    first = cut(loads, min(wanted or parts_needed(loads), most))
    core = np.searchsorted(first, np.arange(len(senders)), side="right")
    return np.repeat(core, np.diff(senders, append=len(load))).astype(np.int32)
