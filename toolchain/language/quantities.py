"""Quantities: numbers with units, and what an option that has a unit makes of them.

A number without a unit is in the unit of the option: Hz, bytes, ms, packets/s, or a share of 1.  KB and MB are 1,024
and 1,024 KB, as sizes of memories are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from types import MappingProxyType
from typing import Final

from toolchain.did_you_mean import did_you_mean
from toolchain.errors import MappingError

UNITS: Final[Mapping[str, tuple[str, float]]] = MappingProxyType(
    {
        "%": ("share", 0.01),
        "Hz": ("Hz", 1),
        "kHz": ("Hz", 1_000),
        "MHz": ("Hz", 1_000_000),
        "B": ("bytes", 1),
        "KB": ("bytes", 1024),
        "MB": ("bytes", 1024 * 1024),
        "ms": ("ms", 1),
        "packets/s": ("packets/s", 1),
    }
)
"""What each unit measures, and how many of the unit without a prefix it is."""


@dataclass(frozen=True)
class Quantity:
    """A number with one of `UNITS`.

    Raises
    ------
    MappingError
        For another unit.
    """

    number: int | float
    unit: str

    def __post_init__(self) -> None:
        if isinstance(self.number, bool) or not isinstance(self.number, Real):
            raise MappingError(f"the number of a Quantity must be a number, got {self.number!r}; try Quantity(80, '%')")
        if self.unit not in UNITS:
            raise MappingError(f"there is no unit {self.unit!r}{did_you_mean(str(self.unit), UNITS)}")

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"

    @property
    def measures(self) -> str:
        """What the unit measures."""
        return UNITS[self.unit][0]

    @property
    def plain(self) -> int | float:
        """The number in the unit without a prefix; 80 % is 0.8."""
        factor = UNITS[self.unit][1]
        return self.number / 100 if self.unit == "%" else self.number * factor


def spoken(number: float, measure: str) -> str:
    """A number of what a unit measures, in the largest unit of which it is one or more: 1e6 Hz are ``1 MHz``."""
    units = [(factor, unit) for unit, (measures, factor) in UNITS.items() if measures == measure]
    factor, unit = max([one for one in units if one[0] <= number] or units[:1])
    return f"{number / factor:,.10g} {unit}"


Value = int | float | str | bool | Quantity
"""What may stand where a value is expected."""


def shown(value: object) -> str:
    """A value as a user writes it in a mapping file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
