"""The mapping language: what a user says about a mapping, in a file or in Python, becomes `Settings`.

::

    machine 3 boards
    dead chips (3, 4), (5, 5)
    population "L4*": neurons_per_core = 128
    place "L4E" near "L4I" within 2 hops
    place using hilbert or compact minimising hops + 100 entries
    require table entries <= 1000

A file goes the way of any language: `parse` makes a tree of each line by the grammar in ``mapping.lark``, `build` a
statement of each tree (`syntax`), `resolve` the settings of all statements.  A script may give statements itself.
Whatever is wrong is told at once, each with its line (`render`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emulator.machine import Machine, named
from toolchain.language.by_name import by_name
from toolchain.language.resolve import resolve
from toolchain.language.syntax import Statement
from toolchain.problems import Problem, SettingsError
from toolchain.settings import Origin, Settings

__all__ = ["Problem", "SettingsError", "Statement", "at_speed", "given", "on_machine", "read", "read_text", "resolve"]

Given = Mapping[str, Any] | str | Path | Sequence[Statement] | Settings | None
"""What a user may give as a mapping."""
SOURCES: Final = ("command line", "script")
"""Who decides what a mapping is, before all others."""


def read(path: str | Path) -> Settings:
    """The settings in the mapping file at `path`.

    Raises
    ------
    SettingsError
        With all that is wrong with it.
    """
    from toolchain.language.parse import (
        parse_file,  # loading lark takes time that scripts without a file need not spend
    )

    parsed = parse_file(path)
    return resolve(parsed.statements, parsed.problems)


def read_text(text: str, name: str = "mapping") -> Settings:
    """The settings in a text, which messages call `name`; SettingsError with all that is wrong with it."""
    from toolchain.language.parse import parse_text

    parsed = parse_text(text, name)
    return resolve(parsed.statements, parsed.problems)


def given(mapping: Given, origin: str = "script") -> Settings:
    """Settings as a user gives them: a mapping file, statements, or what is said by name (`by_name`).

    Parameters
    ----------
    origin : str
        Where that is given.

    Raises
    ------
    SettingsError
        With all that is wrong.
    """
    if isinstance(mapping, Settings):
        return mapping
    if isinstance(mapping, str | Path):
        return read(mapping)
    if isinstance(mapping, Mapping):
        return resolve(*by_name(mapping, origin))
    return resolve(mapping or ())


def on_machine(
    mapping: Given, machine: Machine | str | None, origin: str = "script", mapping_origin: str = "script"
) -> Settings:
    """Settings as `given`, on the machine that is named beside them, if that is what holds (`_holds`).

    Parameters
    ----------
    machine : Machine or str, optional
        None for that of `mapping`.
    origin, mapping_origin : str
        Where the one and the other is given: ``command line``, ``script``, a variable of the environment.

    Raises
    ------
    MachineError
        If there is no machine of that name.
    SettingsError
        With all that is wrong with `mapping`; or if a script names one machine beside it and another one in it.
    """
    settings = given(mapping, mapping_origin)
    said = settings.machine
    if machine is None:
        return settings
    found = named(machine).name if isinstance(machine, str) else machine
    if found is said.made or (found == said.name and said.made is None):
        return settings
    beside = Beside("the machine", f"machine={machine!r}" if isinstance(machine, str) else "machine=...", origin)
    if said.name is None or _holds(beside, said.origin, mapping_origin):
        return settings.on_machine(found, Origin(origin))
    return settings


def at_speed(
    settings: Settings, time_scale_factor: float | None, origin: str = "script", mapping_origin: str = "script"
) -> Settings:
    """`settings` with the factor that is given beside them, if that is what holds; the rest is as in `on_machine`."""
    said = settings.options.get("time_scale_factor")
    if time_scale_factor is None or said == time_scale_factor:
        return settings
    beside = Beside("'time_scale_factor'", f"time_scale_factor={time_scale_factor:g}", origin)
    if said is None or _holds(beside, settings.origins.get("time_scale_factor", Origin()), mapping_origin):
        return settings.with_option("time_scale_factor", time_scale_factor, Origin(origin))
    return settings


@dataclass(frozen=True)
class Beside:
    """Something that is given beside a mapping: what it is, how it is written in a script, and where it is given."""

    what: str
    text: str
    origin: str


def _holds(beside: Beside, inside: Origin, mapping_origin: str) -> bool:
    """Whether what is given beside a mapping holds against what the mapping says, at `inside`.

    The command line holds against the script, and that against the environment, whether the one or the other says it
    in a mapping.  A script says it once; an option of the command line holds against the file that is named there.
    """
    if beside.origin == mapping_origin == "script":
        raise SettingsError([Problem(f"{beside.what} is said twice", inside, (f"setup({beside.text}) says it, too",))])
    return _rank(beside.origin) <= _rank(mapping_origin)


def _rank(origin: str) -> int:
    """Where an origin stands among those that decide; 0 decides over all."""
    return SOURCES.index(origin) if origin in SOURCES else len(SOURCES)
