"""Figures of a mapping, by the words that objectives and requirements use."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from toolchain.link_load import link_load
from toolchain.map_graph import GraphMapping
from toolchain.settings import Objective

Figure = Callable[[GraphMapping], float]

FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {
        "hops": lambda mapping: mapping.hops,
        "entries": lambda mapping: mapping.entries_minimised,
        "table entries": lambda mapping: mapping.entries_max,
        "chips": lambda mapping: mapping.chips,
        "boards": lambda mapping: mapping.boards,
        "cores": lambda mapping: mapping.cores,
        "link load": lambda mapping: link_load(mapping.graph, mapping.routes, mapping.machine),
    }
)
"""What there is to make small: link traversals if every source neuron fires once, entries of all tables that are
loaded, those of the longest table, chips, boards and cores in use; what the busiest link carries at the expected
rates, as a share of its capacity."""


def cost(mapping: GraphMapping, objective: Objective | None) -> float:
    """What a mapping costs by `objective`, or by the default one.

    By default it is the product of hops, entries and chips: so a per cent of the one is worth a per cent of the other,
    for networks of any size and neurons of any rate.
    """
    if objective is None:
        return sum(math.log(max(FIGURES[name](mapping), 1.0)) for name in ("hops", "entries", "chips"))
    return sum(weight * FIGURES[name](mapping) for name, weight in objective.weights.items())
