"""Rules of placement: what a user says of populations, as constraints on the vertices of one graph.

A rule names populations by a pattern, and a place or other populations.  Here it becomes sets of chips, groups and
pairs of vertices (`toolchain.constraints`), each of which knows where it was said.  What is wrong is told all at once:
patterns that match nothing, places that the machine does not have, and rules that contradict each other
(`toolchain.contradictions`).  Whether a network fits with rules that do not contradict is found in placing it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine
from toolchain.constraints import FREE, Apart, Constraints, Group, Near, Origins, merged, of_graph, with_graph
from toolchain.contradictions import Limit, Said, contradictions
from toolchain.crowded import crowded
from toolchain.graph import Graph, population_name
from toolchain.patterns import matches
from toolchain.problems import Problem, SettingsError, nearest, short
from toolchain.regions import chips_of, wrong
from toolchain.settings import Origin, PlaceRule

MOST_TOLD: Final = 100
"""Contradictions that are told at once."""


def constraints_of(graph: Graph, machine: Machine, rules: Sequence[PlaceRule]) -> Constraints:
    """The constraints that `rules` put on the vertices of `graph` on `machine`, and those that it has itself.

    Raises
    ------
    MappingError
        A SettingsError with all patterns that match nothing, places that the machine does not have, and
        contradictions, each of which names both rules.
    """
    if not rules:
        return with_graph(FREE, graph)
    reader = _Reader(graph, machine)
    for rule in rules:
        reader.read(rule)
    origins = {str(rule.origin): rule.origin for rule in rules}
    said = Said(
        reader.limits, merged([*of_graph(graph), *reader.groups]), tuple(reader.apart), tuple(reader.near), origins
    )
    found = chain(contradictions(graph, machine, said), crowded(graph, machine, said))
    if problems := reader.problems + _told(found):
        raise SettingsError(problems)
    return _constraints(said)


def _told(found: Iterable[Problem]) -> list[Problem]:
    """The first `MOST_TOLD` problems, the same one told once; the last says if there may be more of them."""
    told: dict[str, Problem] = {}
    for problem in found:
        if problem.message not in told and len(told) == MOST_TOLD:
            *others, last = told.values()
            more = f"there may be more: the first {MOST_TOLD} contradictions are told"
            return [*others, replace(last, hints=(*last.hints, more))]
        told.setdefault(problem.message, problem)
    return list(told.values())


def select(graph: Graph, pattern: str, origin: Origin) -> Group:
    """The vertices of the populations that match `pattern`, or whose names do.

    Raises
    ------
    SettingsError
        If there are none: the nearest name that there is.
    """
    found = tuple(i for i, v in enumerate(graph.vertices) if matches(pattern, population_name(v), v.name))
    if not found:
        known = dict.fromkeys(map(population_name, graph.vertices))
        raise SettingsError([Problem(f"no population is called '{short(pattern)}'", origin, nearest(pattern, known))])
    return found


@dataclass
class _Reader:
    """What has been read of the rules, and what was wrong."""

    graph: Graph
    machine: Machine

    def __post_init__(self) -> None:
        self.limits: dict[int, list[Limit]] = {}
        self.groups: list[tuple[Group, Origins]] = []
        self.apart: list[Apart] = []
        self.near: list[Near] = []
        self.problems: list[Problem] = []
        self._selected: dict[str, Group] = {}
        self._chips: dict[Hashable, tuple[NDArray[np.bool_], str]] = {}

    def read(self, rule: PlaceRule) -> None:
        """Take one rule in, or note what is wrong with it."""
        try:
            if rule.kind == "on":
                self._read_place(rule)
            else:
                self._read_relation(rule)
        except SettingsError as error:
            self.problems += error.problems

    def _read_place(self, rule: PlaceRule) -> None:
        place = rule.chip, rule.core, rule.board, rule.region
        if place not in self._chips:
            self._chips[place] = chips_of(rule, self.machine)
        chips, where = self._chips[place]
        limit = Limit(chips, rule.core, rule.origin, f"'{rule.pattern}' on {where}")
        for vertex in self._select(rule.pattern, rule.origin):
            self.limits.setdefault(vertex, []).append(limit)

    def _select(self, pattern: str, origin: Origin) -> Group:
        if pattern not in self._selected:
            self._selected[pattern] = select(self.graph, pattern, origin)
        return self._selected[pattern]

    def _read_relation(self, rule: PlaceRule) -> None:
        these = self._select(rule.pattern, rule.origin)
        those = self._select(rule.other, rule.other_origin if rule.other_origin.line else rule.origin)
        origin = str(rule.origin)
        if rule.kind == "apart":
            self.apart.append(Apart(these, those, origin))
        elif rule.kind == "near":
            self.near.append(Near(these, those, rule.hops, origin))
        else:
            self._pair(rule, _slices(self.graph, these), _slices(self.graph, those))

    def _pair(self, rule: PlaceRule, these: list[int], those: list[int]) -> None:
        """Slice i of the one with slice i of the other."""
        if len(these) != len(those):
            counts = f"{_slices_in_words(these)} and '{rule.other}' {_slices_in_words(those)}"
            raise wrong(
                rule,
                f"has {counts}, and 'with' puts slice i of the one with slice i of the other",
                "cells are cut by neurons_per_core, spike sources by sources_per_core: make both the same",
            )
        for pair in zip(these, those, strict=True):
            if pair[0] != pair[1]:
                self.groups.append((tuple(sorted(pair)), (str(rule.origin),)))


def _slices(graph: Graph, vertices: Group) -> list[int]:
    """Those of `vertices` that are slices of populations, and not stages that delay what slices send."""
    return [vertex for vertex in vertices if graph.vertices[vertex].name.partition("]")[2] == ""]


def _slices_in_words(vertices: list[int]) -> str:
    return f"{len(vertices)} slice" + ("s" if len(vertices) != 1 else "")


def _constraints(said: Said) -> Constraints:
    limits = {vertex: tuple(said.limits[vertex]) for vertex in sorted(said.limits)}
    all_of = cache(_all_of)
    return Constraints(
        chips={vertex: all_of(several) for vertex, several in limits.items()},
        core={v: limit.core for v, several in limits.items() for limit in several if limit.core is not None},
        together=tuple(group for group, _ in said.groups),
        apart=said.apart,
        near=said.near,
        origins={v: tuple(dict.fromkeys(str(limit.origin) for limit in limits[v])) for v in limits},
        together_origins=tuple(origins for _, origins in said.groups),
    )


def _all_of(limits: tuple[Limit, ...]) -> NDArray[np.bool_]:
    """The chips that all `limits` allow; limits of one rule share one array."""
    if len(limits) == 1:
        return limits[0].chips
    chips: NDArray[np.bool_] = np.logical_and.reduce([limit.chips for limit in limits])
    return chips
