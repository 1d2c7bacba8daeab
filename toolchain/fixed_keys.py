"""Fixed keys: the blocks of routing keys that a user gives to populations, divided among their slices.

Devices and tools outside a network know spikes by their keys, so these can be said.  A rule gives a key and a mask,
a block for a whole population; if several match, they get blocks of this size one after the other.  The slices of a
population take parts of its block in their order, each as many keys as it has cells, rounded up to a power of two, and
from a multiple of that on: so cell i of a slice has the i-th key of its part, and where slices have a power of two of
cells, or there is only one, cell i of the population the i-th of the block.  Delay stages, which repeat spikes under
other keys, come after all cells.  A population that has a single slice and no delay stages has the whole block.
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
    stages = [i for i in nets if _repeats(graph.vertices[graph.nets[i].source].name)]
    cells = sorted(set(nets) - set(stages), key=lambda i: graph.nets[i].source)
    keys, needed = {}, 0
    for i in (*cells, *sorted(stages, key=lambda i: -sizes[i])):
        start = -(-needed // sizes[i]) * sizes[i]
        keys[i], needed = (block.start + start, KEYS - sizes[i]), start + sizes[i]
    if needed > block.end - block.start:
        raise _too_small(population, block, needed, sum(sizes[i] for i in stages))
    return {nets[0]: (block.start, KEYS - (block.end - block.start))} if len(nets) == 1 else keys


def _repeats(name: str) -> bool:
    """Whether a vertex of that name is the delay stages of a slice."""
    return "]" in name and name.rpartition("]")[2] != ""


def _too_small(population: str, block: _Block, needed: int, stages: int) -> SettingsError:
    there = f"{block.end - block.start:,}"
    of_stages = f", {stages:,} of them for the delay stages that repeat its spikes" if stages else ""
    mask = KEYS - (1 << (needed - 1).bit_length())
    hints = [f"try mask {mask:#010x}" if mask > 0 else "there are not as many keys"]
    if stages:
        hints.append("delays of 16 timesteps and less need no stages: longest_delay cuts others")
    return _wrong(block.origin, f"'{population}' needs {needed:,} keys{of_stages}; its block has {there}", *hints)


def _wrong(origin: Origin, what: str, *hints: str) -> SettingsError:
    return SettingsError([Problem(what, origin, hints)])


def _with_key(net: Net, fixed: tuple[int, int] | None) -> Net:
    return net if fixed is None else replace(net, key=fixed[0], mask=fixed[1])
