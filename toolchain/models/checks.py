"""Checks of a cell model that a user declares: what would come late, and as a bare KeyError, is said at once.

Names are compared first: parameters, state variables and what a core keeps share one space of names.  Then the
equations are evaluated once, with defaults and first values, for the names that they ask for and return.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from toolchain.errors import ModelError
from toolchain.models.declaration import CellModel
from toolchain.models.given import Given, known_only
from toolchain.models.point_neuron import PointNeuron


def check_declaration(model: CellModel) -> None:
    """Check the names in `model`, and those in its equations.

    Raises
    ------
    ModelError
        If a name is there twice, or one is used that was not declared.
    """
    _check_twice(model)
    if isinstance(model, PointNeuron):
        _check_membrane(model)
    _check_equations(model)


def _check_twice(model: CellModel) -> None:
    owners: dict[str, str] = {}
    for name, owner in _declared(model):
        if name in owners:
            raise ModelError(
                f"{model.name}: '{name}' is declared twice, as {owners[name]} and as {owner}; rename one of them"
            )
        owners[name] = owner
    kept = [*(word.name for word in model.words), *model.receptors, "current"]
    for name, owner in owners.items():
        if kept.count(name) > 1:
            raise ModelError(f"{model.name}: '{name}', {owner}, is a name that a core needs for itself; choose another")


def _declared(model: CellModel) -> Iterator[tuple[str, str]]:
    """Names of parameters and state variables, and what each of them is."""
    if not isinstance(model, PointNeuron):
        yield from ((parameter.name, "a parameter") for parameter in model.parameters)
        yield from ((variable.name, "a state variable") for variable in model.state)
        return
    own = model.membrane.parameters
    yield from ((parameter.name, "a parameter of the membrane") for parameter in own)
    yield from ((variable.name, "a state variable of the membrane") for variable in model.membrane.state)
    yield from ((parameter.name, "a parameter of the receptors") for parameter in model.parameters[len(own) :])
    for part in model.parts:
        yield from ((variable.name, f"a state variable of receptor '{part.names.receptor}'") for variable in part.state)


def _check_membrane(model: PointNeuron) -> None:
    membrane = model.membrane
    state = [variable.name for variable in membrane.state]
    if membrane.voltage not in state:
        raise ModelError(
            f"{model.name}: the membrane has no state variable '{membrane.voltage}', which receptors need; declare it, "
            "or set `voltage` to the one that is the voltage"
        )
    for name in membrane.clamped:
        if name not in state:
            raise ModelError(f"{model.name}: `clamped` names '{name}', which is not a state variable of the membrane")


def _check_equations(model: CellModel) -> None:
    """Evaluate the equations for one cell at rest."""
    where = type(model.membrane if isinstance(model, PointNeuron) else model).__name__
    p = Given(where, "parameter", {parameter.name: np.full(1, parameter.default) for parameter in model.parameters})
    first = {v.name: p[v.initial] if isinstance(v.initial, str) else np.full(1, v.initial) for v in model.state}
    s = Given(where, "state variable", first)
    with np.errstate(all="ignore"):  # names count here, not values
        moved = known_only(f"{where}: the equations", model.derivatives(s, p, np.zeros(1)), s)
        if still := [name for name in s if name not in moved]:
            raise ModelError(f"{where}: there is no slope of '{still[0]}'; one that only spikes change has 0.0")
        known_only(f"{where}.after_spike()", model.after_spike(s, p), s)
        model.threshold(s, p)
        model.refractory_ms(p)
