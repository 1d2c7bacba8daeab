"""The section of the page that shows the machine, and what the script makes of it.

Without the script there are the pictures with the cores in use, and tables with everything else; the script shows
other layers, details of the chip that has the focus, a population, or the tree of a key.
"""

from __future__ import annotations

from pyneuro.report import Report
from pyneuro.report.blocks import block, figure
from pyneuro.report.board import Picture, arrowhead, board_legend, draw, pictures
from pyneuro.report.markup import Markup, element, join
from pyneuro.report.schema.board import MachineSection
from pyneuro.report.told_machine import chips, machine
from pyneuro.report.words import amount, untraced

LAYERS = {
    "cores": "cores",
    "sdram": "SDRAM",
    "dtcm": "DTCM",
    "entries": "table entries",
    "cycles": "cycles",
    "packets": "packets",
}
"""What the chips can be shaded by."""
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
        element("div", draw(whole, found), board_legend(found), class_="picture"),
        element("ol", id="hops", class_="hops", tabindex="0", aria_label="Hops of the key", hidden=""),
        element("div", "", id="detail", class_="detail", aria_live="polite", hidden=""),
        *(_board(view, found, number) for number, view in enumerate(views)),
    ]
    if found.views_omitted:
        parts.append(element("p", f"{amount(found.views_omitted, 'more board')} in use: see the tables."))
    return join((figure(join(parts), _caption(found)), *(block(told) for told in chips(report))))


def _board(view: Picture, found: MachineSection, number: int) -> Markup:
    used = found.views[number]
    size = f"{amount(used.cores_used, 'core')} on {amount(used.chips_used, 'chip')} in use"
    title = f"{view.title[:1].upper()}{view.title[1:]}, from chip ({view.x}, {view.y}) on: {size}"
    body = element("div", draw(view, found), class_="picture")
    return element("details", element("summary", title), body, class_="part", open_="" if number < OPEN else None)


def _caption(found: MachineSection) -> str:
    part = "" if found.whole else " Only the part in use is drawn."
    if found.block > 1:
        part += f" Each hexagon of the first picture stands for {found.block} × {found.block} chips."
    coloured = "" if found.link_load is None else ", coloured by the share of its capacity"
    traffic = f" Lines are the packets over each link, as wide as they are many, a line a direction{coloured}."
    return (
        "Chips are shaded by the share of their cores in use; the number is the cores, the pair below it the chip. A "
        f"bold outline is an Ethernet chip.{traffic}{part} Point at a chip or a line for its figures; the arrow keys "
        "go from chip to chip."
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
    return element("p", f"{untraced(trees)}.", class_="left-out") if trees else Markup()


def _layers(found: MachineSection) -> Markup:
    first = found.cells[0]
    drawn = (found.cells, *(view.cells for view in found.views))
    known = {
        "sdram": any(cell.sdram_bytes for cells in drawn for cell in cells),
        "dtcm": first.dtcm_bytes is not None,
        "cycles": first.load is not None,
    }
    choices = [
        element(
            "label",
            element("input", type="radio", name="layer", value=layer, checked="" if layer == "cores" else None),
            name,
        )
        for layer, name in LAYERS.items()
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
    known = element("datalist", *(element("option", value=row.label) for row in rows), id="sources")
    field = element("input", id="key", list="sources", size="28", placeholder="0x00001000, exc[3] or a slice")
    go = element("button", "Trace", type="button", id="trace")
    return element("span", element("label", "Trace a key or source ", field), known, go, class_="field")
