"""``machine.json``: a machine in the form of SpiNNMachine's ``json_machine``.

What all Ethernet chips have, and what all others have, is said once; then each chip says how many cores it has, which
links it lacks, and which Ethernet chip its board has.  Of its cores one is the monitor; cores that are dead or kept for
other uses are not counted.  A machine that is not there has the addresses of a virtual one: 127.0.x.y.  Of a board
whose Ethernet chip is dead the other chips are written all the same; SpiNNMachine reads them, and calls them invalid.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from emulator.machine import Machine, board_of, ethernet_chips

MONITORS: Final = 1
TAGS: Final = (1, 2, 3, 4, 5, 6, 7)
"""Tags (ways out through the Ethernet connector) that are free, of eight (SpiNNMachine, ``virtual_machine.py``)."""


def machine_form(machine: Machine) -> dict[str, Any]:
    """The JSON document of `machine`; its chips are in the order of x and y."""
    resources = {"monitors": MONITORS, "routerEntries": machine.table_entries, "sdram": machine.sdram_bytes}
    ethernet = np.array(ethernet_chips(machine))[board_of(machine)]
    return {
        "height": machine.height,
        "width": machine.width,
        "root": [0, 0],
        "standardResources": {**resources, "tags": []},
        "ethernetResources": {**resources, "tags": list(TAGS)},
        "chips": [_chip(machine, x, y, ethernet[x, y].tolist()) for x, y in np.argwhere(machine.cores).tolist()],
    }


def _chip(machine: Machine, x: int, y: int, ethernet: list[int]) -> list[Any]:
    details: dict[str, Any] = {"cores": int(machine.cores[x, y]) + MONITORS, "ethernet": ethernet}
    dead_links = np.flatnonzero(~machine.links[x, y]).tolist()
    if dead_links:
        details["deadLinks"] = dead_links
    if machine.ethernet[x, y]:
        details["ipAddress"] = f"127.0.{x}.{y}"
    return [x, y, details]
