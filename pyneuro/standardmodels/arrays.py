"""Parameters that are arrays in PyNN, one array a cell; networks have each element as a parameter of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import errors
from pyNN.parameters import ArrayParameter

from toolchain.models.declaration import CellModel


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
    arrays = names_of(model)
    made: dict[str, Any] = {}
    lengths: dict[str, NDArray[np.int64]] = {}
    for name, value in values.items():
        if name in arrays:
            parts, lengths[name] = _parted(model, name, value)
            made |= parts
        else:
            made[name] = value
    for group in model.arrays:
        _check_lengths(model, [name for name in group.names if name in lengths], lengths)
    return made


def _parted(model: CellModel, name: str, value: Any) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """The elements of an array, or of one array for each cell, and the lengths of the arrays."""
    rows = [np.atleast_1d(np.asarray(array.value, float)) for array in np.atleast_1d(np.array(value, object))]
    lengths, parts = np.array([len(row) for row in rows]), names_of(model)[name]
    if lengths.max() > len(parts):
        raise errors.InvalidParameterValueError(
            f"{model.name}.{name} can have at most {len(parts)} values, got {lengths.max()}"
        )
    made: dict[str, Any] = {}
    for number, parameter in enumerate(p for p in model.parameters if p.name in parts):
        absent = 0.0 if parameter.above is None else parameter.default
        column = np.array([row[number] if number < len(row) else absent for row in rows])
        made[parameter.name] = column if isinstance(value, np.ndarray) else float(column[0])
    return made, lengths


def _check_lengths(model: CellModel, names: Sequence[str], lengths: Mapping[str, Any]) -> None:
    """Refuse arrays that belong together and differ in length."""
    for other in names[1:]:
        pair = np.broadcast_arrays(lengths[names[0]], lengths[other])
        if np.any(pair[0] != pair[1]):
            one, two = (int(length[np.argmax(pair[0] != pair[1])]) for length in pair)
            raise errors.InvalidParameterValueError(
                f"{model.name}.{names[0]} and {other} must be of the same length, got {one} and {two} values"
            )
