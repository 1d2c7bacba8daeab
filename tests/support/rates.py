"""Rates of cells with constant input, in the reference and on a core, and how far apart they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator import update
from pyneuro.reference import ReferenceSimulation
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population, Recording

Floats = NDArray[np.float64]
Trains = list[NDArray[np.int64]]


def on_reference(cell: str, parameters: Mapping[str, Any], timestep: float, time: float, n: int) -> Trains:
    """Steps in which each of `n` unconnected cells spikes within `time` ms."""
    recordings = (Recording("spikes", np.arange(n, dtype=np.int32)),)
    cells = Population("cells", n, cell, parameters, recordings=recordings)
    simulation = ReferenceSimulation(Network("rates", timestep, (cells,), ()))
    simulation.run(round(time / timestep))
    steps, indices = simulation.spikes(0)
    return [steps[indices == i] for i in range(n)]


def on_core(cell: str, parameters: Mapping[str, Any], timestep: float, time: float, n: int) -> Trains:
    """The same, by the program and the kernels of the emulator."""
    model = CELL_MODELS[cell]
    assert isinstance(model, CellModel)
    parts = model.substeps(timestep)
    program = model.program(parts)
    registers = update.allocate(program, model.registers(parameters, {}, n, timestep, parts), n)
    spikes = np.empty((round(time / timestep), n), np.bool_)
    for fired in spikes:
        update.run(program, registers)
        fired[:] = registers[program.spike] != 0
    return [np.flatnonzero(train) for train in spikes.T]


def rates(trains: Trains, timestep: float, after: float = 0.0) -> Floats:
    """Mean rate (Hz) of each train from its first to its last spike later than `after` ms; 0 of fewer than three."""
    late = [train[train * timestep >= after] for train in trains]
    return np.array([1e3 / timestep * (len(t) - 1) / (t[-1] - t[0]) if len(t) > 2 else 0.0 for t in late])


def rate_errors(
    cell: str, parameters: Mapping[str, Any], timestep: float, time: float, n: int
) -> tuple[Floats, Floats]:
    """Rates (Hz) of `n` cells in the reference, and relative errors on a core, in `time` ms but for the first fifth."""
    expected = rates(on_reference(cell, parameters, timestep, time, n), timestep, 0.2 * time)
    found = rates(on_core(cell, parameters, timestep, time, n), timestep, 0.2 * time)
    return expected, np.divide(found - expected, expected, out=(found > 0.0).astype(float), where=expected > 0.0)
