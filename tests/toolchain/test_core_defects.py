"""Defects of what cores are told of their cells, of where they are, and of the whole image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from defects import Defect, Random, caught, changed, checked, hears, one, some_core
from everything import mapping_of_everything

from emulator.image import (
    ArrayCore,
    Core,
    Current,
    DelayCore,
    MachineImage,
    NeuronCore,
    PoissonCore,
    RenewalCore,
    WaveCurrent,
)

# --- cells ------------------------------------------------------------------------------------------------------------


def neurons(random: Random, change: Callable[[NeuronCore], dict[str, Any]], has: Callable[[Any], Any]) -> MachineImage:
    return some_core(random, NeuronCore, lambda core: replace(core, **change(core)), has)


def word_of_a_neuron(random: Random) -> MachineImage:
    def change(core: NeuronCore) -> dict[str, Any]:
        name, cell = one(random, list(core.registers)), int(random.integers(core.n))
        flipped = int(core.registers[name][cell]) ^ 1 << int(random.integers(31))
        return {"registers": {**core.registers, name: changed(core.registers[name], cell, flipped)}}

    return neurons(random, change, bool)


def register_lost(random: Random) -> MachineImage:
    def change(core: NeuronCore) -> dict[str, Any]:
        lost = one(random, list(core.registers))
        return {"registers": {name: words for name, words in core.registers.items() if name != lost}}

    return neurons(random, change, bool)


def another_model(random: Random) -> MachineImage:
    return neurons(random, lambda core: {"program": (core.program + 1) % 3}, bool)


def seed_of_a_neuron(random: Random) -> MachineImage:
    def change(core: NeuronCore) -> dict[str, Any]:
        return {"seed": changed(core.seed, (int(random.integers(core.n)), 1), 1)}

    return neurons(random, change, lambda core: len(core.seed))


def spikes_not_recorded(random: Random) -> MachineImage:
    return neurons(random, lambda core: {"record_spikes": core.record_spikes[1:]}, lambda core: len(core.record_spikes))


def recording(random: Random, **changes: Callable[[Any], Any]) -> MachineImage:
    def change(core: NeuronCore) -> dict[str, Any]:
        told = core.recordings[0]
        return {"recordings": (replace(told, **{name: of(told) for name, of in changes.items()}),)}

    return neurons(random, change, lambda core: core.recordings)


def recorded_too_seldom(random: Random) -> MachineImage:
    return recording(random, interval=lambda told: told.interval + 1)


def recorded_of_fewer_cells(random: Random) -> MachineImage:
    return recording(random, index=lambda told: told.index[1:])


def another_variable_recorded(random: Random) -> MachineImage:
    return recording(random, variable=lambda told: "isyn_exc")


def current(random: Random, kind: type[Any], change: Callable[[Any], Any]) -> MachineImage:
    def in_core(core: NeuronCore) -> dict[str, Any]:
        return {"currents": tuple(change(told) if isinstance(told, kind) else told for told in core.currents)}

    return neurons(random, in_core, lambda core: core.currents)


def current_too_early(random: Random) -> MachineImage:
    return current(random, Current, lambda told: replace(told, tick=told.tick - 1))


def current_of_another_amplitude(random: Random) -> MachineImage:
    return current(random, Current, lambda told: replace(told, amplitude=told.amplitude + 1))


def current_into_other_cells(random: Random) -> MachineImage:
    return current(random, Current, lambda told: replace(told, index=told.index + 1))


def wave_of_another_frequency(random: Random) -> MachineImage:
    return current(random, WaveCurrent, lambda told: replace(told, wave=replace(told.wave, frequency=21.0)))


def current_lost(random: Random) -> MachineImage:
    return neurons(random, lambda core: {"currents": core.currents[1:]}, lambda core: core.currents)


def steps_for_a_wave(random: Random) -> MachineImage:
    return neurons(random, lambda core: {"currents": core.currents[::-1]}, lambda core: core.currents)


def rate_of_a_source(random: Random) -> MachineImage:
    def change(core: PoissonCore) -> PoissonCore:
        return replace(core, rate=changed(core.rate, int(random.integers(core.n)), 11.0))

    return some_core(random, PoissonCore, change)


def seed_of_a_source(random: Random) -> MachineImage:
    kind: Any = (PoissonCore, RenewalCore)[random.integers(2)]
    return some_core(random, kind, lambda core: replace(core, seed=core.seed[::-1]))


def source_starts_early(random: Random) -> MachineImage:
    return some_core(random, RenewalCore, lambda core: replace(core, start=core.start - 1))


def intervals_of_a_source(random: Random) -> MachineImage:
    def change(core: RenewalCore) -> RenewalCore:
        scale = changed(core.intervals.scale, int(random.integers(core.n)), 3.0)
        return replace(core, intervals=replace(core.intervals, scale=scale))

    return some_core(random, RenewalCore, change)


def spike_in_another_tick(random: Random) -> MachineImage:
    def change(core: ArrayCore) -> ArrayCore:
        return replace(core, tick=changed(core.tick, -1, core.tick[-1] + 1))

    return some_core(random, ArrayCore, change)


def spike_of_another_source(random: Random) -> MachineImage:
    def change(core: ArrayCore) -> ArrayCore:
        return replace(core, index=changed(core.index, 0, (core.index[0] + 1) % core.n))

    return some_core(random, ArrayCore, change)


def spike_lost(random: Random) -> MachineImage:
    return some_core(random, ArrayCore, lambda core: replace(core, tick=core.tick[1:], index=core.index[1:]))


# --- the core, and the whole ------------------------------------------------------------------------------------------


def core_of_another_kind(random: Random) -> MachineImage:
    def change(core: DelayCore) -> Core:
        return Core(**{field.name: getattr(core, field.name) for field in fields(Core)})

    return some_core(random, DelayCore, change)


def core_of_another_slice(random: Random) -> MachineImage:
    return some_core(random, Core, lambda core: replace(core, n=core.n - 1))


def memory_of_a_core(random: Random) -> MachineImage:
    return some_core(random, Core, lambda core: replace(core, sdram_bytes=core.sdram_bytes - 4))


def rows_that_no_memory_is_for(random: Random) -> MachineImage:
    return hears(random, lambda core: replace(core, rows=np.append(core.rows, np.uint32(0))))


def cores_lost(random: Random) -> MachineImage:
    made = mapping_of_everything().image
    return replace(made, cores=made.cores[: int(random.integers(len(made.cores)))])


def another_machine(random: Random) -> MachineImage:
    return replace(mapping_of_everything().image, machine=replace(mapping_of_everything().machine))


def another_timestep(random: Random) -> MachineImage:
    return replace(mapping_of_everything().image, timestep=0.1)


# --- placement, keys and tables ---------------------------------------------------------------------------------------


def core_loaded_elsewhere(random: Random) -> MachineImage:
    return some_core(random, Core, lambda core: replace(core, p=core.p + 1))


def core_sends_other_keys(random: Random) -> MachineImage:
    return some_core(random, Core, lambda core: replace(core, key=core.key ^ 1 << 16))


def table_not_loaded(random: Random) -> MachineImage:
    made = mapping_of_everything().image
    return replace(made, tables=made.tables[1:])


def table_loaded_wrong(random: Random) -> MachineImage:
    made = mapping_of_everything().image
    number = int(random.integers(len(made.tables)))
    table = made.tables[number]
    broken = replace(table, route=changed(table.route, 0, table.route[0] ^ 1))
    return replace(made, tables=(*made.tables[:number], broken, *made.tables[number + 1 :]))


DEFECTS: dict[Defect, str] = {
    word_of_a_neuron: "of neuron . is .*, it should be",
    register_lost: "has not the registers",
    another_model: "does not run",
    seed_of_a_neuron: "has other seeds",
    spikes_not_recorded: "does not record the spikes",
    recorded_too_seldom: "does not record what it shall",
    recorded_of_fewer_cells: "does not record what it shall",
    another_variable_recorded: "does not record what it shall",
    current_too_early: "another current injected",
    current_of_another_amplitude: "another current injected",
    current_into_other_cells: "another current injected",
    wave_of_another_frequency: "another current injected",
    current_lost: "has 1 injected currents, its cells have 2",
    steps_for_a_wave: "another current injected",
    rate_of_a_source: "does not spike as its sources do",
    seed_of_a_source: "has other seeds",
    source_starts_early: "does not spike as its sources do",
    intervals_of_a_source: "does not spike as its sources do",
    spike_in_another_tick: "does not spike as its sources do",
    spike_of_another_source: "does not spike as its sources do",
    spike_lost: "does not spike as its sources do",
    core_of_another_kind: "is a Core, the slice is one of delay",
    core_of_another_slice: "is not slice",
    memory_of_a_core: "bytes of DTCM and SDRAM",
    rows_that_no_memory_is_for: "bytes for synaptic rows",
    cores_lost: "slices have .* cores",
    another_machine: "for another machine",
    another_timestep: "a timestep of 0.1 ms, not 1",
    core_loaded_elsewhere: "was placed on",
    core_sends_other_keys: "not its keys",
    table_not_loaded: "more or fewer routing tables",
    table_loaded_wrong: "is not the one that was made",
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("defect", "message"), DEFECTS.items(), ids=[defect.__name__ for defect in DEFECTS])
def test_a_defect_is_caught(defect: Defect, message: str, seed: int) -> None:
    caught(defect, message, seed)


@pytest.mark.slow
@pytest.mark.parametrize(("defect", "message"), DEFECTS.items(), ids=[defect.__name__ for defect in DEFECTS])
def test_a_defect_is_caught_wherever_it_is(defect: Defect, message: str) -> None:
    for seed in range(60):
        caught(defect, message, seed)


def test_what_has_no_defect_is_legal() -> None:
    checked(mapping_of_everything().image)
