"""What is said about places and keys: where populations go, what is near or apart, which keys are fixed."""

from __future__ import annotations

from typing import Any, Final, Literal

from toolchain.language import syntax
from toolchain.language.hardware import MachineJudge
from toolchain.language.judge import extent
from toolchain.language.specs import BOARD, CORE, HOPS, KEY
from toolchain.settings import KeyRule, Origin, PlaceRule, Region

KEY_BITS: Final = 0xFFFF_FFFF


class PlaceJudge(MachineJudge):
    """Takes the statements about places and keys."""

    def __init__(self) -> None:
        super().__init__()
        self.placement: list[PlaceRule] = []
        self.key_rules: list[KeyRule] = []

    def take_place_on(self, statement: syntax.PlaceOn) -> None:
        """Take a chip, a core, a board or a region."""
        before = len(self.problems)
        where: dict[str, Any] = {}
        if statement.chip is not None:
            where["chip"] = self.chip(statement.chip, statement.at("chip"))
        if statement.core is not None:
            where["core"] = self.whole("the number of a core", CORE, statement.core, statement.at("core"))
        if statement.board is not None:
            where["board"] = self._board(statement.board, statement.at("board"))
        if statement.region is not None:
            where["region"] = self._region(statement)
        if set(where) not in ({"chip"}, {"chip", "core"}, {"board"}, {"region"}):
            self.wrong("a place is a chip, a chip and one of its cores, a board, or a region of chips", statement.at())
        patterns = self.labels(statement, statement.labels)
        if len(self.problems) == before:
            self.placement += [PlaceRule("on", pattern, **where, origin=origin) for pattern, origin in patterns]

    def _board(self, value: object, origin: Origin) -> int | None:
        number = self.whole("the number of a board", BOARD, value, origin)
        if number is not None and self.machine is not None and number >= self.machine.boards:
            there = "board 0 only" if self.machine.boards == 1 else f"boards 0 to {self.machine.boards - 1}"
            self.wrong(f"{self.machine.name} has {there}", origin)
            return None
        return number

    def _region(self, statement: syntax.PlaceOn) -> Region | None:
        assert statement.region is not None
        if len(statement.region) != 2:
            said = f"a region is the first and the last chip, as ((0, 0), (3, 7)), got {statement.region!r}"
            self.wrong(said, statement.at("region"))
            return None
        corners = [self.corner(at, statement.at(f"region.{i}")) for i, at in enumerate(statement.region)]
        match corners:
            case [(x0, y0), (x1, y1)] if x0 <= x1 and y0 <= y1:
                there = self.machine
                if there is None or (x1 < there.width and y1 < there.height):
                    return Region(x0, y0, x1, y1)
                self.wrong(f"{there.name} ends before chip ({x1}, {y1})", statement.at("region.1"), extent(there))
            case [(x0, y0), (x1, y1)]:
                self.wrong(
                    f"there are no chips from ({x0}, {y0}) to ({x1}, {y1})",
                    statement.at("region.1"),
                    "the first chip is the one at the lower left, the second the one at the upper right",
                )
        return None

    def take_place_near(self, statement: syntax.PlaceNear) -> None:
        """Take how near something is to be."""
        hops = self.whole("the number of hops", HOPS, statement.hops, statement.at("hops"))
        if hops is not None:
            self._beside("near", statement, hops=hops)

    def take_place_with(self, statement: syntax.PlaceWith) -> None:
        """Take what shares chips."""
        self._beside("with", statement)

    def take_place_apart(self, statement: syntax.PlaceApart) -> None:
        """Take what shares none."""
        self._beside("apart", statement)

    def _beside(
        self,
        kind: Literal["near", "with", "apart"],
        statement: syntax.PlaceNear | syntax.PlaceWith | syntax.PlaceApart,
        hops: int = 1,
    ) -> None:
        there = statement.at("other")
        other = self.label(statement.other, there)
        for pattern, origin in self.labels(statement, statement.labels):
            if other:
                self.placement.append(PlaceRule(kind, pattern, other, hops=hops, origin=origin, other_origin=there))

    def take_keys(self, statement: syntax.Keys) -> None:
        """Take keys that are fixed."""
        key = self.whole("a key", KEY, statement.key, statement.at("key"))
        mask = self.whole("a mask", KEY, statement.mask, statement.at("mask"))
        pattern = self.label(statement.label, statement.at("label"))
        if key is None or mask is None or not pattern:
            return
        size = (~mask & KEY_BITS) + 1
        if size & (size - 1):
            self.wrong(f"mask {mask:#010x} is not ones followed by zeros", statement.at("mask"), _mask_hint(size))
        elif key & ~mask:
            hint = f"a block of {size:,} keys begins at a multiple of its size, as {key & mask:#x}"
            self.wrong(f"key {key:#x} has bits that mask {mask:#010x} leaves out", statement.at("key"), hint)
        else:
            self.key_rules.append(KeyRule(pattern, key, mask, statement.at("label")))

    def check_together(self) -> None:
        """Refuse what contradicts something else, naming both."""
        for place in self.placement:
            if place.chip in self.dead:
                hint = f"it is dead in {self.dead[place.chip]}"
                self.wrong(f"'{place.pattern}' cannot be on chip {place.chip}, which is dead", place.origin, hint)
        # Blocks lie apart or one in the other, for each begins at a multiple of its size.
        outer: KeyRule | None = None
        for rule in sorted(self.key_rules, key=lambda rule: (rule.key, rule.mask)):
            if outer is not None and rule.key & outer.mask == outer.key:
                hint = f"those of '{outer.pattern}' are from {outer.key:#x} on, in {outer.origin}"
                self.wrong(f"keys of '{rule.pattern}' are also keys of '{outer.pattern}'", rule.origin, hint)
                self.key_rules.remove(rule)
            else:
                outer = rule


def _mask_hint(size: int) -> str:
    block = 1 << (size - 1).bit_length()
    return f"for a block of {block:,} keys it is {-block & KEY_BITS:#010x}"
