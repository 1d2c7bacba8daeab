"""The parts that draw the machine: chips, links, and what each of them carries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChipCell:
    """A chip of the picture, or a block of them; of a block the fullest chip counts.

    Parameters
    ----------
    board : int
        Number of the board that it, or the first chip of the block, belongs to.
    entries : int
        Of its routing table.
    sdram_bytes, dtcm_bytes : int
        SDRAM in use; DTCM of its fullest core, None where that is not known.
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
    sdram_bytes: int
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
class MachineSection:
    """The machine, what of it is used, and its picture.

    Parameters
    ----------
    block : int
        Each cell of the picture is a square of ``block`` x ``block`` chips.
    whole : bool
        Whether the picture shows the whole machine, or only the part in use.
    links : tuple of LinkTraffic
        Links with traffic, if `block` is 1.
    views, views_omitted : tuple of BoardView, int
        If `block` is not 1: the boards in use, chip by chip, and how many more are in use.
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
    link_capacity: float
    link_load: float | None
    expected_link_load: float | None
    links_over: int
    table_limit: int
    sdram_limit: int
    dtcm_limit: int
