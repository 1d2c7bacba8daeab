"""Figures of a mapping, by the words that objectives and requirements use: what can be made small, and what required.

A figure is measured on the products of the stages, and told with the place where it is worst.  It depends on the stages
up to one: later ones do not change it, so it is of no use for choosing among what these try.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from emulator.machine import LINK_NAMES, board_of
from toolchain.errors import MappingError
from toolchain.graph import population_of
from toolchain.link_load import link_rates
from toolchain.map_graph import GraphMapping
from toolchain.partition import BESIDE, Partition, Slice
from toolchain.patterns import matches
from toolchain.quantisation import Quantisation
from toolchain.settings import STAGES, Objective


@dataclass(frozen=True, eq=False)
class Mapped:
    """What figures are taken of: a mapping of a graph, and if it is that of a network, what else is known.

    Parameters
    ----------
    partition : Partition, optional
        None for a bare graph.
    cycles_per_tick : float
        Cycles that a core has for a tick.
    quantisation : tuple of Quantisation
        What 16-bit weights do to each projection; empty before weights are scaled.
    """

    graph: GraphMapping
    partition: Partition | None = None
    cycles_per_tick: float = 0.0
    time_scale_factor: float = 1.0
    quantisation: tuple[Quantisation, ...] = ()


@dataclass(frozen=True)
class Cells:
    """So many cells of a population, which are on one core, and the mapping option that limits their number."""

    population: str
    number: int
    option: str


@dataclass(frozen=True)
class Measured:
    """A figure.

    Parameters
    ----------
    where : str
        Where it was found: ``chip (3, 4)``; "" for what is true of the whole.
    best : float, optional
        What no other mapping of the same slices, and for the same ticks, is better than, if that is known.
    cells : Cells, optional
        The cells of the core where it was found.
    remedy : str
        What a user can try, where that depends on what was measured.
    excess : float, optional
        By how much it is beyond what is required, as a share, where the value does not tell.
    """

    value: float
    where: str = ""
    best: float | None = None
    cells: Cells | None = None
    remedy: str = ""
    excess: float | None = None


Measure = Callable[[Mapped, str], Measured | None]
"""Measures for all labels that match a pattern ("" for all); None if there is nothing to measure."""


@dataclass(frozen=True)
class Figure:
    """What can be made small, or required.

    Parameters
    ----------
    remedies : tuple of str
        What a user can try if it is too large; algorithms as a mapping file names them.
    stage : str
        The last of the stages with algorithms on which it depends; "" if it depends on none, and can only be required.
    share : bool
        Whether it is a share, shown in per cent.
    of_labels : bool
        Whether it can be required of some populations or projections alone.
    """

    meaning: str
    remedies: tuple[str, ...]
    measure: Measure
    stage: str = ""
    share: bool = False
    of_labels: bool = False

    def depends_on(self, stage: str) -> bool:
        """Whether what a stage tries may change it."""
        return self.stage in STAGES and STAGES.index(stage) <= STAGES.index(self.stage)


# --- measures ---------------------------------------------------------------------------------------------------------


def _count(count: Callable[[GraphMapping], float]) -> Measure:
    return lambda mapped, pattern: Measured(float(count(mapped.graph)))


def _longest_table(mapped: Mapped, pattern: str) -> Measured:
    longest = max(mapped.graph.minimised.tables, key=lambda table: len(table.key), default=None)
    return Measured(float(len(longest.key)), f"chip ({longest.x}, {longest.y})") if longest else Measured(0.0)


def _chips(mapped: Mapped, pattern: str) -> Measured:
    """As many as hold the cores, at the least."""
    graph = mapped.graph
    return Measured(float(graph.chips), best=math.ceil(graph.cores / max(int(graph.machine.cores.max()), 1)))


def _boards(mapped: Mapped, pattern: str) -> Measured:
    graph = mapped.graph
    on_board = np.bincount(board_of(graph.machine).ravel(), graph.machine.cores.ravel())
    return Measured(float(graph.boards), best=math.ceil(graph.cores / max(on_board.max(), 1)))


def _worst_core(share: Callable[[Mapped, Slice], float]) -> Measure:
    """The largest share over the cores of the populations that match."""

    def measure(mapped: Mapped, pattern: str) -> Measured | None:
        if mapped.partition is None:
            return None
        slices = mapped.partition.slices
        found = [
            (share(mapped, one), -number)
            for number, one in enumerate(slices)
            if not pattern or matches(pattern, _population(one))
        ]
        if not found:
            return None
        value, number = max(found)
        worst = slices[-number]
        holder = slices[worst.source] if worst.kind in BESIDE else worst
        option = "neurons_per_core" if holder.kind == "neurons" else "sources_per_core"
        return Measured(value, worst.label, cells=Cells(_population(worst), worst.size, option))

    return measure


def _population(one: Slice) -> str:
    return population_of(one.label)


def _load(mapped: Mapped, one: Slice) -> float:
    return one.cycles / mapped.cycles_per_tick


def _dtcm(mapped: Mapped, one: Slice) -> float:
    return one.dtcm_bytes / mapped.graph.machine.dtcm_bytes


def _fullest_chip(mapped: Mapped, pattern: str) -> Measured | None:
    placement = mapped.graph.placement
    used = np.zeros((placement.machine.width, placement.machine.height), np.int64)
    np.add.at(used, (placement.x, placement.y), [vertex.sdram_bytes for vertex in mapped.graph.graph.vertices])
    if not used.any():
        return None
    x, y = divmod(int(used.argmax()), placement.machine.height)
    return Measured(float(used[x, y] / placement.machine.sdram_bytes), f"chip ({x}, {y})")


def _real_time(mapped: Mapped, pattern: str) -> Measured | None:
    """With a larger time_scale_factor than 1 no mapping runs in real time."""
    load, scale = _worst_core(_load)(mapped, pattern), mapped.time_scale_factor
    if load is None:
        return None
    where = f"time_scale_factor {scale:g}, busiest core {100 * load.value:.0f} % of its tick ({load.where})"
    if scale <= 1.0:
        return Measured(float(load.value <= 1.0), where, cells=load.cells, excess=max(load.value - 1.0, 0.0))
    return Measured(0.0, where, best=0.0, remedy=_real_time_remedy(mapped, load.value))


def _real_time_remedy(mapped: Mapped, load: float) -> str:
    """What lets a network run in real time that is to run slower."""
    timestep = 1e3 * mapped.cycles_per_tick / (mapped.graph.machine.clock_hz * mapped.time_scale_factor)
    alone = load * mapped.time_scale_factor <= 1.0
    remedy = (
        f"setup(time_scale_factor=1){', with which the cores keep up' if alone else ', for which slices are cut finer'}"
    )
    return remedy if timestep >= 1.0 else f"{remedy}, or setup(timestep=1.0), which is slow enough for a factor of 1"


def _link_load(mapped: Mapped, pattern: str) -> Measured | None:
    graph, machine = mapped.graph, mapped.graph.machine
    if not any(net.rate for net in graph.graph.nets):
        return None
    rates = link_rates(graph.graph, graph.routes, machine, mapped.time_scale_factor)
    x, y, link = np.unravel_index(int(rates.argmax()), rates.shape)
    where = f"link {LINK_NAMES[link]} of chip ({x}, {y})"
    return Measured(float(rates[x, y, link] / machine.link_capacity), where)


def _weight_error(mapped: Mapped, pattern: str) -> Measured | None:
    matching = [
        (row.rms_error, row.label)
        for row in mapped.quantisation
        if (not pattern or matches(pattern, row.label, row.ends)) and not math.isnan(row.rms_error)
    ]
    return Measured(*max(matching)) if matching else None


# --- the table --------------------------------------------------------------------------------------------------------

MORE_CELLS: Final = "more neurons a core"
FEWER_CELLS: Final = "fewer neurons a core"
"""Remedies for what is cut of a network."""

FIGURES: Final[Mapping[str, Figure]] = MappingProxyType(
    {
        "hops": Figure(
            "link traversals if every source neuron fires once",
            ("place using annealing", "route using ner", "place using annealing(effort=4)"),
            _count(lambda mapping: mapping.hops),
            "route",
        ),
        "entries": Figure(
            "entries of all tables that are loaded",
            ("minimise using best", "route using trunk"),
            _count(lambda mapping: mapping.entries_minimised),
            "minimise",
        ),
        "table entries": Figure(
            "entries of the longest table that is loaded",
            ("minimise using best", "route using trunk", MORE_CELLS),
            _longest_table,
            "minimise",
        ),
        "chips": Figure("chips with a core in use", (MORE_CELLS, "place using compact"), _chips, "place"),
        "boards": Figure("boards with a core in use", (MORE_CELLS, "place using compact"), _boards, "place"),
        "cores": Figure("cores in use", (MORE_CELLS,), _count(lambda mapping: mapping.cores), "partition"),
        "link load": Figure(
            "packets over the busiest link at the expected rates, as a share of its capacity",
            ("route using congestion", "a larger machine", "a larger time_scale_factor"),
            _link_load,
            "route",
            share=True,
        ),
        "cycle load": Figure(
            "estimated cycles of the busiest core, as a share of its tick",
            (FEWER_CELLS, "a larger time_scale_factor"),
            _worst_core(_load),
            "partition",
            share=True,
            of_labels=True,
        ),
        "sdram": Figure(
            "SDRAM of the fullest chip, as a share", ("a larger machine",), _fullest_chip, "place", share=True
        ),
        "dtcm": Figure(
            "DTCM of the fullest core, as a share",
            (FEWER_CELLS,),
            _worst_core(_dtcm),
            "partition",
            share=True,
            of_labels=True,
        ),
        "real time": Figure(
            "whether every core is expected to keep up with time_scale_factor 1",
            (FEWER_CELLS, "a longer timestep with time_scale_factor 1"),
            _real_time,
            of_labels=True,
        ),
        "weight error": Figure(
            "RMS relative error of the 16-bit weights of the worst projection",
            ("projections of like weights onto one receptor", "delays that vary, with a smaller ring_buffer_sigma"),
            _weight_error,
            share=True,
            of_labels=True,
        ),
    }
)
"""What can be made small, or required of a mapping."""
SMALL: Final = tuple(name for name, figure in FIGURES.items() if figure.stage)
"""Those of them that can be made small."""


def value(name: str, mapped: Mapped) -> float:
    """A figure of all that is mapped.

    Raises
    ------
    MappingError
        If there is nothing to measure.
    """
    measured = FIGURES[name].measure(mapped, "")
    if measured is None:
        raise MappingError(f"'{name}' cannot be made small: what is mapped does not tell it")
    return measured.value


def values(mapped: Mapped) -> dict[str, float]:
    """All figures that can be made small, as far as there is something to measure."""
    found = ((name, FIGURES[name].measure(mapped, "")) for name in SMALL)
    return {name: measured.value for name, measured in found if measured is not None}


def cost(mapped: Mapped, objective: Objective | None) -> float:
    """What a mapping costs by `objective`, or by the default one.

    By default it is the product of hops, entries and chips: so a per cent of the one is worth a per cent of the other,
    for networks of any size and neurons of any rate.
    """
    if objective is None:
        return sum(math.log(max(value(name, mapped), 1.0)) for name in ("hops", "entries", "chips"))
    return sum(weight * value(name, mapped) for name, weight in objective.weights.items())
