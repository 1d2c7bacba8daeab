"""Remedies: what is changed about the settings of a mapping for each figure that is too large.

What the user has said stays: a stage with algorithms of its own keeps them, and an option that was given keeps its
value.  A remedy that would change nothing says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from toolchain.algorithms import REGISTRY
from toolchain.figures import Cells
from toolchain.options import MAPPING_OPTIONS, mapping_options
from toolchain.settings import FEEDBACK, KEPT, Algorithm, Choice, Objective, Settings


@dataclass(frozen=True)
class Failed:
    """A figure that is too large.

    Parameters
    ----------
    cells : Cells, optional
        Those of the core where it was found, if it is one of a core.
    threshold : float, optional
        What was required.
    excess : float
        By how much more than that it is, as a share.
    """

    figure: str
    cells: Cells | None = None
    threshold: float | None = None
    excess: float = 0.0


Change = Callable[[Settings, Failed], Settings | None]


@dataclass(frozen=True)
class Remedy:
    """A change of settings.

    Parameters
    ----------
    change : callable
        Gets what fails, and returns None where it would change nothing.
    repeated : bool
        Whether it can be made again as long as it helps.
    """

    what: str
    change: Change
    repeated: bool = False


def is_ours(choice: Choice) -> bool:
    """Whether it is left to us what a stage tries."""
    return choice.origin in (FEEDBACK, KEPT)


def _trying(stage: str, names: Iterable[str], figure: str) -> Change:
    """Let a stage about which the user said nothing try algorithms, to make a figure small."""
    algorithms = tuple(Algorithm(name) for name in names)

    def change(settings: Settings, failed: Failed) -> Settings | None:
        said = settings.stages.get(stage)
        if said is not None and not is_ours(said):
            return None
        if said is not None and said.algorithms == algorithms:
            return None
        choice = Choice(algorithms, Objective({figure: 1.0}), FEEDBACK)
        return replace(settings, stages={**settings.stages, stage: choice})

    return change


def _both(*changes: Change) -> Change:
    """All changes that change something."""

    def change(settings: Settings, failed: Failed) -> Settings | None:
        changed = None
        for one in changes:
            changed = one(changed or settings, failed) or changed
        return changed

    return change


def _fewer_cells(settings: Settings, failed: Failed) -> Settings | None:
    """Half as many cells a core as there are on the worst one, if the user has not said how many."""
    cells = failed.cells
    if cells is None or cells.number < 2:
        return None
    option, half = cells.option, cells.number // 2
    if settings.origins.get(option, FEEDBACK) != FEEDBACK:
        return None
    changed = settings.with_option(option, half, FEEDBACK)
    return changed if getattr(mapping_options(changed).of(cells.population), option) == half else None


def _margin(option: str) -> Change:
    """Let cores be filled up to what is required, if the user has not said how far."""

    def change(settings: Settings, failed: Failed) -> Settings | None:
        cells, share = failed.cells, failed.threshold
        if cells is None or share is None or settings.origins.get(option, FEEDBACK) != FEEDBACK:
            return None
        now = getattr(mapping_options(settings).of(cells.population), option)
        if not MAPPING_OPTIONS[option].low <= share < now:
            return None
        changed = settings.with_option(option, share, FEEDBACK)
        return changed if getattr(mapping_options(changed).of(cells.population), option) == share else None

    return change


def _no_synapse_cores(settings: Settings, failed: Failed) -> Settings | None:
    """Synapses stay with their cells, if the user has not said anything else."""
    if "synapse_cores" in settings.origins:
        return None
    return settings.with_option("synapse_cores", 0, FEEDBACK)


def _tables(figure: str) -> tuple[Remedy, ...]:
    """Remedies for tables that are too long."""
    routes = _trying("route", REGISTRY["route"], figure)
    places = _trying("place", _SERIOUS_PLACERS, figure)
    return (
        Remedy("the best of all minimisers is used", _trying("minimise", ("best",), figure)),
        Remedy("every router and key allocator is tried", _both(routes, _trying("keys", REGISTRY["keys"], figure))),
        Remedy("every placer is tried", places),
    )


def _traffic(figure: str) -> tuple[Remedy, ...]:
    """Remedies for packets that go too far, or too many by one link."""
    return (
        Remedy("every router is tried", _trying("route", REGISTRY["route"], figure)),
        Remedy("every placer is tried", _trying("place", _SERIOUS_PLACERS, figure)),
    )


_SERIOUS_PLACERS = tuple(name for name in REGISTRY["place"] if name != "scatter")
_LESS_WORK = Remedy("half as many cells a core", _fewer_cells, repeated=True)
REMEDIES: Final[Mapping[str, tuple[Remedy, ...]]] = MappingProxyType(
    {
        "table entries": _tables("table entries"),
        "entries": _tables("entries"),
        "hops": _traffic("hops"),
        "link load": _traffic("link load"),
        "chips": (Remedy("every placer is tried", _trying("place", _SERIOUS_PLACERS, "chips")),),
        "boards": (Remedy("every placer is tried", _trying("place", _SERIOUS_PLACERS, "boards")),),
        "cores": (Remedy("no synapse cores are split off, so that cores fall behind", _no_synapse_cores),),
        "cycle load": (Remedy("cycles_margin is what is required", _margin("cycles_margin")), _LESS_WORK),
        "real time": (_LESS_WORK,),
        "dtcm": (Remedy("dtcm_margin is what is required", _margin("dtcm_margin")), _LESS_WORK),
    }
)
"""What is changed for each figure that fails, in the order in which it is tried."""
