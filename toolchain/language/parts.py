"""Parts of statements from parts of parse trees: values, labels, chips, links, options, objectives.

Each notes where it stood, so that what is found wrong with it later can be shown.  Where a part is wrong already, 1
stands in its place, so that the rest of the statement can be judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lark import Token, Tree

from toolchain.language.quantities import Quantity, Value, shown
from toolchain.language.syntax import Algorithm, Where
from toolchain.problems import Problem, nearest, short
from toolchain.settings import Chip, Origin

LARGEST: Final = 1e18
"""Larger numbers are refused before anything is done with them."""
Node = Tree[Token]


@dataclass(frozen=True)
class Line:
    """A line of a file."""

    file: str
    number: int
    text: str

    def origin(self, start: int, stop: int) -> Origin:
        """The characters from column `start` (from 1) to before `stop`."""
        return Origin(self.file, self.number, start, max(1, stop - start), self.text)

    def of(self, node: Node | Token) -> Origin:
        """Where a part of a parse tree stands."""
        at: Any = node if isinstance(node, Token) else node.meta
        return self.origin(at.column, at.end_column)


@dataclass
class Parts:
    """Makes parts of the statements of one file after the other.

    Parameters
    ----------
    names : dict
        Named values, and where they were given.
    problems : list
        What was found wrong.
    words : frozenset of str
        Words of the language, which cannot be names.
    line : Line
        What is being read.
    parts : dict
        Where each part of its statement stands.
    """

    words: frozenset[str]
    names: dict[str, tuple[Value, Origin]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    line: Line = field(init=False)
    parts: dict[str, Origin] = field(default_factory=dict, init=False)

    def where(self, tree: Node) -> Where:
        """Where the statement and its parts stand."""
        return Where(self.line.of(tree), self.parts)

    def wrong(self, message: str, node: Node | Token, *hints: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(message, self.line.of(node), hints))

    def value(self, node: Node, part: str = "") -> Value:
        """A value; `part` is what it is of the statement."""
        if part:
            self.parts[part] = self.line.of(node)
        if node.data == "named":
            return self.by_name(first_token(node))
        if node.data == "text":
            return str(first_token(node))[1:-1]
        if node.data == "number":
            number, unit = node.children
            plain = self.number(as_token(number))
            return plain if unit is None else Quantity(plain, str(unit))
        return node.data == "yes"

    def by_name(self, token: Token, otherwise: Value = 0) -> Value:
        """The value that was given a name; `otherwise`, with a problem, if none was."""
        if token in self.names:
            return self.names[token][0]
        hints = nearest(token, self.names) if self.names else ()
        self.wrong(
            f"there is no value named '{short(token)}'",
            token,
            *hints,
            f"labels and words are in quotes; values get names by: let {short(token)} = ...",
        )
        return otherwise

    def number(self, token: Token) -> int | float:
        """A number; not a larger one than `LARGEST`."""
        text = token.replace("_", "")
        hexadecimal = text[:2] in ("0x", "0X")
        number = int(text, 16) if hexadecimal else int(text) if re.fullmatch(r"-?\d+", text) else float(text)
        if abs(number) > LARGEST:
            self.wrong(f"{short(token)} is too large", token)
            return 1
        return number

    def label(self, node: Node, part: str) -> str:
        """A pattern of labels; "" where it is none."""
        token = first_token(node)
        self.parts[part] = self.line.of(token)
        found = self.by_name(token, otherwise="") if token.type == "NAME" else token[1:-1]
        if isinstance(found, str):
            return found
        self.wrong(f"a label is expected, and '{token}' is {shown(found)}", token)
        return ""

    def labels(self, tree: Node) -> tuple[str, ...]:
        """Patterns of labels."""
        return tuple(self.label(node, f"labels.{i}") for i, node in enumerate(trees(tree)))

    def chip(self, tree: Node, part: str) -> Chip:
        """The coordinates of a chip."""
        x, y = (self.value(node) for node in trees(tree))
        self.parts[part] = self.line.of(tree)
        if type(x) is not int or type(y) is not int:
            self.wrong(f"a chip is two whole numbers, as (3, 4), got ({x}, {y})", tree)
            return 0, 0
        return x, y

    def links(self, tree: Node) -> tuple[tuple[Chip, str], ...]:
        """Chips and directions."""
        found = []
        for i, link in enumerate(trees(tree)):
            self.parts[f"links.{i}"] = self.line.of(link)
            at, direction = link.children
            found.append((self.chip(as_tree(at), f"links.{i}.chip"), str(direction)))
            self.parts[f"links.{i}.direction"] = self.line.of(direction)
        return tuple(found)

    def options(self, tree: Node | None, part: str = "options") -> dict[str, Value]:
        """Options by name; none may be given twice."""
        found: dict[str, Value] = {}
        for option in trees(tree) if tree is not None else ():
            name, value = option.children
            token = as_token(name)
            if token in found:
                self.wrong(f"'{short(token)}' is given twice", token)
                continue
            self.parts[f"{part}.{token}"] = self.line.of(token)
            found[str(token)] = self.value(as_tree(value), f"{part}.{token}=")
        return found

    def figure(self, tree: Node) -> str:
        """The words of a figure, with one space between them."""
        return " ".join(str(word) for word in tree.children)

    def objective(self, tree: Node, part: str) -> dict[str, float]:
        """Weights of figures; the weight of one may be a named value."""
        weights: dict[str, float] = {}
        for term in trees(tree):
            number, words = term.children
            figure = self.figure(as_tree(words))
            first, _, rest = figure.partition(" ")
            weight: Value = 1 if number is None else self.number(as_token(number))
            if number is None and rest and first in self.names:
                weight, figure = self.names[first][0], rest
            if not isinstance(weight, int | float):
                self.wrong(f"the weight of a figure is a number, and '{first}' is {weight}", term)
                weight = 1
            if figure in weights:
                self.wrong(f"'{short(figure)}' is given twice", term)
            weights[figure] = float(weight)
            self.parts[f"{part}.{figure}"] = self.line.of(as_tree(words))
        return weights

    def algorithm(self, tree: Node, number: int) -> Algorithm:
        """``compact(effort=2)``."""
        name, options = tree.children
        self.parts[f"algorithms.{number}"] = self.line.of(name)
        given: Mapping[str, Any] = self.options(None if options is None else as_tree(options), f"algorithms.{number}")
        return Algorithm(str(name), given)


def trees(tree: Node) -> list[Node]:
    """The parts of a tree that are trees."""
    return [child for child in tree.children if isinstance(child, Tree)]


def first_token(tree: Node) -> Token:
    """The first part of a tree, a token."""
    return as_token(tree.children[0])


def as_token(node: object) -> Token:
    """A part that the grammar has as a token."""
    assert isinstance(node, Token)
    return node


def as_tree(node: object) -> Node:
    """A part that the grammar has as a rule."""
    assert isinstance(node, Tree)
    return node
