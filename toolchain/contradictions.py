"""Contradictions: rules of placement that cannot both be kept, whatever the placer; both are named.

Limits of one vertex that share no chip or name two cores; two vertices on one core; what is together and apart, or
together and on different chips; what is apart and on one chip; what is near what is too far away; chips with too
few cores or too little SDRAM for what is put there.  What only many rules together make impossible is found in placing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from emulator.machine import LINKS, Machine, shifted
from toolchain.constraints import Apart, Group, Near, Origins
from toolchain.graph import Graph
from toolchain.problems import Problem
from toolchain.settings import Origin

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
        *others, last = known or [Origin(_listed(origins))]
        return Problem(message, last, also=(*others, *(limit.origin for limit in also)))


def contradictions(graph: Graph, machine: Machine, said: Said) -> list[Problem]:
    """A problem for each contradiction, the same one told once."""
    found = [
        *_of_one_vertex(said.limits),
        *_of_one_core(said.limits),
        *_of_groups(graph, said),
        *_of_apart(graph, said),
        *_of_near(machine, said),
        *_of_capacity(graph, machine, said),
    ]
    return list({problem.message: problem for problem in reversed(found)}.values())[::-1]


def _of_one_vertex(limits: Limits) -> Iterator[Problem]:
    for several in limits.values():
        for one, other in combinations(several, 2):
            if not np.any(one.chips & other.chips) or (one.core and other.core and one.core != other.core):
                yield Problem(f"{one} contradicts {other}", other.origin, also=(one.origin,))


def _of_one_core(limits: Limits) -> Iterator[Problem]:
    """Two vertices that must be on one core of one chip."""
    first: dict[tuple[bytes, int], tuple[int, Limit]] = {}
    for vertex, several in limits.items():
        for limit in several:
            if limit.core is None:
                continue
            other, taken = first.setdefault((limit.chips.tobytes(), limit.core), (vertex, limit))
            if other != vertex and taken is limit:
                yield Problem(f"{limit}: a core takes one slice, and several match", limit.origin)
            elif other != vertex:
                both = f"{taken} contradicts {limit}"
                yield Problem(f"{both}: a core takes one slice", limit.origin, also=(taken.origin,))


def _of_groups(graph: Graph, said: Said) -> Iterator[Problem]:
    """Vertices that share a chip and have none in common."""
    for group, origins in said.groups:
        several = [limit for vertex in group for limit in said.limits.get(vertex, ())]
        for one, other in combinations(several, 2):
            if not np.any(one.chips & other.chips):
                together = f"{_names(graph, group)} share a chip ({_listed(origins)})"
                yield said.problem(f"{one} contradicts {other}: {together}", origins, one, other)


def _of_apart(graph: Graph, said: Said) -> Iterator[Problem]:
    """Vertices that are apart, and together or on one chip."""
    for rule in said.apart:
        these, those = set(rule.these), set(rule.those)

        def face(one: int, other: int, these: set[int] = these, those: set[int] = those) -> bool:
            return (one in these and other in those) or (other in these and one in those)

        for group, origins in said.groups:
            for pair in combinations(group, 2):
                if face(*pair):
                    together = f"{_names(graph, pair)} share a chip ({_listed(origins)})"
                    message = f"{together} contradicts that they are apart ({rule.origin})"
                    yield said.problem(message, (*origins, rule.origin))
        for here in _on_one_chip(said.limits, sorted(these | those)):
            for (one, first), (other, second) in combinations(here, 2):
                if face(one, other):
                    both = f"{first} and {second} contradict" if first is not second else f"{first} contradicts"
                    yield said.problem(f"{both} that they are apart ({rule.origin})", (rule.origin,), first, second)


def _on_one_chip(limits: Limits, vertices: list[int]) -> list[list[tuple[int, Limit]]]:
    """The vertices that must be on a certain chip, for each such chip."""
    here: dict[bytes, list[tuple[int, Limit]]] = {}
    for vertex in vertices:
        for limit in limits.get(vertex, ()):
            if np.count_nonzero(limit.chips) == 1:
                here.setdefault(limit.chips.tobytes(), []).append((vertex, limit))
    return list(here.values())


def _of_near(machine: Machine, said: Said) -> Iterator[Problem]:
    """Vertices whose chips are all too far from those of what they must be near."""
    limits = said.limits
    for rule in said.near:
        if not all(other in limits for other in rule.those):
            continue
        those = list({limit.text: limit for other in rule.those for limit in limits[other]}.values())
        around = np.logical_or.reduce([limit.chips for limit in those])
        reached = _within(machine, around, rule.hops)
        for vertex in sorted(set(rule.these) - set(rule.those)):
            for limit in limits.get(vertex, ()):
                if not np.any(limit.chips & reached):
                    far = f"{limit} is not within {rule.hops} hops ({rule.origin}) of {_listed(map(str, those))}"
                    yield said.problem(far, (rule.origin,), limit, *those)


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


def _of_capacity(graph: Graph, machine: Machine, said: Said) -> Iterator[Problem]:
    """Chips that have too few cores, or too little SDRAM, for all that must be on them; groups larger than a chip."""
    rules: dict[str, tuple[Limit, list[int]]] = {}
    for vertex, several in said.limits.items():
        for limit in several:
            rules.setdefault(str(limit), (limit, []))[1].append(vertex)
    for limit, _ in rules.values():
        inside = [other for other, (inner, _) in rules.items() if not np.any(inner.chips & ~limit.chips)]
        vertices = sorted({vertex for other in inside for vertex in rules[other][1]})
        sdram = int(np.count_nonzero(limit.chips)) * machine.sdram_bytes
        if lacking := _lacking(graph, vertices, int(machine.cores[limit.chips].sum()), sdram):
            also = tuple(rules[other][0].origin for other in inside[:-1])
            yield Problem(f"{_listed(inside)}: {lacking}", rules[inside[-1]][0].origin, also=also)
    for group, origins in said.groups:
        if lacking := _lacking(graph, list(group), int(machine.cores.max()), machine.sdram_bytes):
            yield said.problem(f"{_names(graph, group)} on one chip ({_listed(origins)}): {lacking}", origins)


def _lacking(graph: Graph, vertices: list[int], cores: int, sdram: int) -> str:
    """What `vertices` need and there is too little of; "" if there is enough."""
    need = sum(graph.vertices[vertex].sdram_bytes for vertex in vertices)
    if len(vertices) > cores:
        return f"that needs {len(vertices)} cores, there are {cores}"
    return f"that needs {need:,} bytes of SDRAM, there are {sdram:,}" if need > sdram else ""


def _listed(names: Iterable[str]) -> str:
    """``a and b and c``."""
    return " and ".join(names)


def _names(graph: Graph, vertices: Group) -> str:
    names = [f"'{graph.vertices[vertex].name}'" for vertex in vertices]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) < 5 else f"{', '.join(names[:3])} and others"
