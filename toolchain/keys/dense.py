"""Dense keys: blocks of keys packed from 0 upwards, in the order of the placement.

Each net gets a block whose size is a power of two and whose first key is a multiple of the size, so that one
(key, mask) pair names it.  Nets that start on one chip and go to the same sinks get neighbouring blocks:
far from that chip they take the same links, and their entries can be merged.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import numpy as np

from toolchain.errors import MappingError
from toolchain.graph import Graph, Net
from toolchain.keys import Keys
from toolchain.place import Placement
from toolchain.route import Routes

KEY_SPACE = 1 << 32


def allocate(graph: Graph, placement: Placement, routes: Routes) -> Keys:
    """Give each net a block of keys; a block that is fixed stays, and the others go round it.

    Raises
    ------
    MappingError
        If a fixed block is malformed, too small or overlaps another, or if 32 bits are too few.
    """
    fixed = _fixed_blocks(graph)
    starts, ends = [start for start, _, _ in fixed], [end for _, end, _ in fixed]
    key = np.zeros(len(graph.nets), np.uint32)
    mask = np.zeros(len(graph.nets), np.uint32)
    for start, end, i in fixed:
        key[i], mask[i] = start, KEY_SPACE - (end - start)
    cursor = 0
    for i in order(graph, placement):
        if graph.nets[i].key is not None:
            continue
        size = 1 << (graph.nets[i].keys - 1).bit_length()
        start = _free_block(cursor, size, starts, ends)
        cursor = start + size
        if cursor > KEY_SPACE or size == KEY_SPACE:
            raise _exhausted(graph)
        key[i], mask[i] = start, KEY_SPACE - size
    key.setflags(write=False)
    mask.setflags(write=False)
    return Keys(key, mask)


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


def _free_block(cursor: int, size: int, starts: list[int], ends: list[int]) -> int:
    """The first aligned block of `size` keys from `cursor` on that overlaps no fixed block."""
    while True:
        start = -(-cursor // size) * size
        at = bisect_right(starts, start + size - 1) - 1
        if at < 0 or ends[at] <= start:
            return start
        cursor = ends[at]


def _fixed_blocks(graph: Graph) -> list[tuple[int, int, int]]:
    """First key, end and net of each fixed block, ascending."""
    blocks = sorted(_fixed_block(graph, i, net) for i, net in enumerate(graph.nets) if net.key is not None)
    for (_, end, i), (start, _, j) in pairwise(blocks):
        if start < end:
            one, other = (graph.vertices[graph.nets[n].source].name for n in (i, j))
            raise MappingError(f"the keys fixed for {one!r} and {other!r} overlap at key {start:#x}")
    return blocks


def _fixed_block(graph: Graph, i: int, net: Net) -> tuple[int, int, int]:
    name = graph.vertices[net.source].name
    key, mask = net.key, net.mask
    if key is None or mask is None or not (0 <= key < KEY_SPACE and 0 <= mask < KEY_SPACE):
        raise MappingError(f"the key fixed for {name!r} needs a key and a mask of 32 bits, got {key} and {mask}")
    size = KEY_SPACE - mask
    if size & (size - 1) or size == KEY_SPACE:
        raise MappingError(f"the mask {mask:#010x} fixed for {name!r} is not ones followed by zeros")
    if key % size:
        raise MappingError(f"the key {key:#010x} fixed for {name!r} has bits outside its mask {mask:#010x}")
    if net.keys > size:
        raise MappingError(f"the keys fixed for {name!r} are {size}, it needs {net.keys}; try a wider mask")
    return key, key + size, i


def _exhausted(graph: Graph) -> MappingError:
    needed = sum(1 << (net.keys - 1).bit_length() for net in graph.nets)
    return MappingError(
        f"network {graph.name!r} needs {needed:,} routing keys in blocks of powers of two, there are {KEY_SPACE:,}; "
        "try fewer neurons, or fixed keys that leave larger gaps"
    )
