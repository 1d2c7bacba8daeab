"""Placement in rows: the chips in the order of their coordinates.

The simplest legal placement: a second one to hold others against.
"""

from __future__ import annotations

import numpy as np

from emulator.machine import Machine
from toolchain.constraints import FREE, Constraints
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place.fill import fill


def place(graph: Graph, machine: Machine, constraints: Constraints = FREE) -> Placement:
    """Place the vertices, in their order, on the chips, column by column.

    Raises
    ------
    MappingError
        If they do not fit.
    """
    return fill(graph, machine, np.argwhere(machine.cores > 0).astype(np.int32), constraints=constraints)
