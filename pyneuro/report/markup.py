"""Markup: elements of HTML and SVG as text, in which whatever is not markup already is escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

CODE = re.compile("`([^`]+)`")
VOID = ("meta", "br", "hr", "input")
"""Elements of HTML that have no end tag."""


class Markup(str):
    """Text that is markup; any other text is escaped where it meets markup."""

    __slots__ = ()


def markup(part: str) -> Markup:
    """`part` itself if it is markup, else escaped."""
    return part if isinstance(part, Markup) else Markup(html.escape(part))


def join(parts: Iterable[str], between: str = "") -> Markup:
    """All `parts` as one piece of markup."""
    return Markup(between.join(markup(part) for part in parts))


def element(kind: str, /, *parts: str, **attributes: str | float | None) -> Markup:
    """Return an element of a `kind` with `parts` inside.

    An underscore in the name of an attribute stands for a hyphen, one at its end is dropped (``class_``); an
    attribute that is None is left out. Numbers are written as short as a picture needs them.
    """
    known = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    start = kind + "".join(f' {key}="{html.escape(_written(value))}"' for key, value in known)
    if kind in VOID:
        return Markup(f"<{start}>")
    return Markup(f"<{start}>{join(parts)}</{kind}>")


def prose(text: str) -> Markup:
    """Text in which what stands between backquotes is code."""
    return Markup(CODE.sub(r"<code>\1</code>", markup(text)))


def short(value: float) -> str:
    """A number with up to two decimals, without needless zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else short(value)
