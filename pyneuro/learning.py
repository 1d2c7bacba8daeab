"""What plastic synapses have learnt: the weights of a projection while a script is between two runs.

A simulation knows the weights that it has changed, and the script may change them further before it goes on.  So they
are asked for once a moment, and kept until the next run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyneuro import simulator

if TYPE_CHECKING:
    from pyneuro.projections import Projection


class Learning:
    """The weights of one projection.

    Parameters
    ----------
    projection : Projection
        Whose they are.
    """

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self.forget()

    def forget(self) -> None:
        """The weights are those that were given."""
        self._step = -1
        self._weights = np.zeros(0)

    @property
    def begun(self) -> bool:
        """Whether a run may have changed weights since t = 0; those of rewired connections are with them."""
        state, synapse_type = simulator.state, self._projection.synapse_type
        changing = synapse_type.plastic and not synapse_type.rewired
        return changing and state.simulation is not None and state.step > 0

    def weights(self) -> NDArray[np.float64]:
        """Return the present weights, one for each connection, where learning has begun."""
        if self._step != simulator.state.step:
            self._step, self._weights = simulator.state.step, self._simulated()
        return self._weights

    def to_change(self) -> NDArray[np.float64]:
        """Return the present weights for the script to change; the simulation is to go on with them."""
        self._weights = self.weights().copy()
        return self._weights

    def _simulated(self) -> NDArray[np.float64]:
        """Return the weights that the simulation has now."""
        state, weights = simulator.state, self._projection.arrays.array("weight").copy()
        assert state.network is not None, "there is a simulation of it"
        assert state.simulation is not None, "learning has begun"
        number = {id(made): n for n, made in enumerate(state.network.projections)}
        for part in self._projection.parts or ():
            if id(part.frozen) in number:
                where = slice(None) if part.connections is None else part.connections
                weights[where] = state.simulation.weights(number[id(part.frozen)])
        return weights
