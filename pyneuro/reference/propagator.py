"""Exact propagators: one step of a linear model is one matrix product, whatever the timestep.

Between two grid times the inputs of a cell are constant, so a linear model obeys ``x' = A x + b + c I`` with
constant A, b and c, and its solution over a step is affine in x and I::

    x(t + dt) = P x(t) + q + r I,    exp(dt [A b c; 0 0 0; 0 0 0]) = [P q r; 0 1 0; 0 0 1]

(Rotter & Diesmann 1999, Biological Cybernetics 81:381-402.)  Nobody writes A down: it is read off the model's
`derivatives`, which an affine function of unit vectors gives away.  Cells with equal parameters share one
propagator; of each propagator only the coefficients that are not zero are kept and multiplied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from toolchain.errors import NetworkError
from toolchain.models.declaration import CellModel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PROBE = 2.0**20
"""Length of the probing vectors: long, so that the constant term costs A no digits; a power of two, so that
dividing by it costs none either."""


def affine_system(model: CellModel, parameters: Mapping[str, Floats], cells: int) -> Floats:
    """Read ``[A b c]`` off the derivatives of a linear model.

    Parameters
    ----------
    model : CellModel
        A model that is declared linear.
    parameters : mapping of str to float64[cells] or float64[]
        Its parameters.
    cells : int
        Number of cells.

    Returns
    -------
    float64[cells, variables, variables + 2]
        Per ms; columns are the state variables, the constant, and the injected current.
    """
    names = [variable.name for variable in model.state]
    system = np.empty((cells, len(names), len(names) + 2))

    def probe(column: int) -> Floats:
        state = {name: np.full(cells, PROBE if column == i else 0.0) for i, name in enumerate(names)}
        current = np.full(cells, PROBE if column == len(names) + 1 else 0.0)
        slopes = model.derivatives(state, parameters, current)
        return np.stack([np.broadcast_to(slopes[name], cells) for name in names], axis=1)

    constant = probe(len(names))
    for column in range(len(names) + 2):
        system[:, :, column] = constant if column == len(names) else (probe(column) - constant) / PROBE
    return system


def propagators(system: Floats, timestep: float) -> Floats:
    """Solve the affine `system` over a `timestep` (ms).

    Parameters
    ----------
    system : float64[cells, variables, variables + 2]
        What `affine_system` returns.

    Returns
    -------
    float64[cells, variables, variables + 2]
        ``[P q r]`` of each cell.
    """
    variables = system.shape[1]
    unique, owner = np.unique(system.reshape(len(system), -1), axis=0, return_inverse=True)
    square = np.zeros((len(unique), variables + 2, variables + 2))
    square[:, :variables] = unique.reshape(-1, variables, variables + 2)
    solved: Floats = expm(timestep * square)[:, :variables]
    return solved[owner.reshape(-1)]


@dataclass(frozen=True, eq=False)
class Row:
    """One row of the propagator: ``fresh = sum(factor * x[variable]) + constant + current_factor * I``."""

    variable: int
    terms: tuple[tuple[int, Floats], ...]
    constant: Floats | None
    current_factor: Floats | None

    @property
    def decays(self) -> bool:
        """Whether the variable depends on itself alone."""
        alone = all(variable == self.variable for variable, _ in self.terms)
        return alone and self.constant is None and self.current_factor is None


def coefficient(values: Floats) -> Floats | None:
    """Coefficients of all cells: None if all are zero, one number if all are equal."""
    if not values.any():
        return None
    return values[:1].reshape(()) if (values == values[0]).all() else np.ascontiguousarray(values)


class ExactStep:
    """Advance the cells of a linear model by one timestep.

    Parameters
    ----------
    model : CellModel
        A linear model.
    parameters : mapping of str to float64[cells] or float64[]
        Its parameters.
    cells : int
        Number of cells.
    timestep : float
        ms.

    Raises
    ------
    NetworkError
        If a clamped variable drives another one: while it is held the propagator would be another.
    """

    def __init__(self, model: CellModel, parameters: Mapping[str, Floats], cells: int, timestep: float) -> None:
        names = [variable.name for variable in model.state]
        solved = propagators(affine_system(model, parameters, cells), timestep)
        rows = []
        for i in range(len(names)):
            factors = [(j, coefficient(solved[:, i, j])) for j in range(len(names))]
            terms = tuple((j, factor) for j, factor in factors if factor is not None)
            for j, _ in terms:
                if j != i and names[j] in model.clamped:
                    raise NetworkError(
                        f"{model.name}: {names[i]} follows {names[j]}, which is held while a cell is refractory; "
                        "such a model must be declared with linear = False"
                    )
            rows.append(Row(i, terms, coefficient(solved[:, i, -2]), coefficient(solved[:, i, -1])))
        self._decays = [(row.variable, row.terms) for row in rows if row.decays]
        self._coupled = [(row, np.empty(cells)) for row in rows if not row.decays]
        self._clamped = frozenset(i for i, name in enumerate(names) if name in model.clamped)
        self._product = np.empty(cells)

    def advance(self, state: Floats, current: Floats | None, held: Bools | None) -> Bools | None:
        """Move `state` one timestep on, in place.

        Parameters
        ----------
        state : float64[variables, cells]
            Its clamped variables keep their values where `held`.
        current : float64[cells], optional
            Injected current (nA) during the step.
        held : bool[cells], optional
            The refractory cells, if there are any.

        Returns
        -------
        None
            No cell of a linear model spikes within a step.
        """
        for row, fresh in self._coupled:
            self._solve(row, state, current, fresh)
        for row, fresh in self._coupled:
            free = True if held is None or row.variable not in self._clamped else ~held
            np.copyto(state[row.variable], fresh, where=free)
        for variable, terms in self._decays:
            for _, factor in terms:
                np.multiply(state[variable], factor, out=state[variable])
            if not terms:
                state[variable] = 0.0
        return None

    def _solve(self, row: Row, state: Floats, current: Floats | None, fresh: Floats) -> None:
        """Evaluate one coupled row into `fresh`."""
        fresh[:] = 0.0 if row.constant is None else row.constant
        for variable, factor in row.terms:
            np.multiply(state[variable], factor, out=self._product)
            np.add(fresh, self._product, out=fresh)
        if current is not None and row.current_factor is not None:
            np.multiply(current, row.current_factor, out=self._product)
            np.add(fresh, self._product, out=fresh)
