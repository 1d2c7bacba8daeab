"""Values of any declared type, for laws about all of them; and equality of products that hold arrays."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Literal, cast

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

Arguments = tuple[Any, ...]

SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-(2**70), 2**70),
    float: st.floats(),
    str: st.text(max_size=8),
    type(None): st.none(),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Strategy for values that the annotation `hint` allows; a class stands for its subclasses too."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in GENERICS:
        return GENERICS[origin](arguments)
    if dataclasses.is_dataclass(hint):
        return st.deferred(lambda: st.one_of([_instances(kind) for kind in [hint, *cast(type, hint).__subclasses__()]]))
    return st.sampled_from(hint) if issubclass(hint, Enum) else SCALARS[hint]


def _unions(members: Arguments) -> st.SearchStrategy[Any]:
    return st.one_of([values_of(member) for member in members])


def _arrays(arguments: Arguments) -> st.SearchStrategy[Any]:
    (scalar,) = typing.get_args(arguments[1])
    return hnp.arrays(scalar, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


def _tuples(arguments: Arguments) -> st.SearchStrategy[Any]:
    if arguments[1:] == (Ellipsis,):
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    return st.tuples(*[values_of(member) for member in arguments])


def _mappings(arguments: Arguments) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.text(max_size=4), values_of(arguments[1]), max_size=2)


GENERICS: dict[Any, Callable[[Arguments], st.SearchStrategy[Any]]] = {
    typing.Union: _unions,
    types.UnionType: _unions,
    Literal: st.sampled_from,
    np.ndarray: _arrays,
    tuple: _tuples,
    Mapping: _mappings,
}


def _instances(kind: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(kind)})


def same(a: Any, b: Any) -> bool:
    """Whether two products are equal: types, fields, and arrays by element type, shape and bits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, field.name), getattr(b, field.name)) for field in dataclasses.fields(a))
    if isinstance(a, Mapping):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b) or (isinstance(a, float) and math.isnan(a) and math.isnan(b))
