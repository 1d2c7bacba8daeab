"""From text to statements: files are read line by line, included ones in their place.

Every line is parsed by itself, so an error in one does not hide those in others.  Sizes are limited, so that no file
takes long, and checked before anything is read.  A file that is included by several others is read once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from lark import Lark, UnexpectedInput
from lark.lexer import PatternRE, PatternStr, TerminalDef

from toolchain.language.build import Builder
from toolchain.language.expected import syntax_problem, words_of
from toolchain.language.parts import Line
from toolchain.language.syntax import Statement
from toolchain.problems import Problem
from toolchain.settings import Origin

MAX_BYTES: Final = 1 << 18
"""Of a file and all that it includes."""
MAX_LINE: Final = 2_000
"""Characters of a line."""
MAX_DEPTH: Final = 16
"""Files that include one another."""
MAX_PROBLEMS: Final = 100
"""Where there are as many, the rest of the file is not read."""


@dataclass(frozen=True)
class Parsed:
    """Statements in their order, and what could not be read."""

    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...] = ()


def _whole(terminal: TerminalDef) -> None:
    """Let a word of the language match whole words only, and before names; else ``letter`` would be ``let ter``."""
    word = terminal.pattern.value
    if isinstance(terminal.pattern, PatternStr) and word.isalpha():
        terminal.pattern = PatternRE(rf"{word}(?!\w)", raw=word)
        terminal.priority = 1


@cache
def parser() -> Lark:
    """The parser of lines."""
    grammar = files("toolchain.language").joinpath("mapping.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=True, edit_terminals=_whole)


def parse_file(path: str | Path) -> Parsed:
    """The statements of the mapping file at `path`."""
    reading = _Reading()
    reading.file(Path(path), Origin(str(path)))
    return reading.parsed


def parse_text(text: str, name: str = "mapping", folder: str | Path = ".") -> Parsed:
    """The statements of `text`, which messages call `name`; files that it includes are relative to `folder`."""
    reading = _Reading()
    reading.text(text, name, Path(folder))
    return reading.parsed


class _Reading:
    """What has been read so far, over all files."""

    def __init__(self) -> None:
        self.parser = parser()
        self.builder = Builder(frozenset(words_of(self.parser).values()))
        self.statements: list[Statement] = []
        self.left = MAX_BYTES
        self.open: list[Path] = []
        self.read: set[Path] = set()

    @property
    def parsed(self) -> Parsed:
        return Parsed(tuple(self.statements), tuple(self.builder.problems))

    def wrong(self, message: str, origin: Origin, *hints: str) -> None:
        self.builder.problems.append(Problem(message, origin, hints))

    def file(self, path: Path, origin: Origin) -> None:
        """Read a file that is named at `origin`, unless it has been read."""
        try:
            real = path.resolve()
            if self.refused(path, real, origin) or real in self.read:
                return
            with path.open("rb") as file:
                content = file.read(self.left + 1)
            if len(content) > self.left:
                self.wrong(
                    f"{path} is too long: a mapping and all it includes have {MAX_BYTES:,} bytes at most", origin
                )
                return
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            number = content.count(b"\n", 0, error.start) + 1
            said = f"{path} is no mapping file: line {number} is not text in UTF-8"
            self.wrong(said, origin, "save it as UTF-8 if it is in another encoding")
        except (OSError, ValueError, RuntimeError) as error:
            self.wrong(f"mapping file {path} cannot be read: {getattr(error, 'strerror', None) or error}", origin)
        else:
            self.left -= len(content)
            self.read.add(real)
            self.open.append(real)
            self.text(text, str(path), path.parent)
            self.open.pop()

    def refused(self, path: Path, real: Path, origin: Origin) -> bool:
        """Whether a file is not to be opened; a problem is noted if so."""
        if real in self.open:
            chain = " -> ".join(one.name for one in [*self.open[self.open.index(real) :], real])
            self.wrong(f"{path} includes itself: {chain}", origin)
        elif len(self.open) == MAX_DEPTH:
            self.wrong(f"more than {MAX_DEPTH} files include one another", origin)
        elif not path.is_file():
            self.wrong(f"there is no mapping file {path}", origin)
        else:
            return False
        return True

    def text(self, text: str, name: str, folder: Path) -> None:
        """Read the lines of a text."""
        for line in _lines(text, name):
            if len(self.builder.problems) >= MAX_PROBLEMS:
                self.wrong("too many errors: the rest is not read", line.origin(1, 1))
                return
            self.line(line, folder)

    def line(self, line: Line, folder: Path) -> None:
        """Read a line."""
        if line.text.strip()[:1] in ("", "#"):
            return
        if len(line.text) > MAX_LINE:
            self.wrong(
                f"the line has {len(line.text):,} characters, {MAX_LINE:,} are the limit",
                line.origin(1, 1),
                "say it in several statements",
            )
            return
        try:
            tree = self.parser.parse(line.text)
        except UnexpectedInput as error:
            self.builder.problems.append(syntax_problem(self.parser, line, error))
            return
        if tree.data == "include":
            name = tree.children[0]
            self.file(folder / str(name)[1:-1], line.of(name))
        elif (statement := self.builder.build(tree, line)) is not None:
            self.statements.append(statement)


def _lines(text: str, name: str) -> Iterator[Line]:
    return (Line(name, number, line.rstrip("\r")) for number, line in enumerate(text.split("\n"), 1))
