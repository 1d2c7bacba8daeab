"""Load: the cycles that a core is expected to need in a tick.

A core updates its cells in every tick and sends their spikes; it fetches a row for each spike that comes in, and
adds each synapse of the row to a ring buffer.  How many spikes there are is guessed from the expected rates; the
cost of each step is what the emulator charges (`emulator.cycles`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.cycles import (
    ATTEMPT_CYCLES,
    OWN_ATTEMPT_CYCLES,
    PACKET_CYCLES,
    ROW_CYCLES,
    SOURCE_CYCLES,
    SPIKE_CYCLES,
    STAGE_CYCLES,
    SYNAPSE_CYCLES,
    TICK_CYCLES,
    program_cycles,
)
from emulator.program import Program
from toolchain.banks import Room
from toolchain.diagnostics import Diagnostic
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population
from toolchain.options import MappingOptions
from toolchain.partition import Partition, Slice
from toolchain.rows import Blocks, RowPlan, Slicing
from toolchain.synapses.structure import STRUCTURAL, attempts_each, structure_of
from toolchain.workload import Workload

ARRIVAL_CYCLES: Final = PACKET_CYCLES + ROW_CYCLES
"""What a spike that has a row costs before its first synapse."""


def update_cycles(population: Population, program: Program | None, cells: int) -> int:
    """Cycles that the update of `cells` of a population takes in a tick; sources have no program."""
    if program is not None:
        return TICK_CYCLES + program_cycles(program) * cells
    return TICK_CYCLES + (SOURCE_CYCLES * cells if population.spike_times is None else 0)


def stage_cycles(cells: int, stages: int) -> int:
    """Cycles that `stages` delay stages of `cells` take in a tick."""
    return TICK_CYCLES + STAGE_CYCLES * cells * stages


@dataclass(frozen=True)
class Stream:
    """What one projection brings to its target.

    Parameters
    ----------
    synapses : float
        Synapses on each cell, on average.
    sources : int
        Cells of the source population.
    spikes : float
        Spikes of each of them in a tick.
    blocks : int
        Entries of the population table that it takes at the most, if source slices have full size.
    slices : int
        How many such slices there are.
    synapse_cycles, row_cycles : int
        Cycles of a synapse and of a spike that has a row.
    stays : bool
        Whether its synapses stay on the core of the cells, as those with dynamics do, since they see its spikes.
    """

    synapses: float
    sources: int
    spikes: float
    blocks: int
    synapse_cycles: int = SYNAPSE_CYCLES
    row_cycles: int = ARRIVAL_CYCLES
    slices: int = 1
    stays: bool = False

    def cycles(self, cells: int) -> float:
        """Cycles that a core of `cells` spends on it in a tick."""
        synapses = self.synapses * cells
        return self.spikes * (self.synapse_cycles * synapses + self.row_cycles * min(self.sources, synapses))


@dataclass(frozen=True)
class Attempts:
    """What attempts to rewire take; used like a `Stream` that brings nothing.

    Parameters
    ----------
    everywhere : float
        Cycles of a tick on each core, for drawing all attempts of the population.
    each : float
        Cycles of a tick for each cell of a core.
    """

    everywhere: float
    each: float
    synapses: float = 0.0
    sources: int = 0
    blocks: int = 0
    slices: int = 1
    stays: bool = True

    def cycles(self, cells: int) -> float:
        """Cycles that a core of `cells` spends on them in a tick."""
        return self.everywhere + self.each * cells


def attempts(network: Network) -> dict[int, Attempts]:
    """What rewiring takes of the cores of each population that has structural projections."""
    first = {made.target: made for made in reversed(network.projections) if made.synapse in STRUCTURAL}
    number = {target: attempts_each(structure_of(made)["f_rew"], network.timestep) for target, made in first.items()}
    return {
        target: Attempts(n * ATTEMPT_CYCLES, n * OWN_ATTEMPT_CYCLES / network.populations[target].size)
        for target, n in number.items()
    }


def streams(workload: Workload, options: MappingOptions) -> tuple[tuple[Stream | Attempts, ...], ...]:
    """What each population hears, a stream a projection, and its attempts to rewire."""
    network = workload.network
    heard: list[list[Stream | Attempts]] = [[] for _ in network.populations]
    for number, made_there in attempts(network).items():
        heard[number].append(made_there)
    dynamic = {number: bank.mechanism for bank in workload.banks for number in bank.numbers}
    formed = [0.0] * len(network.projections)
    for bank in workload.banks:
        formed[bank.numbers[0]] += bank.room.expected if bank.room else 0.0
    for number, (made, delay) in enumerate(zip(network.projections, workload.delays, strict=True)):
        source, target = network.populations[made.source], network.populations[made.target]
        said = options.of(source.label)
        is_cell = isinstance(CELL_MODELS[source.cell], CellModel)
        per_core = said.neurons_per_core if is_cell else said.sources_per_core
        stream = Stream(
            synapses=max(len(made) / target.size, formed[number] * source.size),
            sources=source.size,
            spikes=workload.rates[made.source].mean * network.timestep * 1e-3,
            blocks=-(-source.size // per_core) * (1 + delay.stages),
            slices=-(-source.size // per_core),
            synapse_cycles=dynamic[number].cycles if number in dynamic else SYNAPSE_CYCLES,
            row_cycles=ARRIVAL_CYCLES + (dynamic[number].row_cycles if number in dynamic else 0),
            stays=number in dynamic,
        )
        heard[made.target].append(stream)
    return tuple(tuple(found) for found in heard)


def spike_cycles(workload: Workload, slicing: Slicing, plan: RowPlan) -> NDArray[np.float64]:
    """Cycles that the core of each piece spends in a tick on spikes that it sends and hears, and on rewiring.

    Those that its synapse cores hear are not among them.

    Returns
    -------
    cycles : float64[pieces]
    """
    cycles = np.zeros(slicing.all_pieces)
    for number, spikes in enumerate(workload.spikes):
        each = np.broadcast_to(spikes, slicing.sizes[number])
        cycles[slice(*slicing.first[number : number + 2])] = SPIKE_CYCLES * np.add.reduceat(
            each, slicing.starts[number]
        )
    for target, made in attempts(workload.network).items():
        pieces = slice(*slicing.first[target : target + 2])
        cycles[pieces] += [made.cycles(cells) for cells in slicing.lengths[target].tolist()]
    for blocks, heard in zip(plan.all, block_cycles(workload, slicing, plan), strict=True):
        own = blocks.core == 0
        np.add.at(cycles, blocks.target[own], heard[own])
    return cycles


def block_cycles(workload: Workload, slicing: Slicing, plan: RowPlan) -> Iterator[NDArray[np.float64]]:
    """Cycles of a tick that the rows of each block take; float64[blocks] for the fixed rows and for each bank."""
    cells = np.concatenate([np.zeros(0), *slicing.lengths])
    costs: list[tuple[int, int, Room | None]] = [(SYNAPSE_CYCLES, ARRIVAL_CYCLES, None)]
    costs += [(bank.mechanism.cycles, ARRIVAL_CYCLES + bank.mechanism.row_cycles, bank.room) for bank in workload.banks]
    for blocks, (synapse_cycles, row_cycles, room) in zip(plan.all, costs, strict=True):
        synapses, rows = _row_totals(workload, slicing, blocks)
        if room is not None:
            spikes, to_be = _spikes_of_blocks(workload, slicing, blocks), room.expected * cells[blocks.target]
            synapses, rows = np.maximum(synapses, spikes * to_be), spikes
        yield synapse_cycles * synapses + row_cycles * rows


def _row_totals(
    workload: Workload, slicing: Slicing, blocks: Blocks
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Synapses that spikes are expected to meet in a tick in each block, and rows that they fetch; float64[blocks]."""
    if not len(blocks.target):
        return np.zeros(0), np.zeros(0)
    first = blocks.first_row[:-1]
    mean = np.repeat([spikes.mean() for spikes in workload.spikes], np.diff(slicing.first))[blocks.source]
    synapses = mean * np.add.reduceat(blocks.counts, first, dtype=np.int64)
    rows = mean * np.add.reduceat(blocks.counts > 0, first, dtype=np.int64)
    for number, spikes in enumerate(workload.spikes):
        if len(spikes) > 1:
            low, high = slicing.first[number : number + 2]
            for block in np.flatnonzero((blocks.source >= low) & (blocks.source < high)).tolist():
                counts = blocks.counts[slice(*blocks.first_row[block : block + 2])]
                start = slicing.starts[number][blocks.source[block] - low]
                sent = spikes[start : start + len(counts)]
                synapses[block], rows[block] = sent @ counts, sent @ (counts > 0)
    return synapses, rows


def _spikes_of_blocks(workload: Workload, slicing: Slicing, blocks: Blocks) -> NDArray[np.float64]:
    """Spikes in a tick of all sources of each block; float64[blocks]."""
    sent = [
        np.add.reduceat(np.broadcast_to(spikes, size), starts)
        for spikes, size, starts in zip(workload.spikes, slicing.sizes, slicing.starts, strict=True)
    ]
    found: NDArray[np.float64] = np.concatenate([np.zeros(0), *sent])[blocks.source]
    return found


def cell_cycles(workload: Workload, number: int, cells: int) -> NDArray[np.float64]:
    """Cycles of a tick that each cell of population `number` brings its core, its update left out; float64[cells].

    A row that has several synapses on a core of `cells` is no single cell's, and left out too.
    """
    network, size = workload.network, workload.network.populations[number].size
    cycles = np.zeros(size) + SPIKE_CYCLES * workload.spikes[number]
    mechanisms = {made: bank.mechanism for bank in workload.banks for made in bank.numbers}
    for i, made in enumerate(network.projections):
        if made.target == number and len(made):
            spikes, mechanism = workload.spikes[made.source], mechanisms.get(i)
            each = float(mechanism.cycles if mechanism else SYNAPSE_CYCLES)
            if len(made) * cells < size * network.populations[made.source].size:
                each += ARRIVAL_CYCLES + (mechanism.row_cycles if mechanism else 0)
            sent = spikes[made.pre] if len(spikes) > 1 else None
            scale = each * (1.0 if sent is not None else float(spikes[0]))
            cycles += scale * np.bincount(made.post, sent, minlength=size)
    return cycles


def overloads(
    network: Network, partition: Partition, budget: float, options: MappingOptions | None = None
) -> tuple[Diagnostic, ...]:
    """A remark for each population with a core that is expected to need more of a tick than it has, or should take.

    Parameters
    ----------
    budget : float
        Cycles of a tick.
    options : MappingOptions, optional
        With the share of them that a core may take; all of them if None.
    """
    found = []
    for number, population in enumerate(network.populations):
        worst = max((part for part in partition.slices if part.population == number), key=lambda part: part.cycles)
        margin = 1.0 if options is None else options.of(population.label).cycles_margin
        if worst.cycles > budget:
            found.append(Diagnostic("partition", population.label, _overrun(worst, budget)))
        elif worst.cycles > budget * margin:
            found.append(Diagnostic("partition", population.label, _beyond(worst, budget, margin)))
    return tuple(found)


def _overrun(worst: Slice, budget: float) -> str:
    """That a core needs more than a tick."""
    finer = ", or fewer cells a core ('neurons_per_core') and more 'synapse_cores'"
    times = math.ceil(10 * worst.cycles / budget) / 10
    text = (
        f"at the assumed rates a core needs {worst.cycles:,} cycles a tick and has {budget:,.0f}: expect "
        f"overruns; a time_scale_factor {times:g} times as large would do"
    )
    return text + finer * (worst.kind == "synapses")


def _beyond(worst: Slice, budget: float, margin: float) -> str:
    """That a core needs more of its tick than was asked for."""
    remedy = {
        "neurons": "to keep to it lower 'neurons_per_core', or say 'synapse_cores'",
        "synapses": "to keep to it say more 'synapse_cores', or lower 'neurons_per_core'",
        "delay": "to keep to it say fewer cells a core",
    }.get(worst.kind, "to keep to it lower 'sources_per_core'")
    needed = math.ceil(1000 * worst.cycles / budget) / 10
    return (
        f"at the assumed rates a core needs {needed:g} % of its tick, and cycles_margin is {100 * margin:g} %: {remedy}"
    )
