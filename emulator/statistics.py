"""What a run of the emulator counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

COUNTS = (
    "overruns",
    "spikes",
    "packets_sent",
    "packets_received",
    "unmatched",
    "rows",
    "synaptic_events",
    "saturations",
    "dynamic_events",
    "attempts",
    "formed",
    "eliminated",
    "full_rows",
    "forgotten",
    "merged",
)
"""The fields of `CoreStatistics` that add up."""
TROUBLES = ("saturations", "overruns", "full_rows", "forgotten", "merged")
"""Those of them that tell of something that went wrong."""


@dataclass(frozen=True)
class CoreStatistics:
    """Counts of one core.

    Parameters
    ----------
    label : str
        The slice that it holds.
    x, y, p : int
        Chip and core.
    cycles_mean, cycles_max : float, int
        Cycles of a tick.
    overruns : int
        Ticks that needed more cycles than a tick has.
    spikes : int
        Spikes of its neurons or sources.
    packets_sent : int
        Packets that it handed to its router: its spikes if it has a key, or what its delay stages repeated.
    packets_received : int
        Packets that reached it.
    unmatched : int
        Those of them that no entry of its population table serves.
    rows : int
        Synaptic rows that it fetched.
    synaptic_events : int
        Synapses that were added to its ring buffers.
    saturations : int
        Those of them that stopped at the largest ring-buffer value; and sums of the inputs of several cores that were
        too large.
    dynamic_events : int
        Those of them that came from synapses with dynamics.
    attempts, formed, eliminated : int
        Attempts to rewire at places of its neurons; synapses that came, and that went.
    full_rows : int
        Attempts that failed because the row had no room for another synapse.
    forgotten : int
        Plastic synapses that were added to its ring buffers after more spikes of the target since the spike of the
        source before than a history holds: the earliest of these have not changed them.
    merged : int
        Modulated synapses with as many arrivals of dopamine, of which some were taken for one.
    """

    label: str
    x: int
    y: int
    p: int
    cycles_mean: float
    cycles_max: int
    overruns: int
    spikes: int
    packets_sent: int
    packets_received: int
    unmatched: int
    rows: int
    synaptic_events: int
    saturations: int
    dynamic_events: int = 0
    attempts: int = 0
    formed: int = 0
    eliminated: int = 0
    full_rows: int = 0
    forgotten: int = 0
    merged: int = 0


@dataclass(frozen=True, eq=False)
class Statistics:
    """Counts since the image was loaded, or since the last reset.

    Parameters
    ----------
    ticks : int
        Ticks run since then.
    cycles_per_tick : float
        Cycles that a core has for a tick.
    cores : tuple of CoreStatistics
        In the order of the image.
    link_packets : uint64[width, height, 6]
        Packets that crossed each link of each chip, outwards.
    packets_dropped : int
        Copies of packets that were lost: not routed, sent to a core that is not there or over an absent link.
    drops : uint64[width, height]
        The same, by the chip at which they were lost.
    """

    ticks: int
    cycles_per_tick: float
    cores: tuple[CoreStatistics, ...]
    link_packets: NDArray[np.uint64]
    packets_dropped: int
    drops: NDArray[np.uint64]

    def seconds(self, clock_hz: float) -> float:
        """Time that a machine with this clock takes for these ticks."""
        return self.ticks * self.cycles_per_tick / clock_hz

    @property
    def spikes(self) -> int:
        """Spikes of all neurons and sources."""
        return sum(core.spikes for core in self.cores)

    @property
    def packets_sent(self) -> int:
        """Packets that cores handed to their routers."""
        return sum(core.packets_sent for core in self.cores)

    @property
    def packets_received(self) -> int:
        """Copies of packets that reached cores."""
        return sum(core.packets_received for core in self.cores)

    @property
    def unmatched(self) -> int:
        """Packets that no population-table entry of their target serves."""
        return sum(core.unmatched for core in self.cores)

    @property
    def synaptic_events(self) -> int:
        """Synapses that were added to ring buffers."""
        return sum(core.synaptic_events for core in self.cores)

    @property
    def saturations(self) -> int:
        """Synaptic events that stopped at the largest ring-buffer value."""
        return sum(core.saturations for core in self.cores)

    @property
    def overruns(self) -> int:
        """Ticks, summed over the cores, that needed more cycles than a tick has."""
        return sum(core.overruns for core in self.cores)

    @property
    def dynamic_events(self) -> int:
        """Those of the synaptic events that came from synapses with dynamics."""
        return sum(core.dynamic_events for core in self.cores)

    @property
    def attempts(self) -> int:
        """Attempts to rewire."""
        return sum(core.attempts for core in self.cores)

    @property
    def formed(self) -> int:
        """Synapses that came while it ran."""
        return sum(core.formed for core in self.cores)

    @property
    def eliminated(self) -> int:
        """Synapses that went while it ran."""
        return sum(core.eliminated for core in self.cores)

    @property
    def full_rows(self) -> int:
        """Attempts to rewire that failed because a row had no room for another synapse."""
        return sum(core.full_rows for core in self.cores)

    @property
    def forgotten(self) -> int:
        """Plastic synapses that were processed without the earliest spikes of their targets."""
        return sum(core.forgotten for core in self.cores)

    @property
    def merged(self) -> int:
        """Modulated synapses that were processed with arrivals of dopamine of which some were taken for one."""
        return sum(core.merged for core in self.cores)

    @property
    def hops(self) -> int:
        """Link traversals of all packets."""
        return int(self.link_packets.sum())


def together(earlier: Statistics, later: Statistics) -> Statistics:
    """Return the counts of two runs of one network, as if they were one.

    Cores are told apart by their labels; one that only the earlier run had (a delay stage that is no longer needed)
    is left out, but for the packets that it put on links.  If the later run needed a machine of another extent,
    only its links and chips are told.
    """
    same = earlier.link_packets.shape == later.link_packets.shape
    before = {core.label: core for core in earlier.cores}
    ticks = earlier.ticks + later.ticks
    cores = tuple(
        _core_together(before[core.label], earlier.ticks, core, later.ticks) if core.label in before else core
        for core in later.cores
    )
    return replace(
        later,
        ticks=ticks,
        cores=cores,
        link_packets=earlier.link_packets + later.link_packets if same else later.link_packets,
        packets_dropped=earlier.packets_dropped + later.packets_dropped,
        drops=earlier.drops + later.drops if same else later.drops,
    )


def _core_together(earlier: CoreStatistics, before: int, later: CoreStatistics, after: int) -> CoreStatistics:
    sums = {name: getattr(earlier, name) + getattr(later, name) for name in COUNTS}
    mean = (earlier.cycles_mean * before + later.cycles_mean * after) / max(before + after, 1)
    return replace(later, cycles_mean=mean, cycles_max=max(earlier.cycles_max, later.cycles_max), **sums)
