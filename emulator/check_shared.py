"""The check of what cores share in an image: the machine with its tables, places, memory and keys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emulator.check_machine import check_machine
from emulator.errors import ImageError, MachineError
from emulator.image import Core, MachineImage, RoutingTable

ROUTE_BITS = 24


def check_shared(image: MachineImage) -> None:
    """Raise ImageError at the first thing that contradicts the rest; what cores are told is not looked at."""
    _check_machine(image)
    _check_tables(image)
    _check_places(image)
    _check_memory(image)


def _check_machine(image: MachineImage) -> None:
    try:
        check_machine(image.machine)
    except MachineError as error:
        raise ImageError(str(error)) from error


def _check_tables(image: MachineImage) -> None:
    seen: set[tuple[int, int]] = set()
    for table in image.tables:
        where = f"routing table of chip ({table.x}, {table.y})"
        if not image.machine.has_chip(table.x, table.y):
            raise ImageError(f"{where}: {image.machine.name} has no such chip")
        if (table.x, table.y) in seen:
            raise ImageError(f"{where}: there is a second one")
        seen.add((table.x, table.y))
        _check_table(table, where, image.machine.table_entries)


def _check_table(table: RoutingTable, where: str, limit: int) -> None:
    if not len(table.key) == len(table.mask) == len(table.route):
        raise ImageError(f"{where}: {len(table.key)} keys, {len(table.mask)} masks, {len(table.route)} routes")
    if len(table.key) > limit:
        raise ImageError(f"{where}: {len(table.key)} entries, a chip has room for {limit}")
    if (wrong := first(table.key & ~table.mask != 0)) is not None:
        key, mask = table.key[wrong], table.mask[wrong]
        raise ImageError(f"{where}: entry {wrong} has key {key:#010x} outside its mask {mask:#010x}")
    if (wrong := first(table.route >> ROUTE_BITS != 0)) is not None:
        raise ImageError(f"{where}: entry {wrong} has route {table.route[wrong]:#x}, which is beyond core 17")


def _check_places(image: MachineImage) -> None:
    at: dict[tuple[int, int, int], Core] = {}
    for core in image.cores:
        require(image.machine.has_chip(core.x, core.y), core, f"{image.machine.name} has no such chip")
        last = int(image.machine.cores[core.x, core.y])
        require(1 <= core.p <= last, core, f"the chip has processors 1 to {last} for applications")
        other = at.setdefault((core.x, core.y, core.p), core)
        require(other is core, core, f"{other.label!r} is there too")


def _check_memory(image: MachineImage) -> None:
    """What was laid out for cores is there: DTCM of each, SDRAM of the chip that they share."""
    used: dict[tuple[int, int], int] = {}
    for core in image.cores:
        dtcm, sdram = image.machine.dtcm_bytes, image.machine.sdram_bytes
        require(0 <= core.dtcm_bytes <= dtcm, core, f"it takes {core.dtcm_bytes} bytes of DTCM, there are {dtcm}")
        require(core.sdram_bytes >= 0, core, f"it takes {core.sdram_bytes} bytes of SDRAM")
        used[core.x, core.y] = used.get((core.x, core.y), 0) + core.sdram_bytes
        taken = used[core.x, core.y]
        require(taken <= sdram, core, f"it and others take {taken} bytes of the chip's SDRAM, there are {sdram}")


def check_blocks(image: MachineImage) -> None:
    """Raise ImageError if a key is sent by two cores."""
    senders = sorted((core for core in image.cores if core.key or core.mask), key=lambda core: core.key)
    for one, other in pairwise(senders):
        overlaps = other.key <= one.key | (~one.mask & 0xFFFFFFFF)
        require(not overlaps, other, f"it sends keys from {other.key:#010x} on, as {one.label!r} does")


def name(core: Core) -> str:
    """What messages call a core."""
    return f"core {core.label!r} at chip ({core.x}, {core.y}), processor {core.p}"


def require(holds: bool, core: Core, violation: str) -> None:
    """Raise ImageError, naming the core, unless it `holds`."""
    if not holds:
        raise ImageError(f"{name(core)}: {violation}")


def first(wrong: NDArray[np.bool_]) -> int | None:
    """Where the first True is."""
    places: Sequence[int] = np.flatnonzero(wrong[:]).tolist() if np.any(wrong) else ()
    return places[0] if places else None
