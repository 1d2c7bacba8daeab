"""The vectorised connectors make PyNN's own networks: pyNN.mock, in the same process, is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyNN import mock
from pyNN.core import IndexBasedExpression
from pyNN.errors import ConnectionError
from pyNN.parameters import LazyArray
from pyNN.random import NumpyRNG, RandomDistribution, available_distributions
from pyNN.space import Grid2D, RandomStructure, Space, Sphere

import pyneuro
from pyneuro.errors import UnsupportedError

Backend = Any
Connections = list[tuple[float, ...]]


def connections(projection: Any) -> Connections:
    """All connections in the order in which they were made."""
    names = ["presynaptic_index", "postsynaptic_index", "weight", "delay"]
    if projection._simulator.name == "MockSimulator":
        names = [*names[:2], "WEIGHT", "DELAY"]
    return [tuple(map(float, c.as_tuple(*names))) for c in projection.connections]


def populations(sim: Backend, sizes: tuple[int, int]) -> tuple[Any, Any]:
    """A source and a target population, with positions."""
    sim.setup(timestep=0.1, min_delay=0.1)
    sphere = RandomStructure(Sphere(3.0), rng=NumpyRNG(4))
    return (
        sim.Population(sizes[0], sim.IF_cond_exp(), label="pre", structure=sphere),
        sim.Population(sizes[1], sim.IF_cond_exp(), label="post", structure=Grid2D(aspect_ratio=sizes[1])),
    )


def whole(pre: Any, post: Any) -> tuple[Any, Any]:
    return pre, post


def itself(pre: Any, post: Any) -> tuple[Any, Any]:
    return pre, pre


def views(pre: Any, post: Any) -> tuple[Any, Any]:
    return pre[[0, 2, 3, 7]], post[1:6]


def overlapping_views(pre: Any, post: Any) -> tuple[Any, Any]:
    return pre[1:7], pre[[0, 2, 3, 8]]


def same_view(pre: Any, post: Any) -> tuple[Any, Any]:
    return pre[[1, 2, 5, 6]], pre[[1, 2, 5, 6]]


def assemblies(pre: Any, post: Any) -> tuple[Any, Any]:
    return post[2:5] + pre, pre[3:9] + post


CELLS = [whole, itself, views, overlapping_views, same_view, assemblies]


def static(sim: Backend) -> Any:
    return sim.StaticSynapse(weight=0.25, delay=0.5)


def random_values(sim: Backend) -> Any:
    rng = NumpyRNG(77)
    return sim.StaticSynapse(
        weight=RandomDistribution("gamma", k=2.0, theta=0.5, rng=rng),
        delay=RandomDistribution("uniform", low=0.1, high=2.0, rng=rng),
    )


def normal_and_clipped(sim: Backend) -> Any:
    return sim.StaticSynapse(
        weight=RandomDistribution("normal_clipped", mu=0.5, sigma=0.5, low=0.1, high=0.9, rng=NumpyRNG(5)),
        delay=RandomDistribution("normal_clipped_to_boundary", mu=1.0, sigma=1.0, low=0.1, high=2.0, rng=NumpyRNG(6)),
    )


CONNECTORS: dict[str, Callable[[Backend, int], Any]] = {
    "all": lambda sim, seed: sim.AllToAllConnector(),
    "all but self": lambda sim, seed: sim.AllToAllConnector(allow_self_connections=False),
    "one to one": lambda sim, seed: sim.OneToOneConnector(),
    "probability": lambda sim, seed: sim.FixedProbabilityConnector(0.3, rng=NumpyRNG(seed)),
    "probability, none": lambda sim, seed: sim.FixedProbabilityConnector(0.0, rng=NumpyRNG(seed)),
    "probability, all": lambda sim, seed: sim.FixedProbabilityConnector(1.0, rng=NumpyRNG(seed)),
    "probability, not self": lambda sim, seed: sim.FixedProbabilityConnector(
        0.6, allow_self_connections=False, rng=NumpyRNG(seed)
    ),
    "pre": lambda sim, seed: sim.FixedNumberPreConnector(3, rng=NumpyRNG(seed)),
    "pre, not self": lambda sim, seed: sim.FixedNumberPreConnector(3, allow_self_connections=False, rng=NumpyRNG(seed)),
    "pre, many": lambda sim, seed: sim.FixedNumberPreConnector(31, rng=NumpyRNG(seed)),
    "pre, many, not self": lambda sim, seed: sim.FixedNumberPreConnector(
        31, allow_self_connections=False, rng=NumpyRNG(seed)
    ),
    "pre, replaced": lambda sim, seed: sim.FixedNumberPreConnector(5, with_replacement=True, rng=NumpyRNG(seed)),
    "pre, random number": lambda sim, seed: sim.FixedNumberPreConnector(
        RandomDistribution("uniform_int", low=1, high=5, rng=NumpyRNG(8)), rng=NumpyRNG(seed)
    ),
    "post": lambda sim, seed: sim.FixedNumberPostConnector(3, rng=NumpyRNG(seed)),
    "post, not self": lambda sim, seed: sim.FixedNumberPostConnector(
        3, allow_self_connections=False, rng=NumpyRNG(seed)
    ),
    "post, many": lambda sim, seed: sim.FixedNumberPostConnector(31, rng=NumpyRNG(seed)),
    "post, replaced": lambda sim, seed: sim.FixedNumberPostConnector(5, with_replacement=True, rng=NumpyRNG(seed)),
    "post, random number": lambda sim, seed: sim.FixedNumberPostConnector(
        RandomDistribution("uniform_int", low=1, high=5, rng=NumpyRNG(8)), rng=NumpyRNG(seed)
    ),
    "total": lambda sim, seed: sim.FixedTotalNumberConnector(40, rng=NumpyRNG(seed)),
    "list": lambda sim, seed: sim.FromListConnector(
        [(i * 5 % 4, i * 7 % 3, 0.1 * i, 0.2 + 0.1 * i) for i in range(37)]
    ),
    "list without values": lambda sim, seed: sim.FromListConnector([(1, 2), (0, 0), (1, 2), (2, 0)]),
    "list of delays": lambda sim, seed: sim.FromListConnector([(1, 2, 0.4), (0, 2, 0.3)], column_names=["delay"]),
    "empty list": lambda sim, seed: sim.FromListConnector([]),
}


def check(connector: Callable[[Backend, int], Any], cells: Any, synapse: Any, seed: int) -> None:
    """Both make the same connections, in the same order, and leave their generator in the same state."""
    made = []
    for sim in (mock, pyneuro):
        parts = cells(*populations(sim, (9, 7)))
        chosen = connector(sim, seed)
        projection = sim.Projection(*parts, chosen, synapse(sim), receptor_type="excitatory")
        after = chosen.rng.next(3).tolist() if hasattr(chosen, "rng") else []
        made.append((connections(projection), after))
    assert made[0] == made[1]


@pytest.mark.parametrize("connector", CONNECTORS)
@pytest.mark.parametrize("cells", CELLS)
def test_same_network_as_pynn(connector: str, cells: Any) -> None:
    """The same cells are connected, whatever they are taken from."""
    check(CONNECTORS[connector], cells, random_values, seed=len(connector))


@pytest.mark.parametrize("synapse", [static, normal_and_clipped])
@pytest.mark.parametrize("connector", CONNECTORS)
def test_same_values_as_pynn(connector: str, synapse: Any) -> None:
    """Weights and delays are the same, whatever they are drawn from."""
    check(CONNECTORS[connector], whole, synapse, seed=4711)


DISTANCE: dict[str, Callable[[Backend, int], Any]] = {
    "near": lambda sim, seed: sim.DistanceDependentProbabilityConnector("d < 2.5", rng=NumpyRNG(seed)),
    "exponential": lambda sim, seed: sim.DistanceDependentProbabilityConnector("exp(-d / 2)", rng=NumpyRNG(seed)),
    "constant, not self": lambda sim, seed: sim.DistanceDependentProbabilityConnector(
        "0.7", allow_self_connections=False, rng=NumpyRNG(seed)
    ),
    "step": lambda sim, seed: sim.DistanceDependentProbabilityConnector("0.1 + 0.6 * (d < 3)", rng=NumpyRNG(seed)),
    "displacement": lambda sim, seed: sim.DisplacementDependentProbabilityConnector(
        lambda d: (abs(d[0]) < 1.5) * 0.8, rng=NumpyRNG(seed)
    ),
    "probability": lambda sim, seed: sim.FixedProbabilityConnector(0.4, rng=NumpyRNG(seed)),
}
SPACES = [
    Space(),
    Space(axes="xy", scale_factor=0.7),
    Space(offset=0.5),
    Space(periodic_boundaries=((0.0, 3.0), None, (-1.0, 2.5))),
]


@pytest.mark.parametrize(("space", "cells"), list(zip(SPACES, [whole, itself, views, whole], strict=True)))
@pytest.mark.parametrize("connector", DISTANCE)
def test_same_distances_as_pynn(connector: str, cells: Any, space: Space) -> None:
    """Probabilities, weights and delays that depend on distance are the same to the last bit."""
    made = []
    for sim in (mock, pyneuro):
        parts = cells(*populations(sim, (9, 7)))
        synapse = sim.StaticSynapse(weight=lambda d: 0.01 + np.exp(-0.1 * d), delay="0.2 + 0.3 * d")
        projection = sim.Projection(*parts, DISTANCE[connector](sim, 5), synapse, space=space)
        made.append(connections(projection))
    assert made[0] == made[1]
    assert made[0]


class IndexWeight(IndexBasedExpression):
    """A weight that tells which cells it is between."""

    def __call__(self, i: Any, j: Any) -> Any:
        return 1.0 + i + 100.0 * j


def weight_matrix(sim: Backend) -> Any:
    return sim.StaticSynapse(weight=np.arange(63.0).reshape(9, 7), delay=0.3)


def weight_matrix_halved(sim: Backend) -> Any:
    return sim.StaticSynapse(weight=LazyArray(np.arange(63.0).reshape(9, 7)) / 2, delay=0.3)


def distribution_times_distribution(sim: Backend) -> Any:
    factor = LazyArray(RandomDistribution("uniform", (1, 2), rng=NumpyRNG(4)), shape=(9, 7))
    weight = LazyArray(RandomDistribution("uniform", (1, 2), rng=NumpyRNG(3)), shape=(9, 7)) * factor
    return sim.StaticSynapse(weight=weight, delay=0.3)


def index_weight(sim: Backend) -> Any:
    return sim.StaticSynapse(weight=IndexWeight(), delay=0.3)


@pytest.mark.parametrize(
    "synapse", [weight_matrix, weight_matrix_halved, distribution_times_distribution, index_weight]
)
@pytest.mark.parametrize("connector", ["all", "probability", "pre, many", "post", "total"])
def test_same_matrices_as_pynn(connector: str, synapse: Any) -> None:
    """Weights from matrices, from indices, and from what has to be evaluated column by column."""
    check(CONNECTORS[connector], whole, synapse, seed=3)


@pytest.mark.parametrize("name", sorted(set(available_distributions) - {"normal_clipped"}))
def test_distributions_concatenate(name: str) -> None:
    """Drawing in parts gives what drawing at once gives: the reason why weights can be drawn at once."""
    parameters = {"low": 1, "high": 9, "n": 40, "p": 0.3, "beta": 2.0, "lambda_": 60.0}
    wanted = {key: parameters.get(key, 1.5) for key in available_distributions[name]}
    parts, whole_ = (RandomDistribution(name, rng=NumpyRNG(12), **wanted) for _ in range(2))
    drawn = np.concatenate([parts.next(n) for n in (1, 7, 2, 30)])
    assert np.array_equal(drawn, whole_.next(40))


def test_no_mutual_connections() -> None:
    """Of each pair of cells one direction is drawn, as in PyNN; PyNN has it for whole populations."""
    for connector in (
        lambda sim, seed: sim.FixedProbabilityConnector(0.8, allow_self_connections="NoMutual", rng=NumpyRNG(seed)),
        lambda sim, seed: sim.DistanceDependentProbabilityConnector(
            "0.8", allow_self_connections="NoMutual", rng=NumpyRNG(seed)
        ),
    ):
        check(connector, itself, static, seed=9)
        with pytest.raises(UnsupportedError, match="NoMutual"):
            pyneuro.Projection(*same_view(*populations(pyneuro, (9, 7))), connector(pyneuro, 1))


def test_fixed_numbers_avoid_self_connections_with_replacement() -> None:
    """Every cell gets its number of others; PyNN 0.13 raises IndexError when it must draw twice."""
    pre, _ = populations(pyneuro, (3, 2))
    for kind, axis in ((pyneuro.FixedNumberPreConnector, 0), (pyneuro.FixedNumberPostConnector, 1)):
        connector = kind(40, allow_self_connections=False, with_replacement=True, rng=NumpyRNG(1))
        projection = pyneuro.Projection(pre, pre, connector, static(pyneuro))
        matrix = projection.get("weight", format="array") / 0.25
        assert np.all(np.isnan(np.diagonal(matrix)))
        assert np.array_equal(np.nansum(matrix, axis=axis), [40, 40, 40])


def test_populations_of_one_cell() -> None:
    """One-to-one works between single cells, which PyNN 0.13 cannot do with numpy 2."""
    source, target = populations(pyneuro, (1, 1))
    projection = pyneuro.Projection(source, target, pyneuro.OneToOneConnector(), static(pyneuro))
    assert projection.get(["weight", "delay"], format="list") == [(0, 0, 0.25, 0.5)]
    alone = pyneuro.AllToAllConnector(allow_self_connections=False)
    assert len(pyneuro.Projection(source, source, alone, static(pyneuro))) == 0


def test_callback_tells_the_progress() -> None:
    """The callback is called as PyNN calls it: for each column that has connections."""
    told: list[list[float]] = []
    for sim in (mock, pyneuro):
        parts = populations(sim, (9, 7))
        told.append([])
        connector = sim.FixedProbabilityConnector(0.1, rng=NumpyRNG(2), callback=told[-1].append)
        sim.Projection(*parts, connector, static(sim))
    assert told[0] == told[1]
    assert 0 < len(told[0]) < 7


def test_array_connector() -> None:
    """A boolean matrix connects as in PyNN; another is refused with what it should be."""
    matrix = np.random.default_rng(1).random((9, 7)) < 0.4
    check(lambda sim, seed: sim.ArrayConnector(matrix), whole, random_values, seed=0)
    for wrong in (matrix.astype(int), matrix[:5]):
        with pytest.raises(ConnectionError, match=r"boolean and of shape \(9, 7\)"):
            pyneuro.Projection(*populations(pyneuro, (9, 7)), pyneuro.ArrayConnector(wrong))


def test_lists_from_files(tmp_path: Path) -> None:
    """A file connects as the list in it."""
    rows = [(0, 1, 0.25, 0.5), (3, 0, 0.5, 0.7), (2, 1, 0.75, 0.6)]
    path = tmp_path / "connections.txt"
    path.write_text("# columns = ['i', 'j', 'weight', 'delay']\n" + "\n".join("\t".join(map(str, r)) for r in rows))
    parts = populations(pyneuro, (9, 7))
    projection = pyneuro.Projection(*parts, pyneuro.FromFileConnector(str(path)))
    assert sorted(projection.get(["weight", "delay"], format="list")) == sorted(rows)


def test_clones() -> None:
    """A clone has the pairs of its model."""
    parts = populations(pyneuro, (9, 7))
    first = pyneuro.Projection(*parts, pyneuro.FixedProbabilityConnector(0.5, rng=NumpyRNG(1)), static(pyneuro))
    second = pyneuro.Projection(*parts, pyneuro.CloneConnector(first), pyneuro.StaticSynapse(weight=1.0))
    assert [c[:2] for c in connections(first)] == [c[:2] for c in connections(second)]


def test_small_worlds() -> None:
    """Neighbours are connected; of the connections that are rewired hardly any stay; none leads to itself."""
    for rewiring, near in ((0.0, 1.0), (1.0, 0.2)):
        pyneuro.setup()
        ring = pyneuro.Population(100, pyneuro.IF_curr_exp())
        connector = pyneuro.SmallWorldConnector(3, rewiring, allow_self_connections=False, rng=NumpyRNG(5))
        projection = pyneuro.Projection(ring, ring, connector, static(pyneuro))
        distance = np.abs(projection.arrays.pre - projection.arrays.post)
        assert len(projection) == 4 * 100 - 6
        assert distance.min() > 0
        assert (distance < 3).mean() <= near
    for unclear in ({"n_connections": 3}, {"allow_self_connections": "NoMutual"}):
        with pytest.raises(UnsupportedError, match="SmallWorldConnector"):
            pyneuro.Projection(ring, ring, pyneuro.SmallWorldConnector(3, 0.1, **unclear))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(0, 1), (9, 2)], "row 1 has the pre-synaptic index 9, but 'pre' has 9 cells, 0 to 8"),
        ([(0, 7)], "row 0 has the post-synaptic index 7, but 'post' has 7 cells, 0 to 6"),
        ([(-1, 2)], "row 0 has the pre-synaptic index -1"),
        ([(0.5, 2)], "row 0 has the pre-synaptic index 0.5"),
    ],
)
def test_lists_name_cells_that_there_are(rows: list[tuple[float, float]], message: str) -> None:
    """A list with an index that is none is refused; nothing is dropped in silence."""
    with pytest.raises(ConnectionError, match=message):
        pyneuro.Projection(*populations(pyneuro, (9, 7)), pyneuro.FromListConnector(rows))


def test_lists_have_the_synapses_parameters() -> None:
    """A column that is no parameter is refused."""
    connector = pyneuro.FromListConnector([(0, 1, 0.3)], column_names=["strength"])
    with pytest.raises(ValueError, match="strength is not a parameter of StaticSynapse"):
        pyneuro.Projection(*populations(pyneuro, (9, 7)), connector)


@pytest.mark.parametrize("connector", ["all", "probability, all", "pre", "post", "total", "list"])
@pytest.mark.parametrize(
    ("weight", "delay", "message"),
    [
        (-0.5, 1.0, "weights must be at least 0 uS"),
        (np.nan, 1.0, "weights must be finite"),
        (0.5, -1.0, "delays must be at least 0 ms, got -1 ms"),
        (0.5, 0.02, "a delay of 0.02 ms is beyond min_delay, 0.1 ms"),
    ],
)
def test_wrong_values(connector: str, weight: float, delay: float, message: str) -> None:
    """A weight of the wrong sign and a delay that cannot be are refused, and leave no projection behind."""
    parts = populations(pyneuro, (9, 7))
    chosen = CONNECTORS[connector](pyneuro, 1)
    if connector == "list":
        chosen = pyneuro.FromListConnector([(0, 1, weight, delay)])
    with pytest.raises(ConnectionError, match=message):
        pyneuro.Projection(
            *parts, chosen, pyneuro.StaticSynapse(weight=weight, delay=delay), receptor_type="excitatory"
        )
    assert pyneuro.simulator.state.projections == []


def test_unsafe_connectors_skip_the_check_of_signs() -> None:
    """With safe=False the sign of weights is not looked at."""
    connector = pyneuro.AllToAllConnector(safe=False)
    synapse = pyneuro.StaticSynapse(weight=-0.5)
    assert len(pyneuro.Projection(*populations(pyneuro, (2, 2)), connector, synapse, receptor_type="excitatory")) == 4


def test_other_generators_take_pynns_way() -> None:
    """A generator that is not a Mersenne Twister draws through PyNN's own code."""

    class Other(NumpyRNG):
        pass

    for kind in ("FixedProbabilityConnector", "FixedNumberPreConnector", "FixedTotalNumberConnector"):
        check(lambda sim, seed, kind=kind: getattr(sim, kind)(1, rng=Other(seed)), whole, random_values, seed=2)


def test_native_generator() -> None:
    """NativeRNG connects with the probability that is asked for, at least within five standard deviations."""
    for p in (0.0, 0.003, 0.4, 1.0):
        pyneuro.setup()
        a, b = pyneuro.Population(400, pyneuro.IF_curr_exp()), pyneuro.Population(500, pyneuro.IF_curr_exp())
        connector = pyneuro.FixedProbabilityConnector(p, rng=pyneuro.NativeRNG(6))
        projection = pyneuro.Projection(a, b, connector, static(pyneuro))
        assert abs(len(projection) - 200_000 * p) <= 5 * (200_000 * p * (1 - p)) ** 0.5
        pairs = projection.arrays.pre.astype(int) * 500 + projection.arrays.post
        assert len(np.unique(pairs)) == len(projection)
    connector = pyneuro.FixedProbabilityConnector(0.5, allow_self_connections=False, rng=pyneuro.NativeRNG(6))
    projection = pyneuro.Projection(a, a, connector, static(pyneuro))
    assert np.all(projection.arrays.pre != projection.arrays.post)
    assert len(pyneuro.Projection(a, b, pyneuro.FixedNumberPreConnector(3, rng=pyneuro.NativeRNG(6)))) == 1500


def test_compartments_are_not_supported() -> None:
    """location_selector is refused by name."""
    for connector in (
        pyneuro.AllToAllConnector(location_selector="soma"),
        pyneuro.FromListConnector([(0, 0)], location_selector="soma"),
    ):
        with pytest.raises(UnsupportedError, match="location_selector"):
            pyneuro.Projection(*populations(pyneuro, (2, 2)), connector)


def test_numbers_must_be_whole() -> None:
    """A fixed number that is drawn must be whole."""
    n = RandomDistribution("uniform", (1.0, 3.0), rng=NumpyRNG(1))
    with pytest.raises(ConnectionError, match=r"FixedNumberPreConnector\.n must be whole numbers"):
        pyneuro.Projection(*populations(pyneuro, (5, 5)), pyneuro.FixedNumberPreConnector(n))


@pytest.mark.parametrize("p", [-0.2, 1.7, float("nan")])
def test_what_is_no_probability(p: float) -> None:
    """A probability is from 0 to 1."""
    with pytest.raises(ValueError, match=f"p_connect must be a probability, 0 to 1, got {p:g}"):
        pyneuro.FixedProbabilityConnector(p)


@pytest.mark.parametrize("rows", [[(0, 0, 1.0)], [(0, 0, 1.0, 1.0, 0.5)], [0, 1]])
def test_columns_without_names(rows: list[Any]) -> None:
    """The columns that need names are told."""
    with pytest.raises(TypeError, match=r"each row must be .pre, post. or .pre, post, weight, delay., got (3|5|no)"):
        pyneuro.FromListConnector(rows)
    assert pyneuro.FromListConnector([(0, 0, 1.0)], ["weight"]).column_names == ["weight"]
