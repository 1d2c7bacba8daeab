"""The JSON Schema of a report, made of its dataclasses (JSON Schema, draft 2020-12).

``python -m pyneuro.report.schema.document`` prints it.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
from typing import Any, Literal, Union, get_args, get_origin

from pyneuro.report import REPORT_FORMAT, REPORT_VERSION, Report
from pyneuro.report.from_json import fields

TYPES = {int: "integer", str: "string", bool: "boolean"}
NOT_FINITE = {"type": ["number", "null"]}
"""A number; null where it is not finite."""


def json_schema() -> dict[str, Any]:
    """The schema."""
    parts: dict[str, Any] = {}
    whole = _object(Report, parts)
    whole["properties"]["format"] = {"const": REPORT_FORMAT}
    whole["properties"]["version"] = {"const": REPORT_VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "report of pyneuro",
        **whole,
        "$defs": dict(sorted(parts.items())),
    }


def schema_text() -> str:
    """The schema as text."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def _object(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """The schema of a dataclass; those that it is made of go to `parts`."""
    return {
        "description": inspect.cleandoc(kind.__doc__ or "").replace("``", ""),
        "type": "object",
        "properties": {name: _schema(hint, parts) for name, hint in fields(kind)},
        "required": [name for name, _ in fields(kind)],
        "additionalProperties": False,
    }


def _schema(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    origin, members = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (inner,) = (member for member in members if member is not type(None))
        return {"anyOf": [_schema(inner, parts), {"type": "null"}]}
    if origin is Literal:
        return {"enum": list(members)}
    if origin is tuple and members[-1] is ...:
        return {"type": "array", "items": _schema(members[0], parts)}
    if origin is tuple:
        each = [_schema(member, parts) for member in members]
        return {"type": "array", "prefixItems": each, "minItems": len(each), "items": False}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        name = kind.__name__
        if name not in parts:
            parts[name] = {}  # so that a part that holds itself ends
            parts[name] = _object(kind, parts)
        return {"$ref": f"#/$defs/{name}"}
    return NOT_FINITE if kind is float else {"type": TYPES[kind]}


if __name__ == "__main__":
    print(schema_text(), end="")
