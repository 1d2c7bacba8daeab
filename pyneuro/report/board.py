"""The machine as a picture: chips as hexagons in their triangular mesh, shaded by load, and links by traffic.

Chip (x, y) is drawn at (x - y/2, y sqrt(3)/2), so that the six neighbours of a chip lie around it at equal
distances, as the links join them, and a board of 48 chips is the hexagon that it is.  North is up.  Boards are drawn
whole, also those that lie across the edges of a torus.  The two directions of a link are two lines, each on the right
of its way: as wide as it carries much, and of a colour that tells how much of its capacity that is, darker and from
80 % on dashed, so that nobody must tell hues apart.  What cannot be used is crossed out.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from emulator.machine import LINK_NAMES, LINKS, opposite
from pyneuro.report.markup import Markup, element, short
from pyneuro.report.schema.board import ChipCell, LinkTraffic, MachineSection
from pyneuro.report.words import amount, compact, count, memory, percent

SPACING = 66.0
RADIUS = 26.0
"""From the middle of a chip to its corners."""
ASIDE = 4.0
"""From the line between two chips to the line of one direction."""
WIDEST = 6.5
MARGIN = 40.0
SMALLEST = 0.8
"""Share of its size that a picture is drawn with at least; what is wider than the page is scrolled."""
LONG = 3
"""Characters of a text in a chip from which on it is set smaller."""
LEAST = 0.12
"""Opacity of a chip that is hardly in use."""
FULL = 0.8
"""Share from which on a shade is so far from the ground that text on it must be of the ground's kind, light or dark."""
CROSS = 5.0
"""From the middle of a cross to its ends, along x and y."""
UNUSABLE = "cannot be used: dead, cut off, or forbidden"
FIRST_LAYER = "cores"
"""What chips show until another layer is chosen."""
LOADS = (0.01, 0.1, 0.5, 0.8, 1.0)
"""Bounds between the colours of links, as shares of their capacity."""
Chip = tuple[int, int]
Position = tuple[float, float]
_CORNERS = [(math.sin(math.pi * k / 3) * RADIUS, math.cos(math.pi * k / 3) * RADIUS) for k in range(6)]
_HEXAGON = " ".join(f"{short(x)},{short(y)}" for x, y in _CORNERS)


@dataclass(frozen=True)
class Picture:
    """What one picture shows: cells of `block` x `block` chips, and links.

    Parameters
    ----------
    seen_from : dict of int to (x, y)
        Of each board the chip as seen from which its chips are placed, if it is not (0, 0).
    """

    title: str
    cells: Sequence[ChipCell]
    links: Sequence[LinkTraffic]
    block: int = 1
    seen_from: Mapping[int, Chip] = field(default_factory=dict)


def pictures(machine: MachineSection) -> list[Picture]:
    """The whole, then the boards that are drawn chip by chip."""
    corners = {row.number: (row.x, row.y) for row in machine.on_boards} if machine.whole and machine.block == 1 else {}
    whole = Picture(machine.name, machine.cells, machine.links, machine.block, corners)
    part = "board" if machine.boards > 1 else "part"
    return [
        whole,
        *(
            Picture(
                f"{part} {view.number} of {machine.name}",
                view.cells,
                view.links,
                seen_from=dict.fromkeys((cell.board for cell in view.cells), (view.x, view.y)),
            )
            for view in machine.views
        ),
    ]


def draw(picture: Picture, machine: MachineSection) -> Markup:
    """Draw chips (or blocks of them) and the traffic between them."""
    place = {(cell.x, cell.y): _place_of(cell, picture, machine) for cell in picture.cells}
    left, right = min(x for x, _ in place.values()), max(x for x, _ in place.values())
    top, bottom = min(y for _, y in place.values()), max(y for _, y in place.values())
    named = machine.boards > 1
    box = (left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN)
    return element(
        "svg",
        element("title", f"{picture.title}: {FIRST_LAYER} by chip"),
        element("g", *_borders(picture, machine, place), class_="borders"),
        element("g", *_links(picture, machine, place), class_="links"),
        element(
            "g", *(_chip(cell, place[cell.x, cell.y], picture.block, named) for cell in picture.cells), class_="chips"
        ),
        element("g", *_dead_links(machine, place), class_="faults") if picture.block == 1 else "",
        viewBox=" ".join(short(side) for side in box),
        class_="board",
        role="group",
        style=f"max-width:{short(box[2] * 1.25)}px;min-width:{short(box[2] * SMALLEST)}px",
    )


def _place_of(cell: ChipCell, picture: Picture, machine: MachineSection) -> Position:
    """Where a cell is drawn; a board that lies across the edges of a torus is drawn in one piece."""
    from_x, from_y = picture.seen_from.get(cell.board, (0, 0))
    x = from_x + (cell.x - from_x) % machine.width
    y = from_y + (cell.y - from_y) % machine.height
    return _place(x / picture.block, y / picture.block)


def _place(x: float, y: float) -> Position:
    return SPACING * (x - y / 2), -SPACING * y * math.sqrt(3) / 2


def _borders(picture: Picture, machine: MachineSection, place: Mapping[Chip, Position]) -> Iterator[Markup]:
    """Lines between boards: the edges of the tiles of neighbours that are on different ones."""
    if picture.block > 1:
        return
    board = {(cell.x, cell.y): cell.board for cell in picture.cells}
    for (x, y), number in board.items():
        for link in range(len(LINKS) // 2):  # the other half are these, seen from the other side
            dx, dy = LINKS[link]
            there = (x + dx) % machine.width, (y + dy) % machine.height
            if there in board and board[there] != number and _beside(place[x, y], place[there], link):
                yield _border(place[x, y], link)


def _border(at: Position, link: int) -> Markup:
    """The edge of the tile of a chip that `link` crosses; tiles fill the plane."""
    way_x, way_y = _place(*LINKS[link])
    x, y = at[0] + way_x / 2, at[1] + way_y / 2
    along_x, along_y = -way_y / (2 * math.sqrt(3)), way_x / (2 * math.sqrt(3))
    return element("line", x1=x - along_x, y1=y - along_y, x2=x + along_x, y2=y + along_y)


def _beside(at: Position, there: Position, link: int) -> bool:
    """Whether a chip is drawn where `link` leads, and not at the other edge of a torus."""
    way_x, way_y = _place(*LINKS[link])
    return math.dist(there, (at[0] + way_x, at[1] + way_y)) < 1


def _chip(cell: ChipCell, place: Position, block: int, named: bool) -> Markup:
    """A hexagon with its texts; the Ethernet chip of a board is `named` after it."""
    share = cell.used / max(cell.cores, 1)
    kind = "hexagon" + (" ethernet" if cell.ethernet and block == 1 else "") + ("" if cell.used else " idle")
    shown = (str(cell.used) if block == 1 else f"{100 * share:.0f} %") if cell.used else ""
    return element(
        "g",
        element("title", _chip_title(cell, block, named)),
        element("polygon", points=_HEXAGON, class_=kind, fill_opacity=opacity(share) if cell.used else None),
        element("text", f"board {cell.board}", y=-29, class_="board-name")
        if named and block == 1 and cell.ethernet
        else "",
        element("text", shown, y=2, class_="load long" if len(shown) > LONG else "load"),
        element("text", f"{cell.x},{cell.y}", y=14, class_="place"),
        "" if cell.cores else cross(0, -4, class_="cross"),
        class_="chip full" if share > FULL else "chip",
        transform=f"translate({short(place[0])} {short(place[1])})",
    )


def opacity(share: float) -> float:
    """How dark a chip is."""
    return LEAST + (1 - LEAST) * min(share, 1.0)


def cross(x: float, y: float, **attributes: str) -> Markup:
    """Two lines that cross at a place."""
    return element(
        "path",
        d=" ".join(f"M{short(x - CROSS)} {short(y + a)}L{short(x + CROSS)} {short(y - a)}" for a in (CROSS, -CROSS)),
        **attributes,
    )


def _chip_title(cell: ChipCell, block: int, named: bool) -> str:
    size = f"{amount(cell.chips, 'chip')} from ({cell.x}, {cell.y}) on"
    if block == 1:
        size = f"chip ({cell.x}, {cell.y})" + (f" of board {cell.board}" if named else "")
    if not cell.cores:
        return f"{size}\n{UNUSABLE}"
    lines = [size, f"{cell.used} of {amount(cell.cores, 'core')} in use"]
    if cell.used:
        lines.append(amount(cell.entries, "routing entry"))
    if cell.used and cell.sdram_bytes is not None:
        lines.append(f"{memory(cell.sdram_bytes)} of SDRAM")
    if cell.dtcm_bytes is not None and cell.used:
        lines.append(f"{memory(cell.dtcm_bytes)} of DTCM in the fullest core")
    if cell.load is not None and cell.used:
        lines.append(f"{percent(cell.load)} of a tick in the busiest core")
    lines.append(f"{count(cell.packets)} packets routed")
    if cell.ethernet and block == 1:
        lines.append("Ethernet chip")
    return "\n".join(lines)


def _dead_links(machine: MachineSection, place: Mapping[Chip, Position]) -> Iterator[Markup]:
    """A cross on each link that cannot be used: half way, or where it leaves the picture."""
    for x, y, link in machine.dead_links:
        dx, dy = LINKS[link]
        there = (x + dx) % machine.width, (y + dy) % machine.height
        title = element("title", f"link {LINK_NAMES[link]} from ({x}, {y}) to ({there[0]}, {there[1]})\n{UNUSABLE}")
        ends = [end for end in (((x, y), link), (there, opposite(link))) if end[0] in place]
        if len(ends) == 2 and _beside(place[x, y], place[there], link):
            del ends[1]
        for end, way in ends:
            at, (way_x, way_y) = place[end], _place(*LINKS[way])
            yield element("g", title, cross(at[0] + way_x / 2, at[1] + way_y / 2, class_="cross"))


def packets(traffic: LinkTraffic) -> float:
    """Packets of the run, or if there was none, those that are expected."""
    return traffic.expected if traffic.sent is None else traffic.sent


def most_packets(machine: MachineSection) -> float:
    """Packets over the busiest link of all pictures."""
    drawn = (machine.links, *(view.links for view in machine.views))
    return max((packets(traffic) for links in drawn for traffic in links), default=0)


def _links(picture: Picture, machine: MachineSection, place: Mapping[Chip, Position]) -> Iterator[Markup]:
    most = most_packets(machine)
    for traffic in picture.links:
        yield _link(traffic, machine, place, packets(traffic) / most if most else 0.0)


def _link(traffic: LinkTraffic, machine: MachineSection, place: Mapping[Chip, Position], share: float) -> Markup:
    dx, dy = LINKS[traffic.link]
    x, y = place[traffic.x, traffic.y]
    way_x, way_y = _place(dx, dy)
    unit_x, unit_y = way_x / SPACING, way_y / SPACING
    start = RADIUS * math.sqrt(3) / 2 + 1
    there = place.get(((traffic.x + dx) % machine.width, (traffic.y + dy) % machine.height))
    beside = there is not None and _beside((x, y), there, traffic.link)
    end = SPACING - start if beside else start + 9
    aside_x, aside_y = -unit_y * ASIDE, unit_x * ASIDE
    return element(
        "line",
        element("title", _link_title(traffic, machine)),
        x1=x + aside_x + unit_x * start,
        y1=y + aside_y + unit_y * start,
        x2=x + aside_x + unit_x * end,
        y2=y + aside_y + unit_y * end,
        stroke_width=width(share),
        class_=colour(traffic.load),
    )


def width(share: float) -> float:
    """How wide a line is, by its share of the traffic of the busiest."""
    return 0.8 + (WIDEST - 0.8) * share


def colour(load: float | None) -> str:
    """The class of a line, by the share of its capacity that a link carries."""
    return "unknown" if load is None else f"l{bisect_right(LOADS, load)}"


def _link_title(traffic: LinkTraffic, machine: MachineSection) -> str:
    dx, dy = LINKS[traffic.link]
    to = ((traffic.x + dx) % machine.width, (traffic.y + dy) % machine.height)
    lines = [f"link {LINK_NAMES[traffic.link]} from ({traffic.x}, {traffic.y}) to ({to[0]}, {to[1]})"]
    if traffic.sent is not None:
        lines.append(f"{traffic.sent:,} packets in the run")
    lines.append(f"{traffic.expected:,.0f} if every source fires once")
    if traffic.load is not None and traffic.rate is not None:
        lines.append(f"{compact(traffic.rate)} packets a second, {percent(traffic.load)} of its capacity")
    return "\n".join(lines)


def arrowhead() -> Markup:
    """What ends the links of a tree, for all pictures of a page."""
    head = element("path", d="M0 0L11 5.5L0 11z")
    size = {"markerWidth": 11, "markerHeight": 11, "refX": 8, "refY": 5.5}
    mark = element("marker", head, id="arrowhead", orient="auto", markerUnits="userSpaceOnUse", **size)
    return element("svg", element("title", "Arrowhead"), element("defs", mark), class_="defs", aria_hidden="true")
