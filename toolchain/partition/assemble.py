"""Slices: what the cuts and the rows of synapses imply.

Each piece of a population becomes a slice.  Right after it come a slice of delay stages, if it has delays beyond the
ring buffer, and the synapse cores that it may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emulator.cycles import TICK_CYCLES, gather_cycles, send_cycles
from emulator.program import Program
from toolchain.banks import histories
from toolchain.graph import Graph, Vertex
from toolchain.memory import (
    WORD,
    CoreMemory,
    DynamicMemory,
    Recorded,
    array_core,
    delay_core,
    neuron_core,
    random_core,
    slot_bytes,
    synapse_core,
)
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population
from toolchain.options import MappingOptions
from toolchain.partition import Partition, Slice, SliceKind
from toolchain.partition.load import block_cycles, spike_cycles, stage_cycles, update_cycles
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
) -> tuple[tuple[CoreMemory, ...], ...]:
    """The memory of the cores of each piece, with the rows that they really have: its own, then synapse cores."""
    dynamic = dynamic_memory(workload)
    found = []
    for piece, cut in enumerate(_cuts(workload.network, slicing, options)):
        own = _memory(cut, plan, piece, options, dynamic[cut.number])
        others = range(1, _feeders(plan, piece) + 1)
        found.append((own, *(_synapse_memory(cut, plan, piece, core, dynamic[cut.number]) for core in others)))
    return tuple(found)


def _feeders(plan: RowPlan, piece: int) -> int:
    """Synapse cores of a piece."""
    return int(plan.fixed.core[plan.fixed.of_targets(piece, 1)].max(initial=0))


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
    needs: Sequence[Sequence[CoreMemory]],
    options: MappingOptions,
) -> Partition:
    """Make the slices, their memory and the nets; `needs` is the memory of the cores of each piece."""
    piece_sends = stage_sends(*plan.all)
    heard = next(block_cycles(workload, slicing, plan))
    load, dynamic = spike_cycles(workload, slicing, plan), dynamic_memory(workload)
    made = _Made()
    piece_slice, delay_slice = np.full((2, slicing.all_pieces), -1, dtype=np.int32)
    sends: dict[int, NDArray[np.bool_]] = {}
    synapse_slices: dict[int, tuple[int, ...]] = {}
    for piece, cut in enumerate(_cuts(workload.network, slicing, options)):
        own, *others = needs[piece]
        words = _slot(cut, dynamic[cut.number]) // WORD
        number = made.add(_cells(cut, own, load[piece] + gather_cycles(words, len(others))), own)
        piece_slice[piece] = number
        if piece in piece_sends:
            need = delay_core(*piece_sends[piece].shape[::-1])
            delayed = made.add(_delayed(made.slices[number], number, len(piece_sends[piece]), need), need)
            delay_slice[piece], sends[delayed] = delayed, piece_sends[piece]
        if others:
            spikes = [heard[plan.fixed.of_core(piece, core)].sum() for core in range(1, len(others) + 1)]
            cycles = [TICK_CYCLES + send_cycles(words) + spent for spent in spikes]
            synapse_slices[piece] = tuple(map(made.add, _synapses(made.slices[number], number, others, cycles), others))
    vertices = tuple(Vertex(found.label, found.size, found.sdram_bytes) for found in made.slices)
    rates = [rate.mean for rate in workload.rates]
    cuts = piece_slice, delay_slice
    nets = make_nets(plan.all, made.slices, sends, *cuts, synapse_slices=synapse_slices, rates=rates)
    groups = tuple((int(piece_slice[piece]), *found) for piece, found in synapse_slices.items())
    graph = Graph(workload.network.label, vertices, nets, groups, cut=True)
    return Partition(tuple(made.slices), graph, tuple(made.memory), slicing, plan, *cuts, sends, synapse_slices)


class _Made:
    """The slices so far, and their memory."""

    def __init__(self) -> None:
        self.slices: list[Slice] = []
        self.memory: list[CoreMemory] = []

    def add(self, found: Slice, memory: CoreMemory) -> int:
        """Add a slice; its number."""
        self.slices.append(found)
        self.memory.append(memory)
        return len(self.slices) - 1


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


def _slot(cut: _Cut, dynamic: DynamicMemory) -> int:
    """Bytes of a slot of the ring buffers."""
    return 0 if cut.program is None else slot_bytes(cut.program, cut.width, dynamic)


def _synapse_memory(cut: _Cut, plan: RowPlan, piece: int, core: int, dynamic: DynamicMemory) -> CoreMemory:
    blocks, span = plan.fixed, plan.fixed.of_core(piece, core)
    return synapse_core(
        _slot(cut, dynamic),
        entries=span.stop - span.start,
        stride=int(blocks.stride[span].max(initial=0)),
        row_words=int(blocks.first_word[span.stop] - blocks.first_word[span.start]),
    )


def _memory(cut: _Cut, plan: RowPlan, piece: int, options: MappingOptions, dynamic: DynamicMemory) -> CoreMemory:
    recorded, ticks = _recorded(cut), options.recording_ticks
    if cut.program is not None:
        spans = [(blocks, blocks.of_core(piece, 0)) for blocks in plan.all]
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
            feeders=_feeders(plan, piece),
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


def _synapses(cells: Slice, source: int, memory: Sequence[CoreMemory], cycles: Sequence[float]) -> Iterator[Slice]:
    """The slices of the synapse cores of slice `cells`, which has the index `source`."""
    for number, (need, spent) in enumerate(zip(memory, cycles, strict=True), 1):
        yield replace(
            cells,
            label=f"{cells.label} synapses {number}",
            kind="synapses",
            dtcm_bytes=need.dtcm_bytes,
            sdram_bytes=need.sdram_bytes,
            cycles=round(spent),
            source=source,
            substeps=0,
        )
