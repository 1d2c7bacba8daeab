"""Limits of what is said in figures, besides the options of `toolchain.options`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from emulator.machine import MAX_APPLICATION_CORES, SDRAM_BYTES, TABLE_ENTRIES
from toolchain.options import OptionSpec

MACHINE: Final[Mapping[str, OptionSpec]] = MappingProxyType(
    {
        "clock": OptionSpec("the clock", 1e6, 1e9, whole=True, unit="Hz"),
        "link capacity": OptionSpec("the capacity of a link", 1, 1e12, unit="packets/s"),
        "cores": OptionSpec("the number of cores to reserve", 0, MAX_APPLICATION_CORES - 1, whole=True),
        "sdram": OptionSpec("the SDRAM to reserve", 0, SDRAM_BYTES - 1, whole=True, unit="bytes"),
        "entries": OptionSpec("the number of table entries to reserve", 0, TABLE_ENTRIES - 1, whole=True),
    }
)
"""Of the machine."""
DEAD_CORES: Final = OptionSpec("dead cores of a chip", 1, MAX_APPLICATION_CORES, whole=True)
CORE: Final = OptionSpec("the number of a core", 1, MAX_APPLICATION_CORES, whole=True)
BOARD: Final = OptionSpec("the number of a board", 0, 100_000, whole=True)
HOPS: Final = OptionSpec("links between two chips", 0, 1000, whole=True)
KEY: Final = OptionSpec("a word of 32 bits", 0, 0xFFFF_FFFF, whole=True)
ATTEMPTS: Final = OptionSpec("attempts after the first", 0, 100, whole=True)
NUMBER: Final = OptionSpec("a threshold", -1e18, 1e18)
SHARE: Final = OptionSpec("a threshold that is a share", 0, 1e6, unit="share")
