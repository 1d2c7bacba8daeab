"""Judging parts of statements: values, labels, chips, algorithms and figures, each against what there is.

What is wrong is noted and the work goes on with None in its place, so that one run finds everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from types import MappingProxyType
from typing import Final

from emulator.machine import LINK_NAMES, MAX_EXTENT, Machine
from toolchain.algorithm_options import options_of
from toolchain.algorithms import REGISTRY
from toolchain.figures import FIGURES, SMALL
from toolchain.language.quantities import Quantity, shown, spoken
from toolchain.language.syntax import Statement
from toolchain.options import OptionSpec
from toolchain.problems import Problem, nearest, short
from toolchain.settings import Algorithm, Chip, Objective, Option, Origin

DIRECTIONS: Final = ("east", "northeast", "north", "west", "southwest", "south")
"""Of links 0 to 5; reports call them by `emulator.machine.LINK_NAMES`, which may be said, too."""
LIKELY_PERCENT: Final = 10
"""Whoever writes a plain number that is larger for a share can only have forgotten the %."""


class Judge:
    """What is checked against what there is.

    Attributes
    ----------
    problems : list of Problem
        What was found wrong.
    said : dict
        What may be said once, and where it was.
    machine : Machine, optional
        The machine that is named, for what is said of its chips.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.said: dict[str, Origin] = {}
        self.machine: Machine | None = None

    def wrong(self, message: str, origin: Origin, *hints: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(message, origin, hints))

    def once(self, what: str, origin: Origin) -> bool:
        """Whether `what` is said for the first time; a problem if not."""
        if what not in self.said:
            self.said[what] = origin
            return True
        self.wrong(f"{what} is said twice", origin, f"it was said first in {self.said[what]}")
        return False

    def number(self, what: str, spec: OptionSpec, value: object, origin: Origin) -> int | float | None:
        """A number in the unit of `spec`."""
        plain: object = value
        if isinstance(value, Quantity):
            if value.measures != spec.unit:
                wanted = f"in {spec.unit}" if spec.unit else "a plain number"
                self.wrong(f"{what} is {'a share' if spec.unit == 'share' else wanted}, got {value}", origin)
                return None
            plain = value.plain
        elif spec.unit == "share" and not isinstance(value, bool) and isinstance(value, int | float) and value >= 1:
            whole = "" if value > LIKELY_PERCENT else f" or {float(value):.0%}".replace("%", " %")
            said = f"{what} is a share, where 1 is the whole, got {value}"
            self.wrong(said, origin, f"did you mean {value} %{whole}?")
            return None
        if spec.whole and isinstance(plain, float) and plain.is_integer():
            plain = int(plain)
        if why := spec.wrong(plain):
            if isinstance(value, Quantity) and isinstance(plain, float | int):
                why = f"must be from {spoken(spec.low, spec.unit)} to {spoken(spec.high, spec.unit)}, got {value}"
            elif isinstance(value, bool) and origin.line:
                why = f"must be a number, got {shown(value)}"
            self.wrong(f"{what} {why}", origin)
            return None
        assert isinstance(plain, Real)
        return int(plain) if isinstance(plain, Integral) else float(plain)

    def whole(self, what: str, spec: OptionSpec, value: object, origin: Origin) -> int | None:
        """A whole number in the unit of `spec`."""
        found = self.number(what, spec, value, origin)
        return None if found is None else int(found)

    def label(self, pattern: object, origin: Origin) -> str:
        """A pattern of labels; "" with a problem if it is none."""
        if isinstance(pattern, str) and pattern:
            return pattern
        self.wrong(f"a label, or a pattern of labels, is expected, got {pattern!r}", origin)
        return ""

    def labels(self, statement: Statement, patterns: str | Iterable[str]) -> list[tuple[str, Origin]]:
        """Patterns of labels, and where each stands."""
        every = [patterns] if isinstance(patterns, str) else list(patterns)
        found = [(one, statement.at(f"labels.{i}")) for i, one in enumerate(every)]
        return [(one, origin) for one, origin in found if self.label(one, origin)]

    def options(
        self, kind: str, specs: Mapping[str, OptionSpec], statement: Statement, given: Mapping[str, object]
    ) -> dict[str, Option]:
        """Those of the options that are right."""
        found: dict[str, Option] = {}
        for name, value in given.items():
            spec = specs.get(name)
            if spec is None:
                self.wrong(
                    f"{kind} has no option '{short(str(name))}'",
                    statement.at(f"options.{name}"),
                    *nearest(str(name), specs),
                )
                continue
            number = self.number(f"'{name}'", spec, value, statement.at(f"options.{name}="))
            if number is not None:
                found[name] = number
        return found

    # --- machine ------------------------------------------------------------------------------------------------------

    def chip(self, at: object, origin: Origin) -> Chip | None:
        """The coordinates of a chip that the machine has, as far as it is known."""
        found = self.corner(at, origin)
        if found is not None and self.machine is not None and not self.machine.has_chip(*found):
            self.wrong(f"{self.machine.name} has no chip {found}", origin, extent(self.machine))
            return None
        return found

    def corner(self, at: object, origin: Origin) -> Chip | None:
        """Coordinates where there may be a chip."""
        match at:
            case (Integral() as x, Integral() as y) if 0 <= int(x) < MAX_EXTENT and 0 <= int(y) < MAX_EXTENT:
                return int(x), int(y)
        self.wrong(f"a chip is two whole numbers from 0 to {MAX_EXTENT - 1}, as (3, 4), got {at!r}", origin)
        return None

    def link(self, given: object, statement: Statement, part: str) -> tuple[int, int, int] | None:
        """A link that the machine has, as far as it is known."""
        if not (isinstance(given, tuple) and len(given) == 2):
            self.wrong(f"a link is a chip and a direction, as ((3, 4), 'east'), got {given!r}", statement.at(part))
            return None
        at, direction = given
        chip = self.chip(at, statement.at(f"{part}.chip"))
        origin = statement.at(f"{part}.direction")
        if direction not in (*DIRECTIONS, *LINK_NAMES):
            self.wrong(f"a chip has no link {short(str(direction))}", origin, *nearest(str(direction), DIRECTIONS))
            return None
        number = (LINK_NAMES if direction in LINK_NAMES else DIRECTIONS).index(str(direction))
        if chip is None:
            return None
        if self.machine is not None and not self.machine.links[chip][number]:
            there = [name for name, works in zip(DIRECTIONS, self.machine.links[chip], strict=True) if works]
            self.wrong(
                f"{self.machine.name} has no link {direction} of chip {chip}", origin, f"there are {', '.join(there)}"
            )
            return None
        return *chip, number

    # --- algorithms and figures ---------------------------------------------------------------------------------------

    def algorithm(self, stage: str, given: str | Algorithm, statement: Statement, part: str) -> Algorithm | None:
        """An algorithm of a stage, with options that it has."""
        wanted = given if isinstance(given, Algorithm) else Algorithm(given)
        if not isinstance(wanted.name, str) or not isinstance(wanted.options, Mapping):
            self.wrong(
                f"an algorithm is a name, or one with a dictionary of options, got {given!r}", statement.at(part)
            )
            return None
        there = REGISTRY.get(stage, {})
        if wanted.name not in there:
            self.wrong(
                f"stage '{stage}' has no algorithm '{short(wanted.name)}'",
                statement.at(part),
                *nearest(wanted.name, there),
            )
            return None
        taken = options_of(there[wanted.name])
        options: dict[str, Option] = {}
        for name, value in wanted.options.items():
            at, where = f"{part}.{name}", f"'{name}' of {wanted.name}"
            if name not in taken:
                hints = nearest(name, taken) or (f"{wanted.name} takes no options",)
                self.wrong(f"{stage}: {wanted.name} has no option '{short(name)}'", statement.at(at), *hints)
                continue
            plain = value.plain if isinstance(value, Quantity) and value.measures == "share" else value
            if why := taken[name].wrong(plain):
                self.wrong(f"{where} {why}, got {value}", statement.at(f"{at}="))
            else:
                options[name] = float(plain) if taken[name].kind is float else plain
        return Algorithm(wanted.name, MappingProxyType(options))

    def objective(
        self, weights: Mapping[str, object], statement: Statement, part: str, stage: str = ""
    ) -> Objective | None:
        """A sum of figures that there are; of a stage, of those that it changes."""
        found: dict[str, float] = {}
        for given, weight in weights.items():
            name = str(given)
            origin = statement.at(f"{part}.{name}")
            if name in FIGURES and name not in SMALL:
                self.wrong(f"{name} cannot be minimised", origin, f"it can be required, as in: require {name}")
            elif name not in SMALL:
                self.wrong(f"there is no figure '{short(name)}' to minimise", origin, *nearest(name, SMALL))
            elif stage and not FIGURES[name].depends_on(stage):
                settled = FIGURES[name].stage
                hint = f"stage '{settled}' does, as in: {settled} using ... minimising {name}"
                self.wrong(f"what stage '{stage}' tries does not change {name}", origin, hint)
            elif not isinstance(weight, int | float) or not 0 < weight < float("inf"):
                self.wrong(f"the weight of {name} must be more than 0, got {weight}", origin)
            else:
                found[name] = float(weight)
        if not weights:
            self.wrong("there is no figure to minimise", statement.at(part), "as in: hops + 100 entries")
        return Objective(MappingProxyType(found)) if found else None


def extent(machine: Machine) -> str:
    """Which chips there are, in words."""
    some = "" if machine.chips == machine.width * machine.height else ", not all of them"
    return f"its chips are (0, 0) to ({machine.width - 1}, {machine.height - 1}){some}"
