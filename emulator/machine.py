"""The machine: which chips, cores and links there are.

A SpiNNaker-1 machine is a triangular mesh or torus of chips.  Each chip has six links, numbered
anticlockwise from east (E, NE, N, W, SW, S); link ``l`` of one chip meets link ``(l + 3) % 6`` of its
neighbour.  Machines are held as arrays over the bounding box, so that a machine of 57,600 chips costs
kilobytes and the loops over it are numpy's.

Figures: SpiNNMachine and spinnaker_tools (SpiNNakerManchester), Furber et al. 2013, "Overview of the
SpiNNaker System Architecture", IEEE Trans. Computers 62.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from math import isqrt
from typing import Final, TypeVar

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
LINK_CAPACITY: Final = 6e6
"""Packets a second that a link takes: 240 Mbit/s for packets of 40 bits (Furber et al. 2013)."""
APPLICATION_CORES: Final = 16
"""Application cores counted on for a chip; an Ethernet chip has one fewer."""
MAX_APPLICATION_CORES: Final = 17
"""A chip has 18 cores and one of them is the monitor."""
MAX_EXTENT: Final = 256
"""A chip's address is 16 bits, 8 for x and 8 for y (spinnaker_tools, point-to-point addresses)."""

_BOARD_ROWS: Final = ((0, 4), (0, 5), (0, 6), (0, 7), (1, 7), (2, 7), (3, 7), (4, 7))
"""First and last x of each row of chips of a 48-chip board (SpiNNMachine, ``version_5.py``)."""
_TRIAD: Final = 12
"""Three 48-chip boards tile 12 x 12 chips of a torus."""
_TRIAD_ETHERNET: Final = ((0, 0), (4, 8), (8, 4))
_MAX_TRIADS: Final = MAX_EXTENT // _TRIAD

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Machine:
    """A machine as arrays over its bounding box.

    Parameters
    ----------
    name : str
        As the user names it: ``spin5``, ``3 boards``, ``8x8``, ``8x8 mesh``.
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
    link_capacity: float = LINK_CAPACITY

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


def hops(machine: Machine, dx: NDArray[np.int32], dy: NDArray[np.int32]) -> NDArray[np.int32]:
    """Links on the shortest way between chips `dx`, `dy` apart, if no link is absent.

    On a torus both directions round are tried (SpiNNMachine, ``full_wrap_machine.py``); on a mesh there is one.
    """
    distance: NDArray[np.int32]
    if machine.wraps:
        xu, yu = dx % machine.width, dy % machine.height
        xd, yd = xu - machine.width, yu - machine.height
        distance = np.minimum.reduce([np.maximum(xu, yu), yu - xd, xu - yd, np.maximum(-xd, -yd)])
    else:
        distance = np.maximum.reduce([np.abs(dx), np.abs(dy), np.abs(dx - dy)])
    return distance


def neighbours(machine: Machine) -> NDArray[np.int32]:
    """The chip at the end of each link, numbered ``x * height + y``, -1 where it is absent: int32[width, height, 6]."""
    dx, dy = np.array(LINKS).T
    x, y = np.indices((machine.width, machine.height))[..., None]
    chip = (x + dx) % machine.width * machine.height + (y + dy) % machine.height
    return np.where(machine.links, chip, -1).astype(np.int32)


def board_of(machine: Machine) -> NDArray[np.int32]:
    """The board that each chip of the bounding box belongs to, int32[width, height]."""
    board = np.zeros((machine.width, machine.height), np.int32)
    if machine.boards == 1:
        return board
    x, y = np.nonzero(_board_shape())
    for number, (left, bottom) in enumerate(ethernet_chips(machine)):
        board[(x + left) % machine.width, (y + bottom) % machine.height] = number
    return board


def ethernet_chips(machine: Machine) -> list[tuple[int, int]]:
    """Where the Ethernet chip of each board is, or would be if it worked, in the order of `board_of`."""
    if machine.boards == 1:
        return [(0, 0)]
    corners = [(x, y) for x in range(0, machine.width, _TRIAD) for y in range(0, machine.height, _TRIAD)]
    return [(x + dx, y + dy) for x, y in corners for dx, dy in _TRIAD_ETHERNET]


def spin3(cores: int = APPLICATION_CORES) -> Machine:
    """The board of four chips.

    It is wired as a torus of 2 x 2 chips whose links across the left and right edges (W and SW of column
    0, E and NE of column 1) go to connectors instead (SpiNNMachine, ``virtual_machine.py``, ``version_3.py``).
    """
    machine = _machine("spin3", np.ones((2, 2), np.bool_), [(0, 0)], cores, wraps=True)
    return without(machine, links=[(0, y, link) for y in range(2) for link in (3, 4)])


def spin5(cores: int = APPLICATION_CORES) -> Machine:
    """The board of 48 chips, alone: a mesh whose edges do not wrap."""
    return _machine("spin5", _board_shape(), [(0, 0)], cores, wraps=False)


def boards(number: int, cores: int = APPLICATION_CORES) -> Machine:
    """A machine of `number` 48-chip boards: one alone, or a torus of triads as square as possible, wider first.

    Raises
    ------
    MachineError
        If `number` is neither 1 nor a multiple of 3, or the torus would be too wide for the chips' addresses.
    """
    if number == 1:
        return spin5(cores)
    if number < 3 or number % 3:
        raise MachineError(f"no machine has {number} boards: a machine is 1 board or a multiple of 3")
    width, height = _triads(number // 3)
    if width > _MAX_TRIADS:
        raise MachineError(
            f"{number} boards would be {width * _TRIAD} x {height * _TRIAD} chips, and {MAX_EXTENT} is the limit of "
            f"either; the nearest sizes that can be built are {' and '.join(map(str, _buildable_near(number)))} boards"
        )
    return replace(torus(width * _TRIAD, height * _TRIAD, cores), name=f"{number} boards")


def torus(width: int, height: int, cores: int = APPLICATION_CORES) -> Machine:
    """A torus of `width` x `height` chips, each 2 to 256.

    Where both are multiples of 12 the Ethernet chips are where triads of boards have them; a torus of
    another size is no set of real boards, counts as one, and has its Ethernet chip at (0, 0).

    Raises
    ------
    MachineError
        If the size is out of range.
    """
    if not (2 <= width <= MAX_EXTENT and 2 <= height <= MAX_EXTENT):
        raise MachineError(f"a torus is from 2x2 to {MAX_EXTENT}x{MAX_EXTENT} chips, not {width}x{height}")
    ethernet = [(0, 0)]
    if width % _TRIAD == 0 and height % _TRIAD == 0:
        corners = [(x, y) for x in range(0, width, _TRIAD) for y in range(0, height, _TRIAD)]
        ethernet = [(x + dx, y + dy) for x, y in corners for dx, dy in _TRIAD_ETHERNET]
    return _machine(f"{width}x{height}", np.ones((width, height), np.bool_), ethernet, cores, wraps=True)


def mesh(width: int, height: int, cores: int = APPLICATION_CORES) -> Machine:
    """A mesh of `width` x `height` chips, each 2 to 256: a torus without the links across its edges.

    It is no set of real boards, counts as one, and has its Ethernet chip at (0, 0).

    Raises
    ------
    MachineError
        If the size is out of range.
    """
    if not (2 <= width <= MAX_EXTENT and 2 <= height <= MAX_EXTENT):
        raise MachineError(f"a mesh is from 2x2 to {MAX_EXTENT}x{MAX_EXTENT} chips, not {width}x{height}")
    return _machine(f"{width}x{height} mesh", np.ones((width, height), np.bool_), [(0, 0)], cores, wraps=False)


def named(name: str, cores: int = APPLICATION_CORES) -> Machine:
    """The machine called `name`: ``spin3``, ``spin5``, ``N boards``, ``WxH`` (a torus) or ``WxH mesh``.

    Raises
    ------
    MachineError
        If there is no such machine; the message lists the forms.
    """
    if name == "spin3":
        return spin3(cores)
    if name == "spin5":
        return spin5(cores)
    if found := re.fullmatch(r"([0-9]{1,9}) boards?", name):
        return boards(int(found[1]), cores)
    if found := re.fullmatch(r"([0-9]{1,9})x([0-9]{1,9})( mesh| torus)?", name):
        return (mesh if found[3] == " mesh" else torus)(int(found[1]), int(found[2]), cores)
    raise MachineError(
        f"unknown machine {name!r}; known are spin3, spin5, 'N boards' (N = 1 or a multiple of 3), 'WxH' (a torus), "
        "'WxH mesh'"
    )


def smallest(application_cores: int = 1, cores: int = APPLICATION_CORES) -> Iterator[Machine]:
    """The standard machines with at least `application_cores`, from small to large.

    They are spin3, spin5, 3 boards, 6, 9 and so on, those left out that cannot be built.
    """
    for machine in (spin3(cores), spin5(cores)):
        if machine.application_cores >= application_cores:
            yield machine
    for triads in range(1, _MAX_TRIADS**2 + 1):
        if 3 * triads * (48 * cores - 1) >= application_cores and _triads(triads)[0] <= _MAX_TRIADS:
            yield boards(3 * triads, cores)


def without(
    machine: Machine, chips: Iterable[tuple[int, int]] = (), links: Iterable[tuple[int, int, int]] = ()
) -> Machine:
    """The machine with `chips` (x, y) and `links` (x, y, link) absent; a link goes with its other end."""
    cores, alive, ethernet = machine.cores.copy(), machine.links.copy(), machine.ethernet.copy()
    gone = list(chips)
    for x, y in gone:
        cores[x, y], ethernet[x, y] = 0, False
    for x, y, link in chain(links, ((x, y, link) for x, y in gone for link in range(6))):
        dx, dy = LINKS[link]
        alive[x, y, link] = False
        alive[(x + dx) % machine.width, (y + dy) % machine.height, opposite(link)] = False
    return replace(machine, cores=_frozen(cores), links=_frozen(alive), ethernet=_frozen(ethernet))


def largest_part(machine: Machine) -> Machine:
    """The machine without the chips that links do not join to its largest part.

    The largest has the most application cores; of several, it is the one with the lowest chip.
    """
    part = _parts(machine)
    cores = np.bincount(part[part >= 0], machine.cores.ravel()[part >= 0])
    if len(cores) <= 1:
        return machine
    gone = np.flatnonzero((part >= 0) & (part != cores.argmax()))
    return without(machine, [divmod(chip, machine.height) for chip in gone.tolist()])


def _parts(machine: Machine) -> NDArray[np.int32]:
    """The part that each chip ``x * height + y`` is in, numbered by their lowest chips; -1 where there is no chip."""
    ends = neighbours(machine).reshape(-1, len(LINKS))
    part = np.where(machine.cores.ravel() > 0, np.int32(machine.cores.size), np.int32(-1))
    number = 0
    for chip in np.flatnonzero(part > 0).tolist():
        if part[chip] < machine.cores.size:
            continue
        reached = np.array([chip])
        while len(reached):
            part[reached] = number
            met = ends[reached]
            reached = np.unique(met[(met >= 0) & (part[met] == machine.cores.size)])
        number += 1
    return part


def _machine(
    name: str, present: NDArray[np.bool_], ethernet: list[tuple[int, int]], cores: int, wraps: bool
) -> Machine:
    """The machine with chips where `present`, and every link between two of them."""
    if not 2 <= cores <= MAX_APPLICATION_CORES:
        raise MachineError(f"a chip has 2 to {MAX_APPLICATION_CORES} application cores, not {cores}")
    has_ethernet = np.zeros_like(present)
    has_ethernet[tuple(np.array(ethernet).T)] = True
    count = present.astype(np.uint8) * np.uint8(cores) - has_ethernet
    links = np.stack([present & shifted(present, dx, dy, wraps) for dx, dy in LINKS], axis=-1)
    return Machine(name, _frozen(count), _frozen(links), _frozen(has_ethernet), wraps, boards=len(ethernet))


def shifted(present: NDArray[np.bool_], dx: int, dy: int, wraps: bool) -> NDArray[np.bool_]:
    """Whether there is a chip at (x + dx, y + dy), for each (x, y)."""
    shifted = np.roll(present, (-dx, -dy), axis=(0, 1))
    if not wraps:
        x, y = np.indices(present.shape)
        shifted &= (x + dx >= 0) & (x + dx < present.shape[0]) & (y + dy >= 0) & (y + dy < present.shape[1])
    return shifted


def _board_shape() -> NDArray[np.bool_]:
    """Where the 48 chips of a board are in its box of 8 x 8."""
    present = np.zeros((8, 8), np.bool_)
    for y, (first, last) in enumerate(_BOARD_ROWS):
        present[first : last + 1, y] = True
    return present


def _triads(number: int) -> tuple[int, int]:
    """Width and height of the squarest rectangle of `number` triads, the wider way first."""
    height = next(height for height in range(isqrt(number), 0, -1) if number % height == 0)
    return number // height, height


def _buildable_near(number: int) -> list[int]:
    """The nearest numbers of boards, below and above `number`, that are not too wide."""
    limit = _MAX_TRIADS**2
    below = range(min(number // 3 - 1, limit), 0, -1)
    above = range(number // 3 + 1, limit + 1)
    found = (next((n for n in side if _triads(n)[0] <= _MAX_TRIADS), None) for side in (below, above))
    return [3 * triads for triads in found if triads is not None]


def _frozen(array: NDArray[_T]) -> NDArray[_T]:
    """The array itself, read-only from now on."""
    array.setflags(write=False)
    return array
