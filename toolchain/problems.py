"""Problems: what is wrong with what a user said, shown with the line that says it.

::

    retina.map:3:21: error: place: compact has no option 'efort'
       3 | place using compact(efort=2)
         |                     ^^^^^
         = did you mean 'effort'?
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from toolchain.did_you_mean import close_name
from toolchain.errors import MappingError
from toolchain.settings import Origin

SHOWN_OF_A_PLACE = 3
"""Of many problems in one place, so many are shown."""
LONGEST_NAME = 60
"""Of a name that is repeated in a message, or compared with others."""
MOST_LISTED = 24
"""Names that a hint lists."""
MOST_NAMES = 2_000
"""Names among which the nearest one is looked for."""
WIDEST = 160
"""Characters of a line that are shown."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, what to try, and where else that was said which it is about."""

    message: str
    origin: Origin
    hints: tuple[str, ...] = field(default=())
    also: tuple[Origin, ...] = field(default=())

    def __str__(self) -> str:
        return render(self)


class SettingsError(MappingError):
    """All that is wrong with what was said about a mapping."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = "an error" if len(problems) == 1 else f"{len(problems)} errors"
        super().__init__(f"{count} in what is said about the mapping\n{render_all(problems)}")
        self.problems = tuple(problems)


def render_all(problems: Iterable[Problem]) -> str:
    """The problems, one after the other; of many in one place the first few, and how many there are."""
    places: dict[tuple[Origin, str], list[Problem]] = {}
    for problem in problems:
        places.setdefault((problem.origin, problem.origin.source), []).append(problem)
    return "\n".join(text for here in places.values() for text in _few(here))


def _few(problems: list[Problem]) -> list[str]:
    more = len(problems) - SHOWN_OF_A_PLACE
    texts = [render(problem) for problem in problems[:SHOWN_OF_A_PLACE]]
    return texts if more <= 0 else [*texts, f"     = and {more} more error{'s' if more > 1 else ''} here"]


def render(problem: Problem) -> str:
    """A problem as text: where and what, the line with the place marked, the hints, the other lines."""
    origin = problem.origin
    lines = [f"{_place(origin)}: error: {problem.message}", *_shown(origin)]
    lines += [f"{_margin(origin)} = {hint}" for hint in problem.hints]
    for other in dict.fromkeys(problem.also):
        if other.source and other != origin:
            lines += [f"{_place(other)}: note: together with this", *_shown(other)]
    return "\n".join(lines)


def _place(origin: Origin) -> str:
    return f"{origin.text}:{origin.line}:{origin.column}" if origin.line else origin.text


def _margin(origin: Origin) -> str:
    return " " * max(4, len(str(origin.line)))


def _shown(origin: Origin) -> list[str]:
    """The line, cut to a window around the place, and carets below it."""
    if not origin.source:
        return []
    margin = _margin(origin)
    number = (str(origin.line) if origin.line else "").rjust(len(margin))
    first = max(0, origin.column + min(origin.width, WIDEST // 2) - WIDEST)
    source = origin.source.expandtabs(1)
    window = "".join(c if c.isprintable() else "?" for c in source[first : first + WIDEST])
    lines = [f"{number} | {window}".rstrip()]
    if origin.column:
        start = origin.column - 1 - first
        marked = window[start : start + max(1, origin.width)]
        lines.append(f"{margin} | {' ' * _width(window[:start])}{'^' * max(1, _width(marked))}")
    return lines


def _width(text: str) -> int:
    """Columns of a terminal that `text` takes: two for an ideograph or an emoji, none for an accent of its own.

    As in Unicode Standard Annex 11, East Asian Width.
    """
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def nearest(name: str, known: Iterable[str], *, near_only: bool = False) -> tuple[str, ...]:
    """The hint for an unknown name: the nearest there is, or unless `near_only` all if they are few; () if none is."""
    names = list(islice(known, MOST_NAMES))
    if close := close_name(name[:LONGEST_NAME], names):
        return (f"did you mean '{close}'?",)
    return (f"there are {', '.join(names)}",) if 0 < len(names) <= MOST_LISTED and not near_only else ()


def short(name: str) -> str:
    """A name as messages repeat it."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."
