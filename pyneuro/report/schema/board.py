"""The parts that draw the machine: chips, links, and what each of them carries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChipCell:
    """A chip of the picture, or a block of them; of a block the fullest chip counts.

    Parameters
    ----------
    chips, cores : int
        That can be used; 0 of a chip that is dead, or cut off from the others.
    board : int
        Number of the board that it, or a chip of the block, belongs to.
    entries : int
        Of its routing table.
    sdram_bytes, dtcm_bytes : int, optional
        SDRAM in use; DTCM of its fullest core. None where that is not known.
    load : float, optional
        Share of a tick that its busiest core needs: the fullest tick of the run, or what is expected.
    packets : float
        Packets that its router has to route: of the run, or if every source neuron fires once.
    """

    x: int
    y: int
    chips: int
    cores: int
    used: int
    ethernet: bool
    board: int
    entries: int
    sdram_bytes: int | None = None
    dtcm_bytes: int | None = None
    load: float | None = None
    packets: float = 0.0


@dataclass(frozen=True)
class LinkTraffic:
    """What goes over the link `link` out of chip (x, y).

    Parameters
    ----------
    expected : float
        Packets if every source neuron fires once.
    sent : int, optional
        Packets of the run.
    rate : float, optional
        Packets a second of the machine's time: of the run, or as expected; None if no rate is known.
    load : float, optional
        That rate as a share of what the link can take.
    """

    x: int
    y: int
    link: int
    expected: float
    sent: int | None
    rate: float | None = None
    load: float | None = None


@dataclass(frozen=True)
class BoardView:
    """A part of a large machine, drawn chip by chip: the board `number`, whose Ethernet chip is (x, y).

    Of a machine that is no set of boards it is a square with its lower left corner at (x, y).
    """

    number: int
    x: int
    y: int
    chips_used: int
    cores_used: int
    cells: tuple[ChipCell, ...]
    links: tuple[LinkTraffic, ...]


@dataclass(frozen=True)
class BoardRow:
    """A board, whose Ethernet chip is (x, y), and what is in use of it.

    Parameters
    ----------
    chips_dead : int
        Chips that cannot be used.
    entries, load : int, float
        Of the fullest table; of the busiest core, as of `ChipCell`.
    sdram_bytes, packets : int, float
        Of all its chips.
    """

    number: int
    x: int
    y: int
    chips_dead: int
    chips_used: int
    cores_used: int
    entries: int
    sdram_bytes: int | None
    load: float | None
    packets: float


@dataclass(frozen=True)
class MachineSection:
    """The machine, what of it is used, and its picture.

    Parameters
    ----------
    on_boards : tuple of BoardRow
        Every board, by its number, if there are several.
    dead_chips, dead_links : tuple of (x, y), tuple of (x, y, link)
        Chips and links of such a machine that cannot be used: they are dead, cut off, or no route may take them.  A
        link is told at one end, and not if it is one of a chip that is told.
    block : int
        Each cell of the picture is a square of ``block`` x ``block`` chips.
    whole : bool
        Whether the picture shows the whole machine, or only the part in use.
    links : tuple of LinkTraffic
        Links with traffic, if `block` is 1.
    views, views_omitted : tuple of BoardView, int
        If `block` is not 1: the boards in use, chip by chip, and how many more are in use.
    more, more_omitted : tuple of ChipCell, int
        Chips in use that are in none of these pictures, and how many more there are.
    link_capacity : float
        Packets a second that a link can take.
    link_load, expected_link_load : float, optional
        Load of the busiest link, of the run or as expected, and as expected; None if no rate is known.
    links_over : int
        Links whose load is above 1.
    table_limit, sdram_limit, dtcm_limit : int
        Entries and bytes of SDRAM that a chip has, and bytes of DTCM of a core.
    """

    name: str
    boards: int
    chips: int
    cores: int
    width: int
    height: int
    wraps: bool
    boards_used: int
    chips_used: int
    cores_used: int
    block: int
    whole: bool
    cells: tuple[ChipCell, ...]
    links: tuple[LinkTraffic, ...]
    views: tuple[BoardView, ...]
    views_omitted: int
    more: tuple[ChipCell, ...]
    more_omitted: int
    on_boards: tuple[BoardRow, ...]
    dead_chips: tuple[tuple[int, int], ...]
    dead_links: tuple[tuple[int, int, int], ...]
    link_capacity: float
    link_load: float | None
    expected_link_load: float | None
    links_over: int
    table_limit: int
    sdram_limit: int
    dtcm_limit: int
