"""Shapes: what kind of thing each part of a statement is.

The grammar sees to it that a file has a list of chips where one belongs; a script may give anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Final

from toolchain.language.syntax import Statement
from toolchain.settings import Algorithm

SHAPES: Final[Mapping[str, tuple[tuple[type, ...], str]]] = MappingProxyType(
    {
        "name": ((str,), "a name"),
        "path": ((str, Path), "the name of a mapping file"),
        "chips": ((tuple, list), "a list of chips, as [(3, 4), (5, 5)]"),
        "links": ((tuple, list), "a list of links, as [((0, 0), 'east')]"),
        "labels": ((str, tuple, list), "a pattern of labels, or a list of some"),
        "options": ((Mapping,), "a dictionary of options"),
        "region": ((tuple, list, type(None)), "the first and the last chip"),
        "stage": ((str,), "the name of a stage"),
        "algorithms": ((str, Algorithm, tuple, list), "an algorithm, or a list of some"),
        "minimising": ((str, Mapping), "a sum of figures, as 'hops + 100 entries'"),
        "objective": ((str, Mapping), "a sum of figures, as 'hops + 100 entries'"),
        "figure": ((str,), "the name of a figure"),
        "comparison": ((str,), "<, <=, > or >="),
        "label": ((str,), "a pattern of labels"),
    }
)
"""Of the fields of statements, by name; all others are values, which are judged where they are used."""


def misshapen(statement: Statement) -> Iterator[tuple[str, str]]:
    """The fields of a statement that are of a wrong kind, and what is wrong with each."""
    for field in fields(statement):
        value = getattr(statement, field.name)
        types, expected = SHAPES.get(field.name, ((object,), ""))
        if not isinstance(value, types):
            yield field.name, f"'{field.name}' of {type(statement).__name__} is {expected}, got {value!r}"
