"""Crowded chips: rules of placement that put more on some chips than these have cores or SDRAM for.

What must be on certain chips is all that has a limit to them, or to some of them.  Most limits are to one chip, so
those within a region are found by their chips; larger regions are held against each other, if they are not too many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from emulator.machine import Machine
from toolchain.contradictions import MOST_NAMED, Limit, Limits, Said, listed, names
from toolchain.graph import Graph
from toolchain.problems import Problem

MOST_REGIONS: Final = 200
"""Regions of several chips that are held against each other."""


@dataclass(eq=False)
class _Region:
    """Some chips, what limits to them there are, and what vertices have one, both in their order."""

    number: int
    limits: dict[Limit, None] = field(default_factory=dict)
    vertices: dict[int, None] = field(default_factory=dict)

    @property
    def any(self) -> Limit:
        """One of the limits: they are all to the same chips."""
        return next(iter(self.limits))


def crowded(graph: Graph, machine: Machine, said: Said) -> Iterator[Problem]:
    """A problem for chips with too few cores or too little SDRAM for what must be there, and for groups alike."""
    regions = _regions(said.limits)
    single = {int(one.any.numbers[0]): one for one in regions if len(one.any.numbers) == 1}
    large = [one for one in regions if len(one.any.numbers) > 1]
    for region in regions:
        inside = _inside(region, single, large)
        vertices = list(dict.fromkeys(vertex for one in inside for vertex in one.vertices))
        chips = region.any.chips
        sdram = int(np.count_nonzero(chips)) * machine.sdram_bytes
        if lacking := _lacking(graph, vertices, int(machine.cores[chips].sum()), sdram):
            limits = [limit for one in inside for limit in one.limits]
            also = tuple(limit.origin for limit in limits[: MOST_NAMED - 1])
            yield Problem(f"{listed(map(str, limits))}: {lacking}", limits[-1].origin, also=also)
    for group, origins in said.groups:
        if lacking := _lacking(graph, list(group), int(machine.cores.max()), machine.sdram_bytes):
            yield said.problem(f"{names(graph, group)} on one chip ({listed(origins)}): {lacking}", origins)


def _regions(limits: Limits) -> list[_Region]:
    """Each set of chips to which there is a limit."""
    found: dict[bytes, _Region] = {}
    for vertex, several in limits.items():
        for limit in several:
            region = found.setdefault(limit.key, _Region(len(found)))
            region.limits[limit] = region.vertices[vertex] = None
    return list(found.values())


def _inside(region: _Region, single: dict[int, _Region], large: list[_Region]) -> list[_Region]:
    """The regions all of whose chips are in `region`, itself among them, in their order."""
    chips = region.any
    if len(chips.numbers) == 1:
        return [region]
    numbers = chips.numbers.tolist() if len(chips.numbers) < len(single) else list(single)
    found = [single[chip] for chip in numbers if chip in single and chips.chips.flat[chip]]
    others = large if len(large) <= MOST_REGIONS else [region]
    found += [one for one in others if chips.chips.flat[one.any.numbers].all()]
    return sorted(found, key=lambda one: one.number)


def _lacking(graph: Graph, vertices: list[int], cores: int, sdram: int) -> str:
    """What `vertices` need and there is too little of; "" if there is enough."""
    need = sum(graph.vertices[vertex].sdram_bytes for vertex in vertices)
    if len(vertices) > cores:
        return f"that needs {len(vertices)} cores, there are {cores}"
    return f"that needs {need:,} bytes of SDRAM, there are {sdram:,}" if need > sdram else ""
