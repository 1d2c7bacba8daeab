"""Cells a core: how many cells of a population a core takes, if all are like the average one.

The load of synapses is a guess, so it only shrinks slices down to 64 cells.  Below that it would help little, for
each spike is still heard by every core, at a cost of its own.  If even so few are too much for a tick, synapse cores
take over (see `synapse_cores`), and the cells are so many that the population needs the fewest cores of both kinds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from emulator.cycles import SPIKE_CYCLES, gather_cycles
from toolchain.errors import MappingError
from toolchain.partition.line import parts_needed
from toolchain.partition.task import Task

FEWEST: Final = 64
"""Cells a core below which the expected synaptic load does not shrink a slice."""


def cells_per_core(task: Task, number: int) -> int:
    """The most cells of population `number` that a core takes.

    Raises
    ------
    MappingError
        If a single cell takes longer than a tick.
    """
    population, options = task.network.populations[number], task.options_of(number)
    if task.programs[number] is None:
        spikes, budget = float(task.workload.spikes[number].mean()), task.budget(number)
        return _largest(
            lambda cells: task.update(number, cells) + SPIKE_CYCLES * spikes * cells <= budget,
            min(options.sources_per_core, population.size),
        )
    least = task.update(number, 1)
    if least > task.cycles:
        raise MappingError(
            f"population '{population.label}': one timestep of one {population.cell} cell takes {least:,} cycles and a "
            f"core has {task.cycles:,.0f} a tick; use a time_scale_factor {math.ceil(least / task.cycles)} times as "
            "large, or a longer timestep"
        )
    return _with_synapse_cores(task, number) if splits(task, number) else _alone(task, number)


def splits(task: Task, number: int) -> bool:
    """Whether the average core of population `number` has synapse cores: by its options, or since it needs them."""
    wanted = task.options_of(number).synapse_cores
    if task.programs[number] is None or wanted == 0 or task.synaptic_cycles(number, 1) == 0:
        return False
    cells = _alone(task, number)
    load = task.update(number, cells) + task.synaptic_cycles(number, cells) + task.staying_cycles(number, cells)
    return wanted is not None or load > task.limit(number)


def _alone(task: Task, number: int) -> int:
    """Cells of a core that has all its synapses itself."""
    budget = task.budget(number)

    def room(cells: int) -> bool:
        return task.fits([task.need(number, cells)]) and task.update(number, cells) <= budget

    def time(cells: int) -> bool:
        synapses = task.synaptic_cycles(number, cells) + task.staying_cycles(number, cells)
        return task.update(number, cells) + synapses <= budget

    most = _largest(room, _allowed(task, number))
    return max(_largest(time, most), min(FEWEST, most))


def _with_synapse_cores(task: Task, number: int) -> int:
    """Cells of a core that has synapse cores: those with which the population needs the fewest cores."""
    size, wanted = task.network.populations[number].size, task.options_of(number).synapse_cores
    best, least = min(FEWEST, _allowed(task, number)), math.inf
    for pieces in range(math.ceil(size / _allowed(task, number)), math.ceil(size / best) + 1):
        cells = math.ceil(size / pieces)
        words = task.slot_words(number, cells)
        needed = parts_needed(task.senders(number, cells, task.capacity(number, words))[None])
        feeders = min(wanted or needed, task.most_feeders)
        own = task.update(number, cells) + task.staying_cycles(number, cells) + gather_cycles(words, feeders)
        in_time = own <= task.budget(number) and needed <= feeders
        if in_time and task.fits([task.need(number, cells, feeders)]) and pieces * (1 + feeders) < least:
            best, least = cells, pieces * (1 + feeders)
    return best


def _allowed(task: Task, number: int) -> int:
    return min(task.options_of(number).neurons_per_core, task.network.populations[number].size)


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest whole number from 1 to `most` that fits, or 1; what fits, fits with fewer."""
    return most if fits(most) else max(1, bisect_right(range(1, most + 1), False, key=lambda n: not fits(n)))
