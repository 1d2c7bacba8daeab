"""Fixed keys: the blocks of routing keys that a user gives to populations, divided among their slices.

Devices and tools outside a network know spikes by their keys, so these can be said.  A rule gives a key and a mask,
a block for a whole population; if several match, they get blocks of this size one after the other.  The slices of a
population take parts of its block, the largest first, each as many keys as it needs, rounded up to a power
of two; a population of a single slice has the whole block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from toolchain.errors import MappingError
from toolchain.graph import Graph, Net, population_name
from toolchain.rules import select
from toolchain.settings import KeyRule

KEYS = 1 << 32


@dataclass(frozen=True, order=True)
class _Block:
    """The keys from `start` to before `end`, of `population`, as was said at `origin`."""

    start: int
    end: int
    population: str
    origin: str


def fix_keys(graph: Graph, rules: Sequence[KeyRule]) -> Graph:
    """The graph with the keys of its nets fixed as `rules` say.

    Raises
    ------
    MappingError
        With a line for each rule that matches nothing, is no block or too small, and for each two that contradict
        each other.
    """
    blocks: dict[str, _Block] = {}
    problems: list[str] = []
    for rule in rules:
        try:
            _give_blocks(graph, rule, blocks)
        except MappingError as error:
            problems.append(str(error))
    for one, other in pairwise(sorted(blocks.values())):
        if other.start < one.end:
            problems.append(
                f"the keys of '{one.population}' ({one.origin}) and '{other.population}' ({other.origin}) overlap "
                f"at {other.start:#x}"
            )
    fixed: dict[int, tuple[int, int]] = {}
    for population, block in blocks.items():
        try:
            fixed.update(_divided(graph, population, block))
        except MappingError as error:
            problems.append(str(error))
    if problems:
        raise MappingError("\n".join(problems))
    return replace(graph, nets=tuple(_with_key(net, fixed.get(i)) for i, net in enumerate(graph.nets)))


def _give_blocks(graph: Graph, rule: KeyRule, blocks: dict[str, _Block]) -> None:
    """Note the block of each population that matches."""
    size = KEYS - rule.mask
    if not (0 < rule.mask < KEYS and 0 <= rule.key < KEYS) or size & (size - 1):
        raise MappingError(f"{rule.origin}: mask {rule.mask:#010x} is not 32 bits, ones followed by zeros")
    if rule.key % size:
        raise MappingError(f"{rule.origin}: key {rule.key:#010x} has bits outside mask {rule.mask:#010x}")
    vertices = select(graph, rule.pattern, rule.origin)
    start = rule.key
    for population in dict.fromkeys(population_name(graph.vertices[vertex]) for vertex in vertices):
        block = _Block(start, start + size, population, str(rule.origin))
        other = blocks.setdefault(population, block)
        if (other.start, other.end) != (block.start, block.end):
            raise MappingError(
                f"'{population}' has keys from {other.start:#x} ({other.origin}) and from {start:#x} ({rule.origin})"
            )
        start += size
    if start > KEYS:
        raise MappingError(f"{rule.origin}: keys of 32 bits are too few for all that match '{rule.pattern}'")


def _divided(graph: Graph, population: str, block: _Block) -> dict[int, tuple[int, int]]:
    """Key and mask of each net of `population`."""
    nets = [i for i, net in enumerate(graph.nets) if population_name(graph.vertices[net.source]) == population]
    sizes = {i: 1 << (graph.nets[i].keys - 1).bit_length() for i in nets}
    if sum(sizes.values()) > block.end - block.start:
        needed = 1 << (sum(sizes.values()) - 1).bit_length()
        raise MappingError(
            f"{block.origin}: '{population}' needs {sum(sizes.values())} keys, its block has "
            f"{block.end - block.start}; try mask {KEYS - needed:#010x}"
        )
    if len(nets) == 1:
        sizes[nets[0]] = block.end - block.start
    keys, start = {}, block.start
    for i in sorted(nets, key=lambda i: -sizes[i]):
        keys[i] = start, KEYS - sizes[i]
        start += sizes[i]
    return keys


def _with_key(net: Net, fixed: tuple[int, int] | None) -> Net:
    return net if fixed is None else replace(net, key=fixed[0], mask=fixed[1])
