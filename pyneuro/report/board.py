"""The machine as a picture: chips as hexagons in their triangular mesh, shaded by load, and links by traffic.

Chip (x, y) is drawn at (x - y/2, y sqrt(3)/2), so that the six neighbours of a chip lie around it at equal
distances, as the links join them, and a board of 48 chips is the hexagon that it is.  North is up.  The two
directions of a link are two lines, each on the right of its way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from emulator.machine import LINK_NAMES, LINKS
from pyneuro.report.markup import Markup, element, join, short
from pyneuro.report.schema.mapping import ChipCell, LinkTraffic, MachineSection
from pyneuro.report.words import amount, compact, memory, percent

SPACING = 66.0
RADIUS = 26.0
"""From the middle of a chip to its corners."""
ASIDE = 4.0
"""From the line between two chips to the line of one direction."""
WIDEST = 6.5
MARGIN = 40.0
DARK = 0.55
"""Load from which on a chip is so dark that its text must be light."""


def board_picture(machine: MachineSection) -> Markup:
    """Draw the chips (or blocks of chips) of `machine` and the traffic between them."""
    step = machine.block
    place = {(cell.x, cell.y): _place(cell.x / step, cell.y / step) for cell in machine.cells}
    left, right = min(x for x, _ in place.values()), max(x for x, _ in place.values())
    top, bottom = min(y for _, y in place.values()), max(y for _, y in place.values())
    box = (left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN)
    return element(
        "svg",
        element("title", f"{machine.name}: cores in use by chip"),
        element("g", *_links(machine, place), class_="links"),
        element("g", *(_chip(cell, place[cell.x, cell.y], machine.block) for cell in machine.cells)),
        viewBox=" ".join(short(side) for side in box),
        class_="board",
        role="img",
        style=f"max-width:{short(box[2] * 1.25)}px",
    )


def _place(x: float, y: float) -> tuple[float, float]:
    return SPACING * (x - y / 2), -SPACING * y * math.sqrt(3) / 2


def _chip(cell: ChipCell, place: tuple[float, float], block: int) -> Markup:
    x, y = place
    share = cell.used / cell.cores
    corners = ((math.sin(math.pi * k / 3) * RADIUS + x, math.cos(math.pi * k / 3) * RADIUS + y) for k in range(6))
    kind = "chip" + (" ethernet" if cell.ethernet and block == 1 else "") + ("" if cell.used else " idle")
    return element(
        "g",
        element("title", _chip_title(cell, block)),
        element(
            "polygon",
            points=" ".join(f"{short(a)},{short(b)}" for a, b in corners),
            class_=kind,
            fill_opacity=0.12 + 0.88 * share if cell.used else None,
        ),
        element("text", str(cell.used) if block == 1 else percent(share), x=x, y=y + 2, class_="load")
        if cell.used
        else "",
        element("text", f"{cell.x},{cell.y}", x=x, y=y + 14, class_="place"),
        class_="dark" if share > DARK else "light" if cell.used else None,
    )


def _chip_title(cell: ChipCell, block: int) -> str:
    size = f"chip ({cell.x}, {cell.y})" if block == 1 else f"{amount(cell.chips, 'chip')} from ({cell.x}, {cell.y}) on"
    lines = [size, f"{cell.used} of {amount(cell.cores, 'core')} in use"]
    if cell.used:
        lines.append(amount(cell.entries, "routing entry"))
        lines.append(f"{memory(cell.sdram_bytes)} of SDRAM")
    if cell.ethernet and block == 1:
        lines.append("Ethernet chip")
    return "\n".join(lines)


def packets(traffic: LinkTraffic) -> float:
    """Packets of the run, or if there was none, those that are expected."""
    return traffic.expected if traffic.sent is None else traffic.sent


def _links(machine: MachineSection, place: dict[tuple[int, int], tuple[float, float]]) -> Iterator[Markup]:
    most = max((packets(traffic) for traffic in machine.links), default=0)
    for traffic in machine.links:
        if most and (traffic.x, traffic.y) in place:
            yield _link(traffic, machine, place, packets(traffic) / most)


def _link(
    traffic: LinkTraffic, machine: MachineSection, place: dict[tuple[int, int], tuple[float, float]], share: float
) -> Markup:
    dx, dy = LINKS[traffic.link]
    x, y = place[traffic.x, traffic.y]
    way_x, way_y = _place(dx, dy)
    unit_x, unit_y = way_x / SPACING, way_y / SPACING
    start = RADIUS * math.sqrt(3) / 2 + 1
    beside = (traffic.x + dx, traffic.y + dy) in place
    end = SPACING - start if beside else start + 9
    aside_x, aside_y = -unit_y * ASIDE, unit_x * ASIDE
    return element(
        "line",
        element("title", _link_title(traffic, machine)),
        x1=x + aside_x + unit_x * start,
        y1=y + aside_y + unit_y * start,
        x2=x + aside_x + unit_x * end,
        y2=y + aside_y + unit_y * end,
        stroke_width=0.8 + (WIDEST - 0.8) * share,
        stroke_opacity=0.35 + 0.65 * share,
    )


def _link_title(traffic: LinkTraffic, machine: MachineSection) -> str:
    dx, dy = LINKS[traffic.link]
    to = ((traffic.x + dx) % machine.width, (traffic.y + dy) % machine.height)
    way = f"link {LINK_NAMES[traffic.link]} from ({traffic.x}, {traffic.y}) to ({to[0]}, {to[1]})"
    run = "" if traffic.sent is None else f"\n{traffic.sent:,} packets in the run"
    return f"{way}{run}\n{traffic.expected:,.0f} if every source fires once"


def board_legend(machine: MachineSection) -> Markup:
    """Explain shades and lines."""
    steps = (0.0, 0.25, 0.5, 0.75, 1.0)
    swatches = [
        element(
            "rect",
            x=30 * i,
            y=0,
            width=30,
            height=12,
            class_="chip" if share else "chip idle",
            fill_opacity=0.12 + 0.88 * share if share else None,
        )
        for i, share in enumerate(steps)
    ]
    texts = [element("text", percent(share), x=30 * i + 15, y=24) for i, share in enumerate(steps)]
    most = max((packets(traffic) for traffic in machine.links), default=0)
    lines = [
        join(
            (
                element(
                    "line",
                    x1=190 + 95 * i,
                    x2=215 + 95 * i,
                    y1=6,
                    y2=6,
                    stroke_width=0.8 + (WIDEST - 0.8) * share,
                    stroke_opacity=0.35 + 0.65 * share,
                ),
                element("text", f"{compact(share * most)} packets", x=203 + 95 * i, y=24),
            )
        )
        for i, share in enumerate((0.1, 0.5, 1.0))
        if most
    ]
    return element(
        "svg",
        element("title", "Legend: share of the cores in use, and packets over a link"),
        *swatches,
        *texts,
        element("g", *lines, class_="links"),
        viewBox="-5 -4 470 32",
        class_="legend",
        role="img",
    )
