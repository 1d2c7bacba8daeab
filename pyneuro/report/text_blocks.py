"""Blocks of the text: tables that align, facts, histograms; a line each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from pyneuro.report.tabular import Bar, Block, Cell, Code, Facts, Histogram, Mark
from pyneuro.report.words import NONE, is_number, percent

WIDTH = 100
ROWS = 40
"""Rows of a table; the JSON file has the others, up to 100,000 cores, trees and chips."""
UNBROKEN = 16
"""Words of so many characters are not broken."""
FAVOUR = 12
"""Characters that the first column, which says what a row is about, may have more than others."""
BAR = 40
"""Characters of the longest bar of a histogram."""

Lines = Iterator[str]


def lines_of(block: Block) -> Lines:
    """Yield the lines of any block."""
    if isinstance(block, Facts):
        yield from facts(block.pairs)
    elif isinstance(block, Histogram):
        yield from textwrap.wrap(block.caption, WIDTH)
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
    """Yield a table; columns of numbers are set to the right, long texts take several lines.

    Where even that is too wide, its further columns follow below, and rows have numbers to find them by.
    """
    cells = [list(row) for row in rows]
    omitted += max(0, len(cells) - ROWS)
    cells = cells[:ROWS]
    if not cells:
        return
    columns = [_Column(*column) for column in zip(headings, zip(*cells, strict=True), strict=True)]
    for number, part in enumerate(_parts(columns)):
        yield from ([""] if number else [])
        yield from _aligned(part)
    if omitted:
        yield f"... and {omitted:,} more"


class _Column:
    """A column, and how many characters it takes: `whole`, with its `words` on lines of their own, or `broken`."""

    def __init__(self, heading: str, cells: Sequence[str]) -> None:
        self.texts = (heading, *cells)
        self.right = all(is_number(cell) for cell in cells)
        head, longest = _longest(heading.split()), _longest(cells)
        self.whole = max(len(heading), longest)
        self.headed = max(head, longest)
        self.words = self.headed if self.right else _longest([word for text in self.texts for word in text.split()])
        self.broken = self.words if self.right else max(head, min(self.words, UNBROKEN))

    def lines(self, width: int) -> list[list[str]]:
        """The lines of heading and cells."""
        return [textwrap.wrap(text, max(width, 1), break_on_hyphens=False) or [""] for text in self.texts]


def _longest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)


def _fits(width: Sequence[int]) -> bool:
    return sum(width) + 2 * (len(width) - 1) <= WIDTH


def _parts(columns: Sequence[_Column]) -> Iterator[list[_Column]]:
    """The columns, or as many at a time as fit."""
    if _fits([column.broken for column in columns]):
        yield [*columns]
        return
    number = _Column("#", [str(i) for i in range(1, len(columns[0].texts))])
    part = [number]
    for column in columns:
        if len(part) > 1 and not _fits([other.words for other in (*part, column)]):
            yield part
            part = [number]
        part.append(column)
    yield part


def _aligned(columns: Sequence[_Column]) -> Lines:
    """Yield the lines of columns beside each other; headings end on the same line."""
    width = _widths(columns)
    head, *rows = zip(*(column.lines(wide) for column, wide in zip(columns, width, strict=True)), strict=True)
    high = max(map(len, head))
    for row in ([[""] * (high - len(lines)) + lines for lines in head], *rows):
        for parts in zip_longest(*row, fillvalue=""):
            placed = zip(columns, parts, width, strict=True)
            yield "  ".join(part.rjust(wide) if column.right else part.ljust(wide) for column, part, wide in placed)


def _widths(columns: Sequence[_Column]) -> list[int]:
    """Characters of each column: headings take several lines first, then cells, and only then words are broken."""
    width = [column.whole for column in columns]
    if _fits(width):
        return width
    width = [column.headed for column in columns]
    _shrink(width, [column.words for column in columns])
    _shrink(width, [column.broken for column in columns])
    return width


def _shrink(width: list[int], least: Sequence[int]) -> None:
    """Make the widest columns narrower, none than `least`, until the table fits."""
    while not _fits(width) and (wide := [i for i, short in enumerate(least) if width[i] > short]):
        width[max(wide, key=lambda i: width[i] - (FAVOUR if i == 0 else 0))] -= 1


def facts(pairs: Iterable[tuple[str, str]]) -> Lines:
    """Yield a line for each name and value, the values aligned, long ones over several lines."""
    known = list(pairs)
    wide = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        yield from textwrap.wrap(
            value, WIDTH, initial_indent=f"{name.ljust(wide)}  ", subsequent_indent=" " * (wide + 2)
        )
