"""The machine image: everything that was decided, written as the words that are loaded.

Rows and registers depend on the network alone.  Placement shows only in where a core is, and keys only in the
population tables, which is why the same network spikes the same wherever it is placed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator import image, synaptic_rows
from emulator.draws import projection_key
from emulator.image import Core, DelayCore, MachineImage, NeuronCore, SynapseCore
from emulator.program import Program
from emulator.rewiring import Rewiring
from emulator.seeds import source_seeds
from emulator.synaptic_rows import PopulationTable
from toolchain.banks import Bank, histories
from toolchain.currents import loaded_currents, local, of_core
from toolchain.dynamic_rows import build_dynamic_rows
from toolchain.map_graph import GraphMapping
from toolchain.memory import bits_for
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Population
from toolchain.options import MappingOptions
from toolchain.partition import BESIDE, Partition
from toolchain.rewiring import rewiring_of_cores, structural_group
from toolchain.rows import Blocks, build_rows, word_layout
from toolchain.sources import array_cores, random_cores
from toolchain.synapses.mechanism import Plasticity
from toolchain.synapses.modulated import Modulated, dopamine_programs
from toolchain.synapses.modulation import RECEPTORS
from toolchain.synapses.releasing import Releasing
from toolchain.targets import dopamine_of, synapse_types
from toolchain.workload import Workload


@dataclass(frozen=True, eq=False)
class Plan:
    """What an image is written from.

    Parameters
    ----------
    shifts : tuple of tuple of int
        Ring-buffer shifts of each receptor of each population.
    """

    workload: Workload
    partition: Partition
    mapped: GraphMapping
    shifts: Sequence[Sequence[int]]
    options: MappingOptions
    time_scale_factor: float


def build_image(plan: Plan) -> MachineImage:
    """Write the image of a network that is partitioned and mapped.

    Raises
    ------
    ParameterError
        If a parameter or an injected current does not fit s16.15.
    """
    network, slicing = plan.workload.network, plan.partition.slicing
    keys = slice_keys(plan.partition, plan.mapped)
    programs = _programs(plan)
    rules = _rules(plan)
    numbers = {rule: len(programs) + i for i, rule in enumerate(rules)}
    common = [_common(plan, keys, number) for number in range(len(plan.partition.slices))]
    cores: dict[int, Core] = {}
    for number, population in enumerate(network.populations):
        of_population = plan.partition.slices_of(number)
        known = [common[i] for i in of_population]
        made: Iterator[Core]
        if population.cell in programs:
            held = _held(plan, number, keys)
            made = _neuron_cores(plan, number, list(programs).index(population.cell), held, known)
            dynamic = _dynamic_of_cores(plan, number, keys, numbers)
            made = (replace(core, **more) for core, more in zip(made, dynamic, strict=True))
            cores |= _synapse_cores(plan, number, held, common)
        elif population.spike_times is None:
            made = random_cores(network, number, slicing, known)
        else:
            made = array_cores(network, number, slicing, known)
        cores |= dict(zip(of_population, made, strict=True))
    for number, send in plan.partition.sends.items():
        cores[number] = _delay_core(plan.partition, keys, number, send, common[number])
    return MachineImage(
        label=network.label,
        machine=plan.mapped.machine,
        timestep=network.timestep,
        time_scale_factor=plan.time_scale_factor,
        programs=(*programs.values(), *rules),
        tables=plan.mapped.minimised.tables,
        cores=tuple(cores[number] for number in range(len(cores))),
    )


def slice_keys(partition: Partition, mapped: GraphMapping) -> NDArray[np.uint32]:
    """Key and mask of each slice, uint32[slices, 2]; zeros for slices that send nothing."""
    keys = np.zeros((len(partition.slices), 2), dtype=np.uint32)
    sources = [net.source for net in mapped.graph.nets]
    keys[sources, 0], keys[sources, 1] = mapped.keys.key, mapped.keys.mask
    return keys


def _programs(plan: Plan) -> dict[str, Program]:
    """The program of each cell model in use, in the order of the populations."""
    programs: dict[str, Program] = {}
    timestep = plan.workload.network.timestep
    for population in plan.workload.network.populations:
        model = CELL_MODELS[population.cell]
        if isinstance(model, CellModel) and population.cell not in programs:
            programs[population.cell] = model.program(model.substeps(timestep, plan.options.substeps))
    return programs


def _rules(plan: Plan) -> list[Program]:
    """The programs that run over synapses, and where dopamine arrives, each once."""
    found = [program for bank in plan.workload.banks for program in (*bank.mechanism.programs, *_elapse(plan, bank))]
    brought = [_of_dopamine(plan, number) for number in range(len(plan.workload.network.populations))]
    return list(dict.fromkeys([*found, *(program for both in brought for program in both)]))


def _elapse(plan: Plan, bank: Bank) -> tuple[Program, ...]:
    """The program of time that goes by, if dopamine modulates a bank."""
    if not isinstance(bank.mechanism, Modulated):
        return ()
    types, shifts = synapse_types(plan.workload.network, bank.target), plan.shifts[bank.target]
    of_dopamine = max(shifts[types.index(name)] for name in RECEPTORS)
    return (bank.mechanism.elapse(shifts[types.index(bank.receptor)], of_dopamine),)


def _of_dopamine(plan: Plan, population: int) -> tuple[Program, ...]:
    """The programs of dopamine, if some is brought to a population."""
    given = dopamine_of(plan.workload.network, population)
    return () if given is None else dopamine_programs(given, plan.workload.network.timestep)


def _common(plan: Plan, keys: NDArray[np.uint32], number: int) -> dict[str, Any]:
    """The fields that all kinds of cores have, for slice `number`."""
    found, placement = plan.partition.slices[number], plan.mapped.placement
    population = plan.workload.network.populations[found.population]
    recorded = [] if found.kind in BESIDE else [r.indices for r in population.recordings if r.variable == "spikes"]
    return {
        "label": found.label,
        "x": int(placement.x[number]),
        "y": int(placement.y[number]),
        "p": int(placement.p[number]),
        "n": found.size,
        "key": int(keys[number, 0]),
        "mask": int(keys[number, 1]),
        "dtcm_bytes": found.dtcm_bytes,
        "sdram_bytes": found.sdram_bytes,
        "record_spikes": np.unique(local(np.concatenate([np.zeros(0, np.int32), *recorded]), found.start, found.stop)),
    }


Held = Callable[[int, int], dict[str, Any]]
"""Population table and rows without dynamics of a core: of a piece of a population, by its number among its cores."""


def _held(plan: Plan, number: int, keys: NDArray[np.uint32]) -> Held:
    """What the cores of population `number` hold."""
    slicing, blocks = plan.partition.slicing, plan.partition.rows.fixed
    rows = build_rows(plan.workload, slicing, blocks, number, plan.shifts)
    first = blocks.first_word[blocks.of_targets(slicing.first[number], slicing.pieces(number)).start]

    def of_core(piece: int, core: int) -> dict[str, Any]:
        span = blocks.of_core(slicing.first[number] + piece, core)
        low, high = blocks.first_word[[span.start, span.stop]] - first
        return {"table": _population_table(plan.partition, blocks, keys, span), "rows": rows[low:high]}

    return of_core


def _synapse_cores(plan: Plan, number: int, held: Held, common: Sequence[dict[str, Any]]) -> dict[int, SynapseCore]:
    """The synapse cores of a population, by their numbers."""
    first, last = plan.partition.slicing.first[number : number + 2]
    return {
        slice_number: SynapseCore(
            **common[slice_number], neurons=int(plan.partition.piece_slice[piece]), **held(piece - first, core)
        )
        for piece in range(first, last)
        for core, slice_number in enumerate(plan.partition.synapse_slices.get(piece, ()), 1)
    }


def _neuron_cores(
    plan: Plan, number: int, program: int, held: Held, common: Sequence[dict[str, Any]]
) -> Iterator[NeuronCore]:
    network, slicing = plan.workload.network, plan.partition.slicing
    population = network.populations[number]
    model = CELL_MODELS[population.cell]
    assert isinstance(model, CellModel)
    index_bits, type_bits = word_layout(network, slicing, number)
    substeps = model.substeps(network.timestep, plan.options.substeps)
    registers = model.registers(population.parameters, population.initial, population.size, network.timestep, substeps)
    currents = loaded_currents(population, network.timestep)
    seed = source_seeds(network.seed, number, 0, population.size if model.draws else 0)
    for piece, start in enumerate(slicing.starts[number].tolist()):
        stop = start + int(slicing.lengths[number][piece])
        yield NeuronCore(
            **common[piece],
            program=program,
            registers={name: words[start:stop] for name, words in registers.items()},
            shift=tuple(plan.shifts[number]),
            index_bits=index_bits,
            type_bits=type_bits,
            **held(piece, 0),
            recordings=_recordings(population, start, stop),
            seed=seed[start:stop],
            currents=of_core(currents, start, stop),
        )


def _dynamic_of_cores(
    plan: Plan, number: int, keys: NDArray[np.uint32], programs: Mapping[Program, int]
) -> Iterator[dict[str, Any]]:
    """What the cores of a population have for synapses with dynamics.

    Parameters
    ----------
    programs : mapping of Program to int
        Numbers of the programs that run over synapses.
    """
    slicing, network = plan.partition.slicing, plan.workload.network
    pairs = zip(plan.workload.banks, plan.partition.rows.banks, strict=True)
    mine = [(bank, blocks) for bank, blocks in pairs if bank.target == number]
    kinds = histories([bank for bank, _ in mine])
    words = [build_dynamic_rows(network, bank, slicing, blocks, plan.shifts) for bank, blocks in mine]
    dopamine = None
    if brought := _of_dopamine(plan, number):
        add, merge = (programs[program] for program in brought)
        dopamine = synaptic_rows.Dopamine(add, merge, tuple(RECEPTORS.values()))
    group = structural_group(network, slicing, mine, number)
    rewiring: Iterator[Rewiring | None] = rewiring_of_cores(group, plan.shifts) if group else repeat(None)
    for piece in range(slicing.first[number], slicing.first[number + 1]):
        dynamic = []
        for (bank, blocks), rows in zip(mine, words, strict=True):
            span = blocks.of_targets(piece, 1)
            low, high = blocks.first_word[[span.start, span.stop]]
            common = {
                "table": _population_table(plan.partition, blocks, keys, span),
                "rows": rows[low:high],
                "shift": plan.shifts[number][synapse_types(network, number).index(bank.receptor)],
                "defer": bank.defer,
            }
            dynamic.append(_dynamic_rows(plan, bank, kinds, programs, common))
        remembered = (synaptic_rows.History(programs[kind.rules.add_post], kind.timing.post_traces) for kind in kinds)
        yield {
            "histories": tuple(remembered),
            "dynamic": tuple(dynamic),
            "dopamine": dopamine,
            "rewiring": next(rewiring),
        }


def _dynamic_rows(
    plan: Plan,
    bank: Bank,
    kinds: Sequence[Plasticity],
    programs: Mapping[Program, int],
    common: Mapping[str, Any],
) -> synaptic_rows.DynamicRows:
    """The rows of a bank on a core; `common` has the fields that all kinds have, `kinds` have histories."""
    if isinstance(bank.mechanism, Releasing):
        return synaptic_rows.ReleaseRows(
            **common,
            program=programs[bank.mechanism.program],
            words=tuple(bank.mechanism.words),
            key=projection_key(plan.workload.network.seed, bank.numbers[0]),
        )
    if not isinstance(bank.mechanism, Plasticity):
        return synaptic_rows.FixedRows(**common)
    rules = bank.mechanism.rules
    common = {
        **common,
        "history": [kind.rules.add_post for kind in kinds].index(rules.add_post),
        "traces": bank.mechanism.timing.pre_traces,
        "add_pre": programs[rules.add_pre],
        "apply_pre": programs[rules.apply_pre],
        "apply_post": programs[rules.apply_post],
        "back": bank.back,
    }
    if isinstance(bank.mechanism, Modulated):
        [elapse] = _elapse(plan, bank)
        return synaptic_rows.ModulatedRows(**common, elapse=programs[elapse], lag=bank.lag, bits=bank.mechanism.bits)
    return synaptic_rows.PlasticRows(**common)


def _recordings(population: Population, start: int, stop: int) -> tuple[image.Recording, ...]:
    """What is recorded of cells ``start <= i < stop`` besides spikes."""
    return tuple(
        image.Recording(recording.variable, index, recording.interval_steps)
        for recording in population.recordings
        if recording.variable != "spikes" and len(index := local(recording.indices, start, stop))
    )


def _population_table(partition: Partition, blocks: Blocks, keys: NDArray[np.uint32], span: slice) -> PopulationTable:
    """The population table of the core that holds the blocks in `span`."""
    source, stage = blocks.source[span], blocks.stage[span]
    sender = np.where(stage > 0, partition.delay_slice[source], partition.piece_slice[source])
    key, mask = keys[sender].T.astype(np.int64)
    bits = np.maximum(np.frexp(blocks.rows[span] - 1)[1], 1).astype(np.int64)  # bits_for(rows)
    key = np.where(stage > 0, key | (stage - 1).astype(np.int64) << bits, key)
    mask = np.where(stage > 0, (0xFFFFFFFF << bits) & 0xFFFFFFFF, mask)
    order = np.argsort(key)
    address = blocks.first_word[span] - blocks.first_word[span.start]
    columns = (key, mask, address, blocks.stride[span])
    return PopulationTable(*(column[order].astype(np.uint32) for column in columns))


def _delay_core(
    partition: Partition, keys: NDArray[np.uint32], number: int, send: NDArray[np.bool_], common: dict[str, Any]
) -> DelayCore:
    found = partition.slices[number]
    source_key, source_mask = keys[found.source]
    return DelayCore(
        **common,
        source_key=int(source_key),
        source_mask=int(source_mask),
        stage_shift=bits_for(found.size),
        send=send,
    )
