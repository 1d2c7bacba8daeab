"""Measured errors of the cores' programs under synaptic drive: each cell type alone, with a Poisson train a receptor.

What a constant current leaves out is the receptors: their shape, the current that they make, and the rounding of each
input.  Both simulators draw the same trains.  Weights are powers of 2, which 16-bit weights hold exactly; of a row of
cells whose weights double from one to the next, the one that spikes most nearly at 30 Hz in the reference is looked at.

Each simulator's variables are compared as it records them.  So what a core means by them counts: an exponential current
is its mean over a step, and where inputs are steps of v, v is recorded before those of the timestep.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyneuro.emulated import EmulatedSimulation
from pyneuro.errors import MappingWarning
from pyneuro.model_errors import DURATION_MS, FINE_MS, RATE_HZ, TIMESTEPS, first_difference, trains_of_cell
from pyneuro.reference import ReferenceSimulation
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population, Projection, Recording

WEIGHTS = np.exp2(np.arange(-13, 4))
"""Weights tried, in the unit of the receptor."""
SOURCES = 40
FIRST_HZ, OTHER_HZ = 20.0, 5.0
"""Rate of each source of the first receptor, which excites, and of the others."""
DELAY_MS = 1.0
SEED = 1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DrivenError:
    """Difference of the emulator to the reference under the same Poisson trains.

    Parameters
    ----------
    timestep : float
        ms.
    weight : float
        Magnitude, in the units of the receptors.
    until_ms : float
        Up to where the membrane is compared: the first spike that only one has in its step, or the end.
    rms : dict of str to float
        Root mean square difference of each recorded variable, in its unit: of the membrane's up to `until_ms`, of the
        receptors' over the whole run.
    """

    timestep: float
    weight: float
    until_ms: float
    rms: dict[str, float]


def measure_driven(model: CellModel) -> tuple[DrivenError, ...]:
    """Measure `model` at each of `TIMESTEPS`; () if no weight makes it spike."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MappingWarning)  # defaults that are short for a timestep of 1 ms
        weight = weight_of(model)
        return () if weight is None else tuple(_measured(model, weight, timestep) for timestep in TIMESTEPS)


def weight_of(model: CellModel) -> float | None:
    """The power of 2 that as the weight of all synapses brings the reference nearest to 30 Hz."""
    weights = WEIGHTS
    while len(weights):
        simulation = ReferenceSimulation(_network(model, weights, FINE_MS))
        try:
            simulation.run(round(DURATION_MS / FINE_MS))
        except ArithmeticError:  # more than the cell can take
            weights = weights[: len(weights) // 2]
            continue
        rates = np.bincount(simulation.spikes(0)[1], minlength=len(weights)) / (DURATION_MS * 1e-3)
        best = int(np.argmin(np.abs(np.log((rates + 1e-9) / RATE_HZ))))
        return float(weights[best]) if rates[best] > 0.0 else None
    return None


def _measured(model: CellModel, weight: float, timestep: float) -> DrivenError:
    network = _network(model, np.array([weight]), timestep)
    steps = round(DURATION_MS / timestep)
    runs = (ReferenceSimulation(network), EmulatedSimulation(network))
    for simulation in runs:
        simulation.run(steps)
    until = first_difference([trains_of_cell(simulation, steps, timestep) for simulation in runs], steps)
    of_receptors = set(model.receptors.values())
    rms = {}
    for variable in _variables(model):
        difference = np.subtract(*(simulation.signal(0, variable)[:, 0] for simulation in runs))
        seen = difference if variable in of_receptors else difference[: until + 1]
        rms[variable] = float(np.sqrt(np.mean(seen**2)))
    return DrivenError(timestep, weight, round(until * timestep, 6), rms)


def _variables(model: CellModel) -> list[str]:
    return [variable for variable in model.recordable if variable != "spikes"]


def _network(model: CellModel, weights: Floats, timestep: float) -> Network:
    """Cells that all get the same trains, each with its weight."""
    n = len(weights)
    every = np.arange(n, dtype=np.int32)
    recordings = tuple(Recording(variable, every) for variable in ("spikes", *_variables(model)))
    cells = Population(model.name, n, model.name, {}, recordings=recordings)
    sources = [
        Population(receptor, SOURCES, "SpikeSourcePoisson", {"rate": OTHER_HZ if number else FIRST_HZ})
        for number, receptor in enumerate(model.receptors)
    ]
    projections = [
        Projection(
            label=receptor,
            source=number,
            target=0,
            receptor=receptor,
            pre=np.repeat(np.arange(SOURCES, dtype=np.int32), n),
            post=np.tile(every, SOURCES),
            weight=np.tile(weights * model.weights[receptor].sign, SOURCES),
            delay=DELAY_MS,
        )
        for number, receptor in enumerate(model.receptors, 1)
    ]
    return Network(model.name, timestep, (cells, *sources), tuple(projections), SEED)
