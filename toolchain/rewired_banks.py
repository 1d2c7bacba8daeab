"""Banks of synapses that come and go: which there are, and how much room their rows have.

Each structural projection has banks of its own.  What is formed has a delay between two limits, so there is a bank
for each way in which one of these delays is served (`toolchain.banks.split_delay`); in these every source cell has a
row on every core, for any pair of cells may come to be connected.  Synapses that a connector made with other delays
have banks beside them, in which they can only be eliminated.  Where partners are chosen among spikes, a bank must
hear all spikes in the tick in which they are sent, so there is one without a delay stage even if all delays need one.

A full row would be as long as all places of a core, and so would each of its neighbours, though together they cannot
fill more places than there are.  So a row has room for four times its share of the places of the whole population, or
for `FEWEST`, if that is less.  (On a board it has room for s_max; sPyNNaker ``synapse_dynamics_structural_static.py``.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.cycles import SYNAPSE_CYCLES
from emulator.image import DELAY_SLOTS
from emulator.program import Program
from toolchain.banks import Bank, Part, Room, check_factors, parts_of, some_synapses, split_delay
from toolchain.delays import LONGEST, Delays, nearest_steps
from toolchain.errors import MappingError
from toolchain.network import Network, Projection
from toolchain.synapses.layout import RowLayout
from toolchain.synapses.mechanism import Plasticity, plasticity
from toolchain.synapses.structure import PARTNER_SELECTIONS, STRUCTURAL, STRUCTURAL_PLASTIC, structure_of
from toolchain.targets import input_scale

FEWEST = 64
"""Synapses that a row has room for at least, if they fit onto the core."""
ROWS = RowLayout(0)
AMPLE = 4.0
"""Room of a row, in shares of the places."""

Service = tuple[int, int]
"""How a delay is served: the stage that repeats the packet, and the ticks that the row waits then."""


@dataclass(frozen=True)
class Fixed:
    """The mechanism of synapses whose weights stay: there is none."""

    layout: RowLayout = ROWS
    cycles: int = SYNAPSE_CYCLES
    row_cycles: int = 0
    parameter_bytes: int = 0
    programs: tuple[Program, ...] = ()


def rewired_banks(network: Network, delays: Sequence[Delays], room: int | None = None) -> tuple[Bank, ...]:
    """The banks of all structural projections.

    Parameters
    ----------
    delays : sequence of Delays
        Of all projections.
    room : int, optional
        Synapses that each row has room for, if they fit onto the core.

    Raises
    ------
    MappingError
        If formed synapses would have longer delays than the machine serves, or weights that differ by the target cell.
    """
    pairs = enumerate(zip(network.projections, delays, strict=True))
    return tuple(
        bank
        for number, (made, delay) in pairs
        if made.synapse in STRUCTURAL
        for bank in _banks(network, number, delay, room)
    )


@dataclass(frozen=True, eq=False)
class Loaded:
    """A network and the banks that were made of it."""

    network: Network
    banks: Sequence[Bank]

    def structural(self) -> dict[int, list[int]]:
        """Numbers of the structural projections onto each population that has some."""
        groups: dict[int, list[int]] = {}
        for number, made in enumerate(self.network.projections):
            if made.synapse in STRUCTURAL:
                groups.setdefault(made.target, []).append(number)
        return groups

    def layout(self, number: int) -> list[tuple[int, Room | None]]:
        """What the rows of a structural projection depend on."""
        return [(bank.defer, bank.room) for bank in self.banks if bank.numbers == (number,)]


def check_continued(before: Loaded, after: Loaded) -> None:
    """Check that synapses can stay as runs have rewired them when another network is loaded.

    Raises
    ------
    MappingError
        If a projection that began with the same synapses has other rows now.
    """
    groups = before.structural()
    for target, numbers in after.structural().items():
        pairs = list(zip(groups.get(target, []), numbers, strict=False))
        made = [(before.network.projections[old], after.network.projections[new]) for old, new in pairs]
        same = all(np.array_equal(a.pre, b.pre) and np.array_equal(a.post, b.post) for a, b in made)
        for old, new in pairs if same else []:
            if before.layout(old) != after.layout(new):
                raise MappingError(
                    f"projection '{after.network.name_of(after.network.projections[new])}': runs have rewired it, and "
                    "for these values of initial_delay, with_replacement or s_max the machine lays out its synapses in "
                    "another way; reset() first, or keep them (delays of 1 to 16 timesteps are laid out alike if "
                    "dendritic_delay_fraction is 1)"
                )


def formed_steps(network: Network, made: Projection) -> tuple[int, int]:
    """The shortest and the longest delay (steps) of the synapses of a structural projection that are formed.

    Raises
    ------
    MappingError
        If it exceeds what delay stages can do.
    """
    p = structure_of(made)
    low, high = (nearest_steps(p[f"initial_delay_{end}"], network.timestep) for end in ("low", "high"))
    if high > LONGEST:
        raise MappingError(
            f"projection '{network.name_of(made)}': initial_delay of up to {p['initial_delay_high']:g} ms; the "
            f"machine's longest delay is {LONGEST} steps, {LONGEST * network.timestep:g} ms at a timestep of "
            f"{network.timestep:g} ms: shorten it, or use a longer timestep"
        )
    return low, high


def fraction_of(made: Projection) -> float:
    """The dendritic share of the delays; what does not learn has its whole delay behind the row."""
    return float(made.parameters.get("dendritic_delay_fraction", 1.0))


def _banks(network: Network, number: int, delays: Delays, room: int | None) -> list[Bank]:
    """The banks of one projection, by stage and wait."""
    made = network.projections[number]
    check_factors(network, made)
    low, high = formed_steps(network, made)
    stage, ring, defer, back, _ = split_delay(np.arange(low, high + 1), fraction_of(made))
    parts = dict(parts_of(number, made, delays)) if len(made) else {}
    formed = set(zip(stage.tolist(), defer.tolist(), strict=True))
    everywhere = formed | ({_hearing(formed)} if PARTNER_SELECTIONS[made.rules[-3]].of_spikes else set())
    mechanism, banks = _mechanism(network, made), []
    for service in sorted({*everywhere, *parts}):
        part = parts.get(service) or _nothing(number, made, service[0])
        of_service = (stage == service[0]) & (defer == service[1])
        backs = part.back.copy()
        backs[ring[of_service] % DELAY_SLOTS] = back[of_service]
        reserved = Room(service[0], 0, 0) if service in everywhere else None
        if service in formed:
            reserved = _room(network, made, service[0], len(formed), room)
        banks.append(_bank(part, mechanism, service[1], backs, reserved))
    return banks


def _hearing(formed: set[Service]) -> Service:
    """The service that hears the spikes in the tick in which they are sent."""
    return min((service for service in formed if service[0] == 0), default=(0, 0))


def _bank(part: Part, mechanism: Plasticity | Fixed, defer: int, back: NDArray[np.int32], room: Room | None) -> Bank:
    return Bank(
        target=part.synapses.target,
        receptor=part.synapses.receptor,
        mechanism=mechanism,
        defer=defer,
        back=back,
        lag=part.lag,
        numbers=(part.number,),
        chosen=(part.chosen,),
        synapses=((part.synapses, part.delays),),
        room=room,
    )


def _nothing(number: int, made: Projection, stage: int) -> Part:
    """No synapses of a projection, which need `stage`."""
    nobody, steps = np.zeros(0, dtype=np.int64), DELAY_SLOTS * stage + 1
    delays = Delays(np.array([steps], dtype=np.uint8), steps, steps)
    return Part(number, nobody, some_synapses(made, nobody), delays, *np.full((2, DELAY_SLOTS), -1, np.int32))


def _mechanism(network: Network, made: Projection) -> Plasticity | Fixed:
    if made.synapse != STRUCTURAL_PLASTIC:
        return Fixed()
    return plasticity(made, network.timestep, input_scale(network, made))


def _room(network: Network, made: Projection, stage: int, banks: int, given: int | None) -> Room:
    """Room for what may be formed, in one of so many `banks`."""
    p, rivals = structure_of(made), [other for other in network.projections if other.synapse in STRUCTURAL]
    kinds = sum(other.target == made.target for other in rivals)
    source, target = network.populations[made.source], network.populations[made.target]
    share = p["s_max"] * target.size / source.size
    most = max(FEWEST, math.ceil(AMPLE * share)) if given is None else given
    each = int(p["s_max"]) if p["with_replacement"] else 1
    return Room(stage, each, most, expected=p["s_max"] / (source.size * kinds * banks))
