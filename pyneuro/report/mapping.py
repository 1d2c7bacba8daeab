"""Sections of the report that tell how a network lies on the machine.

Each function makes one section of the products of the stages that it is about, and of nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emulator.machine import LINKS, Machine, board_of
from pyneuro.report.schema.mapping import (
    ChipCell,
    LinkTraffic,
    MachineSection,
    MemorySection,
    NetworkSection,
    PartitionRow,
    PopulationRow,
    ProjectionRow,
    RoutesSection,
    TableRow,
    TablesSection,
)
from toolchain.describe import Spread, parameter_texts, recording_text, spread, weight_unit
from toolchain.graph import Graph
from toolchain.network import Network
from toolchain.partition import Slice
from toolchain.place import Placement
from toolchain.route import Routes, Tree
from toolchain.tables import Tables

ROWS = 2000
"""Rows of a table in the report; the number of those left out is given."""
WHOLE_MACHINE = 200
"""A machine of so many chips is drawn whole."""
CELLS_DRAWN = 400
"""Cells of the picture of a larger one."""
BUSIEST = 10

Traffic = NDArray[np.float64]
Layer = NDArray[np.int64]


def network_section(network: Network) -> NetworkSection:
    """Tell the network."""
    labels = [population.label for population in network.populations]
    return NetworkSection(
        label=network.label,
        timestep_ms=network.timestep,
        cells=network.cells,
        synapses=network.synapses,
        populations=tuple(
            PopulationRow(
                label=population.label,
                cell=population.cell,
                size=population.size,
                parameters=parameter_texts(population),
                recorded=tuple(recording_text(recording, population.size) for recording in population.recordings),
            )
            for population in network.populations
        ),
        projections=tuple(
            ProjectionRow(
                label=projection.label,
                source=labels[projection.source],
                target=labels[projection.target],
                receptor=projection.receptor,
                synapse=projection.synapse,
                synapses=len(projection),
                unit=weight_unit(network, projection),
                weight=_plain(spread(projection.weight)),
                delay=_plain(spread(projection.delay)),
            )
            for projection in network.projections
        ),
    )


def _plain(found: Spread | None) -> tuple[float, float, float] | None:
    return None if found is None else (found.smallest, found.mean, found.largest)


def partition_rows(network: Network, slices: Sequence[Slice]) -> tuple[PartitionRow, ...]:
    """Tell how many cores each population takes, by kind."""
    sizes: dict[tuple[int, str, int], list[int]] = {}
    for piece in slices:
        sizes.setdefault((piece.population, piece.kind, piece.substeps), []).append(piece.size)
    return tuple(
        PartitionRow(network.populations[number].label, kind, len(pieces), sum(pieces), max(pieces), substeps)
        for (number, kind, substeps), pieces in sorted(sizes.items())
    )


def expected_traffic(graph: Graph, routes: Routes, machine: Machine) -> Traffic:
    """Packets over each link if every source neuron fires once; float64[width, height, 6]."""
    shape = (machine.width, machine.height, len(LINKS))
    if not routes.trees:
        return np.zeros(shape)
    chips = np.concatenate([tree.x.astype(np.int64) * machine.height + tree.y for tree in routes.trees])
    route = np.concatenate([tree.route for tree in routes.trees])
    weight = np.repeat([net.weight for net in graph.nets], [len(tree.x) for tree in routes.trees])
    size = machine.width * machine.height
    traffic = np.zeros((size, len(LINKS)))
    for link in range(len(LINKS)):
        traffic[:, link] = np.bincount(chips, weight * (route >> link & 1), size)
    return traffic.reshape(shape)


def machine_section(
    placement: Placement,
    expected: Traffic,
    sent: NDArray[np.uint64] | None = None,
    tables: Tables | None = None,
    sdram: Sequence[int] = (),
) -> MachineSection:
    """Tell the machine and draw it.

    Parameters
    ----------
    expected, sent : [width, height, 6]
        Packets over each link, foreseen and in the run.
    sdram : sequence of int
        Bytes of SDRAM of each vertex.
    """
    machine = placement.machine
    shape = (machine.width, machine.height)
    used, entries = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    np.add.at(used, (placement.x, placement.y), 1)
    for table in tables.tables if tables else ():
        entries[table.x, table.y] = len(table.key)
    memory = chip_sdram(placement, sdram)
    drawn = (used > 0) | (expected > 0).any(axis=2)
    region = _region(machine, drawn)
    block = _block(machine, region)
    cells = _cells(machine, region, block, (used, entries, memory))
    return MachineSection(
        name=machine.name,
        boards=machine.boards,
        chips=machine.chips,
        cores=machine.application_cores,
        width=machine.width,
        height=machine.height,
        wraps=machine.wraps,
        boards_used=len(np.unique(board_of(machine)[used > 0])),
        chips_used=int(np.count_nonzero(used)),
        cores_used=int(used.sum()),
        block=block,
        whole=sum(cell.chips for cell in cells) == machine.chips,
        cells=cells,
        links=_links(expected, sent, machine) if block == 1 else (),
    )


def chip_sdram(placement: Placement, sdram: Sequence[int]) -> NDArray[np.int64]:
    """Bytes of SDRAM in use on each chip; int64[width, height]."""
    memory = np.zeros((placement.machine.width, placement.machine.height), np.int64)
    if len(sdram):
        np.add.at(memory, (placement.x, placement.y), np.asarray(sdram, np.int64))
    return memory


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
    machine: Machine, region: tuple[int, int, int, int], block: int, layers: tuple[Layer, Layer, Layer]
) -> tuple[ChipCell, ...]:
    """Cells of the picture; `layers` are cores used, table entries and bytes of SDRAM of each chip."""
    left, right, bottom, top = region
    used, entries, memory = layers
    found = []
    for x in range(left, right, block):
        for y in range(bottom, top, block):
            box = (slice(x, x + block), slice(y, y + block))
            if machine.cores[box].any():
                cell = ChipCell(
                    x=x,
                    y=y,
                    chips=int(np.count_nonzero(machine.cores[box])),
                    cores=int(machine.cores[box].sum(dtype=np.int64)),
                    used=int(used[box].sum()),
                    ethernet=bool(machine.ethernet[box].any()),
                    entries=int(entries[box].max()),
                    sdram_bytes=int(memory[box].max()),
                )
                found.append(cell)
    return tuple(found)


def _links(
    expected: Traffic, sent: NDArray[np.uint64] | None, machine: Machine, most: int | None = None
) -> tuple[LinkTraffic, ...]:
    """Links with traffic, by place; or the `most` links with the most traffic."""
    carried = expected if sent is None else np.maximum(expected, sent)
    order = np.flatnonzero(carried > 0)
    if most is not None:
        ranking = expected if sent is None else sent
        order = order[np.argsort(-ranking.ravel()[order], kind="stable")][:most]
    return tuple(
        LinkTraffic(
            x=index // len(LINKS) // machine.height,
            y=index // len(LINKS) % machine.height,
            link=index % len(LINKS),
            expected=float(expected.flat[index]),
            sent=None if sent is None else int(sent.flat[index]),
        )
        for index in order.tolist()
    )


def routes_section(
    graph: Graph, routes: Routes, machine: Machine, expected: Traffic, sent: NDArray[np.uint64] | None = None
) -> RoutesSection:
    """Tell the multicast trees."""
    links = np.array([tree.links for tree in routes.trees], np.int64)
    return RoutesSection(
        nets=len(graph.nets),
        hops=float(expected.sum()),
        links_used=int(np.count_nonzero(expected)),
        longest_path=max((_depth(tree, machine) for tree in routes.trees), default=0),
        mean_links=float(links.mean()) if len(links) else 0.0,
        most_links=int(links.max(initial=0)),
        busiest=_links(expected, sent, machine, BUSIEST),
    )


def _depth(tree: Tree, machine: Machine) -> int:
    """Links from the source of `tree` to its farthest chip; every chip stands after its parent."""
    depth = {(int(tree.x[0]), int(tree.y[0])): 0}
    for x, y, arrival in zip(tree.x[1:].tolist(), tree.y[1:].tolist(), tree.arrival[1:].tolist(), strict=True):
        dx, dy = LINKS[arrival]
        parent = ((x + dx) % machine.width, (y + dy) % machine.height)
        depth[x, y] = depth[parent] + 1
    return max(depth.values())


def tables_section(generated: Tables, minimised: Tables, limit: int) -> TablesSection:
    """Tell the routing tables, before and after minimisation."""
    before = {(table.x, table.y): len(table.key) for table in generated.tables}
    after = {(table.x, table.y): len(table.key) for table in minimised.tables}
    chips = sorted(before.keys() | after.keys(), key=lambda chip: (-after.get(chip, 0), -before.get(chip, 0), chip))
    return TablesSection(
        generated=generated.entries,
        minimised=minimised.entries,
        most=minimised.entries_max,
        limit=limit,
        chips=len(chips),
        rows=tuple(TableRow(x, y, before.get((x, y), 0), after.get((x, y), 0)) for x, y in chips[:ROWS]),
        omitted=max(0, len(chips) - ROWS),
    )


def memory_section(
    placement: Placement, names: Sequence[str], sdram: Sequence[int], dtcm: Sequence[int]
) -> MemorySection:
    """Tell the memory in use: `sdram` and `dtcm` are bytes of each vertex; `dtcm` is empty where it is not known."""
    machine = placement.machine
    chips = chip_sdram(placement, sdram)
    fullest = int(np.argmax(chips)) if len(sdram) else 0
    core = int(np.argmax(dtcm)) if len(dtcm) else None
    return MemorySection(
        dtcm_most=None if core is None else int(dtcm[core]),
        dtcm_limit=machine.dtcm_bytes,
        dtcm_core=None if core is None else names[core],
        sdram_total=int(chips.sum()),
        sdram_most=int(chips.max()),
        sdram_limit=machine.sdram_bytes,
        sdram_chip=(fullest // machine.height, fullest % machine.height) if len(sdram) else None,
    )
