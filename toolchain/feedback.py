"""Feedback: a mapping that does not fit, or fails a requirement, leads to another attempt.

What to change follows from what failed (`REMEDIES`): tables that are too long want a stronger minimiser, then other
routes and places; a busy link wants routes that avoid it; a core with too much to do wants fewer cells; a machine with
too few cores for synapse cores has the others do all, if late.  Changes add
up from attempt to attempt: stages about which the user has said nothing keep the algorithms that were best, so that a
remedy tries those of its own stage alone, and one that comes to nothing is taken back.  What the user has said stays:
a stage with algorithms of its own keeps them, and an option that was given keeps its value.  Nothing is tried for what
no mapping of the network would meet, and no remedy that would leave things as they are.  Of all attempts the one that
fails the fewest requirements is kept, and the report tells of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import Final, TypeVar

from toolchain.algorithms import REGISTRY
from toolchain.errors import CoresError, MappingError, TablesError
from toolchain.figures import Cells
from toolchain.options import mapping_options
from toolchain.requirements import Verdict
from toolchain.settings import FEEDBACK, KEPT, Algorithm, Choice, Objective, Settings

T = TypeVar("T")
Change = Callable[[Settings, Cells | None], Settings | None]
Failed = tuple[str, Cells | None]
"""A figure, and the cells of the core where it was found, if it is one of a core."""


@dataclass(frozen=True)
class Attempt:
    """One way through all stages.

    Parameters
    ----------
    changed : str
        What was changed before it, and why; "" for the first.
    failure : str
        Why it came to nothing.
    verdicts : tuple of Verdict
        Of the requirements, if it came to something.
    kept : bool
        Whether its mapping is the one that is used.
    """

    changed: str = ""
    failure: str = ""
    verdicts: tuple[Verdict, ...] = ()
    kept: bool = False


@dataclass(frozen=True)
class Remedy:
    """A change of settings; `change` gets the cells where it fails, and returns None where it would change nothing."""

    what: str
    change: Change


def with_feedback(
    settings: Settings,
    attempt: Callable[[Settings], T],
    judge: Callable[[T], tuple[Verdict, ...]],
    algorithms: Callable[[T], Mapping[str, Algorithm]] = lambda product: {},
) -> tuple[T, tuple[Attempt, ...]]:
    """Attempt it with `settings`, then with remedies for what fails, until nothing does or there is no more to try.

    Parameters
    ----------
    attempt : callable
        Goes through all stages.
    judge : callable
        Judges the requirements on what came of it.
    algorithms : callable
        The algorithm of each stage that it came of.

    Raises
    ------
    MappingError
        That of the first attempt, if none came to anything; one that no remedy is for at once.
    """
    made: list[tuple[int, T]] = []
    attempts: list[Attempt] = []
    first: MappingError | None = None
    failed: list[Failed] = []
    before, changed = settings, ""
    used: set[str] = set()
    while True:
        try:
            product = attempt(settings)
        except MappingError as failure:
            first = first or failure
            attempts.append(Attempt(changed, failure=str(failure)))
            figure = _of_failure(failure)
            if first is failure and not made and not figure:
                raise
            if made or not figure:
                settings = before
            elif figure:
                failed = [(figure, None)]
        else:
            judged = judge(product)
            failed = [_failed(verdict) for verdict in judged if not verdict.passed and not verdict.hopeless]
            attempts.append(Attempt(changed, verdicts=judged))
            made.append((len(attempts) - 1, product))
            settings = _narrowed(settings, algorithms(product))
        found = _next(settings, failed, used) if len(attempts) <= settings.attempts else None
        if found is None:
            break
        before, (settings, changed) = settings, found
    if first is not None and not made:
        raise first
    kept, best = min(made, key=lambda item: (_failures(attempts[item[0]]), item[0]))
    return best, tuple(replace(one, kept=number == kept) for number, one in enumerate(attempts))


def _narrowed(settings: Settings, algorithms: Mapping[str, Algorithm]) -> Settings:
    """Settings by which the stages that are left to us use `algorithms`, so that the next remedy is quickly tried."""
    said = {stage: choice.origin for stage, choice in settings.stages.items()}
    ours = {stage: Choice((one,), None, said.get(stage, KEPT)) for stage, one in algorithms.items()}
    return replace(settings, stages=ours | {k: v for k, v in settings.stages.items() if not _is_ours(v)})


def _is_ours(choice: Choice) -> bool:
    """Whether it is left to us what a stage tries."""
    return choice.origin in (FEEDBACK, KEPT)


def _failures(attempt: Attempt) -> int:
    return sum(not verdict.passed for verdict in attempt.verdicts)


def _of_failure(failure: MappingError) -> str:
    """The figure that is too large, "" where there is no remedy."""
    if isinstance(failure, CoresError):
        return "cores" if failure.spare else ""
    return "table entries" if isinstance(failure, TablesError) else ""


def _failed(verdict: Verdict) -> Failed:
    return verdict.requirement.figure, verdict.measured.cells if verdict.measured else None


def _next(settings: Settings, failed: Iterable[Failed], used: set[str]) -> tuple[Settings, str] | None:
    """The settings after the next remedy that changes something, and what was changed; all figures have their turn."""
    rounds = zip_longest(
        *([(figure, cells, remedy) for remedy in REMEDIES.get(figure, ())] for figure, cells in failed)
    )
    for figure, cells, remedy in filter(None, chain.from_iterable(rounds)):
        if remedy.what in used:
            continue
        used.add(remedy.what)
        changed = remedy.change(settings, cells)
        if changed is not None:
            return changed, f"{remedy.what}, for {figure}"
    return None


# --- remedies ---------------------------------------------------------------------------------------------------------


def _trying(stage: str, names: Iterable[str], figure: str) -> Change:
    """Let a stage about which the user said nothing try algorithms, to make a figure small."""
    algorithms = tuple(Algorithm(name) for name in names)

    def change(settings: Settings, cells: Cells | None) -> Settings | None:
        said = settings.stages.get(stage)
        if said is not None and not _is_ours(said):
            return None
        if said is not None and said.algorithms == algorithms:
            return None
        choice = Choice(algorithms, Objective({figure: 1.0}), FEEDBACK)
        return replace(settings, stages={**settings.stages, stage: choice})

    return change


def _both(*changes: Change) -> Change:
    """All changes that change something."""

    def change(settings: Settings, cells: Cells | None) -> Settings | None:
        changed = None
        for one in changes:
            changed = one(changed or settings, cells) or changed
        return changed

    return change


def _fewer_cells(settings: Settings, cells: Cells | None) -> Settings | None:
    """Half as many cells a core as there are on the worst one, if the user has not said how many."""
    if cells is None or cells.number < 2:
        return None
    option, half = cells.option, cells.number // 2
    if settings.origins.get(option, FEEDBACK) != FEEDBACK:
        return None
    options, origins = {**settings.options, option: half}, {**settings.origins, option: FEEDBACK}
    changed = replace(settings, options=options, origins=origins)
    return changed if getattr(mapping_options(changed).of(cells.population), option) == half else None


def _no_synapse_cores(settings: Settings, cells: Cells | None) -> Settings | None:
    """Synapses stay with their cells, if the user has not said anything else."""
    if "synapse_cores" in settings.origins:
        return None
    options, origins = {**settings.options, "synapse_cores": 0}, {**settings.origins, "synapse_cores": FEEDBACK}
    return replace(settings, options=options, origins=origins)


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
_LESS_WORK = (
    Remedy("half as many cells a core", _fewer_cells),
    Remedy("again half as many cells a core", _fewer_cells),
)
REMEDIES: Final[Mapping[str, tuple[Remedy, ...]]] = MappingProxyType(
    {
        "table entries": _tables("table entries"),
        "entries": _tables("entries"),
        "hops": _traffic("hops"),
        "link load": _traffic("link load"),
        "chips": (Remedy("every placer is tried", _trying("place", _SERIOUS_PLACERS, "chips")),),
        "boards": (Remedy("every placer is tried", _trying("place", _SERIOUS_PLACERS, "boards")),),
        "cores": (Remedy("no synapse cores are split off, so that cores fall behind", _no_synapse_cores),),
        "cycle load": _LESS_WORK,
        "real time": _LESS_WORK,
        "dtcm": _LESS_WORK,
    }
)
"""What is changed for each figure that fails, in the order in which it is tried."""
