"""Uniform partition: every population is cut into slices of one size, as large as a core can take.

The size is the largest that meets all limits: the mapping options, the index field of a synaptic word, the
DTCM of a core, the SDRAM of a chip, and the cycles of a tick at the expected rates.  All but the last
slice of a population have that size (sPyNNaker's fixed splitter does the same).

How long the rows are is known only once there are slices: rows are padded to the longest of their block, and so may
take more than was thought.  A population whose slices then exceed a memory is cut in halves until they do not.

The load of synapses is a guess, so it only shrinks slices down to 64 cells.  Below that it would help little, for
each spike is still heard by every core, at a cost of its own.  What is still too much then runs with overruns,
which the user is told of.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from emulator.image import ROW_HEADER_WORDS
from emulator.machine import Machine
from toolchain.errors import MappingError
from toolchain.memory import CoreMemory, DynamicMemory, check_fits, neuron_core
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population
from toolchain.options import MappingOptions
from toolchain.partition import Partition
from toolchain.partition.assemble import assemble, dynamic_memory, piece_memory
from toolchain.partition.load import Attempts, Stream, streams, update_cycles
from toolchain.rows import Slicing, plan_all_rows
from toolchain.synapses.structure import STRUCTURAL
from toolchain.workload import Workload

FEWEST: Final = 64
"""Cells a core below which the expected synaptic load does not shrink a slice."""


def partition(
    workload: Workload,
    machine: Machine,
    options: MappingOptions,
    cycles_per_tick: float,
    per_core: Sequence[int] | None = None,
) -> Partition:
    """Cut the populations of `workload` into slices for the cores of `machine`.

    Parameters
    ----------
    per_core : sequence of int, optional
        Cells a core of each population, where that is settled already.

    Raises
    ------
    MappingError
        If a cell or its synapses are too much for a core, however few cells it has.
    """
    network = workload.network
    machine = replace(machine, dtcm_bytes=int(machine.dtcm_bytes * options.dtcm_margin))
    shrinks = per_core is None
    if per_core is None:
        needed = zip(network.populations, streams(workload, options), dynamic_memory(workload), strict=True)
        tick = {"timestep": network.timestep, "cycles": cycles_per_tick}
        per_core = [
            _cells(population, heard, machine, options, dynamic=dynamic, **tick)
            for population, heard, dynamic in needed
        ]
    while True:
        slicing = Slicing(tuple(population.size for population in network.populations), tuple(per_core))
        plan = plan_all_rows(workload, slicing)
        needs = piece_memory(workload, slicing, plan, options)
        halved = _halved(slicing, needs, machine)
        if not shrinks or halved == slicing.per_core:
            break
        per_core = halved
    of_piece = np.repeat(np.arange(len(network.populations)), np.diff(slicing.first))
    for population, need in zip(of_piece.tolist(), needs, strict=True):
        label = network.populations[population].label
        check_fits(need, label, machine, _remedy(network, population))
    return assemble(workload, slicing, plan, needs, options)


def _remedy(network: Network, population: int) -> str:
    """What to do if a core of a population does not fit."""
    lower = "lower 'neurons_per_core' or 'recording_ticks'"
    if any(made.synapse in STRUCTURAL and made.target == population for made in network.projections):
        return f"{lower}, 'rewired_row_synapses' or s_max"
    return lower


def _halved(slicing: Slicing, needs: Sequence[CoreMemory], machine: Machine) -> tuple[int, ...]:
    """Cells a core of each population, half as many where a piece does not fit."""
    spans = zip(slicing.per_core, slicing.first, slicing.first[1:], strict=False)
    return tuple(
        width if all(_fits(need, machine) for need in needs[first:last]) else -(-width // 2)
        for width, first, last in spans
    )


def _fits(need: CoreMemory, machine: Machine) -> bool:
    return need.dtcm_bytes <= machine.dtcm_bytes and need.sdram_bytes <= machine.sdram_bytes


def _cells(
    population: Population,
    heard: Sequence[Stream | Attempts],
    machine: Machine,
    options: MappingOptions,
    *,
    dynamic: DynamicMemory,
    timestep: float,
    cycles: float,
) -> int:
    """Cells a core for a population, in ticks of `timestep` ms and `cycles`."""
    model, options = CELL_MODELS[population.cell], options.of(population.label)
    if not isinstance(model, CellModel):
        return min(options.sources_per_core, population.size)
    program = model.program(model.substeps(timestep, options.substeps))
    least = update_cycles(population, program, 1)
    budget = cycles * options.cycles_margin
    if least > cycles:
        raise MappingError(
            f"population '{population.label}': one timestep of one {population.cell} cell takes {least:,} cycles and a "
            f"core has {cycles:,.0f} a tick; use a time_scale_factor {math.ceil(least / cycles)} times as large, or a "
            "longer timestep"
        )

    def room(cells: int) -> bool:
        need = neuron_core(
            program,
            cells,
            per_core=cells,
            entries=sum(stream.blocks for stream in heard),
            stride=cells + ROW_HEADER_WORDS,
            row_words=math.ceil(sum(s.synapses * cells + ROW_HEADER_WORDS * s.sources for s in heard)),
            recorded=(),
            ticks=1,
            dynamic=dynamic,
        )
        return _fits(need, machine) and update_cycles(population, program, cells) <= budget

    def time(cells: int) -> bool:
        return update_cycles(population, program, cells) + sum(stream.cycles(cells) for stream in heard) <= budget

    most = _largest(room, min(options.neurons_per_core, population.size))
    return max(_largest(time, most), min(FEWEST, most))


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest whole number from 1 to `most` that fits, or 1; what fits, fits with fewer."""
    return most if fits(most) else max(1, bisect_right(range(1, most + 1), False, key=lambda n: not fits(n)))
