"""What the script of the page needs to know: chips, links, populations and trees, as short JSON.

The pictures are listed in the order of the page, their cells and links in the order in which they are drawn, so that
the script finds by its number what an element stands for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from emulator.machine import LINK_NAMES, LINKS
from pyneuro.report import Report
from pyneuro.report.board import FULL, LEAST, pictures
from pyneuro.report.markup import Markup, element
from pyneuro.report.schema.board import ChipCell, LinkTraffic

ENTRIES = 28_000
"""Entries that the script of the page knows, so that it can explain the way of a key."""


def page_data(report: Report) -> Markup:
    """The data, in an element that no browser runs."""
    text = json.dumps(data(report), separators=(",", ":"), ensure_ascii=False)
    # In a script element nothing is escaped but what could end it, and JSON has a way to write that.
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return element("script", Markup(safe), type="application/json", id="report-data")


def data(report: Report) -> dict[str, Any]:
    """The same as dictionaries and lists."""
    machine = report.machine
    assert machine is not None
    tables = [*_tables(report)]
    return {
        "links": [*map(list, LINKS)],
        "linkNames": LINK_NAMES,
        "size": [machine.width, machine.height],
        "limits": {"sdram": machine.sdram_limit, "dtcm": machine.dtcm_limit, "entries": machine.table_limit},
        "boards": machine.boards,
        "pictures": [
            {
                "title": picture.title,
                "block": picture.block,
                "cells": [*map(_cell, picture.cells)],
                "links": [*map(_link, picture.links)],
            }
            for picture in pictures(machine)
        ],
        "shades": [LEAST, FULL],
        "cores": [
            [row.label, row.x, row.y, row.p, row.key is not None] for row in (report.cores.rows if report.cores else ())
        ],
        "populations": [
            [row.population, row.cores, row.chips, row.on, row.over, _sends(report, row.population)]
            for row in (report.places.rows if report.places else ())
        ],
        "nets": [
            [row.label, row.x, row.y, row.p, int(row.key, 16), int(row.mask, 16), row.path, row.keys]
            for row in (report.routes.rows if report.routes else ())
        ],
        "netsOmitted": report.routes.omitted if report.routes else 0,
        "tables": tables,
        "tablesOmitted": report.tables.chips - len(tables) if report.tables else 0,
    }


def _sends(report: Report, population: str) -> bool:
    """Whether a population sends anything, as far as this is told."""
    return (
        report.keys is None or report.keys.omitted > 0 or any(row.population == population for row in report.keys.rows)
    )


def _tables(report: Report) -> Iterator[list[Any]]:
    """Of each chip the entries that its table has, and the keys and masks of those, until there are too many."""
    left = ENTRIES
    if report.tables:
        lengths = {(row.x, row.y): row.minimised for row in report.tables.rows}
        for chip in report.tables.entries:
            left -= len(chip.minimised)
            if left < 0:
                return
            words = [int(word, 16) for key, mask, _ in chip.minimised for word in (key, mask)]
            yield [chip.x, chip.y, lengths.get((chip.x, chip.y), len(chip.minimised)), words]


def _cell(cell: ChipCell) -> list[float | None]:
    load = None if cell.load is None else float(f"{cell.load:.4g}")
    counts = (cell.used, cell.cores, cell.sdram_bytes, cell.dtcm_bytes, cell.entries)
    return [cell.x, cell.y, *counts, load, float(f"{cell.packets:.6g}"), cell.board]


def _link(traffic: LinkTraffic) -> list[float | None]:
    load = None if traffic.load is None else float(f"{traffic.load:.4g}")
    return [traffic.x, traffic.y, traffic.link, traffic.expected, traffic.sent, load]
