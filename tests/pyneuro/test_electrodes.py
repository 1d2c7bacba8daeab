"""Current sources: schedules on the grid, where they go, and their trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pyneuro as sim
from pyneuro.errors import UnsupportedError
from pyneuro.freeze import freeze


@pytest.fixture(autouse=True)
def _setup() -> None:
    sim.setup(timestep=0.1, backend="reference")


def traces(*sources: Any) -> Any:
    """Voltages, with each source injected into a cell of its own, 30 ms."""
    cells = sim.Population(len(sources), sim.IF_curr_exp(v_thresh=0.0))
    for cell, source in zip(cells, sources, strict=True):
        cell.inject(source)
    cells.record("v")
    sim.run(30.0)
    return cells.get_data().segments[0].analogsignals[0].magnitude


def test_a_current_shows_one_step_later() -> None:
    """V moves in the step that begins at the start, and is seen at its end, as in NEST."""
    v = traces(sim.DCSource(amplitude=1.0, start=10.0, stop=20.0))[:, 0]
    assert np.all(v[:101] == -65.0)
    assert v[101] > -65.0
    assert np.all(np.diff(v[100:201]) > 0)
    assert np.all(np.diff(v[200:]) < 0)


def test_steps_equal_pulses() -> None:
    """A pulse can be said as steps; times are rounded to the grid, and of two on one point the last counts."""
    v = traces(
        sim.DCSource(amplitude=1.0, start=10.0, stop=20.0),
        sim.StepCurrentSource(times=[10.02, 19.96, 20.04], amplitudes=[1.0, 5.0, 0.0]),
        sim.DCSource(amplitude=1.0, start=20.0, stop=10.0),
        sim.StepCurrentSource(),
    )
    assert np.array_equal(v[:, 0], v[:, 1])
    assert np.all(v[:, 2:] == -65.0)


def test_injection_into_everything_that_has_cells() -> None:
    """Populations, views, assemblies, lists of cells; not into spike sources."""
    a, b = sim.Population(4, sim.IF_curr_exp()), sim.Population(2, sim.IF_curr_exp())
    source = sim.DCSource(amplitude=0.5)
    source.inject_into(a[[3, 0]] + b)
    source.inject_into([a[1], b[0]])
    b.inject(source)
    network = freeze(sim.simulator.state)
    assert [[c.indices.tolist() for c in p.currents] for p in network.populations] == [
        [[0, 3], [1]],
        [[0, 1], [0], [0, 1]],
    ]
    with pytest.raises(TypeError, match="cannot be injected into population 'sources': spike sources"):
        source.inject_into(sim.Population(1, sim.SpikeSourceArray(), label="sources"))


def test_changes_on_the_way() -> None:
    """A parameter that is changed between runs acts from then on; the trace shows both; a reset forgets."""
    source = sim.DCSource(amplitude=0.25, start=1.0)
    cell = sim.Population(1, sim.IF_curr_exp())
    source.inject_into(cell)
    source.record()
    sim.run(2.0)
    source.amplitude += 0.5
    assert float(source.amplitude.evaluate(simplify=True)) == 0.75
    sim.run(1.0)
    current = source.get_data()
    assert str(current.units.dimensionality) == "nA"
    assert current.magnitude[:, 0].tolist() == [0.0] * 10 + [0.25] * 10 + [0.75] * 11
    sim.reset()
    sim.run(2.0)
    assert source.get_data().magnitude[:, 0].tolist() == [0.0] * 10 + [0.75] * 11


def test_parameters_can_be_got_and_set() -> None:
    """Steps come back as they are on the grid."""
    source = sim.StepCurrentSource(times=[0.41, 0.42, 0.86], amplitudes=[0.5, -0.5, 0.25])
    assert np.allclose(source.times.evaluate(), [0.4, 0.9])
    assert source.amplitudes.evaluate().tolist() == [-0.5, 0.25]
    source.set_parameters(times=[1.0], amplitudes=[2.0])
    assert (source.times[0], source.amplitudes[0]) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sim.DCSource(start=-1.0), "DCSource.start must be at least 0 ms"),
        (lambda: sim.DCSource(amplitude=float("nan")), "DCSource.amplitude must be finite, in nA"),
        (lambda: sim.StepCurrentSource(times=[1.0, -1.0], amplitudes=[1, 2]), "times must be ascending"),
        (lambda: sim.StepCurrentSource(times=[-1.0, 1.0], amplitudes=[1, 2]), "times must be at least 0 ms"),
        (lambda: sim.StepCurrentSource(times=[1.0, 1.0], amplitudes=[1, 2]), "times must be ascending"),
        (lambda: sim.StepCurrentSource(times=[1.0], amplitudes=[1, 2]), "as many times as amplitudes, got 1 and 2"),
        (lambda: sim.StepCurrentSource(times=[1.0], amplitudes=[float("inf")]), "amplitudes must be finite"),
    ],
)
def test_wrong_parameters(make: Callable[[], Any], message: str) -> None:
    """Named, with the limit and the value."""
    with pytest.raises(ValueError, match=message):
        make()
    assert sim.simulator.state.current_sources == []


def test_a_wrong_change_changes_nothing() -> None:
    """A source stays as it was when it is set to what cannot be."""
    source = sim.DCSource(amplitude=1.0)
    with pytest.raises(ValueError, match=r"DCSource.stop must be at least 0 ms"):
        source.set_parameters(amplitude=2.0, stop=-1.0)
    assert float(source.amplitude.evaluate(simplify=True)) == 1.0


@pytest.mark.parametrize("name", ["ACSource", "NoisyCurrentSource"])
def test_sources_that_are_lacking(name: str) -> None:
    """Named on construction."""
    with pytest.raises(UnsupportedError, match=f"{name} is not available in pyneuro; its current sources are DCSource"):
        getattr(sim, name)()
