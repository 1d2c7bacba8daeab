"""What there is to draw of a machine: layers over its chips, and traffic over its links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.machine import LINKS, Machine, board_of, neighbours, opposite
from emulator.statistics import Statistics
from pyneuro.report.schema.board import LinkTraffic
from pyneuro.report.survey import Survey
from toolchain.link_load import link_rates, link_traffic
from toolchain.map_graph import GraphMapping
from toolchain.partition import Slice
from toolchain.place import Placement
from toolchain.tables import Tables

Links = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Traffic:
    """What goes over the links of a machine, each [width, height, 6].

    Parameters
    ----------
    expected : float64
        Packets if every source neuron fires once.
    sent : uint64, optional
        Packets of the run.
    rate, expected_rate : float64, optional
        Packets a second, of the run or as expected; and as expected.
    """

    machine: Machine
    expected: Links
    sent: NDArray[np.uint64] | None = None
    rate: Links | None = None
    expected_rate: Links | None = None

    @property
    def load(self) -> float | None:
        """Load of the busiest link."""
        return self._load(self.rate)

    @property
    def expected_load(self) -> float | None:
        """The same at the expected rates."""
        return self._load(self.expected_rate)

    @property
    def over(self) -> int:
        """Links that have more to carry than they can."""
        return 0 if self.rate is None else int(np.count_nonzero(self.rate > self.machine.link_capacity))

    def _load(self, rate: Links | None) -> float | None:
        return None if rate is None else float(rate.max(initial=0.0) / self.machine.link_capacity)

    @property
    def ranking(self) -> Links:
        """What makes one link busier than another."""
        return self.expected if self.rate is None else self.rate

    @property
    def used(self) -> NDArray[np.int64]:
        """Flat numbers of the links with traffic, ascending."""
        return np.flatnonzero((self.expected > 0) | (self.ranking > 0))

    def busiest(self, most: int) -> NDArray[np.int64]:
        """Flat numbers of the `most` links with the most traffic, most first."""
        used = self.used
        return used[np.argsort(-self.ranking.ravel()[used], kind="stable")][:most]

    def rows(self, links: NDArray[np.int64]) -> tuple[LinkTraffic, ...]:
        """Tell the links with these flat numbers."""
        height, capacity = self.machine.height, self.machine.link_capacity
        return tuple(
            LinkTraffic(
                x=number // len(LINKS) // height,
                y=number // len(LINKS) % height,
                link=number % len(LINKS),
                expected=float(self.expected.flat[number]),
                sent=None if self.sent is None else int(self.sent.flat[number]),
                rate=None if self.rate is None else float(self.rate.flat[number]),
                load=None if self.rate is None else float(self.rate.flat[number]) / capacity,
            )
            for number in links.tolist()
        )


def traffic_of(mapping: GraphMapping, statistics: Statistics | None, time_scale_factor: float) -> Traffic:
    """What goes over the links."""
    machine, graph = mapping.machine, mapping.graph
    expected = link_traffic(graph, mapping.routes, machine)
    known = any(net.rate for net in graph.nets)
    rate = link_rates(graph, mapping.routes, machine, time_scale_factor) if known else None
    if statistics and statistics.ticks:
        counted = statistics.link_packets / statistics.seconds(machine.clock_hz)
        return Traffic(machine, expected, statistics.link_packets, counted, rate)
    return Traffic(machine, expected, statistics.link_packets if statistics else None, rate, rate)


@dataclass(frozen=True, eq=False)
class Layers:
    """What there is to show of each chip; each [width, height].

    Parameters
    ----------
    board : int32
        Board that it belongs to.
    used, entries : int64
        Cores in use, entries that are loaded.
    sdram : int64, optional
        Bytes of SDRAM.
    dtcm, load : int64, float64, optional
        Bytes of DTCM and share of a tick of the fullest core.
    packets : float64
        What the router has to route.
    """

    board: NDArray[np.int32]
    used: NDArray[np.int64]
    entries: NDArray[np.int64]
    sdram: NDArray[np.int64] | None
    dtcm: NDArray[np.int64] | None
    load: NDArray[np.float64] | None
    packets: NDArray[np.float64]


def layers_of(
    mapping: GraphMapping,
    found: Survey,
    slices: Sequence[Slice] = (),
    tick: float | None = None,
    statistics: Statistics | None = None,
) -> Layers:
    """What there is to show; parameters as of `pyneuro.report.build.make_report`."""
    place = mapping.placement
    used = np.zeros((place.machine.width, place.machine.height), np.int64)
    np.add.at(used, (place.x, place.y), 1)
    dtcm = load = None
    if slices:
        dtcm = np.zeros_like(used)
        np.maximum.at(dtcm, (place.x, place.y), [piece.dtcm_bytes for piece in slices])
    shares = [core.cycles_max / statistics.cycles_per_tick for core in statistics.cores] if statistics else None
    if shares is None and slices and tick:
        shares = [piece.cycles / tick for piece in slices]
    if shares is not None:
        load = np.zeros(used.shape)
        np.maximum.at(load, (place.x, place.y), shares)
    bytes_of = [vertex.sdram_bytes for vertex in mapping.graph.vertices]
    sdram = chip_sdram(place, bytes_of) if any(bytes_of) else None
    packets = routed(mapping, statistics) if statistics else found.through
    entries = _lengths(mapping.minimised, used.shape)
    return Layers(board_of(place.machine), used, entries, sdram, dtcm, load, packets)


def routed(mapping: GraphMapping, statistics: Statistics) -> NDArray[np.float64]:
    """Packets that each router had to route in the run: those of its own cores, and those that came over its links."""
    place, sent = mapping.placement, statistics.link_packets.astype(np.float64)
    packets = np.zeros(sent.shape[:2])
    np.add.at(packets, (place.x, place.y), [core.packets_sent for core in statistics.cores])
    ends = neighbours(mapping.machine)
    for link in range(len(LINKS)):
        there = ends[:, :, link] >= 0
        packets[there] += sent.reshape(-1, len(LINKS))[ends[there, link], opposite(link)]
    return packets


def _lengths(tables: Tables, shape: tuple[int, ...]) -> NDArray[np.int64]:
    entries = np.zeros(shape, np.int64)
    for table in tables.tables:
        entries[table.x, table.y] = len(table.key)
    return entries


def chip_sdram(placement: Placement, sdram: Sequence[int]) -> NDArray[np.int64]:
    """Bytes of SDRAM in use on each chip, int64[width, height]; `sdram` has those of each vertex."""
    memory = np.zeros((placement.machine.width, placement.machine.height), np.int64)
    if len(sdram):
        np.add.at(memory, (placement.x, placement.y), np.asarray(sdram, np.int64))
    return memory
