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
from pathlib import Path
from typing import Any

from emulator.machine import Machine
from toolchain.language.by_name import by_name
from toolchain.language.resolve import resolve
from toolchain.language.syntax import Statement
from toolchain.problems import Problem, SettingsError
from toolchain.settings import Origin, Settings

__all__ = ["Problem", "SettingsError", "Statement", "given", "on_machine", "read", "read_text", "resolve"]

Given = Mapping[str, Any] | str | Path | Sequence[Statement] | Settings | None
"""What a user may give as a mapping."""


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
    mapping: Given, machine: Machine | str | None, origin: str = "script"
) -> tuple[Settings, Machine | None]:
    """Settings as `given`, on the machine that is named beside them; and the machine, if it is one that has no name.

    Parameters
    ----------
    machine : Machine or str, optional
        Instead of that of `mapping`.
    origin : str
        Where it is given.
    """
    settings = given(mapping, origin)
    if isinstance(machine, str):
        same = machine == settings.machine.name
        return settings if same else settings.on_machine(machine, Origin(origin)), None
    return settings, machine
