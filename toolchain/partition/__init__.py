"""Partition: the slices of the populations, one core each, and the machine graph between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from toolchain.graph import Graph

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

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.stop - self.start


@dataclass(frozen=True, eq=False)
class Partition:
    """Slice i is vertex i of the graph; slices of a population are consecutive and in order."""

    slices: tuple[Slice, ...]
    graph: Graph
