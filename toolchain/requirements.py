"""Requirements: what a mapping must come to, as ``require table entries <= 1000`` says it, and whether it does.

A figure is measured on the products of the stages, and told with the place where it is worst.  Figures of what happens
at run time (`COMPARED`) are not known here; ``pyneuro compare`` judges those.  A requirement about what a mapping does
not have, such as the weights of a netlist, is not met: what was not measured cannot be promised.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from emulator.machine import LINK_NAMES
from toolchain import compile as whole
from toolchain.figures import FIGURES as COUNTS
from toolchain.link_load import link_rates
from toolchain.map_graph import GraphMapping
from toolchain.partition import Slice
from toolchain.patterns import matches
from toolchain.settings import Requirement


@dataclass(frozen=True)
class Mapped:
    """What is judged: a mapping of a graph, and for a network the whole one."""

    graph: GraphMapping
    network: whole.Mapping | None = None


@dataclass(frozen=True)
class Measured:
    """A figure, and where it was found: ``chip (3, 4)``, or "" for what is true of the whole."""

    value: float
    where: str = ""


Measure = Callable[[Mapped, str], Measured | None]
"""Measures for all labels that match a pattern ("" for all); None if there is nothing to measure."""


@dataclass(frozen=True)
class Figure:
    """What can be required.

    Parameters
    ----------
    share : bool
        Whether it is a share, shown in per cent.
    remedy : str
        What a user can try if it is too large.
    """

    meaning: str
    remedy: str
    measure: Measure
    share: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether a requirement is met; `measured` is None if there was nothing to measure."""

    requirement: Requirement
    passed: bool
    measured: Measured | None
    share: bool
    remedy: str


OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "is": operator.eq}
)


def verdicts(requirements: Iterable[Requirement], mapped: Mapped) -> tuple[Verdict, ...]:
    """Judge each requirement that a mapping alone can meet, in their order."""
    return tuple(_judge(requirement, mapped) for requirement in requirements if requirement.figure in FIGURES)


def _judge(requirement: Requirement, mapped: Mapped) -> Verdict:
    figure = FIGURES[requirement.figure]
    measured = figure.measure(mapped, requirement.pattern)
    passed = measured is not None and OPERATORS[requirement.operator](measured.value, requirement.threshold)
    remedy = figure.remedy if measured else "leaving it out: what was mapped does not tell this"
    return Verdict(requirement, passed, measured, figure.share, "" if passed else remedy)


# --- measures ---------------------------------------------------------------------------------------------------------


def _count(name: str) -> Measure:
    return lambda mapped, pattern: Measured(float(COUNTS[name](mapped.graph)))


def _longest_table(mapped: Mapped, pattern: str) -> Measured:
    longest = max(mapped.graph.minimised.tables, key=lambda table: len(table.key), default=None)
    return Measured(float(len(longest.key)), f"chip ({longest.x}, {longest.y})") if longest else Measured(0.0)


def _worst_core(share: Callable[[whole.Mapping, Slice], float]) -> Measure:
    """The largest share over the cores of the populations that match."""

    def measure(mapped: Mapped, pattern: str) -> Measured | None:
        if mapped.network is None:
            return None
        labels = [piece.label for piece in mapped.network.partition.slices]
        found = [
            (share(mapped.network, piece), -number)
            for number, piece in enumerate(mapped.network.partition.slices)
            if not pattern or matches(pattern, labels[number].partition("[")[0])
        ]
        if not found:
            return None
        value, number = max(found)
        return Measured(value, labels[-number])

    return measure


def _load(mapping: whole.Mapping, piece: Slice) -> float:
    return piece.cycles / mapping.image.cycles_per_tick


def _dtcm(mapping: whole.Mapping, piece: Slice) -> float:
    return piece.dtcm_bytes / mapping.machine.dtcm_bytes


def _fullest_chip(mapped: Mapped, pattern: str) -> Measured:
    placement = mapped.graph.placement
    used = np.zeros((placement.machine.width, placement.machine.height), np.int64)
    np.add.at(used, (placement.x, placement.y), [vertex.sdram_bytes for vertex in mapped.graph.graph.vertices])
    x, y = divmod(int(used.argmax()), placement.machine.height)
    return Measured(float(used[x, y] / placement.machine.sdram_bytes), f"chip ({x}, {y})")


def _real_time(mapped: Mapped, pattern: str) -> Measured | None:
    load = _worst_core(_load)(mapped, pattern)
    if load is None or mapped.network is None:
        return None
    scale = mapped.network.time_scale_factor
    where = f"time_scale_factor {scale:g}, busiest core {100 * load.value:.0f} % of its tick ({load.where})"
    return Measured(float(scale <= 1.0 and load.value <= 1.0), where)


def _link_load(mapped: Mapped, pattern: str) -> Measured | None:
    graph, machine = mapped.graph, mapped.graph.machine
    scale = mapped.network.time_scale_factor if mapped.network else 1.0
    if not any(net.rate for net in graph.graph.nets):
        return None
    rates = link_rates(graph.graph, graph.routes, machine, scale)
    x, y, link = np.unravel_index(int(rates.argmax()), rates.shape)
    where = f"link {LINK_NAMES[link]} of chip ({x}, {y})"
    return Measured(float(rates[x, y, link] / machine.link_capacity), where)


def _weight_error(mapped: Mapped, pattern: str) -> Measured | None:
    if mapped.network is None:
        return None
    matching = [
        (row.rms_error, row.label)
        for row in mapped.network.quantisation
        if (not pattern or matches(pattern, row.label, row.ends)) and not math.isnan(row.rms_error)
    ]
    return Measured(*max(matching)) if matching else None


_FEWER = "fewer neurons a core, or a larger time_scale_factor"
FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {
        "hops": Figure(
            "link traversals if every source neuron fires once",
            "place using annealing, or route using ner",
            _count("hops"),
        ),
        "entries": Figure(
            "entries of all tables that are loaded", "minimise using best, or route using trunk", _count("entries")
        ),
        "table entries": Figure(
            "entries of the longest table that is loaded",
            "minimise using best, route using trunk, or more neurons a core",
            _longest_table,
        ),
        "chips": Figure("chips with a core in use", "more neurons a core, or place using compact", _count("chips")),
        "boards": Figure("boards with a core in use", "more neurons a core, or place using compact", _count("boards")),
        "cores": Figure("cores in use", "more neurons a core", _count("cores")),
        "link load": Figure(
            "packets over the busiest link at the expected rates, as a share of its capacity",
            "route using congestion, a larger machine, or a larger time_scale_factor",
            _link_load,
            share=True,
        ),
        "cycle load": Figure(
            "estimated cycles of the busiest core, as a share of its tick", _FEWER, _worst_core(_load), share=True
        ),
        "sdram": Figure("SDRAM of the fullest chip, as a share", "a larger machine", _fullest_chip, share=True),
        "dtcm": Figure("DTCM of the fullest core, as a share", "fewer neurons a core", _worst_core(_dtcm), share=True),
        "real time": Figure(
            "whether every core is expected to keep up with time_scale_factor 1",
            "fewer neurons a core, or a longer timestep with time_scale_factor 1",
            _real_time,
        ),
        "weight error": Figure(
            "RMS relative error of the 16-bit weights of the worst projection",
            "a smaller ring_buffer_sigma or spikes_per_second, or projections of like weights onto one receptor",
            _weight_error,
            share=True,
        ),
    }
)
"""What can be required of a mapping."""

COMPARED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "rate error": "rate",
        "spike error": "spikes",
        "cv error": "cv",
        "correlation error": "correlation",
        "agreement": "agreement",
        "exact spikes": "exact",
        "distance": "distance",
        "voltage error": "vrms",
    }
)
"""What can be required of a comparison of both simulators: the metric of `pyneuro.requirements` for each figure."""

COMPARED_SHARES: Final[Mapping[str, bool]] = MappingProxyType(
    {name: name in ("rate error", "spike error", "agreement", "exact spikes") for name in COMPARED}
)
"""Whether each of them is a share."""
