"""The report as JSON: the value itself, keys sorted, what is not finite as null; the same report, the same bytes."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from pyneuro.report import Report

WIDTH = 120
ENCODE = json.JSONEncoder(sort_keys=True, allow_nan=False, ensure_ascii=False).encode


def to_json(report: Report) -> str:
    """Return `report` as JSON text; its schema is that of `pyneuro.report`."""
    return _layout(plain(report), 0) + "\n"


def plain(value: Any) -> Any:
    """`value` as dictionaries, lists, texts and finite numbers."""
    if isinstance(value, str | int):  # most of what there is
        return value
    if isinstance(value, tuple):
        return [plain(member) for member in value]
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _layout(node: Any, depth: int) -> str:
    """JSON text of `node`: what fits a line, and long lists of numbers, on one line; else a line a member."""
    line = ENCODE(node)
    simple = not isinstance(node, (dict, list)) or (isinstance(node, list) and not _nested(node))
    if len(line) + depth <= WIDTH or simple:
        return line
    inner, outer = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(node, list):
        return "[" + inner + f",{inner}".join(_layout(member, depth + 1) for member in node) + outer + "]"
    members = (f"{json.dumps(key)}: {_layout(node[key], depth + 1)}" for key in sorted(node))
    return "{" + inner + f",{inner}".join(members) + outer + "}"


def _nested(nodes: list[Any]) -> bool:
    return any(isinstance(node, (dict, list)) for node in nodes)
