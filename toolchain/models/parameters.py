"""Parameters and state variables, as a cell declares them, and the check of the values that a user gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emulator.conversion import ACCUM_MAX, ACCUM_MIN, ACCUM_ONE, FRACTION_ONE, host_to_accum
from toolchain.did_you_mean import did_you_mean
from toolchain.errors import ParameterError


@dataclass(frozen=True)
class Parameter:
    """A parameter: PyNN's name and unit, default, and bounds (`above` is exclusive, `minimum` inclusive)."""

    name: str
    unit: str
    default: float
    above: float | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Variable:
    """A state variable: PyNN's name and unit, and its first value, or the parameter that gives it.

    One that is `hidden` is the float reference's own, as the rise of an alpha function: it starts at its first value,
    and is not recorded.
    """

    name: str
    unit: str
    initial: float | str
    hidden: bool = False


class Declared(Protocol):
    """What has a name and declares parameters: cell models and sources."""

    @property
    def name(self) -> str:
        """PyNN's name of the cell type."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Declared parameters."""


def check_parameters(model: Declared, values: Mapping[str, Any], n: int, each: str = "cell") -> None:
    """Check the parameters that a user gives for `n` cells, or other things (`each`), of `model`.

    Raises
    ------
    ParameterError
        If a name is unknown, or a value is no number, not finite, of a shape other than one value or `n`,
        or out of the parameter's bounds; the message names model, parameter, limit and value.
    """
    declared = {parameter.name: parameter for parameter in model.parameters}
    for name, value in values.items():
        if name not in declared:
            raise ParameterError(f"{model.name} has no parameter '{name}'{did_you_mean(name, declared)}")
        given = numbers(f"{model.name}.{name}", value, n, each)
        _check_bounds(model.name, declared[name], given, each)


def check_initial(name: str, state: Sequence[Variable], values: Mapping[str, Any], n: int, each: str = "cell") -> None:
    """Check first values of the state variables `state` of the cell type `name`, as `check_parameters` does."""
    known = [variable.name for variable in state]
    for variable, value in values.items():
        if variable not in known:
            raise ParameterError(f"{name} has no state variable '{variable}'{did_you_mean(variable, known)}")
        numbers(f"{name}.{variable}", value, n, each)


def numbers(label: str, value: ArrayLike, n: int, each: str = "cell") -> NDArray[np.float64]:
    """`value` as float64, of shape () or (n,); ParameterError names `label` if it is not."""
    try:
        given = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError(f"{label} must be a number or {n} numbers, got {value!r}") from None
    if given.shape not in ((), (n,)):
        raise ParameterError(f"{label} must be one value or {n} values, got shape {given.shape}")
    _refuse(~np.isfinite(given), given, f"{label} must be finite", each)
    return given


def to_accum(label: str, unit: str, value: ArrayLike, factor: float = 1.0) -> NDArray[np.int32]:
    """The words that the host writes for `value` times `factor`; ParameterError if that does not fit s16.15."""
    given = np.asarray(value, dtype=np.float64)
    scaled = given * factor
    low, high = sorted((ACCUM_MIN / factor, ACCUM_MAX / factor))
    text = f"{label} must be within {low:.10g} .. {high:.10g} {unit} (s16.15 of the machine)"
    _refuse(~((scaled >= ACCUM_MIN) & (scaled <= ACCUM_MAX)), given, text)
    return host_to_accum(scaled)


def to_fraction(values: ArrayLike) -> NDArray[np.int32]:
    """The u0.32 words nearest to `values`, which are between 0 and 1."""
    given = np.asarray(values, dtype=np.float64)
    return np.clip(np.rint(given * FRACTION_ONE), 0, FRACTION_ONE - 1).astype(np.uint32).view(np.int32)


def to_unit(label: str, values: ArrayLike) -> NDArray[np.int32]:
    """The s0.31 words nearest to `values`, 1 being the largest one; ParameterError if they are beyond -1 .. 1."""
    given = np.asarray(values, dtype=np.float64)
    _refuse(np.abs(given) > 1.0, given, f"{label} must be within -1 .. 1")
    return np.minimum(np.rint(given * 2.0**31), 2.0**31 - 1.0).astype(np.int32)


def timestep_to_accum(timestep: float, substeps: int) -> NDArray[np.int32]:
    """The word of a timestep (ms) that is to be divided into `substeps`."""
    if substeps < 1:
        raise ParameterError(f"a timestep has 1 or more sub-steps, got {substeps}")
    words = to_accum("timestep", "ms", timestep)
    if words < substeps:
        least = substeps / ACCUM_ONE
        raise ParameterError(f"timestep with {substeps} sub-steps must be at least {least:g} ms, got {timestep:g}")
    return words


def parameter_to_accum(model: Declared, parameter: Parameter, value: ArrayLike) -> NDArray[np.int32]:
    """The words that the host writes for a parameter; one that must be above 0 must stay so in s16.15."""
    words = to_accum(f"{model.name}.{parameter.name}", parameter.unit, value)
    if parameter.above == 0.0:
        text = f"{model.name}.{parameter.name} is too small for the machine, whose smallest number is 2^-15"
        _refuse(words <= 0, np.asarray(value, dtype=np.float64), text)
    return words


def _check_bounds(model: str, parameter: Parameter, given: NDArray[np.float64], each: str) -> None:
    label = f"{model}.{parameter.name} must be"
    for limit, sign, wrong in (
        (parameter.above, ">", np.less_equal),
        (parameter.minimum, ">=", np.less),
        (parameter.maximum, "<=", np.greater),
    ):
        if limit is not None:
            _refuse(wrong(given, limit), given, f"{label} {sign} {limit:g} {parameter.unit}".rstrip(), each)


def _refuse(wrong: NDArray[np.bool_], given: NDArray[np.float64], text: str, each: str = "cell") -> None:
    if np.any(wrong):
        first = int(np.argmax(wrong))
        where = f" for {each} {first}" if given.ndim else ""
        raise ParameterError(f"{text}, got {given.flat[first]:g}{where}")
