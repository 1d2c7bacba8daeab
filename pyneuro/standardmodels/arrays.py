"""Parameters that are arrays in PyNN, one array a cell; networks have each element as a parameter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pyNN import errors
from pyNN.parameters import ArrayParameter

from toolchain.models.declaration import Arrays, CellModel


def names_of(model: CellModel) -> dict[str, tuple[str, ...]]:
    """The parameters of `model` that are arrays, and their elements."""
    return {name: group.elements(name) for group in model.arrays for name in group.names}


def defaults_of(model: CellModel) -> dict[str, ArrayParameter]:
    """Their defaults."""
    defaults = {parameter.name: parameter.default for parameter in model.parameters}
    return {name: ArrayParameter([defaults[e] for e in elements]) for name, elements in names_of(model).items()}


def elements(model: CellModel, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with the elements of arrays in place of the arrays.

    Parameters
    ----------
    values : mapping of str to value
        One value for all cells, or an array of one for each.

    Raises
    ------
    InvalidParameterValueError
        If an array is too long, or differs in length from those that it belongs to.
    """
    arrays, declared = names_of(model), {parameter.name: parameter for parameter in model.parameters}
    made = {name: value for name, value in values.items() if name not in arrays}
    lengths: dict[str, Any] = {}
    for name in [name for name in arrays if name in values]:
        given = np.atleast_1d(np.array(values[name], object))
        rows = [np.atleast_1d(np.asarray(array.value, float)) for array in given]
        lengths[name] = np.array([len(row) for row in rows])
        if lengths[name].max() > len(arrays[name]):
            raise errors.InvalidParameterValueError(
                f"{model.name}.{name} can have at most {len(arrays[name])} values, got {lengths[name].max()}"
            )
        for number, element in enumerate(arrays[name]):
            parameter = declared[element]
            absent = 0.0 if parameter.above is None else parameter.default
            column = np.array([row[number] if number < len(row) else absent for row in rows])
            made[element] = column if isinstance(values[name], np.ndarray) else float(column[0])
    for group in model.arrays:
        _check_lengths(model, group, lengths)
    return made


def _check_lengths(model: CellModel, group: Arrays, lengths: Mapping[str, Any]) -> None:
    """Refuse arrays of different lengths that belong together."""
    first, *others = [name for name in group.names if name in lengths] or [""]
    for other in others:
        differ = np.flatnonzero(np.not_equal(*np.broadcast_arrays(lengths[first], lengths[other])))
        if len(differ):
            got = [int(np.broadcast_to(lengths[name], differ[-1] + 1)[differ[0]]) for name in (first, other)]
            raise errors.InvalidParameterValueError(
                f"{model.name}.{first} and {other} must be of the same length, got {got[0]} and {got[1]} values"
            )
