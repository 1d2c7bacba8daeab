"""Parameters that a user gives: checked, with one clear message each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pyNN.standardmodels import cells

from toolchain.errors import ParameterError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.models.parameters import check_parameters


def cell(name: str) -> CellModel:
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    return model


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("IF_curr_exp", {"tau_m": -3}, r"^IF_curr_exp\.tau_m must be > 0 ms, got -3$"),
        ("IF_curr_exp", {"tau_refrac": -0.1}, r"tau_refrac must be >= 0 ms, got -0.1"),
        ("IF_curr_exp", {"cm": [1.0, 0.0, 1.0]}, r"cm must be > 0 nF, got 0 for cell 1"),
        ("IF_curr_exp", {"v_rest": [1.0, 2.0]}, r"v_rest must be one value or 3 values, got shape \(2,\)"),
        ("IF_curr_exp", {"v_rest": math.nan}, r"v_rest must be finite, got nan"),
        ("IF_curr_exp", {"v_rest": [0.0, 0.0, math.inf]}, r"v_rest must be finite, got inf for cell 2"),
        ("IF_curr_exp", {"v_rest": "high"}, r"v_rest must be a number or 3 numbers, got 'high'"),
        ("IF_curr_exp", {"tau_mem": 10.0}, r"IF_curr_exp has no parameter 'tau_mem'; did you mean 'tau_m'\?"),
        ("IF_curr_exp", {"zzz": 10.0}, r"has no parameter 'zzz'; there are v_rest, cm, "),
        ("SpikeSourcePoisson", {"rate": -1.0}, r"SpikeSourcePoisson\.rate must be >= 0 Hz, got -1"),
        ("SpikeSourceArray", {"rate": 1.0}, r"SpikeSourceArray has no parameter 'rate'$"),
    ],
)
def test_a_wrong_parameter_is_named(name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check_parameters(CELL_MODELS[name], values, 3)


@pytest.mark.parametrize(
    ("parameters", "initial", "message"),
    [
        ({"v_rest": 1e6}, {}, r"v_rest must be within -65536 \.\. 65535\.99997 mV \(s16\.15.*, got 1e\+06"),
        ({"cm": 1e-6}, {}, r"cm is too small for the machine, whose smallest number is 2\^-15, got 1e-06"),
        ({}, {"w": 0.0}, r"IF_cond_exp has no state variable 'w'"),
        ({}, {"v": [1.0, 2.0, 3.0]}, r"IF_cond_exp\.v must be one value or 2 values"),
        (
            {},
            {"gsyn_exc": [0.0, 70.0]},
            r"IF_cond_exp\.gsyn_exc must be within -64 \.\. 63\.99999997 uS .*, got 70 for cell 1",
        ),
    ],
)
def test_what_the_core_cannot_hold_is_named(parameters: dict[str, Any], initial: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        cell("IF_cond_exp").registers(parameters, initial, 2, 1.0)


@pytest.mark.parametrize(("timestep", "substeps"), [(0.0, 1), (-1.0, 1), (1e-6, 1), (0.001, 100), (1.0, 0)])
def test_a_timestep_that_the_core_cannot_hold_is_named(timestep: float, substeps: int) -> None:
    with pytest.raises(ParameterError, match=r"timestep with \d+ sub-steps? must be at least|1 or more sub-steps"):
        cell("IF_curr_exp").registers({}, {}, 2, timestep, substeps)


def test_good_parameters_pass() -> None:
    check_parameters(cell("IF_curr_exp"), {"tau_m": np.array([10, 20, 30]), "cm": 1, "tau_refrac": 0.0}, 3)
    check_parameters(CELL_MODELS["SpikeSourcePoisson"], {"rate": 0.0, "duration": 1e10}, 3)


SEQUENCES = ("SpikeSourceArray", "SpikeSourceInhGamma")
ARRAYS = ("tau_eta", "tau_gamma", "a_eta", "a_gamma")
PYNN = [name for name in CELL_MODELS if hasattr(cells, name) and name not in SEQUENCES]


@pytest.mark.parametrize("name", PYNN)
def test_declarations_are_those_of_pynn(name: str) -> None:
    """Names, defaults and units are PyNN's."""
    pynn, ours = getattr(cells, name), CELL_MODELS[name]
    declared = {parameter.name: parameter for parameter in ours.parameters}
    single = {n: default for n, default in pynn.default_parameters.items() if n not in ARRAYS}
    assert {n: declared[n].default for n in single} == single
    units = {name: parameter.unit or "dimensionless" for name, parameter in declared.items()}
    assert {n: units[n] for n in single} == {n: pynn.units[n] for n in single}
    if isinstance(ours, CellModel):
        initial = {variable.name: variable.initial for variable in ours.state}
        assert pynn.default_initial_values.items() <= initial.items()
        assert set(pynn.recordable) <= set(ours.recordable)
        chemical = [receptor for receptor in pynn.receptor_types if not receptor.endswith(".gap")]
        assert chemical == list(ours.receptors)


def test_elements_of_arrays_are_those_of_pynn() -> None:
    """The first is called ``_0``."""
    pynn, ours = cells.GIF_cond_exp, cell("GIF_cond_exp")
    declared = {parameter.name: parameter for parameter in ours.parameters}
    for name in ARRAYS:
        [elements] = [group.elements(name) for group in ours.arrays if name in group.names]
        assert [declared[element].default for element in elements] == list(pynn.default_parameters[name].value)
        assert {declared[element].unit for element in elements} == {pynn.units[name]}


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences_are_those_of_pynn(name: str) -> None:
    pynn, source = getattr(cells, name), CELL_MODELS[name]
    assert not isinstance(source, CellModel)
    declared = {sequence: unit or "dimensionless" for sequence, unit in source.sequences}
    declared |= {parameter.name: parameter.unit for parameter in source.parameters}
    assert declared == pynn.units
