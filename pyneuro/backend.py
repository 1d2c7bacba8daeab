"""What the PyNN front end asks of a simulator: the same for the emulator and the reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from toolchain.network import Network, Projection

Progress = Callable[[int], None]
"""Called now and then with the number of steps done in this run."""


class Simulation(Protocol):
    """A network, loaded into a simulator."""

    @property
    def step(self) -> int:
        """Steps done since the start or the last reset."""

    def run(self, steps: int, progress: Progress | None = None) -> None:
        """Run `steps` timesteps."""

    def update(self, network: Network) -> None:
        """Go on with `network`; state and time are kept.

        It has the same populations and cells; parameters, weights, delays, currents and recordings may have
        changed, and projections may have been added.  A projection that connects the same cells in the same order by
        synapses of the same kind goes on from what its synapses remember of spikes; its weights are those given.  On
        the emulator, plastic synapses whose delays have changed forget the spikes of their sources.

        The reference delivers the spikes under way as they were sent.  So does the emulator with those that have
        come to a ring buffer; those that wait in delay stages (sent less than the delay ago, with a delay over 16
        steps) meet the synapses of the new network, and where it has not the stage any more they are dropped,
        with a warning that tells how many.
        """

    def inject(self, network: Network) -> None:
        """Go on with the injected currents of `network`, which is the same else; this is quicker than an update."""

    def reset(self) -> None:
        """Back to step 0, the initial values and the weights of the network; recorded data are dropped."""

    def clear(self, population: int) -> None:
        """Drop what was recorded of `population` so far."""

    def spikes(self, population: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Steps and cell indices of the recorded spikes since the last clear, sorted by step, then index."""

    def signal(self, population: int, variable: str) -> NDArray[np.float64]:
        """Samples [samples, recorded cells] since the last clear, the sample of the present moment included."""

    def state(self, population: int, variable: str) -> NDArray[np.float64]:
        """Present value of a state variable, all cells, in PyNN's unit."""

    def weights(self, projection: int) -> NDArray[np.float64]:
        """Present weight of each synapse of a projection of the network, in its order and in PyNN's unit.

        That of a plastic synapse is the one that its source sent last: on both simulators it changes when the source
        spikes.
        """

    def present(self, projection: int) -> Projection:
        """A projection of the network as it is now: with present weights, and where there is rewiring its synapses."""
