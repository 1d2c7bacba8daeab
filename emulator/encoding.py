"""Encoding: frozen dataclasses as JSON and arrays, by their declared types.

The annotations of a dataclass say all that is needed to write it down and to read it back.  Numbers,
texts and None stand for themselves (``{"float": "inf"}`` where JSON has no word), tuples are lists, mappings
and dataclasses are objects, with the name of the class where a field may hold several, enumerations are
their values, and an array is ``[type, offset, extent, ...]``: where it lies in the pool of its type.

What is decoded is not trusted: every value is checked against the annotation of its field, and a class
can only be one that the annotation allows.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from emulator.errors import ArchiveError

ELEMENT_TYPES = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "float32", "float64"),
)
"""Element types of the arrays that can be written."""
NOT_FINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


class Pools:
    """The arrays met so far, by element type: all of a type end to end."""

    def __init__(self) -> None:
        self.arrays: dict[str, list[NDArray[Any]]] = {}
        self.length: dict[str, int] = {}

    def add(self, array: NDArray[Any]) -> list[Any]:
        """Take `array` in; return where it lies."""
        name = array.dtype.name
        offset = self.length.get(name, 0)
        self.arrays.setdefault(name, []).append(array)
        self.length[name] = offset + array.size
        return [name, offset, *array.shape]

    def bytes(self, name: str) -> Iterator[memoryview]:
        """Yield the bytes of all arrays of a type in order, little-endian, without a copy of the whole."""
        for array in self.arrays[name]:
            yield np.ascontiguousarray(array, np.dtype(name).newbyteorder("<")).reshape(-1).view(np.uint8).data


@cache
def _field_types(kind: Any) -> dict[str, Any]:
    """The fields of a dataclass with their resolved types."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def encode(value: Any, hint: Any, where: str, pools: Pools) -> Any:
    """Return `value`, declared as `hint` and found at `where`, as JSON; its arrays go to `pools`.

    Raises
    ------
    ArchiveError
        If the value, or one in it, is not what its field declares; the message says where.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return encode(value, _member_of_value(value, arguments, where), where, pools)
    if origin is np.ndarray:
        _check(isinstance(value, np.ndarray) and value.dtype.name in ELEMENT_TYPES, value, hint, where)
        _check(value.dtype == _element_type(hint, value.dtype), value, hint, where)
        return pools.add(value)
    if origin is tuple:
        _check(isinstance(value, tuple), value, hint, where)
        members = _tuple_types(arguments, len(value), where)
        return [encode(v, h, f"{where}[{i}]", pools) for i, (v, h) in enumerate(zip(value, members, strict=True))]
    if origin in (Mapping, dict):
        _check(isinstance(value, Mapping) and all(isinstance(key, str) for key in value), value, hint, where)
        return {key: encode(v, arguments[1], f"{where}[{key!r}]", pools) for key, v in value.items()}
    if dataclasses.is_dataclass(hint):
        _check(dataclasses.is_dataclass(value) and isinstance(value, cast(type, hint)), value, hint, where)
        fields = {
            name: encode(getattr(value, name), kind, f"{where}.{name}", pools)
            for name, kind in _field_types(cast(Any, type(value))).items()
        }
        return fields if type(value) is hint else {"class": type(value).__name__, **fields}
    return _encode_scalar(value, hint, where)


def _encode_scalar(value: Any, hint: Any, where: str) -> Any:
    if isinstance(value, Enum):
        value = value.value
    elif isinstance(value, np.generic):
        value = value.item()
    node = float(value) if hint is float and type(value) is int else value
    if isinstance(node, float) and not math.isfinite(node):
        node = {"float": str(node)}
    _decode_scalar(node, hint, where)
    return node


def decode(node: Any, hint: Any, where: str, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Return the value of type `hint` that the JSON `node` stands for; its arrays, read-only, are views of `arrays`.

    Raises
    ------
    ArchiveError
        If the node does not describe such a value; the message says where.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return decode(node, _member_of_node(node, arguments, where), where, arrays)
    if origin is np.ndarray:
        return _decode_array(node, hint, where, arrays)
    if origin is tuple:
        _check(isinstance(node, list), node, hint, where)
        members = _tuple_types(arguments, len(node), where)
        return tuple(decode(n, h, f"{where}[{i}]", arrays) for i, (n, h) in enumerate(zip(node, members, strict=True)))
    if origin in (Mapping, dict):
        _check(isinstance(node, dict), node, hint, where)
        return {key: decode(n, arguments[1], f"{where}[{key!r}]", arrays) for key, n in node.items()}
    if dataclasses.is_dataclass(hint):
        return _decode_dataclass(node, cast(type, hint), where, arrays)
    return _decode_scalar(node, hint, where)


def _decode_dataclass(node: Any, hint: type, where: str, arrays: Mapping[str, NDArray[Any]]) -> Any:
    _check(isinstance(node, dict), node, hint, where)
    kind = _subclass(hint, node.get("class", hint.__name__), where)
    kinds = _field_types(kind)
    if set(node) - {"class"} != set(kinds):
        raise ArchiveError(f"damaged: {where} does not have the fields of a {kind.__name__}")
    return kind(**{name: decode(node[name], kinds[name], f"{where}.{name}", arrays) for name in kinds})


def _subclass(hint: type, name: str, where: str) -> type:
    """The class called `name`: `hint` or one below it, never any other."""
    below = [hint]
    for kind in below:
        if kind.__name__ == name:
            return kind
        below.extend(kind.__subclasses__())
    raise ArchiveError(f"damaged: {where} claims to be a {name!r}, which is no {hint.__name__}")


def _decode_array(node: Any, hint: Any, where: str, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    _check(isinstance(node, list) and len(node) >= 2, node, hint, where)
    name, offset, *shape = node
    _check(all(type(n) is int and n >= 0 for n in node[1:]), node, hint, where)
    _check(name in ELEMENT_TYPES and np.dtype(name) == _element_type(hint, np.dtype(name)), node, hint, where)
    pool = arrays.get(name, np.empty(0, name))
    end = offset + math.prod(shape)
    try:
        if end > len(pool):
            raise ValueError
        array = pool[offset:end].reshape(shape)
    except (ValueError, OverflowError):
        message = f"damaged: {where} has the shape {tuple(shape)}; there are {len(pool)} {name} values"
        raise ArchiveError(message) from None
    array.flags.writeable = False
    return array


def _decode_scalar(node: Any, hint: Any, where: str) -> Any:
    if typing.get_origin(hint) is Literal:
        _check(node in typing.get_args(hint), node, hint, where)
        return node
    if isinstance(hint, type) and issubclass(hint, Enum):
        _check(node in [member.value for member in hint], node, hint, where)
        return hint(node)
    if hint is float and isinstance(node, dict):
        _check(list(node) == ["float"] and str(node["float"]) in NOT_FINITE, node, hint, where)
        return NOT_FINITE[node["float"]]
    _check(type(node) is hint or (node is None and hint is type(None)), node, hint, where)
    return node


def _tuple_types(arguments: tuple[Any, ...], length: int, where: str) -> list[Any]:
    """The type of each member of a tuple of `length`, for ``tuple[X, ...]`` and ``tuple[X, Y]``."""
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return [arguments[0]] * length
    if len(arguments) != length:
        raise ArchiveError(f"damaged: {where} has {length} members, not {len(arguments)}")
    return list(arguments)


def _element_type(hint: Any, found: np.dtype[Any]) -> np.dtype[Any]:
    """The element type that ``NDArray[X]`` declares, or the one `found` where X is Any."""
    (scalar,) = typing.get_args(typing.get_args(hint)[1])
    return found if scalar is Any else np.dtype(scalar)


def _member_of_value(value: Any, members: tuple[Any, ...], where: str) -> Any:
    """The member of a union that `value` belongs to."""
    for member in members:
        kind = typing.get_origin(member) or member
        if isinstance(value, kind) or (kind is float and isinstance(value, (int, np.floating))):
            return member
    raise ArchiveError(f"{where} is a {type(value).__name__}, which its type does not allow")


def _member_of_node(node: Any, members: tuple[Any, ...], where: str) -> Any:
    """The member of a union that the JSON `node` stands for; the kinds of JSON tell them apart."""
    for member in members:
        kind = typing.get_origin(member) or member
        if kind is type(None):
            fits = node is None
        elif kind in (np.ndarray, tuple):
            fits = isinstance(node, list)
        elif kind is float:
            fits = isinstance(node, float) or (isinstance(node, dict) and "float" in node)
        elif kind in (bool, int, str):
            fits = type(node) is kind
        else:
            fits = isinstance(node, dict)
        if fits:
            return member
    raise ArchiveError(f"damaged: {where} has a value that its type does not allow")


def _check(fits: bool, value: Any, hint: Any, where: str) -> None:
    if not fits:
        raise ArchiveError(f"{where} must be {_name(hint)}, not {_short(value)}")


def _name(hint: Any) -> str:
    """What `hint` asks for, in words."""
    if typing.get_origin(hint) is np.ndarray:
        (scalar,) = typing.get_args(typing.get_args(hint)[1])
        return f"an array of {scalar.__name__}"
    return str(hint) if typing.get_args(hint) else str(hint.__name__)


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
