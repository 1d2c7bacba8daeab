"""The section that tells routing tables: how long they are before and after minimisation, and their entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from emulator.image import RoutingTable
from emulator.machine import FIRST_CORE_BIT, LINK_NAMES
from pyneuro.report.machine import ROWS
from pyneuro.report.schema.routing import ChipEntries, Entry, TableRow, TablesSection
from pyneuro.report.survey import Survey
from toolchain.map_graph import GraphMapping

CHIPS = 200
"""Chips whose entries are told, as generated and as loaded."""
ENTRIES = 8000
"""Entries of these chips that are told, of those generated and of those loaded."""
FEWEST = 16
"""Entries of such a chip that are told in any case."""
LOADED = 20_000
"""Entries that are told of further chips, as loaded, so that the way of a key can be explained there."""

Chip = tuple[int, int]


def tables_section(mapping: GraphMapping, found: Survey) -> TablesSection:
    """Tell the routing tables, before and after minimisation."""
    before = {(table.x, table.y): table for table in mapping.tables.tables}
    after = {(table.x, table.y): table for table in mapping.minimised.tables}
    lengths = {chip: (_length(after.get(chip)), _length(before.get(chip))) for chip in before.keys() | after.keys()}
    chips = sorted(lengths, key=lambda chip: (-lengths[chip][0], -lengths[chip][1], chip))
    each = max(FEWEST, ENTRIES // max(1, min(len(chips), CHIPS)))
    return TablesSection(
        generated=mapping.entries_generated,
        minimised=mapping.entries_minimised,
        most=mapping.entries_max,
        limit=mapping.machine.table_entries,
        chips=len(chips),
        defaultable=int(found.defaultable.sum()),
        link_only=sum(_link_only(table) for table in mapping.tables.tables),
        rows=tuple(_row(chip, before.get(chip), after.get(chip), found) for chip in chips[:ROWS]),
        omitted=max(0, len(chips) - ROWS),
        entries=(
            *(
                ChipEntries(*chip, _entries(before.get(chip), each), _entries(after.get(chip), each))
                for chip in chips[:CHIPS]
            ),
            *_loaded([after[chip] for chip in chips[CHIPS:] if chip in after]),
        ),
    )


def _loaded(tables: Sequence[RoutingTable]) -> Iterator[ChipEntries]:
    """The entries of whole tables, until there are too many."""
    left = LOADED
    for table in tables:
        left -= len(table.key)
        if left < 0:
            return
        yield ChipEntries(table.x, table.y, (), _entries(table, len(table.key)))


def _length(table: RoutingTable | None) -> int:
    return 0 if table is None else len(table.key)


def _link_only(table: RoutingTable) -> int:
    return int(np.count_nonzero(table.route < 1 << FIRST_CORE_BIT))


def _row(chip: Chip, before: RoutingTable | None, after: RoutingTable | None, found: Survey) -> TableRow:
    return TableRow(
        *chip,
        generated=_length(before),
        minimised=_length(after),
        defaultable=int(found.defaultable[chip]),
        link_only=0 if before is None else _link_only(before),
        unique_routes=0 if before is None else len(np.unique(before.route)),
    )


def _entries(table: RoutingTable | None, most: int) -> tuple[Entry, ...]:
    if table is None:
        return ()
    words = zip(table.key[:most].tolist(), table.mask[:most].tolist(), table.route[:most].tolist(), strict=True)
    return tuple((f"0x{key:08x}", f"0x{mask:08x}", route_text(route)) for key, mask, route in words)


def route_text(route: int) -> str:
    """The links and cores of a route word: ``E SW 3 5-7``."""
    links = [name for link, name in enumerate(LINK_NAMES) if route >> link & 1]
    return " ".join([*links, *_ranges([p for p in range(32 - FIRST_CORE_BIT) if route >> FIRST_CORE_BIT + p & 1])])


def _ranges(numbers: Sequence[int]) -> list[str]:
    """Ascending numbers as ranges: 3, 5, 6, 7 as ``3`` and ``5-7``."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
