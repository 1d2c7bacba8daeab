"""Banks: synapses with dynamics that share rows, since one mechanism moves them all.

Plastic synapses see the spikes of their source an axonal delay after they are sent, and those of their target a
dendritic delay after they happen; the weight arrives after both.  A core processes a row once, when its packet comes
or some ticks later, and takes that tick for the spike of the source.  So a delay of d ticks, of which the dendrite
takes b, is served like this.  Delay stages repeat the packet 16 s ticks later and leave d' = d - 16 s, from 1 to 16.
The row waits ``defer = max(0, d' - 2 b)`` ticks, at most d' - 1, spikes of the target count as ``back = 2 b - d' +
defer`` ticks later, and the ring buffer does the rest of the delay.  Synapses of one bank have the same stage and
wait equally long.

Where dopamine modulates, it must be known how much there was at the target until the spike was at the synapse.  So
such rows wait for all of the axonal delay, ``defer = max(0, d' - b)``, at most d' - 1, and dopamine counts as ``lag =
b - d' + defer`` ticks later: 0, but for b = 0 (-1), and for what delay stages bring too late for some of the dendrite.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emulator.image import DELAY_SLOTS
from emulator.program import Program
from toolchain.delays import Delays
from toolchain.diagnostics import Diagnostic
from toolchain.errors import MappingError
from toolchain.network import Network, Projection, Values
from toolchain.synapses import LEARNING, STATIC
from toolchain.synapses.layout import RowLayout
from toolchain.synapses.mechanism import Plasticity, plasticity
from toolchain.synapses.modulated import modulated
from toolchain.synapses.modulation import NEUROMODULATION
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.releasing import releasing
from toolchain.synapses.structure import STRUCTURAL
from toolchain.targets import dopamine_of, input_scale, weight_factor

Synapses = Sequence[tuple[Projection, Delays]]
"""Projections, or parts of them, with their delays."""


class Mechanism(Protocol):
    """What moves synapses, as rows and cores see it."""

    @property
    def layout(self) -> RowLayout:
        """How long rows are."""

    @property
    def row_cycles(self) -> int:
        """Estimated cycles of a row, beside those of one that never changes."""

    @property
    def programs(self) -> tuple[Program, ...]:
        """What runs over synapses, and over spikes of their targets."""

    @property
    def cycles(self) -> int:
        """Estimated cycles of a synapse for a spike of the source."""

    @property
    def parameter_bytes(self) -> int:
        """Memory for tables and parameters."""


@dataclass(frozen=True)
class Room:
    """Room in rows for synapses that a run forms: each source cell has a row on each core of the target.

    Parameters
    ----------
    stage : int
        The delay stage that repeats the packets; 0 for none.
    each : int
        Synapses that a row may come to have on each cell of the core.
    most : int
        Synapses that it has room for, however many cells there are.
    expected : float
        Synapses that it is expected to have on each cell of the core.
    """

    stage: int
    each: int
    most: int
    expected: float = 0.0

    def on(self, cells: NDArray[np.int32]) -> NDArray[np.int32]:
        """Synapses that rows have room for on cores of so many cells; an even number, as they are stored by twos."""
        room: NDArray[np.int32] = np.minimum(self.each * cells.astype(np.int64), self.most).astype(np.int32)
        return room + room % 2


@dataclass(frozen=True, eq=False)
class Bank:
    """Synapses with dynamics onto one receptor of one population.

    Parameters
    ----------
    target : int
        The population.
    receptor : str
        Of its cells.
    defer : int
        Ticks that a row waits after its packet has come.
    back : int32[16]
        For each delay that the ring buffer serves (16 is at 0): ticks by which spikes of the target count as later.
    lag : int32[16]
        The same for dopamine.
    numbers : tuple of int
        The projections that its synapses are of.
    chosen : tuple of (int64[...] or None)
        Which synapses of each; None for all.
    synapses : tuple of (Projection, Delays)
        The same as projections of their own, with the delays that stages and ring buffer serve.
    room : Room, optional
        For synapses that a run forms.
    """

    target: int
    receptor: str
    mechanism: Mechanism
    defer: int
    back: NDArray[np.int32]
    lag: NDArray[np.int32]
    numbers: tuple[int, ...]
    chosen: tuple[NDArray[np.int64] | None, ...]
    synapses: tuple[tuple[Projection, Delays], ...]
    room: Room | None = None


def histories(banks: Sequence[Bank]) -> tuple[Plasticity, ...]:
    """Mechanisms whose spikes of the target leave different traces; for others the same history serves."""
    different: dict[Program, Plasticity] = {}
    for bank in banks:
        if isinstance(bank.mechanism, Plasticity):
            different.setdefault(bank.mechanism.rules.add_post, bank.mechanism)
    return tuple(different.values())


@dataclass(frozen=True, eq=False)
class Part:
    """The synapses of a projection that belong to one bank."""

    number: int
    chosen: NDArray[np.int64] | None
    synapses: Projection
    delays: Delays
    back: NDArray[np.int32]
    lag: NDArray[np.int32]


def banks_of(network: Network, delays: Sequence[Delays]) -> tuple[Bank, ...]:
    """The banks that the projections of `network` with dynamics make, in their order; `delays` of all projections.

    Those that are rewired have banks of their own (`toolchain.rewired_banks`).

    Raises
    ------
    MappingError
        If plastic weights would be scaled differently for different target cells.
    """
    banks: list[Bank] = []
    grouped: dict[Hashable, list[Part]] = {}
    for number, (made, delay) in enumerate(zip(network.projections, delays, strict=True)):
        if not len(made) or made.synapse in (STATIC, NEUROMODULATION, *STRUCTURAL):
            continue
        if made.synapse in RELEASE_MODELS:
            banks.append(_releasing_bank(network, number, made, delay))
            continue
        check_factors(network, made)
        kind = (made.target, made.receptor, made.rules, *sorted(made.parameters.items()))
        for service, part in parts_of(number, made, delay, dopamine_of(network, made.target) is not None):
            grouped.setdefault((kind, service), []).append(part)
    banks += [_plastic_bank(network, parts, service[1]) for (_, service), parts in _sorted(grouped)]
    return tuple(sorted(banks, key=lambda bank: bank.numbers[0]))


def _releasing_bank(network: Network, number: int, made: Projection, delays: Delays) -> Bank:
    return Bank(
        target=made.target,
        receptor=made.receptor,
        mechanism=releasing(made, network.timestep),
        defer=0,
        back=np.zeros(DELAY_SLOTS, dtype=np.int32),
        lag=np.zeros(DELAY_SLOTS, dtype=np.int32),
        numbers=(number,),
        chosen=(None,),
        synapses=((made, delays),),
    )


def check_factors(network: Network, made: Projection) -> None:
    """Weights that move between limits, or begin at one number, are the same for all in the unit of the input."""
    factor = weight_factor(network, made)
    if (factor != factor.max()).any():
        raise MappingError(
            f"projection '{made.label}': on the machine weights of {made.receptor} synapses are scaled by "
            f"parameters of the target cells, which for {made.synapse} must be the same for all cells of "
            f"'{network.populations[made.target].label}'; make a population for each value"
        )


def _sorted(grouped: dict[Hashable, list[Part]]) -> list[tuple[tuple[Hashable, tuple[int, int]], list[Part]]]:
    """Groups by their first projection, then by stage and wait."""
    items = [(key, parts) for key, parts in grouped.items() if isinstance(key, tuple)]
    return sorted(items, key=lambda item: (item[1][0].number, item[0][1]))


def _plastic_bank(network: Network, parts: Sequence[Part], defer: int) -> Bank:
    made = parts[0].synapses
    dopamine, unit = dopamine_of(network, made.target), input_scale(network, made)
    return Bank(
        target=made.target,
        receptor=made.receptor,
        mechanism=(
            plasticity(made, network.timestep, unit)
            if dopamine is None
            else modulated(made, dopamine, network.timestep, unit)
        ),
        defer=defer,
        back=np.max([part.back for part in parts], axis=0),
        lag=np.max([part.lag for part in parts], axis=0),
        numbers=tuple(part.number for part in parts),
        chosen=tuple(part.chosen for part in parts),
        synapses=tuple((part.synapses, part.delays) for part in parts),
    )


def parts_of(
    number: int, made: Projection, delays: Delays, wait: bool = False
) -> Iterator[tuple[tuple[int, int], Part]]:
    """The parts of a projection by stage and wait; whether they must `wait` for dopamine."""
    fraction = float(made.parameters.get("dendritic_delay_fraction", 1.0))
    stage, ring, defer, back, lag = split_delay(delays.steps.astype(np.int64), fraction, wait)
    services = np.unique(np.stack([stage, defer], axis=1), axis=0).tolist()
    for a, b in services:
        mine = (stage == a) & (defer == b)
        tables = np.full((2, DELAY_SLOTS), -1, dtype=np.int32)
        tables[:, ring[mine] % DELAY_SLOTS] = back[mine], lag[mine]
        chosen = None if mine.all() else np.flatnonzero(mine)
        steps = (DELAY_SLOTS * stage + ring)[mine].astype(np.uint8)
        kept = made if chosen is None else some_synapses(made, chosen)
        yield (a, b), Part(number, chosen, kept, Delays(steps, int(steps.min()), int(steps.max())), *tables)


def split_delay(steps: NDArray[np.int64], fraction: float, wait: bool = False) -> tuple[NDArray[np.int64], ...]:
    """How delays of `steps` are served, of which the dendrite takes `fraction`: stage, ring, defer, back, lag.

    Parameters
    ----------
    wait : bool
        Whether rows wait for all of the axonal delay.
    """
    dendritic = np.rint(fraction * steps).astype(np.int64)
    stage = (steps - 1) // DELAY_SLOTS
    left = steps - DELAY_SLOTS * stage
    defer = np.minimum(np.maximum(left - (1 if wait else 2) * dendritic, 0), left - 1)
    late = dendritic - left + defer
    return stage, left - defer, defer, dendritic + late, late


def rounded_dendrites(network: Network, delays: Sequence[Delays]) -> tuple[Diagnostic, ...]:
    """A remark for each plastic projection whose dendritic delays are no multiple of the timestep."""
    remarks = []
    for made, delay in zip(network.projections, delays, strict=True):
        if made.synapse in LEARNING and len(made):
            parts = float(made.parameters.get("dendritic_delay_fraction", 1.0)) * delay.steps.astype(np.float64)
            moved = np.abs(parts - np.rint(parts))
            worst = float(moved.max()) * network.timestep
            count = np.count_nonzero(moved > 1e-6) * (len(made) // len(moved))
            if count:
                message = (
                    f"{count:,} of {len(made):,} dendritic delays are no multiple of the timestep "
                    f"({network.timestep:g} ms) and were rounded, by {worst:.3g} ms at the most"
                )
                remarks.append(Diagnostic("delays", network.name_of(made), message))
    return tuple(remarks)


def some_synapses(made: Projection, chosen: NDArray[np.int64]) -> Projection:
    """Some synapses of a projection, as a projection."""

    def some(values: Values) -> Values:
        return values[chosen] if isinstance(values, np.ndarray) and values.ndim else values

    return replace(made, pre=made.pre[chosen], post=made.post[chosen], weight=some(made.weight), delay=some(made.delay))
