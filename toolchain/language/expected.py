"""Syntax errors in a user's words: what stood there, what was expected, what may have been meant.

The parser knows terminals; `PHRASES` says what those are to a user.  Words of the language stand for themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType
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
PIECE: Final = re.compile(r""""[^"]*"|'[^']*'|[\w.]+|.""", re.DOTALL)
"""What is shown of a line that cannot be read on."""
MEANT: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", 'quotes are written as "'),
        **dict.fromkeys("\u2018\u2019\u201a", "quotes are written as '"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "it is written as -"),
        "\u2264": "it is written as <=",
        "\u2265": "it is written as >=",
        "\u00d7": "it is written as x",
        "{": "options are said as: set neurons_per_core = 64",
    }
)
"""What is written instead of signs that word processors make, or that other languages have."""


def words_of(parser: Lark) -> dict[str, str]:
    """The words and signs that stand for themselves, by the names of their terminals."""
    signs = {t.name: t.pattern.value for t in parser.terminals if isinstance(t.pattern, PatternStr)}
    words = {t.name: t.pattern.raw for t in parser.terminals if t.pattern.raw and t.pattern.raw.isalpha()}
    return signs | words


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
        return Problem(f"{_sign(got)} means nothing here", origin, (MEANT[got],) if got in MEANT else ())
    return _unexpected(words_of(parser), _accepted(error), got, origin)


def _sign(got: str) -> str:
    """What cannot be read on, by its name in Unicode if it cannot be seen."""
    if len(got) > 1 or (got.isprintable() and not got.isspace()):
        return f"'{short(got)}'"
    name = unicodedata.name(got, "a control character").lower()
    return f"U+{ord(got):04X} ({name}), which cannot be seen,"


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
