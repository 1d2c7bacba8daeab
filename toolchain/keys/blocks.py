"""Blocks of keys: powers of two in size and aligned, so that one pair of key and mask names all keys of a net.

Blocks that are fixed stay where they are, and the others go round them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import MappingError
from toolchain.graph import Graph, Net
from toolchain.keys import Keys

KEY_SPACE = 1 << 32
Block = tuple[int, int, int]
"""First key, end, and the net."""


def packed(graph: Graph, order: Iterable[int]) -> Keys:
    """Give the nets blocks one after the other in `order`, round those that are fixed.

    Raises
    ------
    MappingError
        If a fixed block is malformed, too small or overlaps another, or if 32 bits are too few.
    """
    fixed = fixed_blocks(graph)
    starts, ends = [start for start, _, _ in fixed], [end for _, end, _ in fixed]
    key, mask = fixed_keys(graph, fixed)
    cursor = 0
    for i in order:
        if graph.nets[i].key is not None:
            continue
        size = block_size(graph.nets[i])
        start = free_block(cursor, size, starts, ends)
        cursor = start + size
        if cursor > KEY_SPACE or size == KEY_SPACE:
            raise _exhausted(graph)
        key[i], mask[i] = start, KEY_SPACE - size
    return frozen(key, mask)


def block_size(net: Net) -> int:
    """Keys in the block of a net: the next power of two."""
    return 1 << (net.keys - 1).bit_length()


def fixed_keys(graph: Graph, fixed: list[Block]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Keys and masks of all nets, those that are not fixed being 0."""
    key = np.zeros(len(graph.nets), np.uint32)
    mask = np.zeros(len(graph.nets), np.uint32)
    for start, end, i in fixed:
        key[i], mask[i] = start, KEY_SPACE - (end - start)
    return key, mask


def frozen(key: NDArray[np.uint32], mask: NDArray[np.uint32]) -> Keys:
    """Keys that nobody can write to."""
    key.setflags(write=False)
    mask.setflags(write=False)
    return Keys(key, mask)


def free_block(cursor: int, size: int, starts: list[int], ends: list[int]) -> int:
    """The first aligned block of `size` keys from `cursor` on that overlaps no fixed block."""
    while True:
        start = -(-cursor // size) * size
        at = bisect_right(starts, start + size - 1) - 1
        if at < 0 or ends[at] <= start:
            return start
        cursor = ends[at]


def fixed_blocks(graph: Graph) -> list[Block]:
    """First key, end and net of each fixed block, ascending."""
    blocks = sorted(_fixed_block(graph, i, net) for i, net in enumerate(graph.nets) if net.key is not None)
    for (_, end, i), (start, _, j) in pairwise(blocks):
        if start < end:
            one, other = (graph.vertices[graph.nets[n].source].name for n in (i, j))
            raise MappingError(f"the keys fixed for {one!r} and {other!r} overlap at key {start:#x}")
    return blocks


def _fixed_block(graph: Graph, i: int, net: Net) -> Block:
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
    needed = sum(block_size(net) for net in graph.nets)
    return MappingError(
        f"network {graph.name!r} needs {needed:,} routing keys in blocks of powers of two, there are {KEY_SPACE:,}; "
        "try fewer neurons, or fixed keys that leave larger gaps"
    )
