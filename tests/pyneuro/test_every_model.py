"""What every cell model promises: it takes all its parameters, runs on both simulators, and spikes as often on both."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from networks import array_source, connect

from pyneuro.emulated import EmulatedSimulation
from pyneuro.model_errors import drive
from pyneuro.reference import ReferenceSimulation
from toolchain.models import CELL_MODELS
from toolchain.models.composed import MEMBRANES, RECEPTORS, composed_name
from toolchain.models.declaration import CellModel, Parameter
from toolchain.network import Current, Network, Population, Projection, Recording

COMPOSED = [composed_name(membrane, {f"r{kind}": kind for kind in RECEPTORS}) for membrane in MEMBRANES]
MODELS = [name for name, model in CELL_MODELS.items() if isinstance(model, CellModel)] + COMPOSED
by_name = pytest.mark.parametrize("name", MODELS, ids=lambda name: name.partition(";")[0])
pytestmark = pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning")  # defaults are short for 1 ms
SIMULATORS = (ReferenceSimulation, EmulatedSimulation)

MACHINES_OWN = {("Izhikevich_curr_exp", 1.0): 0.06, ("Izhikevich_cond", 1.0): 0.06}
"""Rates that are off by more than 1 %, where the arithmetic is sPyNNaker's and its steps are too long for the cell."""
WEIGHTS = {"nA": 0.1, "uS": 0.002, "mV": 0.5}


def model_of(name: str) -> CellModel:
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    return model


@cache
def least_current(name: str) -> float:
    """A current (nA) that makes a cell spike at about 30 Hz."""
    current = drive(model_of(name))
    assert current is not None, f"{name} never spikes"
    return current


def varied(parameter: Parameter) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Three values near the default, within the bounds."""
    step = 0.01 * max(abs(parameter.default), 1.0)
    values = parameter.default + step * np.array([0.0, 1.0, 2.0])
    return values if parameter.maximum is None else np.minimum(values, parameter.maximum)


@by_name
def test_all_parameters_and_receptors_work_on_both_simulators(name: str) -> None:
    """Cells that differ in every parameter, with input to every receptor and a current: all variables stay finite."""
    model, every = model_of(name), np.arange(3, dtype=np.int32)
    parameters = {parameter.name: varied(parameter) for parameter in model.parameters}
    recordings = tuple(Recording(variable, every) for variable in model.recordable)
    current = Current(every[:2], np.array([2.0]), np.array([0.05]))
    cells = Population("cells", 3, name, parameters, currents=(current,), recordings=recordings)
    sources = [array_source(f"to {receptor}", [[1.0, 3.0, 3.5]]) for receptor in model.receptors]
    projections: list[Projection] = []
    for number, (receptor, weights) in enumerate(model.weights.items(), start=1):
        weight = weights.sign * WEIGHTS[weights.unit]
        projections.append(connect((number, 0), [(0, 0), (0, 1), (0, 2)], weight, 0.5, receptor))
    network = Network("all", 0.1, (cells, *sources), tuple(projections))
    for simulator in SIMULATORS:
        simulation = simulator(network)
        simulation.run(100)
        for variable in model.recordable[1:]:
            signal = simulation.signal(0, variable)
            assert signal.shape == (101, 3)
            assert np.isfinite(signal).all()
            np.testing.assert_allclose(simulation.state(0, variable), signal[-1], rtol=0.0, atol=1e-4)


@by_name
@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_rates_agree_over_a_sweep_of_currents(name: str, timestep: float) -> None:
    """Within 1 % of all spikes, from a current that makes a cell spike at about 30 Hz to three times as much."""
    every = np.arange(6, dtype=np.int32)
    amplitudes = least_current(name) * np.linspace(1.0, 3.0, len(every))
    currents = tuple(Current(every[i : i + 1], np.zeros(1), amplitudes[i : i + 1]) for i in every)
    cells = Population("cells", len(every), name, {}, currents=currents, recordings=(Recording("spikes", every),))
    counts = []
    for simulator in SIMULATORS:
        simulation = simulator(Network("sweep", timestep, (cells,), ()))
        simulation.run(round(500.0 / timestep))
        counts.append(len(simulation.spikes(0)[0]))
    reference, emulated = counts
    assert reference > 50
    off = abs(emulated / reference - 1.0)
    print(f"{name} at {timestep:g} ms: {reference} spikes, {emulated} on the machine, {100.0 * off:.2f} % off")
    assert off <= MACHINES_OWN.get((name, timestep), 0.01)
