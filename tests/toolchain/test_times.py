"""Remarks on times that are no multiple of the timestep."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.networks import array_source, cells
from toolchain.network import Network, Population, Values
from toolchain.times import rounded_times


def remarks(population: Population, timestep: float = 1.0, substeps: int | None = None) -> list[str]:
    """What is said of a population."""
    return [str(remark) for remark in rounded_times(Network("one", timestep, (population,), ()), substeps)]


def test_spike_times_off_the_grid() -> None:
    assert remarks(array_source("source", [[1.0, 2.4], [3.5], []])) == [
        "source: 2 of 3 spike times are no multiple of the timestep (1 ms), such as 2.4 ms, and were rounded, by "
        "0.5 ms at the most"
    ]


def test_spike_times_on_the_grid() -> None:
    assert remarks(array_source("source", [[0.1 * step for step in range(10000)], []]), 0.1) == []
    assert remarks(array_source("source", [[]])) == []


@pytest.mark.parametrize("cell", ["IF_curr_exp", "IF_cond_exp", "EIF_cond_exp_isfa_ista"])
def test_refractory_times_off_the_grid(cell: str) -> None:
    assert remarks(cells("few", 3, cell, parameters={"tau_refrac": 1.5})) == [
        "few: tau_refrac = 1.5 ms is no multiple of the timestep (1 ms): cells are refractory for 2 ms; use a shorter "
        "timestep"
    ]


@pytest.mark.parametrize(("tau", "timestep"), [(2.0, 1.0), (0.1, 1.0), (2.0, 0.1), (1.5, 0.1), (0.0, 1.0)])
def test_multiples_and_defaults_are_passed_over(tau: Values, timestep: float) -> None:
    assert remarks(cells("few", 3, parameters={"tau_refrac": tau}), timestep) == []


def test_cells_that_differ() -> None:
    [remark] = remarks(cells("few", 3, parameters={"tau_refrac": np.array([2.0, 1.5, 0.5])}))
    assert "tau_refrac = 1.5 ms of cell 1 (and 1 other)" in remark


def test_parts_of_a_timestep() -> None:
    assert remarks(cells("few", 3, parameters={"tau_refrac": 1.5}), substeps=2) == []
