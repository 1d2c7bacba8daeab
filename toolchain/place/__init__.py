"""Placement: which chip and core each vertex of the machine graph runs on.

A placer is a function ``(graph, machine, constraints, *, options) -> Placement``; it raises MappingError if the
graph does not fit.  `sequential` and `scatter` are there to compare others with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine


@dataclass(frozen=True, eq=False)
class Placement:
    """Vertex i runs on core ``p[i]`` (1, 2, ...) of chip ``(x[i], y[i])``; all int32[vertices]."""

    machine: Machine
    x: NDArray[np.int32]
    y: NDArray[np.int32]
    p: NDArray[np.int32]
