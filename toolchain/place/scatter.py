"""Placement at random: the worst that a legal placement comes to on average, to measure others by."""

from __future__ import annotations

import numpy as np

from emulator.machine import Machine
from toolchain.algorithm_options import Seed, with_options
from toolchain.constraints import FREE, Constraints
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place.fill import fill


@with_options
def place(graph: Graph, machine: Machine, constraints: Constraints = FREE, *, seed: Seed = 1) -> Placement:
    """Place the vertices in random order on chips in random order, both drawn with `seed`.

    Raises
    ------
    MappingError
        If they do not fit, or `seed` is out of its bounds.
    """
    generator = np.random.default_rng(seed)
    chips = generator.permutation(np.argwhere(machine.cores > 0).astype(np.int32))
    return fill(graph, machine, chips, generator.permutation(len(graph.vertices)), constraints=constraints)
