"""Fixed keys: the blocks of routing keys that a user gives to populations, divided among their slices.

Devices and tools outside a network know spikes by their keys, so these can be said.  A rule gives a key and a mask,
a block for a whole population; if several match, they get blocks of this size one after the other.  The slices of a
population take parts of its block, the largest first, each as many keys as it needs, rounded up to a power
of two; a population of a single slice has the whole block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from toolchain.graph import Graph, Net, population_name
from toolchain.problems import Problem, SettingsError
from toolchain.rules import select
from toolchain.settings import KeyRule, Origin

KEYS = 1 << 32


@dataclass(frozen=True, order=True)
class _Block:
    """The keys from `start` to before `end`, of `population`, as was said at `origin`."""

    start: int
    end: int
    population: str
    origin: Origin = field(compare=False)


def fix_keys(graph: Graph, rules: Sequence[KeyRule]) -> Graph:
    """The graph with the keys of its nets fixed as `rules` say.

    Raises
    ------
    MappingError
        A SettingsError with all rules that match nothing, are no blocks or too small, or contradict each other.
    """
    blocks: dict[str, _Block] = {}
    problems: list[Problem] = []
    for rule in rules:
        try:
            _give_blocks(graph, rule, blocks)
        except SettingsError as error:
            problems += error.problems
    for one, other in pairwise(sorted(blocks.values())):
        if other.start < one.end:
            both = f"'{one.population}' ({one.origin}) and '{other.population}' ({other.origin})"
            message = f"the keys of {both} overlap at {other.start:#x}"
            problems.append(Problem(message, other.origin, also=(one.origin,)))
    fixed: dict[int, tuple[int, int]] = {}
    for population, block in blocks.items():
        try:
            fixed.update(_divided(graph, population, block))
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    return replace(graph, nets=tuple(_with_key(net, fixed.get(i)) for i, net in enumerate(graph.nets)))


def _give_blocks(graph: Graph, rule: KeyRule, blocks: dict[str, _Block]) -> None:
    """Note the block of each population that matches."""
    size = KEYS - rule.mask
    if not (0 < rule.mask < KEYS and 0 <= rule.key < KEYS) or size & (size - 1):
        raise _wrong(rule.origin, f"mask {rule.mask:#010x} is not 32 bits, ones followed by zeros")
    if rule.key % size:
        raise _wrong(rule.origin, f"key {rule.key:#010x} has bits outside mask {rule.mask:#010x}")
    vertices = select(graph, rule.pattern, rule.origin)
    start = rule.key
    for population in dict.fromkeys(population_name(graph.vertices[vertex]) for vertex in vertices):
        block = _Block(start, start + size, population, rule.origin)
        other = blocks.setdefault(population, block)
        if (other.start, other.end) != (block.start, block.end):
            both = f"from {other.start:#x} ({other.origin}) and from {start:#x} ({rule.origin})"
            raise SettingsError([Problem(f"'{population}' has keys {both}", rule.origin, also=(other.origin,))])
        start += size
    if start > KEYS:
        raise _wrong(rule.origin, f"keys of 32 bits are too few for all that match '{rule.pattern}'")


def _divided(graph: Graph, population: str, block: _Block) -> dict[int, tuple[int, int]]:
    """Key and mask of each net of `population`."""
    nets = [i for i, net in enumerate(graph.nets) if population_name(graph.vertices[net.source]) == population]
    sizes = {i: 1 << (graph.nets[i].keys - 1).bit_length() for i in nets}
    if sum(sizes.values()) > block.end - block.start:
        needed = 1 << (sum(sizes.values()) - 1).bit_length()
        there = f"needs {sum(sizes.values())} keys, its block has {block.end - block.start}"
        raise _wrong(block.origin, f"'{population}' {there}", f"try mask {KEYS - needed:#010x}")
    if len(nets) == 1:
        sizes[nets[0]] = block.end - block.start
    keys, start = {}, block.start
    for i in sorted(nets, key=lambda i: -sizes[i]):
        keys[i] = start, KEYS - sizes[i]
        start += sizes[i]
    return keys


def _wrong(origin: Origin, what: str, *hints: str) -> SettingsError:
    return SettingsError([Problem(what, origin, hints)])


def _with_key(net: Net, fixed: tuple[int, int] | None) -> Net:
    return net if fixed is None else replace(net, key=fixed[0], mask=fixed[1])
