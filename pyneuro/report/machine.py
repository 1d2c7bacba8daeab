"""The section that draws the machine: layers over its chips, and traffic over its links.

A machine of up to 200 chips is drawn whole.  Of a larger one there is an overview, whose hexagons are blocks of chips,
and a picture of each board in use, up to a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.machine import LINKS, Machine, board_of, ethernet_chips, neighbours, opposite
from emulator.statistics import Statistics
from pyneuro.report.schema.board import BoardView, ChipCell, LinkTraffic, MachineSection
from pyneuro.report.survey import Survey
from toolchain.link_load import link_rates, link_traffic
from toolchain.map_graph import GraphMapping
from toolchain.partition import Slice
from toolchain.place import Placement
from toolchain.tables import Tables

WHOLE_MACHINE = 200
"""A machine of so many chips is drawn whole."""
CELLS_DRAWN = 400
"""Cells of the overview of a larger one."""
VIEWS = 16
"""Boards of a larger one that are drawn chip by chip."""
TILE = 8
"""Chips along the side of a part that is drawn, where there are no boards."""

Links = NDArray[np.float64]
Box = tuple[slice, slice]


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
    used, entries, sdram : int64
        Cores in use, entries that are loaded, bytes of SDRAM.
    dtcm, load : int64, float64, optional
        Bytes of DTCM and share of a tick of the fullest core.
    packets : float64
        What the router has to route.
    """

    board: NDArray[np.int32]
    used: NDArray[np.int64]
    entries: NDArray[np.int64]
    sdram: NDArray[np.int64]
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
    sdram = chip_sdram(place, [vertex.sdram_bytes for vertex in mapping.graph.vertices])
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


def machine_section(machine: Machine, layers: Layers, traffic: Traffic) -> MachineSection:
    """Tell the machine and draw it."""
    block, cells = _overview(machine, layers, traffic)
    views, omitted = ((), 0) if block == 1 else _views(machine, layers, traffic)
    return MachineSection(
        name=machine.name,
        boards=machine.boards,
        chips=machine.chips,
        cores=machine.application_cores,
        width=machine.width,
        height=machine.height,
        wraps=machine.wraps,
        boards_used=len(np.unique(layers.board[layers.used > 0])),
        chips_used=int(np.count_nonzero(layers.used)),
        cores_used=int(layers.used.sum()),
        block=block,
        whole=sum(cell.chips for cell in cells) == machine.chips,
        cells=cells,
        links=traffic.rows(traffic.used) if block == 1 else (),
        views=views,
        views_omitted=omitted,
        link_capacity=machine.link_capacity,
        link_load=traffic.load,
        expected_link_load=traffic.expected_load,
        links_over=traffic.over,
        table_limit=machine.table_entries,
        sdram_limit=machine.sdram_bytes,
        dtcm_limit=machine.dtcm_bytes,
    )


def _overview(machine: Machine, layers: Layers, traffic: Traffic) -> tuple[int, tuple[ChipCell, ...]]:
    """The picture of the whole: chips along the side of a cell, and the cells."""
    drawn = (layers.used > 0) | (traffic.expected > 0).any(axis=2)
    left, right, bottom, top = region = _region(machine, drawn)
    block = _block(machine, region)
    corners = [(x, y) for x in range(left, right, block) for y in range(bottom, top, block)]
    return block, _cells(machine, layers, corners, block)


def _region(machine: Machine, drawn: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """What is drawn: all of a small machine, else the box of what is in use, as half-open ranges of x and y."""
    if machine.chips <= WHOLE_MACHINE or not drawn.any():
        return 0, machine.width, 0, machine.height
    x, y = np.nonzero(drawn)
    return int(x.min()), int(x.max()) + 1, int(y.min()), int(y.max()) + 1


def _block(machine: Machine, region: tuple[int, int, int, int]) -> int:
    """Chips along the side of a cell of the picture."""
    if machine.chips <= WHOLE_MACHINE:
        return 1
    left, right, bottom, top = region
    return math.ceil(math.sqrt((right - left) * (top - bottom) / CELLS_DRAWN))


def _cells(
    machine: Machine, layers: Layers, corners: Sequence[tuple[int, int]], block: int = 1
) -> tuple[ChipCell, ...]:
    """The cells with these lower left corners, as far as there are chips."""
    boxes = [(x, y, (slice(x, x + block), slice(y, y + block))) for x, y in corners]
    return tuple(_cell(machine, layers, x, y, box) for x, y, box in boxes if machine.cores[box].any())


def _cell(machine: Machine, layers: Layers, x: int, y: int, box: Box) -> ChipCell:
    return ChipCell(
        x=x,
        y=y,
        chips=int(np.count_nonzero(machine.cores[box])),
        cores=int(machine.cores[box].sum(dtype=np.int64)),
        used=int(layers.used[box].sum()),
        ethernet=bool(machine.ethernet[box].any()),
        board=int(layers.board[box][machine.cores[box] > 0][0]),
        entries=int(layers.entries[box].max()),
        sdram_bytes=int(layers.sdram[box].max()),
        dtcm_bytes=None if layers.dtcm is None else int(layers.dtcm[box].max()),
        load=None if layers.load is None else float(layers.load[box].max()),
        packets=float(layers.packets[box].max()),
    )


# --- boards, chip by chip --------------------------------------------------------------------------------


def _views(machine: Machine, layers: Layers, traffic: Traffic) -> tuple[tuple[BoardView, ...], int]:
    """The first boards with a core in use, and how many more there are."""
    part, corners = _parts(machine)
    numbers = np.unique(part[layers.used > 0]).tolist()
    views = tuple(_view(layers, traffic, part == number, (number, *corners[number])) for number in numbers[:VIEWS])
    return views, len(numbers) - len(views)


def _parts(machine: Machine) -> tuple[NDArray[np.int32], list[tuple[int, int]]]:
    """The part that each chip is drawn in, and the lower left corner of each part."""
    if machine.boards > 1:
        return board_of(machine), ethernet_chips(machine)
    x, y = np.indices((machine.width, machine.height), dtype=np.int32)
    rows = -(-machine.height // TILE)
    corners = [(i * TILE, j * TILE) for i in range(-(-machine.width // TILE)) for j in range(rows)]
    return x // TILE * rows + y // TILE, corners


def _view(layers: Layers, traffic: Traffic, chips: NDArray[np.bool_], name: tuple[int, int, int]) -> BoardView:
    """The part of the machine that these `chips` are; `name` is its number and its corner."""
    x, y = np.nonzero(chips)
    used = layers.used[chips]
    links = traffic.used[chips.ravel()[traffic.used // len(LINKS)]]
    return BoardView(
        *name,
        chips_used=int(np.count_nonzero(used)),
        cores_used=int(used.sum()),
        cells=_cells(traffic.machine, layers, list(zip(x.tolist(), y.tolist(), strict=True))),
        links=traffic.rows(links),
    )
