"""What is said by name: ``setup(mapping={"neurons_per_core": 64, "place": "hilbert or compact", "attempts": 5})``.

A dictionary is a short form of statements: a name is the word that a line begins with, or an option of the whole
mapping, and its value the rest of the line.  So it says what a mapping file says without labels, by the same names, and
what is wrong with it is told in the same words, all at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from toolchain.algorithms import REGISTRY
from toolchain.language import syntax
from toolchain.options import MappingOptions
from toolchain.problems import Problem
from toolchain.settings import STAGES, Algorithm, Origin

QUANTITY: Final = re.compile(r"\s*[\d.]\S*\s*[A-Za-z%/]+\s*")
"""A number and a unit, as ``80 %``."""
Read = tuple[Sequence[syntax.Statement], Sequence[Problem]]
"""Statements, and what could not be read."""


def by_name(named: Mapping[str, Any], origin: str) -> Read:
    """The statements that `named` stands for; `origin` is where it was given."""
    statements: list[syntax.Statement] = []
    problems: list[Problem] = []
    for name, value in named.items():
        where = syntax.Where(Origin(origin, source=repr({name: value})))
        for found, wrong in _read(str(name), value, where):
            statements += (replace(one, where=one.where or where) for one in found)
            problems += wrong
    return statements, problems


def _read(name: str, value: Any, where: syntax.Where) -> Iterator[Read]:
    """The statements of one entry."""
    if name == "minimise" and _is_objective(value):
        yield _line(name, f"minimise {value}", where) if isinstance(value, str) else ([syntax.Minimise(value)], ())
    elif name in STAGES and isinstance(value, str) and value not in REGISTRY[name]:
        yield _line(name, f"{name} using {value}", where)
    elif name in STAGES and isinstance(value, list | tuple):
        yield _several(name, value, where)
    elif name in STAGES:
        yield [syntax.Using(name, value)], ()
    elif name == "attempts":
        yield [syntax.Attempts(value)], ()
    elif name == "require":
        for text in [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else [repr(value)]:
            yield _line(name, f"require {text}", where)
    elif isinstance(value, str) and QUANTITY.fullmatch(value):
        yield _line(name, f"set {name} = {value}", where)
    elif value is not None or getattr(MappingOptions, name, 0) is not None:
        yield [syntax.Set({name: value})], ()


def _several(stage: str, algorithms: Sequence[Any], where: syntax.Where) -> Read:
    """The statement that a stage tries several algorithms, of which some may be said as in a file."""
    found: list[Any] = []
    problems: list[Problem] = []
    for one in algorithms:
        if isinstance(one, str) and "(" in one:
            statements, wrong = _line(stage, f"{stage} using {one}", where)
            for said in statements:
                if isinstance(said, syntax.Using) and isinstance(said.algorithms, tuple):
                    found += said.algorithms
            problems += wrong
        else:
            found.append(one)
    return ([syntax.Using(stage, tuple(found))] if found or not problems else []), problems


def _is_objective(value: object) -> bool:
    """Whether the value of ``minimise`` is an objective; else it is what the stage of that name uses."""
    if isinstance(value, str):
        return not any(word in REGISTRY["minimise"] for word in value.replace("(", " ").split())
    return isinstance(value, Mapping) and not isinstance(value, Algorithm)


def _line(name: str, text: str, where: syntax.Where) -> Read:
    """The statement that `text` is as a line of a mapping file, for the entry of that name."""
    from toolchain.language.parse import parse_text  # loading lark takes time that plain options need not spend

    if "\n" in text or text.strip()[:1] == "#":
        return (), [Problem(f"one statement is expected, got {text!r}", where.whole)]
    parsed = parse_text(text, f"{where.whole.text}:mapping[{name!r}]")
    return parsed.statements, parsed.problems
