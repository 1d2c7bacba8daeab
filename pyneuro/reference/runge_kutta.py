"""Runge-Kutta for models that no propagator solves: every cell has a step size of its own.

Each attempt is one step of a fifth-order formula with a fourth-order one embedded, whose difference estimates
the error of the step (Cash & Karp 1990, ACM Trans. Math. Software 16:201-222).  All cells try the whole
timestep at once; for most that is accurate enough.  Those for which it is not go on by themselves, with
steps that follow their error, until they have reached the end of the timestep.

A membrane that runs away past its threshold (Izhikevich's) cannot wait for the next grid time to be reset: it
would be at infinity.  Such a model says `resets_within_step`: the place of the crossing is found on a cubic
through the step that crosses, the step is repeated up to there, the cell is reset and goes on, and its spike
belongs to the timestep in which that happened, as in NEST's ``aeif`` models.  A cell that does so several times in
a timestep has one spike.  The other models are reset on the grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pyneuro.errors import IntegrationError
from toolchain.models.declaration import CellModel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]

STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (3 / 10, -9 / 10, 6 / 5),
    (-11 / 54, 5 / 2, -70 / 27, 35 / 27),
    (1631 / 55296, 175 / 512, 575 / 13824, 44275 / 110592, 253 / 4096),
)
FIFTH = (37 / 378, 0.0, 250 / 621, 125 / 594, 0.0, 512 / 1771)
FOURTH = (2825 / 27648, 0.0, 18575 / 48384, 13525 / 55296, 277 / 14336, 1 / 4)

# Factors of the state itself and of the moves of the stages so far.
INNER = tuple(np.array([1.0, *factors]) for factors in STAGES)
OUTER = np.array([1.0, *FIFTH])
ERROR = np.array([0.0, *FIFTH]) - np.array([0.0, *FOURTH])

TOLERANCE = 1e-8
"""Error that one step may be estimated to make in a variable, relative to ``SMALL + |variable|``."""
SMALL = 0.01
"""What counts as a small value of a variable: 0.01 mV, 0.01 uS, 0.01 nA."""
PARTS = 64
"""A crossing is found to one of so many parts of a part of the step."""
SHORTEST = 1e-12
"""Step, as a part of the timestep, below which a cell is given up."""


@dataclass(frozen=True, eq=False)
class Equations:
    """The equations of some cells during one timestep.

    Parameters
    ----------
    model : CellModel
        Their model.
    names : tuple of str
        Its state variables.
    parameters : mapping of str to float64[cells] or float64[]
        Its parameters.
    current : float64[cells] or float64[]
        Injected current, nA.
    held : bool[cells], optional
        Cells whose clamped variables stand still, if there are any.
    """

    model: CellModel
    names: tuple[str, ...]
    parameters: Mapping[str, Floats]
    current: Floats
    held: Bools | None

    def moves(self, state: Floats, length: Floats | float, out: Floats) -> None:
        """Write ``length * dx/dt`` at `state` [variables, cells] to `out`."""
        slopes = self.model.derivatives(dict(zip(self.names, state, strict=True)), self.parameters, self.current)
        for name, move in zip(self.names, out, strict=True):
            np.multiply(slopes[name], length, out=move)
            if self.held is not None and name in self.model.clamped:
                move[self.held] = 0.0

    def past(self, state: Floats) -> Bools:
        """Which cells of `state` [variables, ..., cells] are past their threshold."""
        return self.model.threshold(dict(zip(self.names, state, strict=True)), self.parameters)

    def crossed(self, state: Floats) -> Bools:
        """Which cells must be reset within the timestep."""
        return self.past(state) if self.model.resets_within_step else np.zeros(state.shape[1], np.bool_)

    def reset(self, state: Floats, cells: Indices) -> None:
        """Apply the model's reset to `cells` of `state`, the cells of these equations."""
        named = dict(zip(self.names, state[:, cells], strict=True))
        for name, values in self.model.after_spike(named, self.parameters).items():
            state[self.names.index(name), cells] = values

    def of(self, cells: Indices) -> Equations:
        """The equations of some of the cells."""
        return replace(
            self,
            parameters=take(self.parameters, cells),
            current=self.current[cells] if self.current.ndim else self.current,
            held=None if self.held is None else self.held[cells],
        )


def attempt(equations: Equations, state: Floats, length: Floats | float, moves: Floats) -> tuple[Floats, Floats]:
    """One step of the pair.

    Parameters
    ----------
    equations : Equations
        Of the cells.
    state : float64[variables, cells]
        Where the step begins.
    length : float64[cells] or float
        Its length, ms.
    moves : float64[1 + stages, variables, cells]
        Space to work in.

    Returns
    -------
    fresh : float64[variables, cells]
        Where it ends.
    strain : float64[cells]
        Its estimated error over the error that it may make.
    """
    flat = moves.reshape(len(moves), -1)
    moves[0] = state
    equations.moves(state, length, moves[1])
    for stage, factors in enumerate(INNER, start=2):
        here = np.einsum("s,sn->n", factors, flat[:stage]).reshape(state.shape)
        equations.moves(here, length, moves[stage])
    fresh = np.einsum("s,sn->n", OUTER, flat).reshape(state.shape)
    error = np.abs(np.einsum("s,sn->n", ERROR, flat)).reshape(state.shape)
    return fresh, (error / (TOLERANCE * (SMALL + np.abs(fresh)))).max(axis=0)


def land(equations: Equations, state: Floats, fresh: Floats, length: Floats, move: Floats) -> tuple[Floats, Floats]:
    """End a step that crosses the threshold at the crossing.

    Parameters
    ----------
    equations : Equations
        Of cells that all cross.
    state, fresh : float64[variables, cells]
        Where the step begins and ends.
    length : float64[cells]
        Its length, ms.
    move : float64[variables, cells]
        Its length times the derivative at its beginning.

    Returns
    -------
    landed : float64[variables, cells]
        The state at the crossing.
    length : float64[cells]
        Time (ms) from the beginning of the step to there.
    """
    last = np.empty_like(state)
    equations.moves(fresh, length, last)
    low, width = np.zeros(len(length)), 1.0
    for _ in range(2):
        width /= PARTS
        at = low + width * np.arange(1, PARTS + 1)[:, np.newaxis]
        past = equations.past(hermite(state, fresh, move, last, at))
        low = low + width * past.argmax(axis=0)
    length = length * (low + width)
    landed, _ = attempt(equations, state, length, np.empty((len(OUTER), *state.shape)))
    return landed, length


def hermite(state: Floats, fresh: Floats, first: Floats, last: Floats, at: Floats) -> Floats:
    """The cubic from `state` to `fresh` that sets out along `first` and arrives along `last`.

    The state, moves and result are [variables, ..., cells], `at` [..., cells] is between 0 and 1.
    """
    gap = (fresh - state)[:, np.newaxis]
    out, back = first[:, np.newaxis] - gap, last[:, np.newaxis] - gap
    curve: Floats = state[:, np.newaxis] + at * (gap + (1.0 - at) * ((1.0 - at) * out - at * back))
    return curve


def refine(equations: Equations, state: Floats, length: Floats, timestep: float) -> Bools:
    """Bring `state` [variables, cells] to the end of the timestep in place, each cell in steps of its own.

    The first steps are `length` ms long.

    Returns
    -------
    bool[cells]
        Which cells spiked and were reset on the way.

    Raises
    ------
    IntegrationError
        If no step is short enough for a cell.
    """
    every = np.zeros(state.shape[1], np.bool_)
    rest = equations.model.refractory_ms(equations.parameters)
    rests = every if rest is None else every | (rest > 0.0)
    held = every if equations.held is None else equations.held
    fired = every.copy()
    cells = np.arange(state.shape[1])
    left = np.full(state.shape[1], timestep)
    while cells.size:
        some = replace(equations.of(cells), held=held[cells])
        before, moves = state[:, cells], np.empty((len(OUTER), len(state), len(cells)))
        fresh, strain = attempt(some, before, length, moves)
        good = strain <= 1.0
        stuck = np.flatnonzero(~good & (length < SHORTEST * timestep))
        if stuck.size:
            raise IntegrationError(without_bound(some, before[:, stuck[0]]))
        done = np.where(good, length, 0.0)
        crossing = np.flatnonzero(good & some.crossed(fresh))
        if crossing.size:
            ends = fresh[:, crossing], length[crossing], moves[1][:, crossing]
            fresh[:, crossing], done[crossing] = land(some.of(crossing), before[:, crossing], *ends)
            some.of(crossing).reset(fresh, crossing)
            fired[cells[crossing]] = True
            held = held | (fired & rests)
        state[:, cells[good]] = fresh[:, good]
        left = left - done
        length = np.minimum(length * growth(strain), left)
        going = left > 0.0
        cells, left, length = cells[going], left[going], length[going]
    return fired


def without_bound(equations: Equations, state: Floats) -> str:
    """What to tell the user of a cell at `state` for which no step is short enough."""
    values = ", ".join(f"{name} = {value:.6g}" for name, value in zip(equations.names, state.tolist(), strict=True))
    return f"{equations.model.name}: the state of a cell grows without bound ({values}); check its input and parameters"


def growth(strain: Floats) -> Floats:
    """How much longer the next step may be; the error of a step grows with its fifth power."""
    bounded = np.where(strain < 1e4, np.maximum(strain, 1e-4), 1e4)  # what is not a number counts as too much
    factor: Floats = 0.9 * bounded**-0.2
    return factor


class RungeKuttaStep:
    """Advance the cells of any model by one timestep.

    Parameters
    ----------
    model : CellModel
        The model.
    parameters : mapping of str to float64[cells] or float64[]
        Its parameters.
    cells : int
        Number of cells.
    timestep : float
        ms.
    """

    def __init__(self, model: CellModel, parameters: Mapping[str, Floats], cells: int, timestep: float) -> None:
        names = tuple(variable.name for variable in model.state)
        self._equations = Equations(model, names, parameters, np.zeros(()), None)
        self._timestep = timestep
        self._moves = np.empty((len(OUTER), len(model.state), cells))

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
        bool[cells] or None
            Cells that spiked and were reset within the step, if there are any.

        Raises
        ------
        IntegrationError
            If the state of a cell grows without bound.
        """
        equations = replace(self._equations, held=held)
        if current is not None:
            equations = replace(equations, current=current)
        with np.errstate(over="ignore", invalid="ignore"):
            fresh, strain = attempt(equations, state, self._timestep, self._moves)
            good = (strain <= 1.0) & ~equations.crossed(fresh)
            np.copyto(state, fresh, where=good)
            rest = np.flatnonzero(~good)
            return self._go_on(equations, state, rest, strain[rest]) if rest.size else None

    def _go_on(self, equations: Equations, state: Floats, cells: Indices, strain: Floats) -> Bools | None:
        """Bring the `cells` that one step was too long for, or that are past their threshold, to the end."""
        some = state[:, cells]
        length = self._timestep * np.minimum(growth(strain), 1.0)
        fired = np.zeros(state.shape[1], np.bool_)
        fired[cells] = refine(equations.of(cells), some, length, self._timestep)
        state[:, cells] = some
        return fired if fired.any() else None


def take(parameters: Mapping[str, Floats], cells: Indices) -> dict[str, Floats]:
    """Parameters of some cells; what is the same for all stays one number."""
    return {name: values[cells] if values.ndim else values for name, values in parameters.items()}
