"""Reading a report back from its JSON file, held to the types of the schema at every place.

So a file that is no report, an older one, or one that was cut or edited is refused by what is wrong with it, and what
comes back is a `Report` like any other: writing it again gives the same bytes.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pyneuro.errors import ReportError
from pyneuro.report import REPORT_FORMAT, REPORT_VERSION, Report

MAX_FILE_BYTES = 1 << 28
"""Longer files are refused unread."""
LARGEST = 1e18
"""No count or measure of a machine is larger."""
WORDS = {int: "an integer", float: "a number", str: "a text", bool: "true or false", type(None): "null"}


def read_report(path: str | Path) -> Report:
    """The report in the JSON file at `path`.

    Raises
    ------
    ReportError
        If it cannot be read, is no report, or one of another version; the message names file and place.
    """
    path = Path(path)
    try:
        return parse(_document(path))
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from None


def parse(document: object) -> Report:
    """The report that a JSON document is; ReportError if it is none."""
    if not isinstance(document, dict) or document.get("format") != REPORT_FORMAT:
        raise ReportError("it is no report of pyneuro: name a report.json, as `pyneuro map --out DIR` writes it")
    version = document.get("version")
    if version != REPORT_VERSION:
        age = "an older" if isinstance(version, int) and version < REPORT_VERSION else "another"
        raise ReportError(
            f"it was written by {age} pyneuro (report version {_shown(version)}, this one reads {REPORT_VERSION}): "
            "map the network again"
        )
    report: Report = _value(document, Report, "report")
    return report


def _document(path: Path) -> object:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ReportError(f"cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise ReportError(f"the file is longer than {MAX_FILE_BYTES:,} bytes, the limit of a report")
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise ReportError(f"truncated or not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise ReportError("it is no report of pyneuro: it is not JSON") from None


@cache
def fields(kind: type) -> tuple[tuple[str, Any], ...]:
    """Names and types of the fields of a dataclass."""
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in dataclasses.fields(kind))


def _value(found: Any, kind: Any, where: str) -> Any:
    """`found`, if it is of `kind`, as the dataclasses have it."""
    origin, members = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _one_of(found, members, where)
    if origin is tuple:
        return _tuple(found, members, where)
    if dataclasses.is_dataclass(kind):
        return _object(found, kind, where)
    if kind is float:
        return _number(found, where)
    if found in members if origin is Literal else type(found) is kind and (kind is not int or abs(found) <= LARGEST):
        return found
    raise _wrong(found, " or ".join(map(repr, members)) if origin is Literal else WORDS[kind], where)


def _one_of(found: Any, kinds: tuple[Any, ...], where: str) -> Any:
    if found is None and type(None) in kinds:
        return None
    (kind,) = (kind for kind in kinds if kind is not type(None))
    return _value(found, kind, where)


def _tuple(found: Any, members: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(found, list):
        raise _wrong(found, "a list", where)
    if members[-1] is ...:
        members = (members[0],) * len(found)
    if len(found) != len(members):
        raise ReportError(f"{where} has {len(found)} members, {len(members)} are expected")
    return tuple(_value(one, kind, f"{where}[{i}]") for i, (one, kind) in enumerate(zip(found, members, strict=True)))


def _object(found: Any, kind: Any, where: str) -> Any:
    if not isinstance(found, dict):
        raise _wrong(found, "an object", where)
    known = dict(fields(kind))
    for name in (*known, *found):
        if name not in found or name not in known:
            raise ReportError(f"{where} {'has no' if name in known else 'has an unknown'} {name!r}")
    return kind(**{name: _value(found[name], hint, f"{where}.{name}") for name, hint in known.items()})


def _number(found: Any, where: str) -> float:
    """A number; what was not finite was written as null."""
    if found is None:
        return math.nan
    if isinstance(found, bool) or not isinstance(found, int | float) or abs(found) > LARGEST:
        raise _wrong(found, WORDS[float], where)
    return float(found)


def _wrong(found: Any, expected: str, where: str) -> ReportError:
    return ReportError(f"{where} is {_shown(found)}, {expected} is expected")


def _shown(found: Any) -> str:
    if isinstance(found, dict | list):
        return "an object" if isinstance(found, dict) else "a list"
    text = json.dumps(found)
    return text if len(text) <= 40 else text[:37] + "..."
