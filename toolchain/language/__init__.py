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
from types import MappingProxyType
from typing import Any

from emulator.machine import Machine
from toolchain.algorithms import REGISTRY
from toolchain.did_you_mean import did_you_mean
from toolchain.errors import MappingError
from toolchain.language.resolve import resolve
from toolchain.language.syntax import Statement
from toolchain.options import MappingOptions
from toolchain.problems import Problem, SettingsError
from toolchain.settings import Algorithm, Choice, Origin, Settings

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
    """Settings as a user gives them: a mapping file, statements, or by name the options of the whole mapping.

    Parameters
    ----------
    origin : str
        Where options by name are given.

    Raises
    ------
    MappingError
        For an option that there is not, of the wrong type or out of its bounds.
    SettingsError
        With all that is wrong with a file or with statements.
    """
    if isinstance(mapping, Settings):
        return mapping
    if isinstance(mapping, str | Path):
        return read(mapping)
    if isinstance(mapping, Mapping) or mapping is None:
        return _by_name(mapping or {}, Origin(origin))
    return resolve(mapping)


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


def _by_name(options: Mapping[str, Any], origin: Origin) -> Settings:
    """Settings from options by name; the name of a stage stands for its algorithm."""
    plain = {name: value for name, value in options.items() if name not in REGISTRY}
    MappingOptions.from_mapping(plain)
    stages = {name: _choice(name, value, origin) for name, value in options.items() if name in REGISTRY}
    return Settings(
        options=MappingProxyType(plain),
        stages=MappingProxyType(stages),
        origins=MappingProxyType(dict.fromkeys(plain, origin)),
    )


def _choice(stage: str, name: Any, origin: Origin) -> Choice:
    """The algorithm of a stage by its name."""
    if not isinstance(name, str):
        raise MappingError(f"mapping option '{stage}' must be the name of an algorithm, got {name!r}")
    if name not in REGISTRY[stage]:
        raise MappingError(f"stage '{stage}' has no algorithm '{name}'{did_you_mean(name, REGISTRY[stage])}")
    return Choice((Algorithm(name),), origin=origin)
