"""Slices: what the cuts and the rows of synapses imply.

Each piece of a population becomes a slice, and a piece with delays beyond the ring buffer gets a slice of delay
stages right after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emulator.program import Program
from toolchain.banks import histories
from toolchain.graph import Graph, Vertex
from toolchain.memory import CoreMemory, DynamicMemory, Recorded, array_core, delay_core, neuron_core, random_core
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population
from toolchain.options import MappingOptions
from toolchain.partition import Partition, Slice, SliceKind
from toolchain.partition.load import spike_cycles, stage_cycles, update_cycles
from toolchain.partition.nets import make_nets
from toolchain.rewiring import place_bytes, table_bytes
from toolchain.rows import RowPlan, Slicing, stage_sends
from toolchain.synapses.modulated import DOSE_BYTES
from toolchain.synapses.modulation import RECEPTORS
from toolchain.targets import dopamine_of
from toolchain.workload import Workload


@dataclass(frozen=True, eq=False)
class _Cut:
    """A piece of a population, and the width of the largest piece."""

    population: Population
    number: int
    program: Program | None
    cells: range
    width: int
    substeps: int


def piece_memory(
    workload: Workload, slicing: Slicing, plan: RowPlan, options: MappingOptions
) -> tuple[CoreMemory, ...]:
    """The memory that each piece takes, with the rows that it really has."""
    dynamic = dynamic_memory(workload)
    return tuple(
        _memory(cut, plan, piece, options, dynamic[cut.number])
        for piece, cut in enumerate(_cuts(workload.network, slicing, options))
    )


def dynamic_memory(workload: Workload) -> tuple[DynamicMemory, ...]:
    """What the cores of each population need for synapses with dynamics, rows aside."""
    found = []
    for number in range(len(workload.network.populations)):
        banks = [bank for bank in workload.banks if bank.target == number]
        rules = {id(bank.mechanism): bank.mechanism.parameter_bytes for bank in banks}
        doses = dopamine_of(workload.network, number) is not None
        found.append(
            DynamicMemory(
                sum(kind.history_bytes for kind in histories(banks)) + (DOSE_BYTES if doses else 0),
                sum(rules.values()),
                len(RECEPTORS) if doses else 0,
                place_bytes(workload.network, number),
                table_bytes(workload.network, number),
            )
        )
    return tuple(found)


def assemble(
    workload: Workload,
    slicing: Slicing,
    plan: RowPlan,
    needs: Sequence[CoreMemory],
    options: MappingOptions,
) -> Partition:
    """Make the slices, their memory and the nets; `needs` is the memory of each piece."""
    piece_sends = stage_sends(*plan.all)
    load = spike_cycles(workload, slicing, plan)
    slices: list[Slice] = []
    memory: list[CoreMemory] = []
    piece_slice, delay_slice = np.full((2, slicing.all_pieces), -1, dtype=np.int32)
    sends: dict[int, NDArray[np.bool_]] = {}
    for piece, cut in enumerate(_cuts(workload.network, slicing, options)):
        piece_slice[piece] = len(slices)
        memory.append(needs[piece])
        slices.append(_cells(cut, memory[-1], load[piece]))
        if piece in piece_sends:
            delay_slice[piece] = len(slices)
            sends[len(slices)] = piece_sends[piece]
            memory.append(delay_core(len(cut.cells), len(piece_sends[piece])))
            slices.append(_delayed(slices[-1], int(piece_slice[piece]), len(piece_sends[piece]), memory[-1]))
    vertices = tuple(Vertex(found.label, found.size, found.sdram_bytes) for found in slices)
    rates = [rate.mean for rate in workload.rates]
    nets = make_nets(plan.all, slices, sends, piece_slice, delay_slice, rates=rates)
    graph = Graph(workload.network.label, vertices, nets)
    return Partition(tuple(slices), graph, tuple(memory), slicing, plan, piece_slice, delay_slice, sends)


def _cuts(network: Network, slicing: Slicing, options: MappingOptions) -> Iterator[_Cut]:
    for number, population in enumerate(network.populations):
        model = CELL_MODELS[population.cell]
        program, substeps = None, 0
        if isinstance(model, CellModel):
            substeps = model.substeps(network.timestep, options.substeps)
            program = model.program(substeps)
        width = slicing.per_core[number]
        for start, length in zip(slicing.starts[number].tolist(), slicing.lengths[number].tolist(), strict=True):
            yield _Cut(population, number, program, range(start, start + length), width, substeps)


def _memory(cut: _Cut, plan: RowPlan, piece: int, options: MappingOptions, dynamic: DynamicMemory) -> CoreMemory:
    recorded, ticks = _recorded(cut), options.recording_ticks
    if cut.program is not None:
        spans = [(blocks, blocks.of_targets(piece, 1)) for blocks in plan.all]
        return neuron_core(
            cut.program,
            len(cut.cells),
            per_core=cut.width,
            entries=sum(span.stop - span.start for _, span in spans),
            stride=max(int(blocks.stride[span].max(initial=0)) for blocks, span in spans),
            row_words=sum(int(blocks.first_word[s.stop] - blocks.first_word[s.start]) for blocks, s in spans),
            recorded=recorded,
            ticks=ticks,
            dynamic=dynamic,
        )
    spikes, bins = cut.population.spike_times, cut.population.histogram
    if spikes is None:
        count = 0 if bins is None else int(bins.offsets[cut.cells.stop] - bins.offsets[cut.cells.start])
        return random_core(len(cut.cells), count, recorded, ticks)
    given = int(spikes.offsets[cut.cells.stop] - spikes.offsets[cut.cells.start])
    return array_core(len(cut.cells), given, recorded, ticks)


def _recorded(cut: _Cut) -> tuple[Recorded, ...]:
    """What is recorded of the cells of a piece."""
    found = []
    for recording in cut.population.recordings:
        low, high = np.searchsorted(recording.indices, (cut.cells.start, cut.cells.stop))
        if high > low:
            found.append(Recorded(recording.variable, int(high - low), recording.interval_steps))
    return tuple(found)


def _cells(cut: _Cut, memory: CoreMemory, load: float) -> Slice:
    sources: SliceKind = "poisson" if cut.population.spike_times is None else "array"
    return Slice(
        label=f"{cut.population.label}[{cut.cells.start}:{cut.cells.stop}]",
        population=cut.number,
        start=cut.cells.start,
        stop=cut.cells.stop,
        kind=sources if cut.program is None else "neurons",
        dtcm_bytes=memory.dtcm_bytes,
        sdram_bytes=memory.sdram_bytes,
        cycles=round(update_cycles(cut.population, cut.program, len(cut.cells)) + load),
        substeps=cut.substeps,
    )


def _delayed(cells: Slice, source: int, stages: int, memory: CoreMemory) -> Slice:
    """The slice of delay stages of slice `cells`, which has the index `source`."""
    return replace(
        cells,
        label=f"{cells.label} delayed",
        kind="delay",
        dtcm_bytes=memory.dtcm_bytes,
        sdram_bytes=memory.sdram_bytes,
        cycles=stage_cycles(cells.size, stages),
        source=source,
        stages=stages,
        substeps=0,
    )
