"""The vectorised connectors make PyNN's own networks: pyNN.mock, in the same process, is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pyNN import mock
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Grid2D, RandomStructure, Sphere

import pyneuro

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


SYNAPSES = [static, random_values, normal_and_clipped]

CONNECTORS: dict[str, Callable[[Backend, int], Any]] = {
    "all": lambda sim, seed: sim.AllToAllConnector(),
    "all but self": lambda sim, seed: sim.AllToAllConnector(allow_self_connections=False),
    "one to one": lambda sim, seed: sim.OneToOneConnector(),
    "probability": lambda sim, seed: sim.FixedProbabilityConnector(0.3, rng=NumpyRNG(seed)),
    "probability, none": lambda sim, seed: sim.FixedProbabilityConnector(0.0, rng=NumpyRNG(seed)),
    "probability, all": lambda sim, seed: sim.FixedProbabilityConnector(1.5, rng=NumpyRNG(seed)),
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


@pytest.mark.parametrize("synapse", SYNAPSES)
@pytest.mark.parametrize("cells", CELLS)
@pytest.mark.parametrize("connector", CONNECTORS)
def test_same_network_as_pynn(connector: str, cells: Any, synapse: Any) -> None:
    """The same connections, in the same order, with the same weights and delays, for several seeds."""
    for seed in (1, 23456):
        made = []
        for sim in (mock, pyneuro):
            parts = cells(*populations(sim, (9, 7)))
            projection = sim.Projection(
                *parts, CONNECTORS[connector](sim, seed), synapse(sim), receptor_type="excitatory"
            )
            made.append(connections(projection))
        assert made[0] == made[1]
