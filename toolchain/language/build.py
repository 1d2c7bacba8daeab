"""Building statements from the parse trees of lines.

`Builder` has a method for each rule of the grammar that is a statement, under the rule's name.
"""

from __future__ import annotations

from lark import Token

from toolchain.language.parts import Line, Node, Parts, as_tree, first_token, trees
from toolchain.language.quantities import Quantity, Value
from toolchain.language.syntax import (
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
)
from toolchain.problems import short


class Builder(Parts):
    """Makes statements, and keeps the values that have names."""

    def build(self, tree: Node, line: Line) -> Statement | None:
        """The statement that a line says; None for ``let``, which only gives a name.

        Where something is wrong, the statement has 1 in its place, so that the rest can be judged.
        """
        self.line = line
        self.parts = {}
        made: Statement | None = getattr(self, tree.data)(tree, *tree.children)
        return made

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
        """``machine spin5``, ``machine "3 boards"``."""
        return Machine(name[1:-1] if name.type == "STRING" else str(name), where=self.where(tree))

    def machine_of_boards(self, tree: Node, boards: Node) -> Machine:
        """``machine 3 boards``."""
        number = self.value(boards)
        return Machine("1 board" if number == 1 else f"{number} boards", where=self.where(tree))

    def machine_of_size(self, tree: Node, size: Token, shape: Token | None) -> Machine:
        """``machine 16x16``, a torus, or ``machine 16x16 mesh``."""
        width, height = (int(part) for part in size.split("x"))
        return Machine(f"{width}x{height} {shape or 'torus'}", where=self.where(tree))

    def clock(self, tree: Node, frequency: Node) -> Clock:
        """``clock 180 MHz``."""
        return Clock(self.value(frequency, "frequency"), where=self.where(tree))

    def link_capacity(self, tree: Node, rate: Node) -> LinkCapacity:
        """``link capacity 5e6 packets/s``."""
        return LinkCapacity(self.value(rate, "rate"), where=self.where(tree))

    def dead_chips(self, tree: Node, chips: Node) -> DeadChips:
        """``dead chips (3, 4)``."""
        found = tuple(self.chip(chip, f"chips.{i}") for i, chip in enumerate(trees(chips)))
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
            value = self.value(trees(amount)[0], kind)
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
        algorithms = tuple(self.algorithm(as_tree(node), i) for i, node in enumerate(named))
        best = "" if objective is None else self.objective(objective, "minimising")
        return Using(str(first_token(stage)), algorithms, best, where=self.where(tree))

    def minimise(self, tree: Node, objective: Node) -> Minimise:
        """``minimise hops + 100 entries``."""
        return Minimise(self.objective(objective, "objective"), where=self.where(tree))

    def attempts(self, tree: Node, number: Node) -> Attempts:
        """``attempts 5``."""
        return Attempts(self.value(number, "number"), where=self.where(tree))

    def require_it(self, tree: Node, figure: Node, label: Node | None) -> Require:
        """``require real time``, ``require real time of "L4E"``."""
        self.parts["figure"] = self.line.of(figure)
        pattern = "" if label is None else self.label(label, "label")
        return Require(self.figure(figure), label=pattern, where=self.where(tree))

    def require(self, tree: Node, figure: Node, label: Node | None, comparison: Token, threshold: Node) -> Require:
        """``require weight error of "L4E" < 1 %``."""
        self.parts["figure"] = self.line.of(figure)
        pattern = "" if label is None else self.label(label, "label")
        value = self.value(threshold, "threshold")
        return Require(self.figure(figure), str(comparison), value, pattern, where=self.where(tree))
