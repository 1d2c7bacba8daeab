"""The checker of machines: whatever built or loaded one, what it says must be possible."""

from __future__ import annotations

import numpy as np

from emulator.errors import MachineError
from emulator.machine import LINK_NAMES, LINKS, MAX_APPLICATION_CORES, MAX_EXTENT, Machine, opposite


def check_machine(machine: Machine) -> None:
    """Check that `machine` agrees with itself.

    The arrays have one shape; chips have a possible number of cores; a link has two ends, on chips that exist,
    and does not cross an edge that does not wrap; Ethernet chips exist, and none are more than the boards.

    Raises
    ------
    MachineError
        At the first violation.
    """
    _check_arrays(machine)
    if int(machine.cores.max(initial=0)) > MAX_APPLICATION_CORES:
        x, y = np.argwhere(machine.cores > MAX_APPLICATION_CORES)[0]
        raise _wrong(machine, f"chip ({x}, {y}) has {machine.cores[x, y]} cores, {MAX_APPLICATION_CORES} is the limit")
    if machine.chips == 0:
        raise _wrong(machine, "it has no chip")
    for link in range(len(LINKS)):
        _check_link(machine, link)
    if np.any(machine.ethernet & (machine.cores == 0)):
        x, y = np.argwhere(machine.ethernet & (machine.cores == 0))[0]
        raise _wrong(machine, f"the Ethernet chip ({x}, {y}) is absent")
    if np.count_nonzero(machine.ethernet) > machine.boards:
        raise _wrong(machine, f"{np.count_nonzero(machine.ethernet)} Ethernet chips on {machine.boards} boards")


def _check_arrays(machine: Machine) -> None:
    if machine.cores.ndim != 2:
        raise _wrong(machine, f"cores have the shape {machine.cores.shape}, (width, height) is expected")
    width, height = machine.width, machine.height
    if not (1 <= width <= MAX_EXTENT and 1 <= height <= MAX_EXTENT):
        raise _wrong(machine, f"its box is {width}x{height}, {MAX_EXTENT}x{MAX_EXTENT} is the limit")
    if machine.links.shape != (width, height, len(LINKS)):
        raise _wrong(machine, f"links have the shape {machine.links.shape}, ({width}, {height}, 6) is expected")
    if machine.ethernet.shape != (width, height):
        raise _wrong(machine, f"ethernet has the shape {machine.ethernet.shape}, ({width}, {height}) is expected")


def _check_link(machine: Machine, link: int) -> None:
    """Every such link starts and ends at a chip, is there from the other side too, and stays inside a mesh."""
    dx, dy = LINKS[link]
    start = machine.links[:, :, link]
    end = np.roll(machine.links[:, :, opposite(link)], (-dx, -dy), axis=(0, 1))
    x, y = np.indices(start.shape)
    crosses = (x + dx < 0) | (x + dx >= machine.width) | (y + dy < 0) | (y + dy >= machine.height)
    faults = {
        "starts at an absent chip": start & (machine.cores == 0),
        "has no other end": start & ~end,
        "crosses an edge that does not wrap": start & crosses if not machine.wraps else np.zeros_like(start),
    }
    for what, where in faults.items():
        if where.any():
            at = np.argwhere(where)[0]
            raise _wrong(machine, f"link {LINK_NAMES[link]} of chip ({at[0]}, {at[1]}) {what}")


def _wrong(machine: Machine, violation: str) -> MachineError:
    return MachineError(f"machine {machine.name!r}: {violation}")
