"""The algorithms of the mapping stages, by the names that users give them.

Every function of one registry can stand for another; the contract tests run over all of them.  Parameters that are
keywords only are the options of an algorithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import toolchain.keys.along
import toolchain.keys.dense
import toolchain.partition.resource_balanced
import toolchain.partition.uniform
import toolchain.place.annealing
import toolchain.place.bisection
import toolchain.place.compact
import toolchain.place.hilbert
import toolchain.place.scatter
import toolchain.place.sequential
import toolchain.route.cheapest_ways
import toolchain.route.congestion
import toolchain.route.longest_dimension
import toolchain.route.ner
import toolchain.route.trunk
import toolchain.tables.best
import toolchain.tables.chain
import toolchain.tables.default_routes
import toolchain.tables.ordered_covering
import toolchain.tables.pairs
import toolchain.tables.prefixes
from toolchain.map_graph import Allocator, Minimiser, Placer, Router
from toolchain.partition.fit import Partitioner
from toolchain.settings import Algorithm

PARTITIONERS: Final[Mapping[str, Partitioner]] = MappingProxyType(
    {
        "uniform": toolchain.partition.uniform.partition,
        "resource_balanced": toolchain.partition.resource_balanced.partition,
    }
)
PLACERS: Final[Mapping[str, Placer]] = MappingProxyType(
    {
        "compact": toolchain.place.compact.place,
        "annealing": toolchain.place.annealing.place,
        "bisection": toolchain.place.bisection.place,
        "hilbert": toolchain.place.hilbert.place,
        "sequential": toolchain.place.sequential.place,
        "scatter": toolchain.place.scatter.place,
    }
)
ALLOCATORS: Final[Mapping[str, Allocator]] = MappingProxyType(
    {"dense": toolchain.keys.dense.allocate, "along_trees": toolchain.keys.along.allocate}
)
ROUTERS: Final[Mapping[str, Router]] = MappingProxyType(
    {
        "ner": toolchain.route.ner.route,
        "trunk": toolchain.route.trunk.route,
        "longest_dimension": toolchain.route.longest_dimension.route,
        "cheapest_ways": toolchain.route.cheapest_ways.route,
        "congestion": toolchain.route.congestion.route,
    }
)
MINIMISERS: Final[Mapping[str, Minimiser]] = MappingProxyType(
    {
        "default_routes": toolchain.tables.default_routes.minimise,
        "pairs": toolchain.tables.pairs.minimise,
        "prefixes": toolchain.tables.prefixes.minimise,
        "ordered_covering": toolchain.tables.ordered_covering.minimise,
        "chain": toolchain.tables.chain.minimise,
        "best": toolchain.tables.best.minimise,
    }
)
REGISTRY: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {"partition": PARTITIONERS, "place": PLACERS, "route": ROUTERS, "keys": ALLOCATORS, "minimise": MINIMISERS}
)
"""The algorithms of each stage."""


def bind(stage: str, algorithm: Algorithm) -> Any:
    """The function of an algorithm with its options."""
    return partial(REGISTRY[stage][algorithm.name], **algorithm.options)
