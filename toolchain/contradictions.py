"""Contradictions: rules of placement that cannot both be kept, whatever the placer; both are named.

Limits of one vertex that share no chip or name two cores; two vertices on one core; what is together and apart, or
together and on different chips; what is apart and on one chip; what is near what is too far away; chips with too
few cores or too little SDRAM for what is put there (`toolchain.crowded`).  What only many rules together make
impossible is found in placing.

A file may say thousands of rules about all vertices, so not every pair is looked at: a rule is held against what those
before it leave, and named with the first of them that it contradicts.  Time and memory grow with what the rules select,
and `MOST_TOLD` contradictions are told.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.machine import LINKS, Machine, hops, shifted
from toolchain.constraints import Apart, Group, Near, Origins
from toolchain.graph import Graph
from toolchain.problems import Problem
from toolchain.settings import Origin

MOST_NAMED: Final = 20
"""Rules that one message names."""
MOST_VERTICES: Final = 4
"""Vertices that one message names."""
MOST_KEPT: Final = 200
"""Limits of one vertex among which the one that contradicts another is looked for."""
FEW_PAIRS: Final = 1 << 14
"""Pairs of chips whose distances are taken one by one."""

Grouped = tuple[tuple[Group, Origins], ...]
"""Vertices that must share a chip, and where that was said."""


@dataclass(frozen=True, eq=False)
class Limit:
    """The chips that one rule allows a vertex, bool[width, height], and the core that it names.

    Parameters
    ----------
    origin : Origin
        Where it was said.
    text : str
        What was said: ``'retina' on chip (0, 0)``.
    """

    chips: NDArray[np.bool_]
    core: int | None
    origin: Origin
    text: str

    def __str__(self) -> str:
        return f"{self.text} ({self.origin})"

    @cached_property
    def key(self) -> bytes:
        """The chips, to be compared with others."""
        return np.packbits(self.chips).tobytes()

    @cached_property
    def numbers(self) -> NDArray[np.intp]:
        """The chips by their numbers, ``x * height + y``."""
        return np.flatnonzero(self.chips)


Limits = dict[int, list[Limit]]
"""Those of each vertex that has any."""


@dataclass(frozen=True, eq=False)
class Said:
    """What all rules say of the vertices of a graph; no vertex is in two of `groups`.

    Parameters
    ----------
    origins : mapping of str to Origin
        Those that groups, `apart` and `near` name as text.
    """

    limits: Limits
    groups: Grouped
    apart: tuple[Apart, ...]
    near: tuple[Near, ...]
    origins: Mapping[str, Origin]

    def problem(self, message: str, origins: Origins, *also: Limit) -> Problem:
        """A problem that is shown at the last of the places `origins`, with the others and `also`.

        What the graph itself keeps together was said nowhere.
        """
        known = [self.origins[name] for name in origins if name in self.origins]
        *others, last = known or [Origin(listed(origins))]
        return Problem(message, last, also=(*others, *(limit.origin for limit in also)))


def contradictions(graph: Graph, machine: Machine, said: Said) -> Iterator[Problem]:
    """A problem for each contradiction between two rules, or within one; of many alike a few."""
    yield from _of_one_vertex(said.limits)
    yield from _of_one_core(said.limits)
    yield from _of_groups(graph, said)
    yield from _of_apart(graph, said)
    yield from _of_near(machine, said)


def _of_one_vertex(limits: Limits) -> Iterator[Problem]:
    for several in {tuple(several): several for several in limits.values()}.values():
        for one, other in _clashing(several):
            yield Problem(f"{one} contradicts {other}", other.origin, also=(one.origin,))


def _clashing(limits: Iterable[Limit], cores: bool = True) -> Iterator[tuple[Limit, Limit]]:
    """Limits that cannot both be kept: each with the first before it that it is against.

    As long as a limit has chips in common with what all before it leave, it is against none of them.

    Parameters
    ----------
    cores : bool
        Whether those that name two cores are against each other.
    """
    against: dict[tuple[bytes, int | None], Limit | None] = {}
    kept: list[Limit] = []
    left: NDArray[np.bool_] | None = None
    core: int | None = None
    for limit in dict.fromkeys(limits):
        kind = limit.key, limit.core if cores else None
        if kind not in against:
            against[kind] = None
            other_core = cores and bool(core and limit.core and core != limit.core)
            if left is None or (not other_core and np.any(left & limit.chips)):
                left, core = limit.chips if left is None else left & limit.chips, core or limit.core
                kept += [limit] if len(kept) < MOST_KEPT else []
            else:
                against[kind] = next((one for one in kept if _exclude(one, limit, cores)), None)
        if (one := against[kind]) is not None:
            yield one, limit


def _exclude(one: Limit, other: Limit, cores: bool) -> bool:
    return not np.any(one.chips & other.chips) or (cores and bool(one.core and other.core and one.core != other.core))


def _of_one_core(limits: Limits) -> Iterator[Problem]:
    """Two vertices that must be on one core of one chip."""
    first: dict[tuple[bytes, int], tuple[int, Limit]] = {}
    told: set[tuple[Limit, Limit]] = set()
    for vertex, several in limits.items():
        for limit in several:
            if limit.core is None:
                continue
            other, taken = first.setdefault((limit.key, limit.core), (vertex, limit))
            if other == vertex or (taken, limit) in told:
                continue
            told.add((taken, limit))
            if taken is limit:
                yield Problem(f"{limit}: a core takes one slice, and several match", limit.origin)
            else:
                both = f"{taken} contradicts {limit}"
                yield Problem(f"{both}: a core takes one slice", limit.origin, also=(taken.origin,))


def _of_groups(graph: Graph, said: Said) -> Iterator[Problem]:
    """Vertices that share a chip and have none in common."""
    for group, origins in said.groups:
        several = [limit for vertex in group for limit in said.limits.get(vertex, ())]
        for one, other in _clashing(several, cores=False):
            together = f"{names(graph, group)} share a chip ({listed(origins)})"
            yield said.problem(f"{one} contradicts {other}: {together}", origins, one, other)


def _of_apart(graph: Graph, said: Said) -> Iterator[Problem]:
    """Vertices that are apart, and together or on one chip."""
    group_of = {vertex: [(number, vertex)] for number, (group, _) in enumerate(said.groups) for vertex in group}
    limit_on = {vertex: _on_one_chip(several) for vertex, several in said.limits.items()}
    chip_of = {vertex: [(chip, vertex) for chip in there] for vertex, there in limit_on.items() if there}
    for rule in said.apart:
        for number, pair in _facing(rule, group_of):
            origins = said.groups[number][1]
            together = f"{names(graph, pair)} share a chip ({listed(origins)})"
            message = f"{together} contradicts that they are apart ({rule.origin})"
            yield said.problem(message, (*origins, rule.origin))
        for chip, pair in _facing(rule, chip_of):
            first, second = (limit_on[vertex][chip] for vertex in pair)
            both = f"{first} and {second} contradict" if first is not second else f"{first} contradicts"
            yield said.problem(f"{both} that they are apart ({rule.origin})", (rule.origin,), first, second)


Shared = Mapping[int, Sequence[tuple[int, int]]]
"""For vertices what they share with others, by its number, and the vertex."""


def _facing(rule: Apart, shared: Shared) -> Iterator[tuple[int, tuple[int, int]]]:
    """What a vertex of the one side of `rule` shares with one of the other, and the first such pair."""
    those: dict[int, list[int]] = {}
    for number, vertex in chain.from_iterable(shared.get(vertex, ()) for vertex in rule.those):
        if len(those.setdefault(number, [])) < 2:
            those[number].append(vertex)  # of two one is another than that of the other side
    told: set[int] = set()
    for number, vertex in chain.from_iterable(shared.get(vertex, ()) for vertex in rule.these):
        other = next((one for one in those.get(number, ()) if one != vertex), None)
        if other is not None and number not in told:
            told.add(number)
            yield number, (min(vertex, other), max(vertex, other))


def _on_one_chip(limits: Sequence[Limit]) -> dict[int, Limit]:
    """For each chip that a vertex must be on, the first limit that says so."""
    return {int(limit.numbers[0]): limit for limit in reversed(limits) if len(limit.numbers) == 1}


def _of_near(machine: Machine, said: Said) -> Iterator[Problem]:
    """Vertices whose chips are all too far from those of what they must be near."""
    limits, surroundings = said.limits, _Surroundings(machine)
    for rule in said.near:
        if not all(other in limits for other in rule.those):
            continue
        those = list(dict.fromkeys(limit for other in rule.those for limit in limits[other]))
        others = set(rule.those)
        these = dict.fromkeys(
            limit for vertex in rule.these if vertex not in others for limit in limits.get(vertex, ())
        )
        for limit in these:
            if not surroundings.reach(those, limit, rule.hops):
                far = f"{limit} is not within {rule.hops} hops ({rule.origin}) of {listed(map(str, those))}"
                yield said.problem(far, (rule.origin,), limit, *those[:MOST_NAMED])


class _Surroundings:
    """Which chips are near which; what has been widened is kept."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.widened: dict[Hashable, NDArray[np.bool_]] = {}

    def reach(self, those: Sequence[Limit], limit: Limit, radius: int) -> bool:
        """Whether some chip of `limit` is at most `radius` hops from one of `those`, if no link is absent."""
        if len(limit.numbers) * sum(len(one.numbers) for one in those) <= FEW_PAIRS:
            x, y = np.divmod(limit.numbers.astype(np.int32), np.int32(self.machine.height))
            chips = np.concatenate([one.numbers for one in those]).astype(np.int32)
            other_x, other_y = np.divmod(chips, np.int32(self.machine.height))
            return bool((hops(self.machine, x[:, None] - other_x, y[:, None] - other_y) <= radius).any())
        key = (*sorted({one.key for one in those}), radius)
        if key not in self.widened:
            around = np.logical_or.reduce([one.chips for one in those])
            self.widened[key] = _within(self.machine, around, radius)
        return bool(np.any(limit.chips & self.widened[key]))


def _within(machine: Machine, chips: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """The chips at most `radius` hops from one of `chips`, if no link is absent."""
    reached = chips
    for _ in range(radius):
        wider = reached.copy()
        for dx, dy in LINKS:
            wider |= shifted(reached, dx, dy, machine.wraps)
        if np.array_equal(wider, reached):
            break
        reached = wider
    return reached


def listed(said: Iterable[str]) -> str:
    """``a and b and c``; of many the first few."""
    every = list(said)
    if len(every) > MOST_NAMED:
        every = [*every[: MOST_NAMED - 1], f"{len(every) - MOST_NAMED + 1:,} others"]
    return " and ".join(every)


def names(graph: Graph, vertices: Group) -> str:
    """What to call vertices; of many the first few."""
    called = [f"'{graph.vertices[vertex].name}'" for vertex in vertices[:MOST_VERTICES]]
    return f"{', '.join(called[:-1])} and {called[-1] if len(vertices) <= MOST_VERTICES else 'others'}"
