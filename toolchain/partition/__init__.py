"""Partition: the slices of the populations, one core each, and the machine graph between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolchain.graph import Graph
from toolchain.memory import CoreMemory
from toolchain.rows import RowPlan, Slicing

SliceKind = Literal["neurons", "poisson", "array", "delay"]


@dataclass(frozen=True)
class Slice:
    """Cells ``start <= i < stop`` of a population, or the delay stages of such a slice, on one core.

    Parameters
    ----------
    population : int
        Index into the network's populations.
    kind : str
        What the core runs. ``delay`` cores repeat the spikes of slice `source`.
    cycles : int
        Estimated cycles of a tick at the assumed rates.
    source : int
        For ``delay``: index of the slice whose spikes it repeats, else -1.
    stages : int
        For ``delay``: number of stages of 16 ticks, else 0.
    substeps : int
        For ``neurons``: parts of a timestep that the update goes through, else 0.
    """

    label: str
    population: int
    start: int
    stop: int
    kind: SliceKind
    dtcm_bytes: int
    sdram_bytes: int
    cycles: int
    source: int = -1
    stages: int = 0
    substeps: int = 0

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.stop - self.start


@dataclass(frozen=True, eq=False)
class Partition:
    """Slice i is vertex i of the graph.

    Slices of a population are consecutive and in order; the delay stages of a slice come right after it.

    Parameters
    ----------
    memory : tuple of CoreMemory
        The regions of each slice.
    slicing : Slicing
        The cuts, without delay stages; what `rows` calls pieces.
    rows : RowPlan
        Which synaptic rows each core holds.
    piece_slice, delay_slice : int32[pieces]
        Index of the slice that is a piece; of the slice with its delay stages, -1 if it has none.
    sends : mapping of int to bool[stages, cells]
        For each slice of delay stages: which stage repeats the spikes of which cell.
    """

    slices: tuple[Slice, ...]
    graph: Graph
    memory: tuple[CoreMemory, ...]
    slicing: Slicing
    rows: RowPlan
    piece_slice: NDArray[np.int32]
    delay_slice: NDArray[np.int32]
    sends: Mapping[int, NDArray[np.bool_]]

    def slices_of(self, population: int) -> tuple[int, ...]:
        """Indices of the slices that hold the cells of a population, in order; no delay stages."""
        first, last = self.slicing.first[population : population + 2]
        return tuple(int(number) for number in self.piece_slice[first:last])
