"""Defects of rows, and of the tables that lead to them, read by the format that `emulator.synaptic_rows` tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from defects import Defect, Hears, Random, caught, changed, hears, one, some_core
from everything import mapping_of_everything

from emulator.image import DelayCore, MachineImage, NeuronCore, SynapseCore
from emulator.synaptic_rows import FixedRows, ModulatedRows, PlasticRows, PopulationTable, ReleaseRows

# --- rows without dynamics --------------------------------------------------------------------------------------------


def rows_of(table: PopulationTable, words: int) -> Iterator[tuple[int, int]]:
    """First word and length of every row, entry by entry."""
    order = np.argsort(table.address)
    ends = np.append(table.address[order][1:], words)
    for entry, end in zip(order.tolist(), ends.tolist(), strict=True):
        stride = int(table.stride[entry])
        yield from ((at, stride) for at in range(int(table.address[entry]), end, stride))


def some_row(random: Random, core: Hears, least: int = 1) -> tuple[int, int]:
    """First word and length of a row with at least so many synapses."""
    rows = [row for row in rows_of(core.table, len(core.rows)) if core.rows[row[0] + 1] >= least]
    return rows[random.integers(len(rows))]


def word(random: Random, change: Callable[[NeuronCore, int], int]) -> MachineImage:
    """One synaptic word is another; `change` is told of the core of the neurons too, for the layout."""

    def in_core(core: Hears) -> Hears:
        at, _ = some_row(random, core)
        place = at + 3 + int(random.integers(core.rows[at + 1]))
        neurons = mapping_of_everything().image.cores[core.neurons] if isinstance(core, SynapseCore) else core
        assert isinstance(neurons, NeuronCore)
        return replace(core, rows=changed(core.rows, place, change(neurons, int(core.rows[place]))))

    return hears(random, in_core)


def weight_bit_flipped(random: Random) -> MachineImage:
    return word(random, lambda core, found: found ^ 1 << int(random.integers(16, 32)))


def delay_off_by_one(random: Random) -> MachineImage:
    def change(core: NeuronCore, found: int) -> int:
        bits = core.index_bits + core.type_bits
        return found & ~(15 << bits) | ((found >> bits) + 1 & 15) << bits

    return word(random, change)


def wrong_target(random: Random) -> MachineImage:
    def change(core: NeuronCore, found: int) -> int:
        index = found & (1 << core.index_bits) - 1
        return found - index + (index + int(random.integers(1, core.n))) % core.n

    return word(random, change)


def target_that_is_absent(random: Random) -> MachineImage:
    return word(random, lambda core, found: found | (1 << core.index_bits) - 1)


def wrong_receptor(random: Random) -> MachineImage:
    return word(random, lambda core, found: found ^ 1 << core.index_bits)


def rows_exchanged(random: Random) -> MachineImage:
    def change(core: Hears) -> Hears:
        rows = list(rows_of(core.table, len(core.rows)))
        pairs = [
            (a, b)
            for (a, width), (b, other) in pairwise(rows)
            if width == other and not np.array_equal(core.rows[a : a + width], core.rows[b : b + width])
        ]
        a, b = one(random, pairs)
        words = core.rows.copy()
        words[a:b], words[b : 2 * b - a] = core.rows[b : 2 * b - a], core.rows[a:b]
        return replace(core, rows=words)

    return hears(random, change)


def synapse_lost(random: Random) -> MachineImage:
    def change(core: Hears) -> Hears:
        at, _ = some_row(random, core)
        return replace(core, rows=changed(core.rows, at + 1, core.rows[at + 1] - 1))

    return hears(random, change)


def synapse_lost_and_another_doubled(random: Random) -> MachineImage:
    def change(core: Hears) -> Hears:
        at, _ = some_row(random, core, 2)
        a, b = random.choice(int(core.rows[at + 1]), 2, replace=False)
        return replace(core, rows=changed(core.rows, at + 3 + a, core.rows[at + 3 + b]))

    return hears(random, change)


def synapse_that_the_network_has_not(random: Random) -> MachineImage:
    def change(core: Hears) -> Hears:
        rows = [at for at, width in rows_of(core.table, len(core.rows)) if core.rows[at + 1] < width - 3]
        at = one(random, rows)
        return replace(core, rows=changed(core.rows, at + 1, core.rows[at + 1] + 1))

    return hears(random, change)


def weights_exchanged(random: Random) -> MachineImage:
    def rows(core: Any) -> list[int]:
        """Those that begin with two synapses of different weights."""
        found = [at for at, _ in rows_of(core.table, len(core.rows)) if core.rows[at + 1] > 1]
        return [at for at in found if core.rows[at + 3] >> 16 != core.rows[at + 4] >> 16]

    def change(core: Any) -> Any:
        words, at = core.rows.copy(), one(random, rows(core))
        halves = words.view(np.uint16)
        halves[2 * at + 7], halves[2 * at + 9] = core.rows[at + 4] >> 16, core.rows[at + 3] >> 16
        return replace(core, rows=words)

    return hears(random, change, rows)


def row_with_a_plastic_part(random: Random) -> MachineImage:
    def change(core: Hears) -> Hears:
        at, _ = some_row(random, core)
        return replace(core, rows=changed(core.rows, at + 2 * int(random.integers(2)), 1))

    return hears(random, change)


def row_longer_than_its_room(random: Random) -> MachineImage:
    def change(core: Hears) -> Hears:
        at, width = some_row(random, core)
        return replace(core, rows=changed(core.rows, at + 1, width - 2))

    return hears(random, change)


# --- population tables ------------------------------------------------------------------------------------------------


def entry(random: Random, **changes: Callable[[PopulationTable, int], int]) -> MachineImage:
    """One entry of a population table is another."""

    def change(core: Hears) -> Hears:
        number = int(random.integers(len(core.table.key)))
        columns = {c: changed(getattr(core.table, c), number, f(core.table, number)) for c, f in changes.items()}
        return replace(core, table=replace(core.table, **columns))

    return hears(random, change)


def address_a_row_off(random: Random) -> MachineImage:
    return entry(random, address=lambda table, i: int(table.address[i] + table.stride[i]))


def address_a_word_off(random: Random) -> MachineImage:
    return entry(random, address=lambda table, i: int(table.address[i]) + 1)


def rows_of_another_sender(random: Random) -> MachineImage:
    return entry(random, address=lambda table, i: int(table.address[i - 1]), stride=lambda t, i: int(t.stride[i - 1]))


def row_length_wrong(random: Random) -> MachineImage:
    return entry(random, stride=lambda table, i: int(table.stride[i]) + (1 if random.random() < 0.5 else -1))


def mask_too_wide(random: Random) -> MachineImage:
    return entry(random, mask=lambda table, i: int(table.mask[i]) << 1 & 0xFFFFFFFF)


def mask_too_narrow(random: Random) -> MachineImage:
    return entry(random, mask=lambda table, i: int(table.mask[i]) | 1 << int(random.integers(3)))


def key_of_nobody(random: Random) -> MachineImage:
    return entry(random, key=lambda table, i: int(table.key[i]) ^ 1 << int(random.integers(4, 32)))


def entry_lost(random: Random) -> MachineImage:
    def change(core: Hears) -> Hears:
        number = int(random.integers(len(core.table.key)))
        columns = {c: np.delete(getattr(core.table, c), number) for c in ("key", "mask", "address", "stride")}
        return replace(core, table=PopulationTable(**columns))

    return hears(random, change)


def table_of_unequal_columns(random: Random) -> MachineImage:
    return hears(random, lambda core: replace(core, table=replace(core.table, stride=core.table.stride[1:])))


def shift_of_a_core_wrong(random: Random) -> MachineImage:
    return some_core(random, NeuronCore, lambda core: replace(core, shift=(core.shift[0] + 1, *core.shift[1:])))


def shift_of_a_population_wrong(random: Random) -> MachineImage:
    made, number = mapping_of_everything().image, int(random.integers(3))
    mine = mapping_of_everything().partition.slices_of(number)
    cores = list(made.cores)
    for i in mine:
        core = cores[i]
        assert isinstance(core, NeuronCore)
        cores[i] = replace(core, shift=(core.shift[0] + 1, *core.shift[1:]))
    return replace(made, cores=tuple(cores))


def layout_of_words_wrong(random: Random) -> MachineImage:
    return some_core(random, NeuronCore, lambda core: replace(core, index_bits=core.index_bits + 1))


def synapse_core_of_others(random: Random) -> MachineImage:
    return some_core(random, SynapseCore, lambda core: replace(core, neurons=core.neurons - 1))


# --- delay stages -----------------------------------------------------------------------------------------------------


def spike_not_repeated(random: Random) -> MachineImage:
    def change(core: DelayCore) -> DelayCore:
        stage, index = one(random, np.argwhere(core.send).tolist())
        return replace(core, send=changed(core.send, (stage, index), False))

    return some_core(random, DelayCore, change)


def stages_exchanged(random: Random) -> MachineImage:
    def change(core: DelayCore) -> DelayCore:
        return replace(core, stage_shift=core.stage_shift + 1)

    return some_core(random, DelayCore, change, lambda core: len(core.send) > 1)


def stage_hears_others(random: Random) -> MachineImage:
    return some_core(random, DelayCore, lambda core: replace(core, source_key=core.source_key ^ 16))


# --- rows with dynamics -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A row with synapses: where it begins, words before its weights, words of its plastic part, how many there are."""

    at: int
    header: int
    size: int
    count: int


def moving(random: Random, kind: type[Any], change: Callable[[Any, Found], Any]) -> MachineImage:
    """The image with rows of one kind, on one core, replaced by what `change` returns; it is told of a row."""

    def in_core(core: NeuronCore) -> NeuronCore:
        bank = one(random, [i for i, rows in enumerate(core.dynamic) if isinstance(rows, kind)])
        rows = core.dynamic[bank]
        header = {FixedRows: 0, PlasticRows: 2, ModulatedRows: 2, ReleaseRows: 2}[type(rows)]
        found = []
        for at, _ in rows_of(rows.table, len(rows.rows)):
            size = int(rows.rows[at])
            found.append(Found(at, header, size, int(rows.rows[at + size + 2])))
        made = change(rows, one(random, [row for row in found if row.count]))
        return replace(core, dynamic=(*core.dynamic[:bank], made, *core.dynamic[bank + 1 :]))

    return some_core(random, NeuronCore, in_core, lambda core: any(isinstance(rows, kind) for rows in core.dynamic))


def half(random: Random, kind: type[Any], first: Callable[[Found], int], bit: int) -> MachineImage:
    """One bit of a half-word is another: of a synapse, of which the first is at the word that `first` says."""

    def change(rows: Any, row: Found) -> Any:
        words = rows.rows.copy()
        words.view(np.uint16)[2 * first(row) + random.integers(row.count)] ^= 1 << bit
        return replace(rows, rows=words)

    return moving(random, kind, change)


KINDS = (FixedRows, PlasticRows, ReleaseRows)
"""Of rows with dynamics; modulated rows are plastic ones."""


def some_kind(random: Random) -> Any:
    return KINDS[random.integers(len(KINDS))]


def weight_of_a_moving_synapse(random: Random) -> MachineImage:
    return half(random, some_kind(random), lambda row: row.at + 1 + row.header, int(random.integers(16)))


def control_of_a_moving_synapse(random: Random) -> MachineImage:
    """Target (4 bits), receptor, or delay."""
    return half(random, some_kind(random), lambda row: row.at + row.size + 3, int(random.integers(9)))


def moving_synapse_lost(random: Random) -> MachineImage:
    def change(rows: Any, row: Found) -> Any:
        return replace(rows, rows=changed(rows.rows, row.at + row.size + 2, row.count - 1))

    return moving(random, some_kind(random), change)


def plastic_part_of_another_size(random: Random) -> MachineImage:
    def change(rows: Any, row: Found) -> Any:
        return replace(rows, rows=changed(rows.rows, row.at, row.size - 1))

    return moving(random, PlasticRows, change)


def fixed_word_in_a_plastic_row(random: Random) -> MachineImage:
    return moving(random, PlasticRows, lambda rows, row: rewritten(rows, row.at + row.size + 1, 1))


def rewritten(rows: Any, at: int, value: int) -> Any:
    return replace(rows, rows=changed(rows.rows, at, value))


def spike_that_there_was_not(random: Random) -> MachineImage:
    kind = (PlasticRows, ReleaseRows)[random.integers(2)]
    return moving(random, kind, lambda rows, row: rewritten(rows, row.at + 1 + int(random.integers(2)), 7))


def first_value_of_a_release(random: Random) -> MachineImage:
    def change(rows: ReleaseRows, row: Found) -> Any:
        place = row.at + 1 + row.header + (row.count + 1) // 2 + int(random.integers(len(rows.words) * row.count))
        return rewritten(rows, place, int(rows.rows[place]) ^ 1 << int(random.integers(32)))

    return moving(random, ReleaseRows, change)


def eligibility_that_there_was_not(random: Random) -> MachineImage:
    def change(rows: ModulatedRows, row: Found) -> Any:
        return rewritten(rows, row.at + 1 + row.header + (row.count + 1) // 2 + int(random.integers(2 * row.count)), 5)

    return moving(random, ModulatedRows, change)


def field(random: Random, kind: type[Any], **changes: Callable[[Any], Any]) -> MachineImage:
    """What goes for all rows of a kind on a core is another."""

    def change(rows: Any, row: Found) -> Any:
        return replace(rows, **{name: of(rows) for name, of in changes.items()})

    return moving(random, kind, change)


def fetched_too_late(random: Random) -> MachineImage:
    return field(random, some_kind(random), defer=lambda rows: rows.defer + 1)


def shift_of_moving_synapses(random: Random) -> MachineImage:
    return field(random, some_kind(random), shift=lambda rows: rows.shift + 1)


def spikes_of_targets_count_later(random: Random) -> MachineImage:
    return field(random, PlasticRows, back=lambda rows: rows.back + 1)


def dopamine_counts_later(random: Random) -> MachineImage:
    return field(random, ModulatedRows, lag=lambda rows: rows.lag + 1)


def eligibility_of_another_scale(random: Random) -> MachineImage:
    return field(random, ModulatedRows, bits=lambda rows: rows.bits + 1)


def programs_of_a_rule_exchanged(random: Random) -> MachineImage:
    return field(random, PlasticRows, apply_pre=lambda rows: rows.apply_post, apply_post=lambda rows: rows.apply_pre)


def program_that_is_absent(random: Random) -> MachineImage:
    return field(random, ReleaseRows, program=lambda rows: 99)


def streams_of_another_projection(random: Random) -> MachineImage:
    return field(random, ReleaseRows, key=lambda rows: rows.key ^ 1)


def words_of_synapses_under_other_names(random: Random) -> MachineImage:
    return field(random, ReleaseRows, words=lambda rows: ("other", *rows.words[1:]))


def history_of_another_program(random: Random) -> MachineImage:
    def change(core: NeuronCore) -> NeuronCore:
        return replace(core, histories=tuple(replace(one, program=one.program + 1) for one in core.histories))

    return some_core(random, NeuronCore, change, lambda core: core.histories)


def punishment_for_reward(random: Random) -> MachineImage:
    def change(core: NeuronCore) -> NeuronCore:
        assert core.dopamine is not None
        return replace(core, dopamine=replace(core.dopamine, signs=core.dopamine.signs[::-1]))

    return some_core(random, NeuronCore, change, lambda core: core.dopamine)


def partners_exchanged(random: Random) -> MachineImage:
    def change(core: NeuronCore) -> NeuronCore:
        assert core.rewiring is not None
        return replace(core, rewiring=replace(core.rewiring, partners=core.rewiring.partners[::-1]))

    return some_core(random, NeuronCore, change, lambda core: core.rewiring)


SYNAPSE = "does not arrive|the network has no such synapse"
LIES = "lies outside|longer than its room|plastic part"
DEFECTS: dict[Defect, str] = {
    weight_bit_flipped: "does not arrive.*; .* does",
    delay_off_by_one: "does not arrive.*; .* does",
    wrong_target: "does not arrive.*; .* does",
    target_that_is_absent: "does not arrive.*; .* does",
    wrong_receptor: "does not arrive.*; .* does",
    rows_exchanged: "does not arrive",
    synapse_lost: "does not arrive",
    synapse_lost_and_another_doubled: "does not arrive.*; .* does",
    synapse_that_the_network_has_not: "the network has no such synapse",
    weights_exchanged: "does not arrive.*; .* does",
    row_with_a_plastic_part: "has a plastic part",
    row_longer_than_its_room: "longer than its room",
    address_a_row_off: f"{SYNAPSE}|{LIES}",
    address_a_word_off: f"{SYNAPSE}|{LIES}",
    rows_of_another_sender: f"{SYNAPSE}|{LIES}",
    row_length_wrong: f"{SYNAPSE}|{LIES}",
    mask_too_wide: f"{SYNAPSE}|which nobody sends to it|does not ascend",
    mask_too_narrow: f"{SYNAPSE}|which nobody sends to it|does not ascend",
    key_of_nobody: f"{SYNAPSE}|{LIES}|which nobody sends to it|does not ascend|has no entry",
    entry_lost: "has no entry for the keys of|does not arrive",
    table_of_unequal_columns: "unequal columns",
    shift_of_a_core_wrong: "shifts weights, or lays out words, otherwise|does not arrive",
    shift_of_a_population_wrong: "does not arrive.*; .* does",
    layout_of_words_wrong: "shifts weights, or lays out words, otherwise",
    synapse_core_of_others: "has synapses of core",
    spike_not_repeated: "does not arrive",
    stages_exchanged: f"{SYNAPSE}|{LIES}|has no entry",
    stage_hears_others: "does not repeat what",
    weight_of_a_moving_synapse: "does not arrive.*; .* does",
    control_of_a_moving_synapse: "does not arrive",
    moving_synapse_lost: f"{SYNAPSE}|{LIES}",
    plastic_part_of_another_size: f"{LIES}|has fixed words",
    fixed_word_in_a_plastic_row: "has fixed words",
    spike_that_there_was_not: "tells of spikes that there were not",
    first_value_of_a_release: "does not arrive with the first values",
    eligibility_that_there_was_not: "does not arrive with the first values",
    fetched_too_late: "does not arrive",
    shift_of_moving_synapses: "does not arrive with the first values",
    spikes_of_targets_count_later: "does not arrive with the first values",
    dopamine_counts_later: "does not arrive with the first values",
    eligibility_of_another_scale: "does not arrive.*; .* does",
    programs_of_a_rule_exchanged: "does not arrive.*; .* does",
    program_that_is_absent: "does not arrive.*; .* does",
    streams_of_another_projection: "does not arrive.*; .* does",
    words_of_synapses_under_other_names: "does not arrive",
    history_of_another_program: "does not arrive.*; .* does",
    punishment_for_reward: "does not arrive.*; .* does",
    partners_exchanged: "does not arrive.*; .* does",
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
