"""A change, and how texts of both sides become changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

ABSENT = "–"
NAMED = 3
"""Names that a list tells; the others are counted."""


@dataclass(frozen=True)
class Change:
    """Something that is not as before: what it is about (`subject`), its texts before and after, and a remark."""

    section: str
    subject: str
    before: str
    after: str
    remark: str = ""


def differing(section: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """A change for each name whose text is not as before."""
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Change(section, name, before.get(name, ABSENT), after.get(name, ABSENT))


def numbered(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Pairs as a dictionary; a name that comes again has its number behind it."""
    found: dict[str, T] = {}
    times: Counter[str] = Counter()
    for name, value in pairs:
        times[name] += 1
        found[name if times[name] == 1 else f"{name} ({times[name]})"] = value
    return found


def some(names: Sequence[str], most: int = NAMED) -> str:
    """The first of many names, and how many there are more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
