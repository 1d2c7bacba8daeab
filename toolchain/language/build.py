"""Building statements from the parse trees of lines.

`Builder` has a method for each rule of the grammar that is a statement, under the rule's name.  Named values (``let``)
are put in here, so that statements hold values only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lark import Token, Tree

from toolchain.language.quantities import Quantity, Value
from toolchain.language.render import Problem, nearest, short
from toolchain.language.syntax import (
    Algorithm,
    Attempts,
    Clock,
    DeadChips,
    DeadCores,
    DeadLinks,
    ForbiddenLinks,
    Keys,
    LinkCapacity,
    Machine,
    Minimise,
    PlaceApart,
    PlaceNear,
    PlaceOn,
    PlaceWith,
    PopulationOptions,
    ProjectionOptions,
    Require,
    Reserve,
    Set,
    Statement,
    Using,
    Where,
)
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
class Builder:
    """Makes statements of one file after the other.

    Parameters
    ----------
    names : dict
        Named values, and where they were given.
    problems : list
        What was found wrong.
    words : frozenset of str
        Words of the language, which cannot be names.
    """

    words: frozenset[str]
    names: dict[str, tuple[Value, Origin]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def build(self, tree: Node, line: Line) -> Statement | None:
        """The statement that a line says; None for ``let``, which only gives a name.

        Where something is wrong, the statement has 1 in its place, so that the rest can be judged.
        """
        self.line = line
        self.parts: dict[str, Origin] = {}
        made: Statement | None = getattr(self, tree.data)(tree, *tree.children)
        return made

    # --- parts --------------------------------------------------------------------------------------------------------

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
            return self.by_name(_token(node))
        if node.data == "text":
            return str(_token(node))[1:-1]
        if node.data == "number":
            number, unit = node.children
            plain = self.number(_as_token(number))
            return plain if unit is None else Quantity(plain, str(unit))
        return node.data == "yes"

    def by_name(self, token: Token) -> Value:
        """The value that was given a name."""
        if token in self.names:
            return self.names[token][0]
        hints = nearest(token, self.names) if self.names else ()
        self.wrong(
            f"there is no value named '{short(token)}'",
            token,
            *hints,
            f"labels and words are in quotes; values get names by: let {short(token)} = ...",
        )
        return 0

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
        """A pattern of labels."""
        token = _token(node)
        self.parts[part] = self.line.of(token)
        found = self.by_name(token) if token.type == "NAME" else token[1:-1]
        if not isinstance(found, str) and token in self.names:
            self.wrong(f"a label is expected, and '{token}' is {found}", token)
        return str(found)

    def labels(self, tree: Node) -> tuple[str, ...]:
        """Patterns of labels."""
        return tuple(self.label(node, f"labels.{i}") for i, node in enumerate(_trees(tree)))

    def chip(self, tree: Node, part: str) -> Chip:
        """The coordinates of a chip."""
        x, y = (self.value(node) for node in _trees(tree))
        self.parts[part] = self.line.of(tree)
        if type(x) is not int or type(y) is not int:
            self.wrong(f"a chip is two whole numbers, as (3, 4), got ({x}, {y})", tree)
            return 0, 0
        return x, y

    def links(self, tree: Node) -> tuple[tuple[Chip, str], ...]:
        """Chips and directions."""
        found = []
        for i, link in enumerate(_trees(tree)):
            self.parts[f"links.{i}"] = self.line.of(link)
            at, direction = link.children
            found.append((self.chip(_as_tree(at), f"links.{i}.chip"), str(direction)))
            self.parts[f"links.{i}.direction"] = self.line.of(direction)
        return tuple(found)

    def options(self, tree: Node | None, part: str = "options") -> dict[str, Value]:
        """Options by name; none may be given twice."""
        found: dict[str, Value] = {}
        for option in _trees(tree) if tree is not None else ():
            name, value = option.children
            token = _as_token(name)
            if token in found:
                self.wrong(f"'{short(token)}' is given twice", token)
                continue
            self.parts[f"{part}.{token}"] = self.line.of(token)
            found[str(token)] = self.value(_as_tree(value), f"{part}.{token}=")
        return found

    def figure(self, tree: Node) -> str:
        """The words of a figure, with one space between them."""
        return " ".join(str(word) for word in tree.children)

    def objective(self, tree: Node, part: str) -> dict[str, float]:
        """Weights of figures; the weight of one may be a named value."""
        weights: dict[str, float] = {}
        for term in _trees(tree):
            number, words = term.children
            figure = self.figure(_as_tree(words))
            first, _, rest = figure.partition(" ")
            weight: Value = 1 if number is None else self.number(_as_token(number))
            if number is None and rest and first in self.names:
                weight, figure = self.names[first][0], rest
            if not isinstance(weight, int | float):
                self.wrong(f"the weight of a figure is a number, and '{first}' is {weight}", term)
                weight = 1
            if figure in weights:
                self.wrong(f"'{short(figure)}' is given twice", term)
            weights[figure] = float(weight)
            self.parts[f"{part}.{figure}"] = self.line.of(_as_tree(words))
        return weights

    # --- statements, by the rules of the grammar ----------------------------------------------------------------------

    def let(self, tree: Node, name: Token, value: Node) -> None:
        """Give a value a name, which it keeps."""
        found = self.value(value)
        if name in self.words:
            self.wrong(f"'{name}' is a word of the language, and cannot be the name of a value", name)
        elif name in self.names:
            self.wrong(
                f"there is a value named '{short(name)}' already", name, f"it was named in {self.names[name][1]}"
            )
        else:
            self.names[str(name)] = found, self.line.of(name)

    def machine_by_name(self, tree: Node, name: Token) -> Machine:
        """``machine spin5``."""
        return Machine(str(name), where=self.where(tree))

    def machine_of_boards(self, tree: Node, boards: Node) -> Machine:
        """``machine 3 boards``."""
        number = self.value(boards)
        return Machine("1 board" if number == 1 else f"{number} boards", where=self.where(tree))

    def machine_of_size(self, tree: Node, size: Token, shape: Token) -> Machine:
        """``machine 16x16 torus``."""
        width, height = (int(part) for part in size.split("x"))
        return Machine(f"{width}x{height} {shape}", where=self.where(tree))

    def clock(self, tree: Node, frequency: Node) -> Clock:
        """``clock 180 MHz``."""
        return Clock(self.value(frequency, "frequency"), where=self.where(tree))

    def link_capacity(self, tree: Node, rate: Node) -> LinkCapacity:
        """``link capacity 5e6 packets/s``."""
        return LinkCapacity(self.value(rate, "rate"), where=self.where(tree))

    def dead_chips(self, tree: Node, chips: Node) -> DeadChips:
        """``dead chips (3, 4)``."""
        found = tuple(self.chip(chip, f"chips.{i}") for i, chip in enumerate(_trees(chips)))
        return DeadChips(found, where=self.where(tree))

    def dead_links(self, tree: Node, links: Node) -> DeadLinks:
        """``dead links (0, 0) east``."""
        return DeadLinks(self.links(links), where=self.where(tree))

    def dead_cores(self, tree: Node, number: Node, chip: Node) -> DeadCores:
        """``dead 2 cores on chip (3, 4)``."""
        return DeadCores(self.value(number, "number"), self.chip(chip, "chip"), where=self.where(tree))

    def forbidden_links(self, tree: Node, links: Node) -> ForbiddenLinks:
        """``forbid links (2, 2) north``."""
        return ForbiddenLinks(self.links(links), where=self.where(tree))

    def reserve(self, tree: Node, *amounts: Node) -> Reserve:
        """``reserve 1 core, 8 MB, 24 entries on every chip``."""
        found: dict[str, Value] = {}
        for amount in amounts:
            kind = str(amount.data).removeprefix("amount_of_")
            value = self.value(_trees(amount)[0], kind)
            if kind in found:
                self.wrong(f"{'SDRAM' if kind == 'sdram' else kind} to reserve are given twice", amount)
            if kind == "sdram" and not isinstance(value, Quantity):
                self.wrong(
                    "cores, entries or a unit is missing",
                    amount,
                    "as in: reserve 1 core, 8 MB, 24 entries on every chip",
                )
            found[kind] = value
        return Reserve(**found, where=self.where(tree))

    def set(self, tree: Node, options: Node) -> Set:
        """``set neurons_per_core = 128``."""
        return Set(self.options(options), where=self.where(tree))

    def population(self, tree: Node, labels: Node, options: Node) -> PopulationOptions:
        """``population "L4*": neurons_per_core = 128``."""
        return PopulationOptions(self.labels(labels), self.options(options), where=self.where(tree))

    def projection(self, tree: Node, labels: Node, options: Node) -> ProjectionOptions:
        """``projection "L4E -> L23E": weight_shift = 2``."""
        return ProjectionOptions(self.labels(labels), self.options(options), where=self.where(tree))

    def place_on_chip(self, tree: Node, labels: Node, chip: Node, core: Node | None) -> PlaceOn:
        """``place "retina" on chip (1, 2) core 3``."""
        there = self.chip(chip, "chip")
        number = None if core is None else self.value(core, "core")
        return PlaceOn(self.labels(labels), chip=there, core=number, where=self.where(tree))

    def place_in_region(self, tree: Node, labels: Node, first: Node, last: Node) -> PlaceOn:
        """``place "retina" on chips (0, 0) to (3, 7)``."""
        region = self.chip(first, "region.0"), self.chip(last, "region.1")
        return PlaceOn(self.labels(labels), region=region, where=self.where(tree))

    def place_on_board(self, tree: Node, labels: Node, board: Node) -> PlaceOn:
        """``place "retina" on board 0``."""
        return PlaceOn(self.labels(labels), board=self.value(board, "board"), where=self.where(tree))

    def place_near(self, tree: Node, labels: Node, other: Node, hops: Node | None) -> PlaceNear:
        """``place "L4E" near "L4I" within 2 hops``."""
        distance = 1 if hops is None else self.value(hops, "hops")
        return PlaceNear(self.labels(labels), self.label(other, "other"), distance, where=self.where(tree))

    def place_with(self, tree: Node, labels: Node, other: Node) -> PlaceWith:
        """``place "noise" with "L4E"``."""
        return PlaceWith(self.labels(labels), self.label(other, "other"), where=self.where(tree))

    def place_apart(self, tree: Node, labels: Node, other: Node) -> PlaceApart:
        """``place "left" apart from "right"``."""
        return PlaceApart(self.labels(labels), self.label(other, "other"), where=self.where(tree))

    def keys_of(self, tree: Node, label: Node, key: Node, mask: Node) -> Keys:
        """``keys of "retina" from 0x10000 mask 0xFFFF0000``."""
        first, bits = self.value(key, "key"), self.value(mask, "mask")
        return Keys(self.label(label, "label"), first, bits, where=self.where(tree))

    def using(self, tree: Node, stage: Node, *rest: Node | None) -> Using:
        """``place using hilbert or compact(effort=2) minimising hops``."""
        *named, objective = rest
        algorithms = tuple(self.algorithm(_as_tree(node), i) for i, node in enumerate(named))
        best = "" if objective is None else self.objective(objective, "minimising")
        return Using(str(_token(stage)), algorithms, best, where=self.where(tree))

    def algorithm(self, tree: Node, number: int) -> Algorithm:
        """``compact(effort=2)``."""
        name, options = tree.children
        self.parts[f"algorithms.{number}"] = self.line.of(name)
        given: Mapping[str, Any] = self.options(None if options is None else _as_tree(options), f"algorithms.{number}")
        return Algorithm(str(name), given)

    def minimise(self, tree: Node, objective: Node) -> Minimise:
        """``minimise hops + 100 entries``."""
        return Minimise(self.objective(objective, "objective"), where=self.where(tree))

    def attempts(self, tree: Node, number: Node) -> Attempts:
        """``attempts 5``."""
        return Attempts(self.value(number, "number"), where=self.where(tree))

    def require_it(self, tree: Node, figure: Node) -> Require:
        """``require real time``."""
        self.parts["figure"] = self.line.of(figure)
        return Require(self.figure(figure), where=self.where(tree))

    def require(self, tree: Node, figure: Node, label: Node | None, comparison: Token, threshold: Node) -> Require:
        """``require weight error of "L4E" < 1 %``."""
        self.parts["figure"] = self.line.of(figure)
        pattern = "" if label is None else self.label(label, "label")
        value = self.value(threshold, "threshold")
        return Require(self.figure(figure), str(comparison), value, pattern, where=self.where(tree))


def _trees(tree: Node) -> list[Node]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _token(tree: Node) -> Token:
    return _as_token(tree.children[0])


def _as_token(node: object) -> Token:
    assert isinstance(node, Token)
    return node


def _as_tree(node: object) -> Node:
    assert isinstance(node, Tree)
    return node
