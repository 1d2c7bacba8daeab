"""What nets join: sets of places, a place being a vertex, a chip, or any other part of the vertices.

Nets that start and end in the same places are one for whoever counts links or places, and in a dense network there
are few sets, however many nets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.graph import Graph


@dataclass(frozen=True, eq=False)
class Joined:
    """Sets of at least two of the places 0, 1, ..., `places` - 1, all different.

    Parameters
    ----------
    start : int32[sets + 1]
        Set i holds ``member[start[i]:start[i + 1]]``.
    member : int32[...]
        Ascending in each set.
    weight : double[sets]
        Packets of all nets that join these places, if each source neuron fires once; above 0.
    """

    places: int
    start: NDArray[np.int32]
    member: NDArray[np.int32]
    weight: NDArray[np.float64]

    @property
    def links(self) -> float:
        """Packets times links, if all places of a set are neighbours of one another in a row: no tree has fewer."""
        return float(self.weight @ (np.diff(self.start) - 1))

    @property
    def pairs(self) -> NDArray[np.int64]:
        """Pairs of places in each set, int64[sets]: what it takes to find a minimum spanning tree."""
        sizes = np.diff(self.start).astype(np.int64)
        return sizes * (sizes - 1) // 2

    def smallest(self, pairs: float) -> Joined:
        """Only the smallest sets, as many as have so many pairs of places together."""
        order = np.argsort(self.pairs, kind="stable")
        kept = np.zeros(len(order), np.bool_)
        kept[order] = np.cumsum(self.pairs[order]) <= pairs
        sizes = np.diff(self.start).astype(np.int64)
        return Joined(self.places, _starts(sizes[kept]), self.member[np.repeat(kept, sizes)], self.weight[kept])

    def of_places(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The sets that each place is in, in the same form: start, int32[places + 1], and sets, ascending."""
        sets = np.repeat(np.arange(len(self.weight), dtype=np.int32), np.diff(self.start))
        counts = np.bincount(self.member, minlength=self.places)
        return _starts(counts), sets[np.argsort(self.member, kind="stable")]


def joined(graph: Graph, place: NDArray[np.integer], places: int) -> Joined:
    """The sets of places in which the nets of `graph` start and end.

    Parameters
    ----------
    place : int[vertices]
        The place of each vertex, -1 for one that does not count.
    """
    weights: dict[bytes, float] = {}
    # The last element is for vertices that do not count.
    found = np.zeros(places + 1, np.bool_)
    for net in graph.nets:
        found[place[net.sinks]] = True
        found[place[net.source]] = True
        members = np.flatnonzero(found[:places]).astype(np.int32)
        found[members] = False
        if len(members) > 1 and net.weight > 0:
            name = members.tobytes()
            weights[name] = weights.get(name, 0.0) + net.weight
    sets = [np.frombuffer(name, np.int32) for name in weights]
    return Joined(
        places,
        _starts(np.array([len(members) for members in sets], np.int64)),
        np.concatenate([np.empty(0, np.int32), *sets]),
        np.fromiter(weights.values(), np.float64, len(weights)),
    )


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
