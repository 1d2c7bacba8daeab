"""Rewired projections: those whose connections a run changes, and what a script may do with them.

The connections that the script made stay in `Projection.arrays`, for a reset; those that there are now are the
simulation's, and `present_connections` asks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyneuro import simulator
from pyneuro.connections import Connections
from pyneuro.errors import UnsupportedError
from pyneuro.populations import members
from pyneuro.standardmodels.synapses import check_weights
from toolchain.network import Values
from toolchain.synapses.structure import structure_parameters

if TYPE_CHECKING:
    from pyneuro.projections import Projection


@dataclass(frozen=True, eq=False)
class Rewired:
    """The connections that there are at `step`."""

    step: int
    connections: Connections


def check_rewired(projection: Projection) -> None:
    """Check that a new projection can be rewired.

    Raises
    ------
    UnsupportedError
        If it connects parts of populations, or several, or the run has begun.
    ConnectionError
        PyNN's, if what is to be formed has a weight of the wrong sign or a delay out of range.
    """
    kind = type(projection.synapse_type).__name__
    for cells in (projection.pre, projection.post):
        [(_, where), *others] = members(cells)
        if where is not None or others:
            raise UnsupportedError(
                f"projection {projection.label!r}: {kind} rewires whole populations, and {cells.label!r} is a view or "
                "an assembly; connect populations"
            )
    if simulator.state.step > 0:
        raise UnsupportedError(
            f"projection {projection.label!r}: {kind} must be there from the start; connect before run(), or reset()"
        )
    for name in ("initial_weight", "initial_delay_low", "initial_delay_high"):
        check_change(projection, name, float(projection.arrays[name]))


def check_change(projection: Projection, name: str, value: Values) -> None:
    """Check that a parameter of a rewired projection can be changed now, to this value.

    Raises
    ------
    UnsupportedError
        If synapses may be others by now and the parameter is theirs.
    ConnectionError
        PyNN's, if the sign of a weight is wrong or a delay out of range.
    """
    of_attempts = [p.name for p in structure_parameters(projection.synapse_type.rules) if p.name != "s_max"]
    if simulator.state.step > 0 and name not in of_attempts:
        raise UnsupportedError(
            f"projection {projection.label!r}: {name} cannot be changed once a run has rewired its connections; "
            f"reset() first, or change {', '.join(of_attempts)}"
        )
    if name == "initial_weight":
        check_weights(value, projection)
    elif name.startswith("initial_delay"):
        projection.check_delays(value)


def check_single(projection: Projection, name: str) -> None:
    """Check that one connection of a rewired projection can have another value of a parameter than the others.

    Raises
    ------
    UnsupportedError
        If it is not the weight or the delay.
    """
    if name not in ("weight", "delay"):
        raise UnsupportedError(
            f"projection {projection.label!r}: {name} is the same for all connections; use set({name}=...) of the "
            "projection"
        )


def present_connections(projection: Projection) -> Connections:
    """Return the connections that the simulation has now, target cell after target cell."""
    state, arrays = simulator.state, projection.arrays
    assert state.network is not None, "it runs"
    assert state.simulation is not None, "it runs"
    assert projection.parts is not None, "what runs has been frozen"
    [part] = projection.parts
    number = [id(made) for made in state.network.projections].index(id(part.frozen))
    now = state.simulation.present(number)
    values = {name: arrays[name] for name in arrays.names} | {"weight": now.weight, "delay": now.delay}
    found = Connections(arrays.names, values)
    found.append(now.pre, now.post, values)
    return found
