"""Long tables: their first rows as rows, those that follow as columns, and digests of what they tell.

An object for each of 20,000 cores would repeat the names of their fields 20,000 times; a list for each field does not.
A digest tells that two tables differ where neither is told in full.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, TypeVar

from pyneuro.report.schema.columns import CoreColumns, TableColumns

Row = TypeVar("Row")
Columns = TypeVar("Columns", CoreColumns, TableColumns)

ROWS = 2000
"""Rows of a table that are told as such."""
FURTHER = 100_000
"""Rows that are told as columns; the number of those left out is given."""
DIGITS = 16


def first_rows(columns: Columns, kind: type[Row]) -> tuple[Row, ...]:
    """The first rows of `columns` as a `kind` that has their names."""
    nothing = (None,) * min(len(columns), ROWS)
    shown = {name: nothing if held is None else held[:ROWS] for name, held in vars(columns).items()}
    return tuple(kind(**dict(zip(shown, row, strict=True))) for row in zip(*shown.values(), strict=True))


def further(columns: Columns) -> Columns | None:
    """The others; None if there are none."""
    if len(columns) <= ROWS:
        return None
    rest: dict[str, Any] = {name: None if held is None else held[ROWS:] for name, held in vars(columns).items()}
    return replace(columns, **rest)


def digest(*parts: bytes) -> str:
    """Hexadecimal digits that differ where `parts` do."""
    return hashlib.blake2b(b"".join(parts), digest_size=DIGITS // 2).hexdigest()
