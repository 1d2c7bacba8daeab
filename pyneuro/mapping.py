"""What a script can say about its mapping, with ``setup(mapping=[...])``: the statements of the mapping language.

>>> from pyneuro.mapping import Machine, PlaceNear, Require
>>> statements = [Machine("3 boards"), PlaceNear("L4E", "L4I", hops=2), Require("real time")]
"""

from toolchain.language.quantities import Quantity
from toolchain.language.syntax import (
    Algorithm,
    Attempts,
    Clock,
    DeadChips,
    DeadCores,
    DeadLinks,
    ForbiddenLinks,
    Include,
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
    Using,
)

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
    "Quantity",
    "Require",
    "Reserve",
    "Set",
    "Using",
]
