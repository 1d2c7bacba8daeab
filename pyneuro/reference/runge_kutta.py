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

The functions of the model are traced into formulas (`formula`), and compiled code runs these (`integrate`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pyneuro.errors import IntegrationError
from pyneuro.reference.formula import formula
from pyneuro.reference.integrate import Integrator
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
TABLES = (
    np.array([[*factors, *[0.0] * (len(FIFTH) - len(factors))] for factors in STAGES]),
    np.array(FIFTH),
    np.array(FIFTH) - np.array(FOURTH),
)

TOLERANCE = 1e-8
"""Error that one step may be estimated to make in a variable, relative to ``SMALL + |variable|``."""
SMALL = 0.01
"""What counts as a small value of a variable: 0.01 mV, 0.01 uS, 0.01 nA."""
SMALL_SHARE = 1.0
"""What counts as a small value of a variable without a unit, as a gate."""
SHORTEST = 1e-12
"""Step, as a part of the timestep, below which a cell is given up."""


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

    Raises
    ------
    NetworkError
        If the model's equations do something that cannot be traced.
    """

    def __init__(self, model: CellModel, parameters: Mapping[str, Floats], cells: int, timestep: float) -> None:
        names = [variable.name for variable in model.state]
        given = [*names, "current"]
        slopes = formula(f"{model.name}.derivatives", given, lambda s: model.derivatives(s, parameters, s["current"]))
        past = reset = None
        if model.resets_within_step:
            past = formula(f"{model.name}.threshold", names, lambda s: {"past": model.threshold(s, parameters)})
            reset = formula(f"{model.name}.after_spike", names, lambda s: model.after_spike(s, parameters))
        rest = model.refractory_ms(parameters)
        rests = np.broadcast_to(False if rest is None else np.asarray(rest) > 0.0, cells)
        clamped = [name in model.clamped for name in names]
        small = [SMALL if variable.unit else SMALL_SHARE for variable in model.state]
        self._integrator = Integrator(
            slopes, past, reset, clamped, rests, TABLES, timestep, small, (TOLERANCE, SHORTEST)
        )
        self._model = model
        self._names = names
        self._fired = np.zeros(cells, np.uint8)

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
        self._fired[:] = 0
        stuck = self._integrator.advance(state, current, None if held is None else held.view(np.uint8), self._fired)
        if stuck >= 0:
            raise IntegrationError(self._without_bound(state[:, stuck]))
        return self._fired.astype(np.bool_) if self._fired.any() else None

    def _without_bound(self, state: Floats) -> str:
        """What to tell the user of a cell at `state` for which no step is short enough."""
        values = ", ".join(f"{name} = {value:.6g}" for name, value in zip(self._names, state.tolist(), strict=True))
        return f"{self._model.name}: the state of a cell grows without bound ({values}); check its input and parameters"


def take(parameters: Mapping[str, Floats], cells: Indices) -> dict[str, Floats]:
    """Parameters of some cells; what is the same for all stays one number."""
    return {name: values[cells] if values.ndim else values for name, values in parameters.items()}
