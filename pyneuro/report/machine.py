"""The section that tells the machine, and what is drawn of it.

A machine of up to 200 chips is drawn whole.  Of a larger one there is an overview, whose hexagons are blocks of chips,
and a picture of each board in use, up to a number; what is in use beyond these is told chip by chip.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.errors import MachineError
from emulator.machine import LINKS, Machine, board_of, ethernet_chips, named, shifted
from pyneuro.report.columns import ROWS
from pyneuro.report.layers import Layers, Traffic
from pyneuro.report.schema.board import BoardRow, BoardView, ChipCell, MachineSection

WHOLE_MACHINE = 200
"""A machine of so many chips is drawn whole."""
CELLS_DRAWN = 400
"""Cells of the overview of a larger one."""
VIEWS = 16
"""Boards of a larger one that are drawn chip by chip."""
TILE = 8
"""Chips along the side of a part that is drawn, where there are no boards."""

Box = tuple[slice, slice]


def machine_section(machine: Machine, layers: Layers, traffic: Traffic) -> MachineSection:
    """Tell the machine and draw it."""
    built = _built(machine)
    block, cells = _overview(machine, layers, traffic, built)
    views, omitted = ((), 0) if block == 1 else _views(layers, traffic, built)
    more = _more(machine, layers, views) if views else []
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
        more=_cells(machine, layers, more[:ROWS], machine.cores > 0),
        more_omitted=max(0, len(more) - ROWS),
        on_boards=_board_rows(machine, layers, built),
        dead_chips=tuple(_pairs(built.cores & (machine.cores == 0))),
        dead_links=_dead_links(machine, built),
        link_capacity=machine.link_capacity,
        link_load=traffic.load,
        expected_link_load=traffic.expected_load,
        links_over=traffic.over,
        table_limit=machine.table_entries,
        sdram_limit=machine.sdram_bytes,
        dtcm_limit=machine.dtcm_bytes,
    )


def _pairs(chips: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The chips that are True."""
    return [(x, y) for x, y in np.argwhere(chips).tolist()]


# --- faults ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Built:
    """A machine as it was built: which chips bool[width, height] and links bool[width, height, 6] there were."""

    cores: NDArray[np.bool_]
    links: NDArray[np.bool_]


def _built(machine: Machine) -> _Built:
    """The standard machine of that name; the machine itself if there is none."""
    try:
        whole = named(machine.name)
    except MachineError:
        whole = machine
    whole = whole if whole.cores.shape == machine.cores.shape else machine
    return _Built(whole.cores > 0, whole.links)


def _dead_links(machine: Machine, built: _Built) -> tuple[tuple[int, int, int], ...]:
    """Links that cannot be used between chips that can, each at one end."""
    gone, ends = built.links & ~machine.links, machine.cores > 0
    there = np.stack([ends & shifted(ends, dx, dy, wraps=True) for dx, dy in LINKS], axis=-1)
    half = np.argwhere((gone & there)[:, :, : len(LINKS) // 2]).tolist()
    return tuple((x, y, link) for x, y, link in half)


# --- the whole -------------------------------------------------------------------------------------------


def _overview(machine: Machine, layers: Layers, traffic: Traffic, built: _Built) -> tuple[int, tuple[ChipCell, ...]]:
    """The picture of the whole: chips along the side of a cell, and the cells."""
    drawn = (layers.used > 0) | (traffic.expected > 0).any(axis=2)
    left, right, bottom, top = region = _region(machine, drawn)
    block = _block(machine, region)
    corners = [(x, y) for x in range(left, right, block) for y in range(bottom, top, block)]
    return block, _cells(machine, layers, corners, built.cores if block == 1 else machine.cores > 0, block)


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
    machine: Machine, layers: Layers, corners: Sequence[tuple[int, int]], there: NDArray[np.bool_], block: int = 1
) -> tuple[ChipCell, ...]:
    """The cells with these lower left corners, as far as chips are `there`."""
    boxes = [(x, y, (slice(x, x + block), slice(y, y + block))) for x, y in corners]
    return tuple(_cell(machine, layers, x, y, box) for x, y, box in boxes if there[box].any())


def _cell(machine: Machine, layers: Layers, x: int, y: int, box: Box) -> ChipCell:
    return ChipCell(
        x=x,
        y=y,
        chips=int(np.count_nonzero(machine.cores[box])),
        cores=int(machine.cores[box].sum(dtype=np.int64)),
        used=int(layers.used[box].sum()),
        ethernet=bool(machine.ethernet[box].any()),
        board=int(layers.board[box].flat[machine.cores[box].argmax()]),
        entries=int(layers.entries[box].max()),
        sdram_bytes=None if layers.sdram is None else int(layers.sdram[box].max()),
        dtcm_bytes=None if layers.dtcm is None else int(layers.dtcm[box].max()),
        load=None if layers.load is None else float(layers.load[box].max()),
        packets=float(layers.packets[box].max()),
    )


# --- boards ----------------------------------------------------------------------------------------------


def _board_rows(machine: Machine, layers: Layers, built: _Built) -> tuple[BoardRow, ...]:
    """Every board, if there are several."""
    if machine.boards == 1:
        return ()
    board, rows = layers.board.ravel(), machine.boards
    dead = built.cores & (machine.cores == 0)

    def total(of: NDArray[Any]) -> list[float]:
        found: list[float] = np.bincount(board, of.ravel(), rows).tolist()
        return found

    def most(of: NDArray[Any]) -> list[float]:
        found = np.zeros(rows)
        np.maximum.at(found, board, of.ravel())
        return found.tolist()

    counts = [map(int, total(of)) for of in (dead, layers.used > 0, layers.used)]
    sdram = [None] * rows if layers.sdram is None else map(int, total(layers.sdram))
    load = [None] * rows if layers.load is None else most(layers.load)
    columns = (*counts, map(int, most(layers.entries)), sdram, load, total(layers.packets))
    corners = ethernet_chips(machine)
    return tuple(BoardRow(n, *at, *row) for n, (at, *row) in enumerate(zip(corners, *columns, strict=True)))


def _views(layers: Layers, traffic: Traffic, built: _Built) -> tuple[tuple[BoardView, ...], int]:
    """The first boards with a core in use, chip by chip, and how many more there are."""
    part, corners = _parts(traffic.machine)
    numbers = np.unique(part[layers.used > 0]).tolist()
    views = tuple(
        _view(layers, traffic, built.cores & (part == number), (number, *corners[number])) for number in numbers[:VIEWS]
    )
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
    used = layers.used[chips]
    links = traffic.used[chips.ravel()[traffic.used // len(LINKS)]]
    return BoardView(
        *name,
        chips_used=int(np.count_nonzero(used)),
        cores_used=int(used.sum()),
        cells=_cells(traffic.machine, layers, _pairs(chips), chips),
        links=traffic.rows(links),
    )


def _more(machine: Machine, layers: Layers, views: Sequence[BoardView]) -> list[tuple[int, int]]:
    """Chips with something to do that are in none of the `views`."""
    busy = (layers.used > 0) | (layers.packets > 0)
    for view in views:
        for cell in view.cells:
            busy[cell.x, cell.y] = False
    return _pairs(busy & (machine.cores > 0))
