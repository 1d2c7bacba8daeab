"""Accuracy of derived words: where a core's fixed point is far from the number that is meant, the user is told.

The words themselves stay those of the machine, right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from emulator.conversion import ACCUM_MAX
from emulator.interpreter import real
from toolchain.diagnostics import Diagnostic, and_others
from toolchain.errors import ParameterError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.models.derived import Derived, Floats
from toolchain.network import Network, Population

TOLERANCE: Final = 0.01
"""Largest relative error that goes without a remark."""


def inexact_words(network: Network, substeps: int | None = None) -> tuple[Diagnostic, ...]:
    """A remark for each population and derived word that is wrong by more than 1 % in some cell.

    Parameters
    ----------
    substeps : int, optional
        Parts of a timestep; if left out, as many as each model needs.

    Raises
    ------
    ParameterError
        If a word does not hold the number that is meant at all.
    """
    return tuple(
        remark
        for population in network.populations
        if isinstance(model := CELL_MODELS[population.cell], CellModel)
        for remark in _of_population(population, model, network.timestep, model.substeps(network.timestep, substeps))
    )


def _of_population(population: Population, model: CellModel, timestep: float, substeps: int) -> Iterator[Diagnostic]:
    n, kinds = population.size, {word.name: word.kind for word in model.words}
    given = {p.name: np.asarray(population.parameters.get(p.name, p.default), np.float64) for p in model.parameters}
    meant = model.exact(given, timestep / substeps)
    for word in meant.values():
        _check_range(population, model, word, given)
    try:
        registers = model.registers(population.parameters, population.initial, n, timestep, substeps)
    except ParameterError as refused:
        raise ParameterError(f"population '{population.label}': {refused}") from None
    for name, word in meant.items():
        found = real(registers[name], kinds[name])
        error = np.abs(found - word.exact) / word.scale
        wrong = int(np.count_nonzero(error > TOLERANCE))
        if not wrong:
            continue
        cell = int(np.argmax(error))
        are, should = (word.figure(_at(values, cell)) for values in (found, word.exact))
        others = and_others(wrong - 1) if _differ(word, given) else ""
        message = (
            f"{_values(model, word, given, cell)}{others} at a timestep of {timestep:g} ms: the machine's arithmetic "
            f"{word.effect} {are:.4g}{word.unit} instead of {should:.4g}{word.unit}; {word.remedy}"
        )
        yield Diagnostic("image", population.label, message)


def _check_range(population: Population, model: CellModel, word: Derived, given: dict[str, Floats]) -> None:
    """Refuse a number beyond s16.15, in which quotients are formed: it would wrap."""
    if np.any(word.exact > ACCUM_MAX):
        cell = int(np.argmax(word.exact))
        raise ParameterError(
            f"population '{population.label}': {word.formula} must be below {ACCUM_MAX:g} (s16.15 of the machine), got "
            f"{_at(word.exact, cell):g} for {_values(model, word, given, cell)}"
        )


def _values(model: CellModel, word: Derived, given: dict[str, Floats], cell: int) -> str:
    """The parameters of a word, as ``tau_m = 20 ms and cm = 1 nF``, and whose they are where cells differ."""
    units = {parameter.name: parameter.unit for parameter in model.parameters}
    text = " and ".join(f"{name} = {_at(given[name], cell):g} {units[name]}" for name in word.parameters)
    return f"{text} of cell {cell}" if _differ(word, given) else text


def _differ(word: Derived, given: dict[str, Floats]) -> bool:
    """Whether the cells have values of their own."""
    return any(given[name].ndim for name in word.parameters)


def _at(values: Floats, cell: int) -> Floats:
    """The value of a cell; one value is that of all."""
    return np.asarray(values[cell] if values.ndim else values)
