"""Keys along the trees: nets that are routed alike on most chips get keys that differ in few low bits.

Where the keys are the leaves of a binary trie, a chip's smallest prefix table has an entry for each place in the trie
where its route changes (see `toolchain.tables.prefixes`).  To find the trie with the fewest changes on all chips
together is to find the tree of species with the fewest mutations: the nets are the species, the chips their
characters, the routes the states, and a chip that a net does not visit is an unknown.  That is hard, so the trie is
grown from the leaves, by joining what is alike:

1. Nets of one chip that are routed alike everywhere are one cluster.
2. How alike two clusters are is the share, of the chips that both visit, where they have a route in common.  In rounds,
   clusters that are each other's likeliest join.  The new one has, at each chip, the routes that both have, or if
   there are none, those of either.  A net that default routing serves has "no entry" besides its route.
3. What is left at the end has nothing in common, and is laid side by side.

A trie must not be deeper than keys are long.  Each cluster is an aligned block of keys, a power of two; two of unlike
sizes lose the difference.  Clusters join only as long as all blocks together fit into the free keys.

Where there are many clusters not all pairs of them are looked at, but those that are neighbours when the clusters
are sorted by a random order of their first (chip, route): the likelier, the more they have in common.

Sources: W. M. Fitch 1971, "Toward defining the course of evolution", Systematic Zoology 20 (the sets); A. Z. Broder
1997, "On the resemblance and containment of documents" (sorting by a random first element).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from toolchain.algorithm_options import Between, with_options
from toolchain.graph import Graph
from toolchain.keys import Keys
from toolchain.keys.blocks import KEY_SPACE, Block, block_size, fixed_blocks, fixed_keys, free_block, frozen, packed
from toolchain.keys.cluster import forest
from toolchain.place import Placement
from toolchain.route import Routes

ALL_PAIRS = 1500
"""Of more clusters than that, not all pairs are looked at."""
STEPS = 50_000_000
"""Places of clusters to compare, at an effort of 1: a few tenths of a second."""
ORDERS = 8
"""Random orders by which clusters are sorted."""
NEAREST = 24
"""Pairs that a cluster is in, where not all are looked at."""

_NO_ENTRY = np.uint64(1 << 63)
_ROUTE_BITS = 63


@with_options
def allocate(
    graph: Graph, placement: Placement, routes: Routes, *, effort: Annotated[float, Between(0.001, 1000)] = 1.0
) -> Keys:
    """Give each net a block of keys; a block that is fixed stays, and the others go round it.

    Parameters
    ----------
    effort : float
        The more, the more pairs of clusters are looked at, and the longer it takes; 1 suffices to look at all pairs of
        some hundreds.

    Raises
    ------
    MappingError
        If a fixed block is malformed, too small or overlaps another, or if 32 bits are too few.
    """
    fixed = fixed_blocks(graph)
    if len(fixed) == len(graph.nets):
        return frozen(*fixed_keys(graph, fixed))
    starts, ends = [start for start, _, _ in fixed], [end for _, end, _ in fixed]
    space = _largest_free(starts, ends)
    groups = _groups(graph, placement, routes)
    heights = [_height(sum(block_size(graph.nets[i]) for i in group)) for group in groups]
    places = _places(placement, routes, groups)
    spare = space - sum(1 << height for height in heights)
    pairs, most = _pairs(places, effort)
    first, used = _laid_out(
        heights, forest(places.start, places.chip, places.routes, np.array(heights, np.int8), pairs, spare, most)
    )
    if used > space or KEY_SPACE in map(block_size, graph.nets):
        return packed(graph, _largest_first(graph, groups, first))
    base = free_block(0, 1 << _height(used), starts, ends)
    return _keys(graph, fixed, groups, [base + start for start in first])


def _keys(graph: Graph, fixed: list[Block], groups: list[list[int]], first: list[int]) -> Keys:
    """Keys of the nets that are fixed, and of each group one after the other from its first key on."""
    key, mask = fixed_keys(graph, fixed)
    for group, start in zip(groups, first, strict=True):
        sizes = [block_size(graph.nets[i]) for i in group]
        key[group] = list(accumulate(sizes[:-1], initial=start))
        mask[group] = [KEY_SPACE - size for size in sizes]
    return frozen(key, mask)


def _height(size: int) -> int:
    """The power of two that a block of `size` keys is rounded up to."""
    return (size - 1).bit_length()


def _largest_free(starts: list[int], ends: list[int]) -> int:
    """The size of the largest aligned block that overlaps no fixed one; 0 if there is none."""
    sizes = (1 << height for height in range(32, -1, -1))
    return next((size for size in sizes if free_block(0, size, starts, ends) + size <= KEY_SPACE), 0)


def _groups(graph: Graph, placement: Placement, routes: Routes) -> list[list[int]]:
    """The nets whose keys are free, those together that are routed alike from the same chip; large blocks first."""
    groups: dict[tuple[int, bytes, bytes], list[int]] = {}
    height = placement.machine.height
    for i, (net, tree) in enumerate(zip(graph.nets, routes.trees, strict=True)):
        if net.key is None:
            chip = tree.x * height + tree.y
            order = np.argsort(chip)
            key = (int(chip[0]), chip[order].tobytes(), tree.route[order].tobytes())
            groups.setdefault(key, []).append(i)
    return [sorted(group, key=lambda i: -block_size(graph.nets[i])) for group in groups.values()]


@dataclass(frozen=True, eq=False)
class _Places:
    """Where clusters go: cluster i has the places ``start[i]`` to ``start[i + 1]``, ascending by chip.

    Parameters
    ----------
    source : int32[clusters]
        The chip where they start.
    word : uint32[places]
        Route words.
    routes : uint64[places]
        The same as sets: a bit for the route, the most frequent routes of a chip having bits of their own; the
        highest bit if no entry is needed.
    """

    source: NDArray[np.int32]
    start: NDArray[np.int64]
    chip: NDArray[np.int32]
    word: NDArray[np.uint32]
    routes: NDArray[np.uint64]


def _places(placement: Placement, routes: Routes, groups: list[list[int]]) -> _Places:
    """The places of the first net of each group."""
    trees = [routes.trees[group[0]] for group in groups]
    start = np.cumsum([0, *(len(tree.x) for tree in trees)])
    cluster = np.repeat(np.arange(len(trees)), np.diff(start))
    chip = np.concatenate([tree.x for tree in trees]) * placement.machine.height
    chip = (chip + np.concatenate([tree.y for tree in trees])).astype(np.int32)
    word = np.concatenate([tree.route for tree in trees])
    straight = np.concatenate([tree.straight for tree in trees])
    source, order = chip[start[:-1]], np.lexsort((chip, cluster))
    chip, word, straight = chip[order], word[order], straight[order]
    sets = np.uint64(1) << (_frequency_ranks(chip, word) % _ROUTE_BITS).astype(np.uint64)
    return _Places(source, start, chip, word, np.where(straight, sets | _NO_ENTRY, sets))


def _frequency_ranks(chip: NDArray[np.int32], word: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The rank of each word among those of its chip, the most frequent being 0."""
    pairs, number, count = np.unique(_as_one(chip, word), return_inverse=True, return_counts=True)
    owner = pairs >> np.uint64(32)
    order = np.lexsort((-count, owner))
    position = np.arange(len(pairs))
    starts = np.diff(owner[order], prepend=np.uint64(1 << 32)) != 0
    rank = np.empty(len(pairs), np.int64)
    rank[order] = position - np.maximum.accumulate(np.where(starts, position, 0))
    return rank[number]


def _as_one(chip: NDArray[np.int32], word: NDArray[np.uint32]) -> NDArray[np.uint64]:
    return chip.astype(np.uint64) << np.uint64(32) | word


def _pairs(places: _Places, effort: float) -> tuple[NDArray[np.int32], int]:
    """Pairs of clusters to be neighbours, and how many of them a cluster that joins others may have."""
    clusters, steps = len(places.source), effort * STEPS
    if clusters <= ALL_PAIRS and clusters * len(places.chip) <= steps:
        return np.stack(np.triu_indices(clusters, 1), axis=1).astype(np.int32), clusters
    nearest = int(min(NEAREST, max(ORDERS, steps / len(places.chip))))
    orders = [*_random_orders(places), np.argsort(places.source, kind="stable")]
    ends = [(order[:-d], order[d:]) for order in orders for d in range(1, 1 + nearest // ORDERS)]
    codes = np.unique(np.concatenate([np.minimum(a, b) * clusters + np.maximum(a, b) for a, b in ends]))
    return np.stack(np.divmod(codes, clusters), axis=1).astype(np.int32), 2 * nearest


def _random_orders(places: _Places) -> list[NDArray[np.int64]]:
    """Clusters sorted by the first of their (chip, route) in a random order of these, then by the first in another."""
    pairs = _as_one(places.chip, places.word)
    firsts = [np.minimum.reduceat(_scrambled(pairs, seed), places.start[:-1]) for seed in range(ORDERS + 2)]
    return [np.lexsort(firsts[seed : seed + 3]) for seed in range(ORDERS)]


def _scrambled(words: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """A hash of each word: multiply, shift, multiply (the finaliser of splitmix64)."""
    words = words + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 & (1 << 64) - 1)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)


def _laid_out(heights: list[int], children: NDArray[np.int32]) -> tuple[list[int], int]:
    """The first key of each cluster's block, and the end of the last: larger blocks first, so all are aligned."""
    leaves = len(heights)
    halves = children.tolist()
    heights = list(heights)
    for one, other in halves:
        heights.append(max(heights[one], heights[other]) + 1)
    joined = {node for pair in halves for node in pair}
    first = [0] * len(heights)
    end = 0
    for root in sorted(set(range(len(heights))) - joined, key=lambda node: (-heights[node], node)):
        first[root] = end
        end += 1 << heights[root]
    for node in range(len(heights) - 1, leaves - 1, -1):
        one, other = halves[node - leaves]
        first[one], first[other] = first[node], first[node] + (1 << heights[node] - 1)
    return first[:leaves], end


def _largest_first(graph: Graph, groups: list[list[int]], first: list[int]) -> list[int]:
    """The nets by the size of their blocks, then by the first key of their cluster."""
    ordered = [i for _, group in sorted(zip(first, groups, strict=True)) for i in group]
    return sorted(ordered, key=lambda i: -block_size(graph.nets[i]))
