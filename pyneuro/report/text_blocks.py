"""Blocks of the text: tables that align, facts, histograms; a line each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from pyneuro.report.tabular import Bar, Block, Cell, Code, Facts, Histogram, Mark
from pyneuro.report.words import NONE, is_number, percent

WIDTH = 100
ROWS = 40
"""Rows of a table; the JSON file has the others."""
NARROWEST = 8
"""Characters that a column of words keeps."""
FAVOUR = 12
"""Characters that the first column, which says what a row is about, may have more than others that are cut."""
BAR = 40
"""Characters of the longest bar of a histogram."""

Lines = Iterator[str]


def lines_of(block: Block) -> Lines:
    """Yield the lines of any block."""
    if isinstance(block, Facts):
        yield from facts(block.pairs)
    elif isinstance(block, Histogram):
        yield block.caption
        yield from histogram(block.bins)
    elif block.rows:
        yield from textwrap.wrap(block.caption, WIDTH)
        yield from table(block.headings, [[plain(cell) for cell in row] for row in block.rows], block.omitted)


def plain(cell: Cell) -> str:
    """A cell as text."""
    if isinstance(cell, Bar):
        return NONE if cell.value is None else percent(cell.value)
    if isinstance(cell, Code):
        return cell.text or NONE
    return cell.text if isinstance(cell, Mark) else cell


def histogram(bins: Sequence[tuple[str, int]]) -> Lines:
    """Yield a line a bin, with a bar as long as it holds much."""
    most = max((count for _, count in bins), default=0) or 1
    wide, long = max(len(text) for text, _ in bins), max(len(f"{count:,}") for _, count in bins)
    for text, count in bins:
        yield f"{text:>{wide}}  {count:>{long},}  {'#' * -(-BAR * count // most)}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], omitted: int = 0) -> Lines:
    """Yield a table; columns of numbers are set to the right."""
    cells = [list(row) for row in rows]
    omitted += max(0, len(cells) - ROWS)
    cells = cells[:ROWS]
    if not cells:
        return
    columns = list(zip(*cells, strict=True))
    right = [all(is_number(cell) for cell in column) for column in columns]
    width = [max(map(len, (head, *column))) for head, column in zip(headings, columns, strict=True)]
    if sum(width) + 2 * (len(width) - 1) > WIDTH:  # long headings take several lines
        width = [max(map(len, (*head.split(), *column))) for head, column in zip(headings, columns, strict=True)]
    _shrink(width, right)
    for row in (*_head(headings, width), *cells):
        fields = (_fit(cell, w, r) for cell, w, r in zip(row, width, right, strict=True))
        yield "  ".join(fields)
    if omitted:
        yield f"... and {omitted:,} more"


def _head(headings: Sequence[str], width: Sequence[int]) -> list[tuple[str, ...]]:
    """The headings, over as many lines as they need."""
    wrapped = [textwrap.wrap(head, max(wide, 1)) or [""] for head, wide in zip(headings, width, strict=True)]
    lines = max(map(len, wrapped))
    return list(zip(*([*[""] * (lines - len(parts)), *parts] for parts in wrapped), strict=True))


def _shrink(width: list[int], right: list[bool]) -> None:
    """Make the widest columns of words narrower until the table fits."""
    words = [i for i, is_number in enumerate(right) if not is_number]
    while sum(width) + 2 * (len(width) - 1) > WIDTH and (wide := [i for i in words if width[i] > NARROWEST]):
        width[max(wide, key=lambda i: width[i] - (FAVOUR if i == 0 else 0))] -= 1


def _fit(cell: str, width: int, right: bool) -> str:
    shown = cell if len(cell) <= width else cell[: width - 1] + "…"
    return shown.rjust(width) if right else shown.ljust(width)


def facts(pairs: Iterable[tuple[str, str]]) -> Lines:
    """Yield a line for each name and value, the values aligned, long ones over several lines."""
    known = list(pairs)
    wide = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        yield from textwrap.wrap(
            value, WIDTH, initial_indent=f"{name.ljust(wide)}  ", subsequent_indent=" " * (wide + 2)
        )
