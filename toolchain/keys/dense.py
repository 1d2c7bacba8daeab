"""Dense keys: blocks of keys packed from 0 upwards, in the order of the placement.

Nets that start on one chip and go to the same sinks get neighbouring blocks: far from that chip they take the same
links, and their entries can be merged.
"""

from __future__ import annotations

from toolchain.graph import Graph
from toolchain.keys import Keys
from toolchain.keys.blocks import packed
from toolchain.place import Placement
from toolchain.route import Routes


def allocate(graph: Graph, placement: Placement, routes: Routes) -> Keys:
    """Give each net a block of keys; a block that is fixed stays, and the others go round it.

    Raises
    ------
    MappingError
        If a fixed block is malformed, too small or overlaps another, or if 32 bits are too few.
    """
    return packed(graph, order(graph, placement))


def order(graph: Graph, placement: Placement) -> list[int]:
    """The nets, those of one chip together, and among these those with the same sinks together."""
    chips: dict[tuple[int, int], int] = {}
    sinks: dict[bytes, int] = {}
    ranks = []
    for i, net in enumerate(graph.nets):
        chip = (int(placement.x[net.source]), int(placement.y[net.source]))
        ranks.append(
            (chips.setdefault(chip, i), sinks.setdefault(net.sinks.tobytes(), i), int(placement.p[net.source]), i)
        )
    return [i for *_, i in sorted(ranks)]
