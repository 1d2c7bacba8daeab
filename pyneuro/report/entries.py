"""The section that tells routing tables: how long they are before and after minimisation, and their entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from emulator.image import RoutingTable
from emulator.machine import FIRST_CORE_BIT, LINK_NAMES
from pyneuro.report.columns import FURTHER, ROWS, digest, first_rows, further
from pyneuro.report.schema.columns import TableColumns
from pyneuro.report.schema.routing import ChipEntries, Entry, TableRow, TablesSection
from pyneuro.report.survey import Survey
from toolchain.map_graph import GraphMapping

CHIPS = 200
"""Chips whose entries are told, as generated and as loaded; of others, those that are loaded."""
GENERATED = 50_000
LOADED = 100_000
"""Entries of whole tables, as generated and as loaded; then those of `CHIPS` are cut and those of others left out."""
FEWEST = 16
"""Entries of a table that is cut."""

Chip = tuple[int, int]
TableOf = Mapping[Chip, RoutingTable]


def tables_section(mapping: GraphMapping, found: Survey) -> TablesSection:
    """Tell the routing tables, before and after minimisation."""
    before = {(table.x, table.y): table for table in mapping.tables.tables}
    after = {(table.x, table.y): table for table in mapping.minimised.tables}
    lengths = {chip: (_length(after.get(chip)), _length(before.get(chip))) for chip in before.keys() | after.keys()}
    chips = sorted(lengths, key=lambda chip: (-lengths[chip][0], -lengths[chip][1], chip))
    told = _columns(chips[: ROWS + FURTHER], before, after, found)
    rows = first_rows(told, TableRow)
    return TablesSection(
        generated=mapping.entries_generated,
        minimised=mapping.entries_minimised,
        most=mapping.entries_max,
        limit=mapping.machine.table_entries,
        chips=len(chips),
        defaultable=int(found.defaultable.sum()),
        link_only=sum(_link_only(table) for table in mapping.tables.tables),
        rows=rows,
        omitted=len(chips) - len(rows),
        more=further(told),
        digest=digest(*(_digest(after.get(chip)).encode() for chip in sorted(chips))),
        entries=tuple(_told(chips, before, after)),
    )


def _told(chips: Sequence[Chip], before: TableOf, after: TableOf) -> Iterator[ChipEntries]:
    """The entries of the fullest chips, before and after; of further ones those of whole tables that are loaded."""
    generated, loaded = GENERATED, LOADED
    for number, chip in enumerate(chips):
        generated, loaded = generated - _length(before.get(chip)), loaded - _length(after.get(chip))
        if number < CHIPS:
            first = _entries(before.get(chip), None if generated >= 0 else FEWEST)
            yield ChipEntries(*chip, first, _entries(after.get(chip), None if loaded >= 0 else FEWEST))
        elif loaded < 0:
            return
        elif chip in after:
            yield ChipEntries(*chip, (), _entries(after[chip]))


def _length(table: RoutingTable | None) -> int:
    return 0 if table is None else len(table.key)


def _link_only(table: RoutingTable) -> int:
    return int(np.count_nonzero(table.route < 1 << FIRST_CORE_BIT))


def _digest(table: RoutingTable | None) -> str:
    return digest(*(() if table is None else (words.tobytes() for words in (table.key, table.mask, table.route))))


def _columns(chips: Sequence[Chip], before: TableOf, after: TableOf, found: Survey) -> TableColumns:
    generated = [before.get(chip) for chip in chips]
    return TableColumns(
        x=tuple(x for x, _ in chips),
        y=tuple(y for _, y in chips),
        generated=tuple(map(_length, generated)),
        minimised=tuple(_length(after.get(chip)) for chip in chips),
        defaultable=tuple(int(found.defaultable[chip]) for chip in chips),
        link_only=tuple(0 if table is None else _link_only(table) for table in generated),
        unique_routes=tuple(0 if table is None else len(np.unique(table.route)) for table in generated),
        digest=tuple(_digest(after.get(chip)) for chip in chips),
    )


def _entries(table: RoutingTable | None, most: int | None = None) -> tuple[Entry, ...]:
    if table is None:
        return ()
    words = zip(table.key[:most].tolist(), table.mask[:most].tolist(), table.route[:most].tolist(), strict=True)
    return tuple((f"0x{key:08x}", f"0x{mask:08x}", route_text(route)) for key, mask, route in words)


@lru_cache(maxsize=4096)
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
