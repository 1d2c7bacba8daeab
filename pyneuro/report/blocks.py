"""Blocks of the page: tables, figures, names with values, and small bars."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from pyneuro.report.markup import Markup, element, markup, prose
from pyneuro.report.tabular import Bar, Block, Cell, Code, Facts, Histogram, Mark
from pyneuro.report.words import NONE, SYMBOLS, is_number, percent

ROWS = 250
"""Rows of a table; the JSON file has more."""
FOLDED = 16
"""A table with more rows is folded."""
HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT = 320, 84
TAG = re.compile("<[^>]*>")


def block(told: Block) -> Markup:
    """Any block of `pyneuro.report.tabular`."""
    if isinstance(told, Facts):
        return facts(told.pairs)
    if isinstance(told, Histogram):
        return histogram(told.bins, told.caption)
    return table(told.caption, told.headings, ([_cell(cell) for cell in row] for row in told.rows), told.omitted)


def _cell(cell: Cell) -> Markup:
    if isinstance(cell, Bar):
        return share(cell.value)
    if isinstance(cell, Code):
        return element("code", cell.text) if cell.text else Markup(NONE)
    return verdict(cell.good, cell.text) if isinstance(cell, Mark) else markup(cell)


def verdict(good: bool, text: str) -> Markup:
    """A word with a symbol before it, so that it does not depend on colour."""
    kind = "good" if good else "bad"
    return element("span", f"{SYMBOLS[kind]} {text}", class_=f"verdict {kind}")


def table(
    caption: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    omitted: int = 0,
    pair: tuple[str, str] | None = None,
) -> Markup:
    """Return a table, folded if it is long; columns of numbers are set to the right.

    Its caption stands outside what is scrolled where the table is wider than the page.  An empty heading belongs to
    the one before it, which then stands over both columns, and these over the names of the `pair`.
    """
    cells = [list(row) for row in rows]
    if not cells:
        return Markup()
    total, shown = len(cells) + omitted, cells[:ROWS]
    kinds = ["n" if all(_is_number(row[i]) for row in shown) else None for i in range(len(headings))]
    body = [_row(row, kinds) for row in shown]
    rest = f" The first {len(shown):,} of {total:,} rows." if total > len(shown) else ""
    head = element("thead", _head(headings, kinds), _pairs(headings, pair) if pair else "")
    made = element("table", head, element("tbody", *body))
    told = element("figcaption", prose(caption + rest)), element("div", made, class_="scroll")
    captioned = element("figure", *told, class_="table")
    if len(shown) <= FOLDED:
        return captioned
    return element("details", element("summary", f"{caption.partition('.')[0]} ({total:,} rows)"), captioned)


def _is_number(cell: str) -> bool:
    return is_number(html.unescape(TAG.sub("", cell)))


def _head(headings: Sequence[str], kinds: Sequence[str | None]) -> Markup:
    cells = []
    for i, heading in enumerate(headings):
        over = _is_over_two(headings, i)
        if heading:
            scope, kind = ("colgroup", None) if over else ("col", kinds[i])
            cells.append(element("th", heading, scope=scope, colspan=2 if over else None, class_=kind))
    return element("tr", *cells)


def _pairs(headings: Sequence[str], pair: tuple[str, str]) -> Markup:
    """A second row of headings: the names of the `pair` where a heading is over two columns."""
    cells = []
    for i, heading in enumerate(headings):
        if _is_over_two(headings, i):
            cells += [element("th", name, scope="col", class_="n") for name in pair]
        elif heading:
            cells.append(element("td"))
    return element("tr", *cells)


def _is_over_two(headings: Sequence[str], number: int) -> bool:
    return headings[number + 1 : number + 2] == ("",)


def _row(row: Sequence[str], kind: Sequence[str | None]) -> Markup:
    first = element("th", row[0], scope="row", class_=kind[0])
    return element("tr", first, *(element("td", cell, class_=k) for cell, k in zip(row[1:], kind[1:], strict=True)))


def figure(picture: str, caption: str) -> Markup:
    """A picture with its caption, to be scrolled where it is wider than the page."""
    return element("figure", element("div", picture, class_="scroll"), element("figcaption", caption))


def share(value: float | None) -> Markup:
    """A percentage over a bar of that length."""
    if value is None:
        return Markup(NONE)
    bar = element("i", style=f"width:{min(100 * value, 100):.1f}%", class_="over" if value > 1 else None)
    return Markup(percent(value).replace("<", "&lt;") + element("span", bar, class_="share"))


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names and values, a pair a line."""
    return element("dl", *(element("div", element("dt", n), element("dd", prose(v))) for n, v in pairs), class_="facts")


def histogram(bins: Sequence[tuple[str, int]], caption: str) -> Markup:
    """Bars, one a bin, each with its count."""
    most, wide = max(count for _, count in bins) or 1, HISTOGRAM_WIDTH / len(bins)
    bars = [
        element(
            "rect",
            element("title", f"{text}: {count:,}"),
            x=i * wide + wide * 0.06,
            y=HISTOGRAM_HEIGHT * (1 - count / most),
            width=wide * 0.88,
            height=HISTOGRAM_HEIGHT * count / most,
        )
        for i, (text, count) in enumerate(bins)
    ]
    under = HISTOGRAM_HEIGHT + 14
    texts = [
        element("text", bins[0][0], x=0, y=under),
        element("text", bins[-1][0], x=HISTOGRAM_WIDTH, y=under, class_="end") if len(bins) > 1 else "",
        element("text", f"{most:,}", x=HISTOGRAM_WIDTH, y=-4, class_="end"),
    ]
    picture = element(
        "svg",
        element("title", caption),
        *bars,
        *texts,
        viewBox=f"-4 -16 {HISTOGRAM_WIDTH + 8} {HISTOGRAM_HEIGHT + 36}",
        class_="histogram",
        role="img",
    )
    rows = (
        element("tr", element("th", text, scope="row"), element("td", f"{count:,}", class_="n")) for text, count in bins
    )
    values = element("details", element("summary", "values"), element("table", element("tbody", *rows)))
    return element("figure", picture, element("figcaption", caption), values, class_="small")
