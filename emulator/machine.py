"""The machine: which chips, cores and links there are.

A SpiNNaker-1 machine is a triangular mesh or torus of chips.  Each chip has six links, numbered
anticlockwise from east (E, NE, N, W, SW, S); link ``l`` of one chip meets link ``(l + 3) % 6`` of its
neighbour.  Machines are held as arrays over the bounding box, so that a machine of 57,600 chips costs
kilobytes and the loops over it are numpy's.

Figures: SpiNNMachine and spinnaker_tools (SpiNNakerManchester), Furber et al. 2013, "Overview of the
SpiNNaker System Architecture", IEEE Trans. Computers 62.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.errors import MachineError

LINKS: Final = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))
"""Steps (dx, dy) of links 0..5."""
LINK_NAMES: Final = ("E", "NE", "N", "W", "SW", "S")
FIRST_CORE_BIT: Final = 6
"""Route bits 0-5 are links; bit 6 + p is core p."""
MONITOR: Final = 0
"""Core 0 of each chip runs the monitor; applications have cores 1, 2, ..."""

TABLE_ENTRIES: Final = 1023
"""Routing-table entries that applications may use, of 1,024."""
DTCM_BYTES: Final = 64 * 1024
SDRAM_BYTES: Final = 123_469_792
"""SDRAM of a chip that applications may use."""
CLOCK_HZ: Final = 200_000_000
APPLICATION_CORES: Final = 16
"""Application cores counted on for a chip; its Ethernet chip has one fewer."""


@dataclass(frozen=True, eq=False)
class Machine:
    """A machine as arrays over its bounding box.

    Parameters
    ----------
    name : str
        As the user names it: ``spin5``, ``3 boards``, ``8x8``.
    cores : uint8[width, height]
        Application cores of chip (x, y); 0 where there is no chip.
    links : bool[width, height, 6]
        Whether the link works; symmetric, and False at an edge that does not wrap.
    ethernet : bool[width, height]
        Chips that have the Ethernet connector of a board.
    wraps : bool
        Whether the box is a torus; if False, routes never leave it.
    boards : int
        Number of boards.
    """

    name: str
    cores: NDArray[np.uint8]
    links: NDArray[np.bool_]
    ethernet: NDArray[np.bool_]
    wraps: bool
    boards: int
    table_entries: int = TABLE_ENTRIES
    dtcm_bytes: int = DTCM_BYTES
    sdram_bytes: int = SDRAM_BYTES
    clock_hz: int = CLOCK_HZ

    @property
    def width(self) -> int:
        """Extent of the bounding box in x."""
        return int(self.cores.shape[0])

    @property
    def height(self) -> int:
        """Extent of the bounding box in y."""
        return int(self.cores.shape[1])

    @property
    def chips(self) -> int:
        """Number of chips."""
        return int(np.count_nonzero(self.cores))

    @property
    def application_cores(self) -> int:
        """Number of cores that applications may use."""
        return int(self.cores.sum(dtype=np.int64))

    def has_chip(self, x: int, y: int) -> bool:
        """Whether there is a chip at (x, y)."""
        return 0 <= x < self.width and 0 <= y < self.height and bool(self.cores[x, y])

    def neighbour(self, x: int, y: int, link: int) -> tuple[int, int] | None:
        """The chip at the other end of `link` of chip (x, y), or None where the link is absent."""
        if not self.links[x, y, link]:
            return None
        dx, dy = LINKS[link]
        return (x + dx) % self.width, (y + dy) % self.height


def opposite(link: int) -> int:
    """The link by which a packet arrives that left by `link`."""
    return (link + 3) % 6


def named(name: str) -> Machine:
    """The machine called `name`: ``spin3``, ``spin5``, ``N boards`` or ``WxH`` (a torus).

    Raises
    ------
    MachineError
        If there is no such machine; the message lists the forms.
    """
    raise MachineError(f"unknown machine {name!r}")
