"""Projections: weights and delays are got, set and saved as PyNN's documentation says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyNN import mock
from pyNN.core import IndexBasedExpression
from pyNN.errors import ConnectionError, InvalidDimensionsError, NonExistentParameterError
from pyNN.parameters import LazyArray
from pyNN.random import NumpyRNG, RandomDistribution

import pyneuro as sim
from pyneuro.errors import UnsupportedError
from toolchain.errors import NetworkError

PAIRS = [(0, 0), (1, 0), (3, 0), (1, 1), (1, 0), (2, 1)]
"""Six connections of 4 to 2 cells; (1, 0) twice."""


@pytest.fixture
def projection() -> Any:
    sim.setup(timestep=0.1)
    pre, post = sim.Population(4, sim.IF_cond_exp(), label="pre"), sim.Population(2, sim.IF_cond_exp(), label="post")
    return sim.Projection(pre, post, sim.FromListConnector(PAIRS), sim.StaticSynapse(weight=0.25, delay=0.5))


def test_lists(projection: Any) -> None:
    """A tuple for each connection, with or without addresses; indices are whole numbers."""
    full = projection.get(["weight", "delay"], format="list")
    assert sorted(full) == sorted((i, j, 0.25, 0.5) for i, j in PAIRS)
    assert all(type(i) is int for i, *_ in full)
    assert projection.get("delay", format="list", with_address=False) == [0.5] * 6
    assert projection.get(["weight"], format="list", with_address=False) == [(0.25,)] * 6


@pytest.mark.parametrize("several", ["last", "first", "sum", "min", "max"])
def test_matrices(projection: Any, several: str) -> None:
    """What becomes of several connections of a pair is as PyNN's own code has it."""
    weights = iter([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    for connection in projection.connections:
        connection.weight = next(weights)
    mock.setup()
    pre, post = mock.Population(4, mock.IF_cond_exp()), mock.Population(2, mock.IF_cond_exp())
    theirs = mock.Projection(pre, post, mock.FromListConnector(PAIRS), mock.StaticSynapse())
    weights = iter([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    for connection in theirs.connections:
        connection.WEIGHT = next(weights)
    theirs.get_native_names = None
    (expected,) = theirs._get_attributes_as_arrays(["WEIGHT"], multiple_synapses=several)
    assert np.array_equal(projection.get("weight", format="array", multiple_synapses=several), expected, equal_nan=True)


def test_attributes_and_formats_that_there_are_not(projection: Any) -> None:
    """Wrong names are named."""
    for call in (lambda: projection.get("U", format="list"), lambda: projection.set(U=0.5)):
        with pytest.raises(NonExistentParameterError, match=r"U .valid parameters for StaticSynapse are"):
            call()
    with pytest.raises(ValueError, match="multiple_synapses"):
        projection.get("weight", format="array", multiple_synapses="mean")


class IndexWeight(IndexBasedExpression):
    """A weight that tells which cells it is between."""

    def __call__(self, i: Any, j: Any) -> Any:
        return 1.0 + i + 10.0 * j


def test_setting(projection: Any) -> None:
    """Numbers, matrices, lists, functions of distance or index, distributions; pairs that are connected twice alike."""
    pre, post = projection.arrays.pre, projection.arrays.post
    there = np.zeros((4, 2), bool)
    there[pre, post] = True
    matrix = np.arange(8.0).reshape(4, 2)
    distributed = NumpyRNG(5).next(8, "uniform", {"low": 0.1, "high": 0.9}).reshape(4, 2)
    distance = np.abs(np.arange(4.0)[:, np.newaxis] - np.arange(2.0))
    listed = np.zeros((4, 2))
    listed[there] = [0.9, 0.8, 0.7, 0.6, 0.5]
    clipped = RandomDistribution("normal_clipped", mu=0.5, sigma=0.4, low=0.0, high=0.6, rng=NumpyRNG(7))
    factor = LazyArray(matrix, shape=(4, 2))
    for value, expected in (
        (0.75, np.full((4, 2), 0.75)),
        (matrix, matrix),
        ([0.9, 0.8, 0.7, 0.6, 0.5], listed),
        (lambda d: 0.5 + d, 0.5 + distance),
        ("0.25 * d", 0.25 * distance),
        (IndexWeight(), IndexWeight()(np.arange(4)[:, np.newaxis], np.arange(2))),
        (RandomDistribution("uniform", (0.1, 0.9), rng=NumpyRNG(5)), distributed),
        (LazyArray(0.5, shape=(4, 2)) * factor, 0.5 * matrix),
    ):
        projection.set(weight=value)
        assert np.array_equal(projection.arrays.array("weight"), expected[pre, post]), value
    projection.set(weight=clipped, delay=1.5)
    assert projection.arrays.array("weight").max() <= 0.6
    assert projection.arrays["delay"] == 1.5


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"weight": -0.5}, ConnectionError, "weights must be at least 0 uS"),
        ({"weight": float("inf")}, ConnectionError, "'pre→post': weights must be finite numbers"),
        ({"delay": -1.0}, ConnectionError, "'pre→post': delays must be at least 0 ms, got -1 ms"),
        ({"weight": [0.1, 0.2]}, InvalidDimensionsError, "weight needs one value for each of 5 connected pairs, got 2"),
        ({"weight": np.ones((3, 2))}, InvalidDimensionsError, "(4, 2)"),
    ],
)
def test_wrong_changes(projection: Any, change: dict[str, Any], error: type[Exception], message: str) -> None:
    """A change that cannot be is refused, and nothing is changed."""
    with pytest.raises(error) as caught:
        projection.set(**change)
    assert message in str(caught.value)
    assert projection.arrays["weight"] == 0.25
    assert projection.arrays["delay"] == 0.5


def test_limits_of_delays() -> None:
    """min_delay and max_delay hold, in whole timesteps; get_min_delay() tells the least there is."""
    sim.setup(timestep=0.1, min_delay=0.2, max_delay=5.0)
    cells = sim.Population(3, sim.IF_curr_exp())
    assert (sim.get_min_delay(), sim.get_max_delay()) == (0.2, 5.0)
    projection = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse())
    assert projection.arrays["delay"] == 0.2
    projection.set(delay=0.16)
    with pytest.raises(ConnectionError, match=r"a delay of 5.1 ms is beyond max_delay, 5 ms"):
        projection.set(delay=5.1)
    sim.setup(timestep=0.1)
    cells = sim.Population(3, sim.IF_curr_exp())
    assert (sim.get_min_delay(), sim.get_max_delay()) == (0.1, 0.1)
    sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(delay="0.5 + d"))
    assert (sim.get_min_delay(), sim.get_max_delay()) == (0.5, 2.5)


def test_connection_objects(projection: Any) -> None:
    """They are made when asked for, and change their connection."""
    connection = projection[1]
    assert (connection.presynaptic_cell, connection.postsynaptic_cell) == (projection.pre[1], projection.post[0])
    assert connection.source == connection.presynaptic_cell
    assert projection[-1].index == 5
    connection.delay = 2.0
    connection.weight = 1.0
    assert [c.as_tuple("weight", "delay") for c in projection][:3] == [(0.25, 0.5), (1.0, 2.0), (0.25, 0.5)]
    with pytest.raises(IndexError, match="has 6 connections, there is none at 6"):
        projection[6]
    with pytest.raises(ConnectionError, match="at least 0 uS"):
        connection.weight = -1.0


def test_saving(projection: Any, tmp_path: Path) -> None:
    """What is saved can be read back by a connector."""
    path = tmp_path / "connections.txt"
    projection.set(weight=[0.1, 0.2, 0.3, 0.4, 0.5])
    projection.save("all", str(path))
    again = sim.Projection(projection.pre, projection.post, sim.FromFileConnector(str(path)))
    assert again.get(["weight", "delay"], format="list") == projection.get(["weight", "delay"], format="list")


def test_receptors_and_synapses() -> None:
    """The receptor follows the sign of the weight; foreign synapse types are refused."""
    sim.setup()
    cells = sim.Population(3, sim.IF_curr_exp(), label="cells")
    inhibition = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=-0.5))
    assert inhibition.receptor_type == "inhibitory"
    assert "cells" in inhibition.describe()
    with pytest.raises(ConnectionError, match="must be at most 0 nA"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.5), receptor_type="inhibitory")
    mock.setup()
    with pytest.raises(UnsupportedError, match="StaticSynapse is not a synapse type of pyneuro"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), mock.StaticSynapse())


@pytest.mark.parametrize("weight", [[0.1, 0.2, 0.3, 0.4], np.ones((2, 4))])
def test_shapes_of_weights(projection: Any, weight: Any) -> None:
    """A list, or a matrix of another shape, is refused, and what to do with it said."""
    for arguments in ([projection.pre, projection.post], [projection.pre[:3], projection.post + projection.pre]):
        with pytest.raises(InvalidDimensionsError, match=r"weight must be .* of shape .*FromListConnector"):
            sim.Projection(*arguments, sim.AllToAllConnector(), sim.StaticSynapse(weight=weight))


def test_what_cannot_be_connected(projection: Any) -> None:
    """Cells, connectors and synapse types are what PyNN says they are."""
    for arguments, error in (
        ([projection.pre, "cells", sim.AllToAllConnector(), sim.StaticSynapse()], ConnectionError),
        ([projection.pre, projection.post, "all to all", sim.StaticSynapse()], TypeError),
        ([projection.pre, projection.post, sim.AllToAllConnector(), "static"], TypeError),
    ):
        with pytest.raises(error, match=r"must be|should be"):
            sim.Projection(*arguments)


def test_csa_gives_ids() -> None:
    """PyNN's CSAConnector hands IDs over where the others hand indices over."""
    sim.setup()
    first, cells = sim.Population(2, sim.IF_curr_exp()), sim.Population(3, sim.IF_curr_exp())
    projection = sim.Projection(cells, cells, sim.FromListConnector([]), sim.StaticSynapse())
    assert len(first) == 2
    projection._convergent_connect([cells[2]], cells[1], weight=0.5, delay=1.0)
    projection._convergent_connect(np.array([0, 1]), 2, weight=np.array([0.1, 0.2]), delay=1.0)
    assert projection.get(["weight", "delay"], format="list") == [(2, 1, 0.5, 1.0), (0, 2, 0.1, 1.0), (1, 2, 0.2, 1.0)]
    with pytest.raises(UnsupportedError, match="location_selector"):
        projection._convergent_connect([0], 1, location_selector="soma", weight=0.5, delay=1.0)


@pytest.mark.parametrize(
    ("cell", "receptor", "weight", "message"),
    [
        (sim.IF_curr_exp, "excitatory", -0.5, "at least 0 nA, as its excitatory synapses are currents, got -0.5"),
        (sim.IF_curr_exp, "inhibitory", 0.5, "at most 0 nA, as its inhibitory synapses are currents, got 0.5"),
        (sim.IF_cond_exp, "inhibitory", -0.5, "at least 0 uS, as its inhibitory synapses are conductances, got -0.5"),
    ],
)
@pytest.mark.parametrize("array", [False, True])
def test_weights_of_the_wrong_sign(cell: Any, receptor: str, weight: float, message: str, array: bool) -> None:
    """The projection is named, its unit, the sign that is expected and the weight."""
    sim.setup(timestep=1.0)
    pre, post = sim.Population(2, cell(), label="pre"), sim.Population(2, cell(), label="post")
    wrong = np.array([[0.0, -weight], [weight, -weight]]) if array else weight
    with pytest.raises(ConnectionError, match=f"'pre→post': weights must be {message}"):
        sim.Projection(pre, post, sim.AllToAllConnector(), sim.StaticSynapse(weight=wrong), receptor_type=receptor)
    projection = sim.Projection(
        pre, post, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.0), receptor_type=receptor
    )
    with pytest.raises(ConnectionError, match=message):
        projection.set(weight=weight)


@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_both_simulators_refuse_what_was_not_checked(backend: str) -> None:
    """``safe=False`` puts the check off until the run."""
    sim.setup(timestep=1.0, backend=backend)
    pre, post = sim.Population(2, sim.IF_curr_exp(), label="pre"), sim.Population(2, sim.IF_curr_exp(), label="post")
    unsafe = sim.AllToAllConnector(safe=False)
    sim.Projection(pre, post, unsafe, sim.StaticSynapse(weight=-1.0), receptor_type="excitatory")
    with pytest.raises(NetworkError, match="'pre→post': weight must be >= 0 nA for excitatory synapses"):
        sim.run(1.0)


def test_a_projection_onto_a_source() -> None:
    """Sources have no synapses; that is said of views and assemblies, too."""
    sim.setup(timestep=1.0)
    cells, source = sim.Population(2, sim.IF_curr_exp()), sim.Population(2, sim.SpikeSourceArray(), label="source")
    for target in (source, source[:1], sim.Assembly(source, label="sources")):
        with pytest.raises(ConnectionError, match=r"no projection can lead to .*source.*: spike sources have no"):
            sim.Projection(cells, target, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0))
