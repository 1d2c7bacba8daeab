"""Partition: the slices of the populations, one core each, and the machine graph between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from toolchain.graph import Graph
from toolchain.memory import CoreMemory
from toolchain.rows import RowPlan, Slicing

SliceKind = Literal["neurons", "poisson", "array", "delay", "synapses"]
BESIDE: Final = ("delay", "synapses")
"""Kinds of slices that stand beside the slice that holds the cells."""


@dataclass(frozen=True)
class Slice:
    """Cells ``start <= i < stop`` of a population, or the delay stages or synapses of such a slice, on one core.

    Parameters
    ----------
    population : int
        Index into the network's populations.
    kind : str
        What the core runs. ``delay`` cores repeat the spikes of another slice, ``synapses`` cores have some of its
        synapses.
    cycles : int
        Estimated cycles of a tick at the assumed rates.
    source : int
        For ``delay`` and ``synapses``: index of the slice that holds the cells, else -1.
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

    Slices of a population are consecutive and in order; the delay stages of a slice come right after it, then its
    synapse cores.

    Parameters
    ----------
    memory : tuple of CoreMemory
        The regions of each slice.
    slicing : Slicing
        The cuts, without delay stages and synapse cores; what `rows` calls pieces.
    rows : RowPlan
        Which synaptic rows each core holds.
    piece_slice, delay_slice : int32[pieces]
        Index of the slice that is a piece; of the slice with its delay stages, -1 if it has none.
    sends : mapping of int to bool[stages, cells]
        For each slice of delay stages: which stage repeats the spikes of which cell.
    synapse_slices : mapping of int to tuple of int
        The slices with the synapses of each piece that has synapse cores, in their order.
    """

    slices: tuple[Slice, ...]
    graph: Graph
    memory: tuple[CoreMemory, ...]
    slicing: Slicing
    rows: RowPlan
    piece_slice: NDArray[np.int32]
    delay_slice: NDArray[np.int32]
    sends: Mapping[int, NDArray[np.bool_]]
    synapse_slices: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def slices_of(self, population: int) -> tuple[int, ...]:
        """Indices of the slices that hold the cells of a population, in order; no delay stages, no synapse cores."""
        first, last = self.slicing.first[population : population + 2]
        return tuple(int(number) for number in self.piece_slice[first:last])
