"""Statements: all that can be said about a mapping, one class for each form of a line.

A mapping file is a list of them, and so may be what a script gives to ``setup(mapping=...)``::

    [Machine("3 boards"), DeadChips(((3, 4), (5, 5))), PopulationOptions("L4*", {"neurons_per_core": 128}),
     PlaceNear("L4E", "L4I", hops=2), Using("place", ("hilbert", Algorithm("compact", {"effort": 2})))]

They hold what was said, right or wrong; `toolchain.language.resolve` judges it.  A statement from a file knows where
each of its parts stands there; two that say the same are equal wherever they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from toolchain.language.quantities import Value
from toolchain.settings import Algorithm, Chip, Origin

__all__ = [
    "Algorithm",
    "Attempts",
    "Clock",
    "DeadChips",
    "DeadCores",
    "DeadLinks",
    "ForbiddenLinks",
    "Include",
    "Keys",
    "LinkCapacity",
    "Machine",
    "Minimise",
    "PlaceApart",
    "PlaceNear",
    "PlaceOn",
    "PlaceWith",
    "PopulationOptions",
    "ProjectionOptions",
    "Require",
    "Reserve",
    "Set",
    "Statement",
    "Using",
]

Labels = str | tuple[str, ...]
"""A pattern of labels, or several."""
Link = tuple[Chip, str]
"""A chip, and the direction of one of its links: ``((0, 0), "east")``."""
Options = Mapping[str, Value]


@dataclass(frozen=True)
class Where:
    """Where a statement stands, and each of its parts: fields by name, items of a field as ``field.item``."""

    whole: Origin
    parts: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What all statements have: `where` they stand, None for those of a script."""

    where: Where | None = field(default=None, compare=False, repr=False)

    def at(self, part: str = "") -> Origin:
        """Where a part stands, or the whole statement if the part has no place of its own."""
        if self.where is None:
            return Origin("script", source=repr(self))
        return self.where.parts.get(part, self.where.whole)


@dataclass(frozen=True)
class Include(Statement):
    """The statements of a mapping file, in its place."""

    path: str | Path


@dataclass(frozen=True)
class Machine(Statement):
    """``machine 3 boards``: spin3, spin5, ``N boards``, ``WxH`` (a torus) or ``WxH mesh``."""

    name: str


@dataclass(frozen=True)
class Clock(Statement):
    """``clock 180 MHz``; a plain number is in Hz."""

    frequency: Value


@dataclass(frozen=True)
class LinkCapacity(Statement):
    """``link capacity 5e6 packets/s``: what a link takes."""

    rate: Value


@dataclass(frozen=True)
class DeadChips(Statement):
    """``dead chips (3, 4), (5, 5)``."""

    chips: tuple[Chip, ...]


@dataclass(frozen=True)
class DeadLinks(Statement):
    """``dead links (0, 0) east, (2, 2) north``; a link goes with its other end."""

    links: tuple[Link, ...]


@dataclass(frozen=True)
class DeadCores(Statement):
    """``dead 2 cores on chip (3, 4)``: so many fewer application cores."""

    number: Value
    chip: Chip


@dataclass(frozen=True)
class ForbiddenLinks(Statement):
    """``forbid links (2, 2) north``: they work, and no route may take them."""

    links: tuple[Link, ...]


@dataclass(frozen=True)
class Reserve(Statement):
    """``reserve 1 core, 8 MB, 24 entries on every chip``, for other uses; a plain number of SDRAM is in bytes."""

    cores: Value = 0
    sdram: Value = 0
    entries: Value = 0


@dataclass(frozen=True)
class Set(Statement):
    """``set neurons_per_core = 128, cycles_margin = 80 %``: options of the whole mapping."""

    options: Options


@dataclass(frozen=True)
class PopulationOptions(Statement):
    """``population "L4*": neurons_per_core = 128``: the last statement whose pattern matches counts."""

    labels: Labels
    options: Options


@dataclass(frozen=True)
class ProjectionOptions(Statement):
    """``projection "L4E -> L23E": weight_shift = 2``: for projections whose label, or ``PRE -> POST``, matches."""

    labels: Labels
    options: Options


@dataclass(frozen=True)
class PlaceOn(Statement):
    """``place "retina" on chip (1, 2) core 3``, ``... on board 0`` or ``... on chips (0, 0) to (3, 7)``."""

    labels: Labels
    chip: Chip | None = None
    core: Value | None = None
    board: Value | None = None
    region: tuple[Chip, Chip] | None = None


@dataclass(frozen=True)
class PlaceNear(Statement):
    """``place "L4E" near "L4I" within 2 hops``."""

    labels: Labels
    other: str
    hops: Value = 1


@dataclass(frozen=True)
class PlaceWith(Statement):
    """``place "noise" with "L4E"``: on the same chips, slice by slice."""

    labels: Labels
    other: str


@dataclass(frozen=True)
class PlaceApart(Statement):
    """``place "left" apart from "right"``: on no chip together."""

    labels: Labels
    other: str


@dataclass(frozen=True)
class Keys(Statement):
    """``keys of "retina" from 0x10000 mask 0xFFFF0000``: keys that are fixed."""

    label: str
    key: Value
    mask: Value


@dataclass(frozen=True)
class Using(Statement):
    """``place using hilbert or compact(effort=2) minimising hops``: what a stage tries, and what is best."""

    stage: str
    algorithms: str | Algorithm | tuple[str | Algorithm, ...]
    minimising: str | Mapping[str, float] = ""


@dataclass(frozen=True)
class Minimise(Statement):
    """``minimise hops + 100 entries``: what the best of all mappings is."""

    objective: str | Mapping[str, float]


@dataclass(frozen=True)
class Attempts(Statement):
    """``attempts 5``: how often another way is tried when something does not fit, or a requirement fails."""

    number: Value


@dataclass(frozen=True)
class Require(Statement):
    """``require table entries <= 1000``, ``require real time``, ``require weight error of "L4E" < 1 %``."""

    figure: str
    comparison: str = "is"
    threshold: Value = True
    label: str = ""
