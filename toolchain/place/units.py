"""Units: what placement moves as a whole, with the limits that constraints put on each.

Vertices that must share a chip are one unit, which takes as many cores and as much SDRAM as all of them.  Any
other vertex is a unit of its own.  A chip is a number here, ``x * height + y``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine
from toolchain.constraints import Apart, Constraints, Near
from toolchain.graph import Graph

Chips = NDArray[np.bool_]
"""A set of chips: bool[width * height]."""


@dataclass(frozen=True, eq=False)
class Distance:
    """A relation between units, `these` and `those`; within `hops` links or on no common chip."""

    these: tuple[int, ...]
    those: tuple[int, ...]
    hops: int = 0


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a graph, in the order of their first vertices.

    Parameters
    ----------
    members : list of tuple of int
        The vertices of each unit, ascending.
    of : int64[vertices]
        The unit of each vertex.
    cores, sdram : list of int
        What each unit takes of a chip.
    chips : dict of int to Chips
        Where a unit may go, for those that may not go everywhere; nowhere if constraints contradict each other.
    core : mapping of int to int
        The core of each vertex that must have a certain one.
    fixed : dict of int to int
        The cores that a unit must have, core p as bit p.
    apart, near : tuple of Distance
        A unit is in both sides of `apart` if one of its vertices is.  The units of a `near` that hold one of
        `those` keep to it wherever they are, and are left out of its `these`.
    """

    members: list[tuple[int, ...]]
    of: NDArray[np.int64]
    cores: list[int]
    sdram: list[int]
    chips: dict[int, Chips] = field(default_factory=dict)
    core: Mapping[int, int] = field(default_factory=dict)
    fixed: dict[int, int] = field(default_factory=dict)
    apart: tuple[Distance, ...] = ()
    near: tuple[Distance, ...] = ()

    def __len__(self) -> int:
        return len(self.members)


def units_of(graph: Graph, machine: Machine, constraints: Constraints) -> Units:
    """The units of `graph` under `constraints`, with what these mean for them on `machine`."""
    members, of = _grouped(len(graph.vertices), constraints.together)
    sdram = [sum(graph.vertices[vertex].sdram_bytes for vertex in unit) for unit in members]
    units = Units(
        members,
        of,
        [len(unit) for unit in members],
        sdram,
        core=constraints.core,
        apart=tuple(_sides(rule, of) for rule in constraints.apart),
        near=tuple(_sides(rule, of) for rule in constraints.near),
    )
    present = machine.cores.ravel() > 0
    for vertex in sorted(constraints.chips):
        _limit(units, int(of[vertex]), constraints.chips[vertex].ravel() & present)
    for vertex in sorted(constraints.core):
        _fix(units, int(of[vertex]), constraints.core[vertex], machine)
    for rule in constraints.apart:
        for unit in _torn(rule, of):
            _limit(units, unit, np.zeros_like(present))
    return units


def _grouped(vertices: int, together: tuple[tuple[int, ...], ...]) -> tuple[list[tuple[int, ...]], NDArray[np.int64]]:
    """The vertices of each unit, and the unit of each vertex."""
    group = {vertex: members for members in together for vertex in members}
    members = [group.get(v, (v,)) for v in range(vertices) if v == min(group.get(v, (v,)))]
    of = np.empty(vertices, np.int64)
    for unit, inside in enumerate(members):
        of[list(inside)] = unit
    return members, of


def _limit(units: Units, unit: int, chips: Chips) -> None:
    units.chips[unit] = units.chips[unit] & chips if unit in units.chips else chips


def _fix(units: Units, unit: int, core: int, machine: Machine) -> None:
    """Limit `unit` to chips that have `core`; to none if another of its vertices has it."""
    bit = 1 << core
    clash = units.fixed.get(unit, 0) & bit
    _limit(units, unit, (machine.cores.ravel() >= core) & (core > 0) & (not clash))
    units.fixed[unit] = units.fixed.get(unit, 0) | bit


def _sides(rule: Apart | Near, of: NDArray[np.int64]) -> Distance:
    these, those = ({int(of[vertex]) for vertex in side} for side in (rule.these, rule.those))
    if isinstance(rule, Apart):
        return Distance(tuple(sorted(these)), tuple(sorted(those)))
    return Distance(tuple(sorted(these - those)), tuple(sorted(those)), rule.hops)


def _torn(rule: Apart, of: NDArray[np.int64]) -> list[int]:
    """Units that hold two vertices which must be apart."""
    those: dict[int, set[int]] = {}
    for vertex in rule.those:
        those.setdefault(int(of[vertex]), set()).add(vertex)
    return sorted({unit for vertex in rule.these if those.get(unit := int(of[vertex]), set()) - {vertex}})
