"""Blocks of the page: tables, figures, names with values, and small bars."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from pyneuro.report.markup import Markup, element
from pyneuro.report.words import NONE, is_number, percent

ROWS = 250
"""Rows of a table; the JSON file has more."""
FOLDED = 16
"""A table with more rows is folded."""
TAG = re.compile("<[^>]*>")


def table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], omitted: int = 0) -> Markup:
    """Return a table, folded if it is long; columns of numbers are set to the right.

    An empty heading belongs to the one before it, which then stands over both columns.
    """
    cells = [list(row) for row in rows]
    if not cells:
        return Markup()
    total, shown = len(cells) + omitted, cells[:ROWS]
    kinds = ["n" if all(_is_number(row[i]) for row in shown) else None for i in range(len(headings))]
    body = [_row(row, kinds) for row in shown]
    rest = f" The first {len(shown):,} of {total:,} rows." if total > len(shown) else ""
    head = element("thead", _head(headings, kinds))
    made = element("table", element("caption", caption + rest), head, element("tbody", *body))
    scrolled = element("div", made, class_="scroll")
    if len(shown) <= FOLDED:
        return scrolled
    return element("details", element("summary", f"{caption.partition('.')[0]} ({total:,} rows)"), scrolled)


def _is_number(cell: str) -> bool:
    return is_number(html.unescape(TAG.sub("", cell)))


def _head(headings: Sequence[str], kinds: Sequence[str | None]) -> Markup:
    cells = []
    for i, heading in enumerate(headings):
        span = 2 if headings[i + 1 : i + 2] == ("",) else None
        if heading:
            cells.append(element("th", heading, scope="col", colspan=span, class_=None if span else kinds[i]))
    return element("tr", *cells)


def _row(row: Sequence[str], kind: Sequence[str | None]) -> Markup:
    first = element("th", row[0], scope="row", class_=kind[0])
    return element("tr", first, *(element("td", cell, class_=k) for cell, k in zip(row[1:], kind[1:], strict=True)))


def figure(picture: str, caption: str) -> Markup:
    """A picture with its caption."""
    return element("figure", picture, element("figcaption", caption))


def share(value: float | None) -> Markup:
    """A percentage over a bar of that length."""
    if value is None:
        return Markup(NONE)
    bar = element("i", style=f"width:{min(100 * value, 100):.1f}%", class_="over" if value > 1 else None)
    return Markup(percent(value).replace("<", "&lt;") + element("span", bar, class_="share"))


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names and values, a pair a line."""
    return element("dl", *(element("div", element("dt", n), element("dd", v)) for n, v in pairs), class_="facts")
