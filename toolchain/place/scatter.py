"""Placement at random: the worst that a legal placement comes to on average, to measure others by."""

from __future__ import annotations

import numpy as np

from emulator.machine import Machine
from toolchain.constraints import FREE, Constraints
from toolchain.errors import MappingError
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place.fill import fill


def place(graph: Graph, machine: Machine, constraints: Constraints = FREE, *, seed: int = 1) -> Placement:
    """Place the vertices in random order on chips in random order, both drawn with `seed`.

    Raises
    ------
    MappingError
        If they do not fit, or `seed` is negative.
    """
    if seed < 0:
        raise MappingError(f"scatter: seed must be >= 0, got {seed}")
    generator = np.random.default_rng(seed)
    chips = generator.permutation(np.argwhere(machine.cores > 0).astype(np.int32))
    return fill(graph, machine, chips, generator.permutation(len(graph.vertices)), constraints=constraints)
