"""The legend of the machine's pictures: what shades, widths and colours of lines, and crosses mean."""

from __future__ import annotations

from collections.abc import Iterator

from pyneuro.report.board import LOADS, cross, most_packets, opacity, width
from pyneuro.report.markup import Markup, element, join, short
from pyneuro.report.schema.board import MachineSection
from pyneuro.report.words import compact, percent

SAMPLE, SHADE = 92.0, 42.0
"""Width of a sample, a line or a shade."""


def board_legend(machine: MachineSection) -> Markup:
    """Explain shades, lines and crosses."""
    rows = (
        ("Share of the limit in use", "", SHADE, _shades()),
        ("Packets over a link", "links", SAMPLE, _widths(most_packets(machine))),
        ("Share of a link's capacity", "links", SAMPLE, _colours(machine)),
        ("What is crossed out", "", SAMPLE, _crosses(machine)),
    )
    return element(
        "div", *(_legend(title, kind, wide, list(parts)) for title, kind, wide, parts in rows), class_="legend"
    )


def _legend(title: str, kind: str, wide: float, parts: list[Markup]) -> Markup:
    """A row of samples, each so `wide`, with a text below."""
    if not parts:
        return Markup()
    placed = (element("g", part, transform=f"translate({short(wide * i)} 0)") for i, part in enumerate(parts))
    box = f"0 -4 {short(wide * len(parts))} 34"
    return element("svg", element("title", title), *placed, viewBox=box, class_=kind or None, role="img")


def _sample(text: str, **line: str | float | None) -> Markup:
    """A line with its text."""
    middle = SAMPLE / 2
    return join(
        (
            element("line", x1=middle - 14, x2=middle + 14, y1=6, y2=6, **line),
            element("text", text, x=middle, y=26),
        )
    )


def _shades() -> Iterator[Markup]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        kind, dark = ("hexagon", opacity(share)) if share else ("hexagon idle", None)
        shade = element("rect", x=0, y=0, width=SHADE, height=12, class_=kind, fill_opacity=dark)
        yield join((shade, element("text", percent(share), x=SHADE / 2, y=26)))


def _widths(most: float) -> Iterator[Markup]:
    for share in (0.1, 0.5, 1.0):
        if most:
            text = f"{compact(share * most)} packets"
            yield _sample(text, stroke_width=width(share), class_="unknown")


def _colours(machine: MachineSection) -> Iterator[Markup]:
    if machine.link_load is None:
        return
    names = [f"< {percent(LOADS[0])}", *(f"from {percent(bound)}" for bound in LOADS)]
    for i, name in enumerate(names):
        yield _sample(name, stroke_width=4, class_=f"l{i}")


def _crosses(machine: MachineSection) -> Iterator[Markup]:
    if machine.dead_chips or machine.dead_links:
        middle = SAMPLE / 2
        yield join((cross(middle, 6, class_="cross"), element("text", "cannot be used", x=middle, y=26)))
