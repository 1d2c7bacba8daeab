"""The section of the page that shows the machine, and what the script makes of it.

Without the script there are the pictures with the cores in use, and tables with everything else; the script shows
other layers, details of the chip that has the focus, a population, or the tree of a key.
"""

from __future__ import annotations

from pyneuro.report import Report
from pyneuro.report.blocks import block
from pyneuro.report.board import FIRST_LAYER, Picture, arrowhead, draw, pictures
from pyneuro.report.legend import board_legend
from pyneuro.report.markup import Markup, element, join, prose
from pyneuro.report.schema.board import MachineSection
from pyneuro.report.told_machine import boards, chips, machine
from pyneuro.report.words import amount, untraced

LAYERS = {
    "cores": ("cores", "the share of their cores in use; the number is those cores"),
    "sdram": ("SDRAM", "the share of their SDRAM in use; the number is its bytes"),
    "dtcm": ("DTCM", "the share of its DTCM that the fullest core uses"),
    "entries": ("table entries", "the share of their routing table in use; the number is its entries"),
    "cycles": ("cycles", "the share of a tick that the busiest core needs"),
    "packets": ("packets", "the packets that they route, against those of the busiest chip; the number is the packets"),
}
"""What the chips can be shaded by: the name, and what shade and number then are."""
OPEN = 3
"""Boards that are unfolded."""


def board_section(report: Report) -> Markup:
    """The machine: how much of it is used, pictures, controls, and all figures of the chips."""
    found = report.machine
    if found is None:
        return Markup()
    whole, *views = pictures(found)
    parts = [
        *(block(told) for told in machine(report)),
        _controls(report, found),
        arrowhead(),
        _drawn(whole, found),
        board_legend(found),
        element("ol", id="hops", class_="hops", tabindex="0", aria_label="Hops of the key", hidden=""),
        element("div", "", id="detail", class_="detail", aria_live="polite", hidden=""),
        *(_board(view, found, number) for number, view in enumerate(views)),
    ]
    if found.views_omitted:
        more = amount(found.views_omitted, f"more {'board' if found.boards > 1 else 'part'}")
        parts.append(element("p", f"{more} in use: see the tables below."))
    picture = element("figure", *parts, element("figcaption", *_caption(found)))
    return join((picture, *(block(told) for told in (*boards(report), *chips(report)))))


def _board(view: Picture, found: MachineSection, number: int) -> Markup:
    used = found.views[number]
    size = f"{amount(used.cores_used, 'core')} on {amount(used.chips_used, 'chip')} in use"
    title = f"{view.title[:1].upper()}{view.title[1:]}, from chip ({used.x}, {used.y}) on: {size}"
    return element(
        "details", element("summary", title), _drawn(view, found), class_="part", open_="" if number < OPEN else None
    )


def _drawn(picture: Picture, found: MachineSection) -> Markup:
    """A picture, to be scrolled where it is wider than the page."""
    return element("div", draw(picture, found), class_="scroll")


def _caption(found: MachineSection) -> tuple[str, ...]:
    part = "" if found.whole else " Only the part in use is drawn."
    if found.block > 1:
        part += f" Each hexagon of the first picture stands for {found.block} × {found.block} chips."
    boards = " Dashed lines part boards." if found.boards > 1 and found.block == 1 else ""
    if boards and found.whole:
        boards += " Boards are drawn whole: a link that ends in the open goes on at the other side of the machine."
    coloured = "" if found.link_load is None else ", coloured by the share of its capacity"
    traffic = f" Lines are the packets over each link, as wide as they are many, a line a direction{coloured}."
    return (
        "Chips are shaded by ",
        element("span", LAYERS[FIRST_LAYER][1], id="shaded-by"),
        f". The pair is the chip, a bold outline an Ethernet chip.{boards}{traffic}{part} Point at a chip or a line "
        "for its figures.",
        element("span", " The arrow keys go from chip to chip.", id="keys-help", hidden=""),
    )


def _controls(report: Report, found: MachineSection) -> Markup:
    """What the script listens to; hidden without it."""
    return element(
        "form",
        _layers(found),
        _populations(report),
        _nets(report),
        element("button", "Clear", type="button", id="clear"),
        _left_out(report),
        element("p", "", id="told", class_="told", role="status"),
        id="controls",
        class_="controls",
        hidden="",
    )


def _left_out(report: Report) -> Markup:
    """What cannot be traced on this page, and how to see it."""
    trees = report.routes.untraced if report.routes else 0
    return element("p", prose(f"{untraced(trees)}."), class_="left-out") if trees else Markup()


def _layers(found: MachineSection) -> Markup:
    first = found.cells[0]
    known = {
        "sdram": first.sdram_bytes is not None,
        "dtcm": first.dtcm_bytes is not None,
        "cycles": first.load is not None,
    }
    choices = [
        element(
            "label",
            element(
                "input",
                type="radio",
                name="layer",
                value=layer,
                data_shade=shade,
                checked="" if layer == FIRST_LAYER else None,
            ),
            name,
        )
        for layer, (name, shade) in LAYERS.items()
        if known.get(layer, True)
    ]
    return element("fieldset", element("legend", "Chips show"), *choices)


def _populations(report: Report) -> Markup:
    rows = report.places.rows if report.places else ()
    options = [element("option", row.population, value=str(number)) for number, row in enumerate(rows)]
    choice = element("select", element("option", "none", value=""), *options, id="population")
    return element("label", "Highlight population ", choice, class_="field")


def _nets(report: Report) -> Markup:
    rows = report.routes.rows if report.routes else ()
    there = (element("option", value=row.label) for row in rows if row.path is not None)
    known = element("datalist", *there, id="sources")
    field = element("input", id="key", list="sources", size="28", placeholder="0x00001000, exc[3] or a slice")
    go = element("button", "Trace", type="button", id="trace")
    return element("span", element("label", "Trace a key or source ", field), known, go, class_="field")
