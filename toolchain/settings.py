"""Settings: all that can be said about a mapping, resolved and checked, each with where it was said.

They come from a mapping file, from the command line, from a script, or by default; the algorithms and
`toolchain.compile` see them in this form alone.  Patterns are of labels, with ``*`` and ``?`` as in file names; what
they stand for is found once there is a network or a netlist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from emulator.machine import Machine

Number = int | float
Option = int | float | str | bool
Chip = tuple[int, int]
STAGES = ("partition", "place", "route", "keys", "minimise")
"""The stages that have algorithms to choose from, in their order: keys are allocated along routes."""


@dataclass(frozen=True)
class Origin:
    """Where something was said.

    Parameters
    ----------
    text : str
        ``default``, ``command line``, ``script`` (for statement n ``script:mapping[n]``), ``feedback``, or the file as
        the user named it.
    line, column : int
        From 1; 0 if it is in no file.
    width : int
        Characters from `column` on that say it.
    source : str
        The line, for messages that show it.
    """

    text: str = "default"
    line: int = 0
    column: int = 0
    width: int = field(default=0, repr=False)
    source: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.text}:{self.line}" if self.line else self.text


DEFAULT = Origin()
FEEDBACK = Origin("feedback")
"""Said by the loop that makes another attempt (`toolchain.feedback`)."""
KEPT = Origin("default, kept from the attempt before")
"""Of an algorithm that was the best of the default ones, where another attempt changes something else."""


@dataclass(frozen=True)
class Algorithm:
    """An algorithm of a stage, by its name in `toolchain.algorithms`, with the options that were given."""

    name: str
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.name}({given})" if given else self.name


@dataclass(frozen=True)
class Objective:
    """A sum of figures of a mapping (`toolchain.figures.FIGURES`), each times a weight; less is better."""

    weights: Mapping[str, float]

    def __str__(self) -> str:
        return " + ".join(name if w == 1 else f"{w:g} {name}" for name, w in self.weights.items())


@dataclass(frozen=True)
class Choice:
    """What a stage tries.

    Parameters
    ----------
    algorithms : tuple of Algorithm
        At least one.  Each is tried, and the stages after it find what is best for it.
    objective : Objective, optional
        By which the best is kept; that of the whole mapping if None.
    """

    algorithms: tuple[Algorithm, ...]
    objective: Objective | None = None
    origin: Origin = DEFAULT


@dataclass(frozen=True)
class MachineSettings:
    """The machine: its name (None for the smallest standard one that will do), and what of it cannot be used.

    Parameters
    ----------
    made : Machine, optional
        The machine of that name, where a script made one itself.
    dead_cores : tuple of (x, y, cores)
        So many fewer application cores on chip (x, y).
    dead_links : tuple of (x, y, link)
        A link goes with its other end.
    forbidden_links : tuple of (x, y, link)
        Links that work and that no route may take.
    reserved_cores, reserved_sdram_bytes, reserved_entries : int
        On every chip, for other uses.
    clock_hz, link_capacity : optional
        Cycles of a core and packets over a link, a second; the standard ones if None.
    origin : Origin
        Where the machine was named.
    origins : mapping of str to Origin
        Where each other field was said; of a tuple each item, as ``dead_chips.0``.
    """

    name: str | None = None
    dead_chips: tuple[Chip, ...] = ()
    dead_cores: tuple[tuple[int, int, int], ...] = ()
    dead_links: tuple[tuple[int, int, int], ...] = ()
    forbidden_links: tuple[tuple[int, int, int], ...] = ()
    reserved_cores: int = 0
    reserved_sdram_bytes: int = 0
    reserved_entries: int = 0
    clock_hz: int | None = None
    link_capacity: float | None = None
    made: Machine | None = None
    origin: Origin = DEFAULT
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}), compare=False, repr=False)


@dataclass(frozen=True)
class Rule:
    """A value of an option for what has a label that matches a pattern; the last rule that matches counts.

    Parameters
    ----------
    kind : str
        What the pattern is of.  A projection's may be its label or ``PRE -> POST``.
    option : str
        One of `toolchain.options.POPULATION_OPTIONS` or `PROJECTION_OPTIONS`.
    """

    kind: Literal["population", "projection"]
    pattern: str
    option: str
    value: Option
    origin: Origin = DEFAULT
    option_origin: Origin = field(default=DEFAULT, compare=False)

    @property
    def said(self) -> Origin:
        """Where the option was said, or else the pattern."""
        return self.option_origin if self.option_origin.line else self.origin


@dataclass(frozen=True)
class Region:
    """The chips with ``x0 <= x <= x1`` and ``y0 <= y <= y1``."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class PlaceRule:
    """A constraint on the placement of what has labels that match patterns.

    Parameters
    ----------
    kind : str
        ``on`` a chip, a core, a board or a region; ``near`` (within `hops`), ``with`` (on the same chip: slice i of
        the one with slice i of the other) or ``apart`` from what matches `other`.
    """

    kind: Literal["on", "near", "with", "apart"]
    pattern: str
    other: str = ""
    chip: Chip | None = None
    core: int | None = None
    board: int | None = None
    region: Region | None = None
    hops: int = 1
    origin: Origin = DEFAULT
    other_origin: Origin = DEFAULT


@dataclass(frozen=True)
class KeyRule:
    """Keys that are fixed: slice after slice of the populations that match take blocks from `key` on.

    `mask` is that of a whole population; its slices divide the block.
    """

    pattern: str
    key: int
    mask: int
    origin: Origin = DEFAULT


@dataclass(frozen=True)
class Requirement:
    """What must hold, or the exit status is 1.

    Parameters
    ----------
    text : str
        As the user wrote it.
    figure : str
        One of `toolchain.requirements.FIGURES`.
    threshold : float
        In the figure's unit; a share for percent.
    pattern : str
        Of the populations or projections that it is about; "" for all.
    pattern_origin : Origin
        Where the pattern was said.
    """

    text: str
    figure: str
    operator: Literal["<", "<=", ">", ">=", "is"]
    threshold: float
    pattern: str = ""
    origin: Origin = DEFAULT
    pattern_origin: Origin = field(default=DEFAULT, compare=False)


@dataclass(frozen=True)
class Settings:
    """Everything about a mapping.

    Parameters
    ----------
    options : mapping of str to Option
        Those of `toolchain.options.MappingOptions` that were given.
    stages : mapping of str to Choice
        For those of `STAGES` about which something was said.
    objective : Objective, optional
        Of the whole mapping.
    attempts : int
        How often the feedback loop may try again.
    origins : mapping of str to Origin
        Where each of `options` was said, each field of `machine` but its name, `objective` and `attempts`.
    """

    machine: MachineSettings = MachineSettings()
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))
    rules: tuple[Rule, ...] = ()
    placement: tuple[PlaceRule, ...] = ()
    keys: tuple[KeyRule, ...] = ()
    stages: Mapping[str, Choice] = field(default_factory=lambda: MappingProxyType({}))
    objective: Objective | None = None
    attempts: int = 3
    requirements: tuple[Requirement, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}))

    def on_machine(self, machine: Machine | str, origin: Origin) -> Settings:
        """These settings on another machine, or the one of that name; what is said of its parts holds there, too."""
        made = None if isinstance(machine, str) else machine
        name = machine if isinstance(machine, str) else machine.name
        return replace(self, machine=replace(self.machine, name=name, made=made, origin=origin))

    def with_option(self, name: str, value: Option, origin: Origin) -> Settings:
        """These settings with another value of an option of the whole mapping."""
        return replace(self, options={**self.options, name: value}, origins={**self.origins, name: origin})


UNSAID = Settings()
"""Nothing was said."""
