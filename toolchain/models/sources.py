"""Spike sources: cells without dynamics, as PyNN 0.13 declares them.

What both simulators must agree on is here: in which ticks a source may spike, and how its intervals are drawn.

- `SpikeSourcePoissonRefractory`: `rate` is that of the spikes, the dead time included, as in pyNN.nest and pyNN.neuron.
- `SpikeSourceGamma`: intervals are gamma variates of shape `alpha` and rate `beta` (Hz), so the mean is alpha / beta.
- `SpikeSourceInhGamma`: shape `a` and scale `b` (s) hold from each of `tbins` on, and the last for ever; the
  hazard is that of the gamma distribution of the moment at the time since the last spike (Muller et al. 2007).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.renewal import Intervals
from toolchain.models.declaration import Parameter, SourceModel
from toolchain.network import Population, Values

WINDOW = (Parameter("start", "ms", 0.0, minimum=0.0), Parameter("duration", "ms", 1e10, minimum=0.0))

SPIKE_SOURCE_ARRAY = SourceModel(name="SpikeSourceArray", sequences=(("spike_times", "ms"),))
SPIKE_SOURCE_POISSON = SourceModel(
    name="SpikeSourcePoisson", parameters=(Parameter("rate", "Hz", 1.0, minimum=0.0), *WINDOW)
)
SPIKE_SOURCE_POISSON_REFRACTORY = SourceModel(
    name="SpikeSourcePoissonRefractory",
    parameters=(
        Parameter("rate", "Hz", 1.0, minimum=0.0),
        Parameter("tau_refrac", "ms", 0.0, minimum=0.0),
        *WINDOW,
    ),
)
SPIKE_SOURCE_GAMMA = SourceModel(
    name="SpikeSourceGamma",
    parameters=(Parameter("alpha", "", 2.0, above=0.0), Parameter("beta", "Hz", 1.0, minimum=0.0), *WINDOW),
)
SPIKE_SOURCE_INH_GAMMA = SourceModel(
    name="SpikeSourceInhGamma", parameters=WINDOW, sequences=(("a", ""), ("b", "s"), ("tbins", "ms"))
)
SOURCE_MODELS: Final = (
    SPIKE_SOURCE_ARRAY,
    SPIKE_SOURCE_POISSON,
    SPIKE_SOURCE_POISSON_REFRACTORY,
    SPIKE_SOURCE_GAMMA,
    SPIKE_SOURCE_INH_GAMMA,
)
RENEWAL_SOURCES: Final = frozenset(
    model.name for model in (SPIKE_SOURCE_POISSON_REFRACTORY, SPIKE_SOURCE_GAMMA, SPIKE_SOURCE_INH_GAMMA)
)
"""Names of the sources that are drawn interval by interval."""


def given(population: Population, model: SourceModel) -> dict[str, Values]:
    """Parameters of `population`, which is of `model`; defaults where it has none."""
    return {parameter.name: parameter.default for parameter in model.parameters} | dict(population.parameters)


def window(population: Population, timestep: float) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ticks in which random sources may spike, the same for both simulators.

    Parameters
    ----------
    timestep : float
        ms.

    Returns
    -------
    start, stop : int32[n]
        A source may spike in ticks ``start <= t < stop``.
    """
    values = {parameter.name: parameter.default for parameter in WINDOW} | dict(population.parameters)
    start = nearest_tick(values["start"], timestep, population.size)
    stop = nearest_tick(np.add(values["start"], values["duration"]), timestep, population.size)
    if population.histogram is not None:
        first = population.histogram.tbins[population.histogram.offsets[:-1]]
        start = np.maximum(start, nearest_tick(first, timestep, population.size))
    return start, stop


def intervals(population: Population) -> Intervals:
    """How the intervals of renewal sources are drawn.

    Parameters
    ----------
    population : Population
        Its cell type is one of `RENEWAL_SOURCES`.
    """
    n, found = population.size, population.histogram
    if found is not None:
        return Intervals(np.zeros(n), found.offsets, found.tbins, found.a, found.b * 1e3)
    columns: tuple[Values, Values, Values]
    if population.cell == SPIKE_SOURCE_GAMMA.name:
        values = given(population, SPIKE_SOURCE_GAMMA)
        columns = 0.0, values["alpha"], _inverse(values["beta"])
    else:
        values = given(population, SPIKE_SOURCE_POISSON_REFRACTORY)
        columns = values["tau_refrac"], 1.0, _inverse(values["rate"]) - values["tau_refrac"]
    dead, shape, scale = (np.array(np.broadcast_to(column, n), dtype=np.float64) for column in columns)
    return Intervals(dead, np.arange(n + 1), np.zeros(n), shape, scale)


def _inverse(frequency: Values) -> NDArray[np.float64]:
    """Milliseconds of which there are `frequency` a second; infinite for 0 Hz."""
    with np.errstate(divide="ignore"):
        return np.divide(1e3, frequency)


def nearest_tick(time: Values, timestep: float, n: int) -> NDArray[np.int32]:
    """Ticks nearest to `n` times (ms); a time beyond the last tick that has a number becomes that tick."""
    last = np.iinfo(np.int32).max
    return np.broadcast_to(np.minimum(np.rint(np.divide(time, timestep)), last).astype(np.int32), n)
