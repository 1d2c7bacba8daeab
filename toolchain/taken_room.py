"""Taken room: the statements that leave too little of the machine for a network, shown with the error that it lacks it.

An error knows which settings may be to blame (`toolchain.errors.MappingError.limits`); whether anything was said of
them, and where, is found here.  An option is to blame only if it leaves less room than its default.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from toolchain.errors import MappingError
from toolchain.options import MappingOptions
from toolchain.problems import Problem, SettingsError
from toolchain.settings import DEFAULT, Option, Origin, Settings

HINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "reserved_cores": "reserve fewer cores",
        "reserved_sdram_bytes": "reserve less SDRAM",
        "reserved_entries": "reserve fewer table entries",
        "dead_chips": "use a machine with more chips that work",
        "dead_cores": "use a machine with more cores that work",
        "dtcm_margin": "raise 'dtcm_margin'",
        "recording_ticks": "lower 'recording_ticks'",
        "neurons_per_core": "raise 'neurons_per_core'",
        "sources_per_core": "raise 'sources_per_core'",
        "cycles_margin": "raise 'cycles_margin'",
        "synapse_cores": "lower 'synapse_cores'",
    }
)
"""What can be done about each statement."""
MORE_TAKES_MORE: Final = ("recording_ticks", "synapse_cores")
"""Options of which large values leave less room; of the others small ones do."""


def with_statements(error: MappingError, settings: Settings) -> MappingError:
    """The error with the lines that say what leaves too little room, or as it is if there are none.

    What is said of the machine comes first, then the option that is the farthest from its default.
    """
    said = (
        (_times(name, value), HINTS[name], origin) for name in error.limits for value, origin in _said(settings, name)
    )
    found = sorted((one for one in said if one[0] > 1), key=lambda one: -one[0])
    if not found:
        return error
    hints, (first, *others) = dict.fromkeys(hint for _, hint, _ in found), (origin for _, _, origin in found)
    return SettingsError([Problem(str(error), first, tuple(hints), also=tuple(others))])


def _said(settings: Settings, name: str) -> Iterator[tuple[Option | None, Origin]]:
    """What was said of an option, of the mapping and of populations, or None for what is taken off the machine."""
    if name in settings.options:
        yield settings.options[name], settings.origins.get(name, DEFAULT)
    elif getattr(settings.machine, name, None):
        yield None, settings.origins.get(name, settings.machine.origin)
    yield from ((rule.value, rule.said) for rule in settings.rules if rule.kind == "population" and rule.option == name)


def _times(name: str, value: Option | None) -> float:
    """How many times as much room a value takes as the default does; what is off the machine, more than any."""
    if value is None or isinstance(value, str):
        return math.inf if value is None else 0.0
    default = getattr(MappingOptions, name) or 0.0
    return (1.0 + value) / (1.0 + default) if name in MORE_TAKES_MORE else default / value
