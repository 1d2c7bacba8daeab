"""Rewiring as it is loaded: the places of the cells of a population, and read back, what is in them.

The places are filled as the reference fills them: projection after projection, in the order of the synapses, each
taking the first place of its target cell that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emulator.check_rewiring import starts
from emulator.draws import projection_key
from emulator.image import DELAY_SLOTS
from emulator.rewiring import EMPTY, Partners, Rewiring
from emulator.synaptic_rows import ROW_HEADER_WORDS
from toolchain.banks import Bank, split_delay
from toolchain.network import Network, Projection
from toolchain.rewired_banks import formed_steps, fraction_of
from toolchain.rows import Blocks, Slicing, places_in_rows, word_layout
from toolchain.synapses.structure import (
    ELIMINATIONS,
    FORMATIONS,
    PARTNER_SELECTIONS,
    STRUCTURAL,
    STRUCTURAL_PLASTIC,
    attempts_each,
    largest_squared_distance,
    structure_of,
    threshold,
)
from toolchain.targets import receptor_number, weights_of
from toolchain.weights import LARGEST_WORD, weight_scale

Words = NDArray[np.uint32]
Banks = Sequence[tuple[Bank, Blocks]]
"""The banks of one population, in the order in which its cores have them."""
Shifts = Sequence[Sequence[int]]
PLACE_BYTES = 8
"""Of a place: partners and bank, cell, and synapse of the row."""


@dataclass(frozen=True, eq=False)
class Group:
    """The structural projections onto one population.

    Parameters
    ----------
    numbers : tuple of int
        Which they are.
    members : tuple of tuple of int
        Of each the numbers of its banks among those of the population.
    """

    network: Network
    slicing: Slicing
    banks: Banks
    numbers: tuple[int, ...]
    members: tuple[tuple[int, ...], ...]

    @property
    def first(self) -> Projection:
        """The first of them, which has the rules of all."""
        return self.network.projections[self.numbers[0]]


def structural_group(network: Network, slicing: Slicing, banks: Banks, population: int) -> Group | None:
    """The structural projections onto a population; None if there are none."""
    made = enumerate(network.projections)
    numbers = tuple(n for n, one in made if one.synapse in STRUCTURAL and one.target == population)
    members = tuple(tuple(i for i, (bank, _) in enumerate(banks) if bank.numbers == (n,)) for n in numbers)
    return Group(network, slicing, banks, numbers, members) if numbers else None


def rewiring_of_cores(group: Group, shifts: Shifts) -> Iterator[Rewiring]:
    """What each core of the target population is told."""
    network, target = group.network, group.first.target
    p, (selection, _, elimination) = structure_of(group.first), group.first.rules[-3:]
    s_max, there = int(p["s_max"]), _first_places(group)
    of_spikes = int(p["spike_buffer_size"]) if PARTNER_SELECTIONS[selection].of_spikes else 0
    of_weak, of_others = (
        ELIMINATIONS[elimination].probability(weight, True, p) for weight in (p["threshold"] - 1.0, p["threshold"])
    )
    kinds = [_partners(group, member, shifts) for member in range(len(group.numbers))]
    cuts = zip(group.slicing.starts[target].tolist(), group.slicing.lengths[target].tolist(), strict=True)
    for piece, (start, length) in enumerate(cuts):
        yield Rewiring(
            key=projection_key(network.seed, -1 - target),
            attempts=attempts_each(p["f_rew"], network.timestep),
            first=start,
            cells=network.populations[target].size,
            places=s_max,
            repeats=bool(p["with_replacement"]),
            of_spikes=of_spikes,
            grid=(int(p["grid_x"]), int(p["grid_y"])),
            losses=(threshold(of_weak), threshold(of_others)),
            partners=tuple(_on_piece(group, member, made, piece) for member, made in enumerate(kinds)),
            there=there[start * s_max : (start + length) * s_max],
        )


def _partners(group: Group, member: int, shifts: Shifts) -> Partners:
    """What is the same for all cores of one of the projections; without rows."""
    network, number = group.network, group.numbers[member]
    made, p = network.projections[number], structure_of(network.projections[number])
    low, high = formed_steps(network, made)
    stage, ring, defer, _, _ = split_delay(np.arange(low, high + 1), fraction_of(made))
    banks = [group.banks[bank][0] for bank in group.members[member]]
    services = [_service(group.banks[bank]) for bank in group.members[member]]
    index_bits, type_bits = word_layout(network, group.slicing, made.target)
    slot = (ring % DELAY_SLOTS) << (index_bits + type_bits)
    unit = weight_scale(network, made, shifts)
    weak = p["threshold"] * unit if made.synapse == STRUCTURAL_PLASTIC else 0.0
    nowhere = np.zeros((len(services), 0), dtype=np.int32)
    return Partners(
        cells=network.populations[made.source].size,
        width=group.slicing.per_core[made.source],
        banks=np.array(group.members[member], dtype=np.int32),
        address=nowhere,
        stride=nowhere,
        hears=next((i for i, bank in enumerate(banks) if bank.room is not None and bank.room.stage == 0), EMPTY),
        served=np.array([services.index(pair) for pair in zip(stage.tolist(), defer.tolist(), strict=True)], np.int32),
        control=(slot | receptor_number(network, made) << index_bits).astype(np.int32),
        weight=round(min(abs(p["initial_weight"]) * unit, LARGEST_WORD)),
        weak=int(np.clip(np.ceil(weak), 0, LARGEST_WORD + 1)),
        unit=unit,
        chances=_chances(network, made),
    )


def _service(pair: tuple[Bank, Blocks]) -> tuple[int, int]:
    """The delay stage of a bank, and the ticks that its rows wait."""
    bank, blocks = pair
    return int(blocks.stage[0]), bank.defer


def _chances(network: Network, made: Projection) -> NDArray[np.int64]:
    """Of how many random words a synapse is formed, by squared distance; none beyond."""
    p, rule = structure_of(made), FORMATIONS[made.rules[-2]]
    sizes = (network.populations[end].size for end in (made.source, made.target))
    most = largest_squared_distance(max(sizes), int(p["grid_x"]), int(p["grid_y"]))
    lateral = made.source == made.target
    chances = np.array([threshold(rule.of_distance(d, lateral, p)) for d in range(most + 1)], dtype=np.int64)
    return np.trim_zeros(chances, "b")


def _on_piece(group: Group, member: int, made: Partners, piece: int) -> Partners:
    """The partners of the cells of one core: where their rows are."""
    source = group.network.projections[group.numbers[member]].source
    shape = (len(made.banks), group.slicing.pieces(source))
    address, stride = np.full(shape, -1, dtype=np.int32), np.zeros(shape, dtype=np.int32)
    for i, bank in enumerate(made.banks.tolist()):
        blocks = group.banks[bank][1]
        span = blocks.of_targets(group.slicing.first[group.first.target] + piece, 1)
        block = blocks.source[span] - group.slicing.first[source]
        address[i, block] = blocks.first_word[span] - blocks.first_word[span.start]
        stride[i, block] = blocks.stride[span]
    return replace(made, address=address, stride=stride)


def _first_places(group: Group) -> NDArray[np.int32]:
    """What is in all places of the population in the beginning: int32[size * s_max, 4]; see `Rewiring.there`."""
    size, s_max = group.network.populations[group.first.target].size, int(structure_of(group.first)["s_max"])
    there = np.full((size * s_max, 4), EMPTY, dtype=np.int32)
    used = np.zeros(size, dtype=np.int64)
    for member, number in enumerate(group.numbers):
        made = group.network.projections[number]
        order = np.argsort(made.post, kind="stable")
        cells = made.post[order].astype(np.int64)
        places = cells * s_max + used[cells] + np.arange(len(made)) - np.searchsorted(cells, cells)
        used += np.bincount(cells, minlength=size)
        columns = np.stack([np.full(len(made), member), made.pre, *_in_rows(group, member)], axis=1)
        there[places] = columns[order]
    return there


def _in_rows(group: Group, member: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Which of its banks holds each synapse of a projection in the beginning, and where in the row."""
    number = group.numbers[member]
    which, synapse = np.zeros((2, len(group.network.projections[number])), dtype=np.int32)
    for i, place in enumerate(group.members[member]):
        bank, blocks = group.banks[place]
        [(_, position)] = places_in_rows(bank.synapses, group.slicing, blocks)
        chosen = slice(None) if bank.chosen[0] is None else bank.chosen[0]
        which[chosen], synapse[chosen] = i, position
    return which, synapse


# --- reading back -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class CoreState:
    """A core as it is: what it was told, what is in its places, and the rows of a bank."""

    rewiring: Rewiring
    there: NDArray[np.int32]
    rows: Callable[[int], Words]


def present_synapses(group: Group, number: int, cores: Sequence[CoreState], shifts: Shifts) -> Projection:
    """Projection `number` with the synapses that it has now, target cell after target cell.

    Parameters
    ----------
    cores : sequence of CoreState
        Those of the target population.
    """
    network, member = group.network, group.numbers.index(number)
    made = network.projections[number]
    found = [_of_core(group, member, core) for core in cores]
    pre, post, word, steps = (np.concatenate(column) for column in zip(*found, strict=True))
    weight = word * weights_of(network, made).sign / weight_scale(network, made, shifts)
    return replace(made, pre=pre, post=post, weight=weight, delay=steps * network.timestep)


def _of_core(group: Group, member: int, core: CoreState) -> tuple[NDArray[np.int32], ...]:
    """Sources, targets, stored weights and delays (steps) of the synapses on one core."""
    mine = np.flatnonzero(core.there[:, 0] == member)
    _, cell, which, synapse = core.there[mine].T
    partners = core.rewiring.partners[member]
    start = starts(partners, which, cell)
    weight, delay = np.zeros((2, len(mine)), dtype=np.int32)
    made = group.network.projections[group.numbers[member]]
    fields = sum(word_layout(group.network, group.slicing, made.target))
    for i, number in enumerate(partners.banks.tolist()):
        here = which == i
        words, (bank, _) = core.rows(number), group.banks[number]
        halves, at = words.view(np.uint16), start[here]
        weight[here] = halves[2 * (at + 1 + bank.mechanism.layout.header) + synapse[here]]
        control = halves[2 * (at + words[at] + ROW_HEADER_WORDS) + synapse[here]]
        stage, defer = _service(group.banks[number])
        ring = (control >> fields) % DELAY_SLOTS
        delay[here] = DELAY_SLOTS * stage + defer + np.where(ring == 0, DELAY_SLOTS, ring)
    post = (core.rewiring.first + mine // core.rewiring.places).astype(np.int32)
    return cell.astype(np.int32), post, weight, delay


# --- memory -----------------------------------------------------------------------------------------------------------


def place_bytes(network: Network, population: int) -> int:
    """SDRAM that each cell of a population takes for its places."""
    made = [one for one in network.projections if one.synapse in STRUCTURAL and one.target == population]
    return PLACE_BYTES * int(structure_of(made[0])["s_max"]) if made else 0


def table_bytes(network: Network, population: int) -> int:
    """SDRAM that a core of a population takes for chances of formation, delays, and spikes to draw from."""
    made = [one for one in network.projections if one.synapse in STRUCTURAL and one.target == population]
    heard = int(structure_of(made[0]).get("spike_buffer_size", 0)) if made else 0
    return 4 * heard + sum(8 * len(_chances(network, one)) + 8 * _delays(network, one) for one in made)


def _delays(network: Network, made: Projection) -> int:
    low, high = formed_steps(network, made)
    return high - low + 1
