"""Tables and facts, as text and page show them: what is told once, and rendered twice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """A share of a limit; None where it is not known."""

    value: float | None


@dataclass(frozen=True)
class Code:
    """A word of the machine, as a key; None where there is none."""

    text: str | None


@dataclass(frozen=True)
class Mark:
    """Whether something is as it should be, and the word for it."""

    good: bool
    text: str


Cell = str | Bar | Code | Mark


@dataclass(frozen=True)
class Table:
    """Rows under headings; `omitted` are rows that the report does not have."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    omitted: int = 0


@dataclass(frozen=True)
class Facts:
    """Names and values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Histogram:
    """How many there are in each bin."""

    caption: str
    bins: tuple[tuple[str, int], ...]


Block = Table | Facts | Histogram
