"""Measured errors of the cores' programs: each cell type alone, under constant currents, on both simulators.

A cell under a constant current says most about a program: nothing but the membrane's own algorithm and arithmetic moves
it.  A row of cells gets currents that double from one to the next; the one that spikes most nearly at 30 Hz in the
reference is looked at.  Its rate is taken from intervals, which say it finer than a count of spikes does.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyneuro.analysis import SpikeTrains
from pyneuro.budget.account import pair_shifts, spike_shift
from pyneuro.emulated import EmulatedSimulation
from pyneuro.errors import MappingWarning
from pyneuro.reference import ReferenceSimulation
from toolchain.models.declaration import CellModel
from toolchain.network import Current, Network, Population, Recording

TIMESTEPS = (1.0, 0.1)
"""Timesteps (ms) at which errors are measured."""
CURRENTS = 0.005 * np.exp2(np.arange(16))
"""Currents tried, nA."""
RATE_HZ = 30.0
"""Rate at which a cell is looked at."""
DURATION_MS = 500.0
FINE_MS = 0.1
"""Timestep at which the currents are tried."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeasuredError:
    """Difference of the emulator to the reference.

    Parameters
    ----------
    timestep : float
        ms.
    current : float
        nA.
    rates_hz : (float, float)
        Of the reference and the emulator: one over the mean of the intervals, as many as both have; NaN without any.
    rms : float
        Root mean square difference of the first state variable, in its unit, up to the first spike that only one has in
        its step.
    paired : float
        Share of the spikes that are the same in both, no two so far more than 5 ms apart; NaN if there are none.
    shift_ms : float
        Mean distance of these.
    """

    timestep: float
    current: float
    rates_hz: tuple[float, float]
    rms: float
    paired: float
    shift_ms: float

    @property
    def rate_error_percent(self) -> float:
        """How much faster the emulator spikes than the reference, in percent of the reference's rate."""
        reference, emulated = self.rates_hz
        return 100.0 * (emulated - reference) / reference


def measure(model: CellModel) -> tuple[MeasuredError, ...]:
    """Measure `model` at each of `TIMESTEPS`; () if no current makes it spike."""
    current = drive(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MappingWarning)  # defaults that are short for a timestep of 1 ms
        return () if current is None else tuple(_measured(model, current, timestep) for timestep in TIMESTEPS)


def drive(model: CellModel) -> float | None:
    """The current (nA) that brings the reference nearest to 30 Hz, of powers of 2 and 7 steps between them."""
    coarse = _nearest(model, CURRENTS)
    return None if coarse is None else _nearest(model, coarse * np.exp2(np.arange(-7, 8) / 8.0))


def _nearest(model: CellModel, currents: Floats) -> float | None:
    while len(currents):
        try:
            rates = _rates(model, currents)
        except ArithmeticError:  # more than the cell can take
            currents = currents[: len(currents) // 2]
            continue
        best = int(np.argmin(np.abs(np.log((rates + 1e-9) / RATE_HZ))))
        return float(currents[best]) if rates[best] > 0.0 else None
    return None


def _rates(model: CellModel, currents: Floats) -> Floats:
    simulation = ReferenceSimulation(_network(model, currents, FINE_MS))
    simulation.run(round(DURATION_MS / FINE_MS))
    counts = np.bincount(simulation.spikes(0)[1], minlength=len(currents))
    return np.asarray(counts / (DURATION_MS * 1e-3))


def _measured(model: CellModel, current: float, timestep: float) -> MeasuredError:
    network = _network(model, np.array([current]), timestep)
    steps = round(DURATION_MS / timestep)
    variable = model.state[0].name
    trains: list[SpikeTrains] = []
    signals = []
    for simulation in (ReferenceSimulation(network), EmulatedSimulation(network)):
        simulation.run(steps)
        trains.append(trains_of_cell(simulation, steps, timestep))
        signals.append(simulation.signal(0, variable)[:, 0])
    until = first_difference(trains, steps)
    difference = np.subtract(*signals)[: until + 1]
    rms = float(np.sqrt(np.mean(difference**2)))
    return MeasuredError(
        timestep,
        current,
        interval_rates(trains[0], trains[1]),
        rms,
        paired_share(trains[0], trains[1]),
        spike_shift(trains[0], trains[1]),
    )


def trains_of_cell(simulation: ReferenceSimulation | EmulatedSimulation, steps: int, timestep: float) -> SpikeTrains:
    """The spikes of a run of which population 0 is one cell."""
    spikes = simulation.spikes(0)
    return SpikeTrains(spikes[0], spikes[1].astype(np.int64), 1, steps, timestep)


def interval_rates(one: SpikeTrains, other: SpikeTrains) -> tuple[float, float]:
    """Rates (Hz) of a cell in two runs, from as many intervals as both have; NaN if one has less than two spikes."""
    last = min(len(one.steps), len(other.steps)) - 1
    if last < 1:
        return math.nan, math.nan
    first, second = (1e3 * last / (float(t.steps[last] - t.steps[0]) * t.timestep) for t in (one, other))
    return first, second


def paired_share(one: SpikeTrains, other: SpikeTrains) -> float:
    """Share of the spikes of the run that has more of them for which there is the same one in the other run."""
    most = max(len(one.steps), len(other.steps))
    return len(pair_shifts(one, other)) / most if most else math.nan


def first_difference(trains: Sequence[SpikeTrains], steps: int) -> int:
    """The first step in which only one of two runs has a spike; the end if there is none."""
    only = np.setxor1d(trains[0].steps, trains[1].steps)
    return int(only[0]) if len(only) else steps


def _network(model: CellModel, currents: Floats, timestep: float) -> Network:
    every = np.arange(len(currents), dtype=np.int32)
    population = Population(
        model.name,
        len(currents),
        model.name,
        {},
        currents=tuple(
            Current(every[i : i + 1], np.zeros(1), np.array([amplitude])) for i, amplitude in enumerate(currents)
        ),
        recordings=(Recording("spikes", every), Recording(model.state[0].name, every)),
    )
    return Network(model.name, timestep, (population,), ())
