"""Syntax errors in a user's words: what stood there, what was expected, what may have been meant.

The parser knows terminals; `PHRASES` says what those are to a user.  Words of the language stand for themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from lark import Lark, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from toolchain.language.parts import Line
from toolchain.language.quantities import UNITS
from toolchain.problems import Problem, nearest, short
from toolchain.settings import Origin

END: Final = "$END"
VALUE: Final = frozenset({"NAME", "NUMBER", "STRING", "TRUE", "FALSE"})
PHRASES: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (VALUE | {"SIZE"}, "a machine (spin5, 3 boards, 16x16 torus...)"),
    (VALUE, "a value"),
    (frozenset({"NAME", "STRING"}), "a label in quotes"),
    (frozenset({"NUMBER", "WORD"}), "figures (as hops + 100 entries)"),
    (frozenset({"NAME"}), "a name"),
    (frozenset({"OPTION"}), "the name of an option"),
    (frozenset({"ALGORITHM"}), "an algorithm"),
    (frozenset({"DIRECTION"}), "the direction of a link (as east)"),
    (frozenset({"WORD"}), "a figure (as hops)"),
    (frozenset({"STRING"}), "a file name in quotes"),
    (frozenset({"SHAPE"}), "'torus' or 'mesh'"),
    (frozenset({"COMPARISON"}), "a comparison (<, <=, >, >=)"),
    (frozenset({"UNIT"}), "a unit"),
    (frozenset({END}), "the end of the line"),
)
"""What sets of terminals are to a user, the larger ones first."""
MOST: Final = 12
"""Where more words are possible, a statement begins."""
CODE: Final = re.compile(r"""(?:[^#"']|"[^"]*"|'[^']*')*""")
"""A line up to its comment, or to a quote that is not closed."""
PIECE: Final = re.compile(r""""[^"]*"|'[^']*'|[\w.]+|\S""")
"""What is shown of a line that cannot be read on."""


def words_of(parser: Lark) -> dict[str, str]:
    """The words and signs that stand for themselves, by the names of their terminals."""
    return {t.name: t.pattern.value for t in parser.terminals if isinstance(t.pattern, PatternStr)}


def code(text: str) -> str:
    """A line without its comment and the blanks at its end."""
    found = CODE.match(text)
    return text[: found.end() if found else 0].rstrip()


def syntax_problem(parser: Lark, line: Line, error: UnexpectedInput) -> Problem:
    """What `error`, where `line` cannot be read on, is to a user."""
    ended = isinstance(error, UnexpectedToken) and error.token.type == END
    column = len(code(line.text)) + 1 if ended else error.column
    piece = None if ended else PIECE.match(line.text, column - 1)
    got = piece[0] if piece else ""
    origin = line.origin(column, column + len(got))
    if got in ('"', "'"):
        return Problem("this quote is not closed in its line", origin)
    if isinstance(error, UnexpectedCharacters) and not got.isalnum():
        hints = ("options are said as: set neurons_per_core = 64",) if got == "{" else ()
        return Problem(f"'{short(got)}' means nothing here", origin, hints)
    return _unexpected(words_of(parser), _accepted(error), got, origin)


def _accepted(error: UnexpectedInput) -> set[str]:
    """Names of the terminals that could stand there."""
    if isinstance(error, UnexpectedToken):
        return set(error.accepts or error.expected)
    return set(getattr(error, "allowed", None) or ())


def _unexpected(words: dict[str, str], accepted: set[str], got: str, origin: Origin) -> Problem:
    literal = sorted(words[name] for name in accepted - VALUE if name in words)
    if len(literal) > MOST:
        return Problem(f"no statement begins with '{short(got)}'", origin, _beginnings(got, literal))
    instead = f"got '{short(got)}'" if got else "the line ends here"
    hints = nearest(got, [*literal, *(UNITS if "UNIT" in accepted else ())], near_only=True)
    expected = [*(f"'{word}'" for word in literal), *_phrases(accepted)]
    return Problem(f"expected {_either(expected)}, {instead}", origin, hints)


def _beginnings(got: str, words: list[str]) -> tuple[str, ...]:
    return nearest(got, words, near_only=True) or (f"statements begin with {', '.join(words)}",)


def _phrases(accepted: set[str]) -> Iterable[str]:
    rest = set(accepted)
    for names, phrase in PHRASES:
        if names <= rest:
            rest -= names
            yield phrase


def _either(things: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(things[:-1]), things[-1] if things else "something else")))
