"""Feedback: a mapping that does not fit, or fails a requirement, leads to another attempt.

What to change follows from what failed (`remedies`): tables that are too long want a stronger minimiser, then other
routes and places; a busy link wants routes that avoid it; a core with too much to do wants fewer cells; a machine with
too few cores for synapse cores has the others do all, if late.  Changes add
up from attempt to attempt: stages about which the user has said nothing keep the algorithms that were best, so that a
remedy tries those of its own stage alone, and one that comes to nothing is taken back.  What the user has said stays:
a stage with algorithms of its own keeps them, and an option that was given keeps its value.  Nothing is tried for what
no mapping of the network would meet, and no remedy that would leave things as they are; one that can be repeated is,
as long as it makes what fails smaller.  Of all attempts the one that fails the fewest requirements is kept, of those
that fail as many the one that exceeds them least, and the report tells of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from typing import TypeVar

from toolchain.errors import CoresError, MappingError, TablesError
from toolchain.remedies import REMEDIES, Failed, Remedy, is_ours
from toolchain.requirements import Verdict, excess
from toolchain.settings import KEPT, Algorithm, Choice, Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Attempt:
    """One way through all stages.

    Parameters
    ----------
    changed : str
        What was changed before it, and why; "" for the first.
    failure : str
        Why it came to nothing.
    verdicts, figures : tuple of Verdict, mapping of str to float
        Of the requirements, and of the mapping, if it came to something.
    kept : bool
        Whether its mapping is the one that is used.
    """

    changed: str = ""
    failure: str = ""
    verdicts: tuple[Verdict, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    kept: bool = False


def with_feedback(
    settings: Settings,
    attempt: Callable[[Settings], T],
    judge: Callable[[T], tuple[Verdict, ...]],
    algorithms: Callable[[T], Mapping[str, Algorithm]] = lambda product: {},
    figures: Callable[[T], Mapping[str, float]] = lambda product: {},
) -> tuple[T, tuple[Attempt, ...]]:
    """Attempt it with `settings`, then with remedies for what fails, until nothing does or there is no more to try.

    Parameters
    ----------
    attempt : callable
        Goes through all stages.
    judge : callable
        Judges the requirements on what came of it.
    algorithms, figures : callable
        The algorithm of each stage that it came of, and its figures.

    Raises
    ------
    MappingError
        That of the first attempt, if none came to anything, with what else was tried; one that no remedy is for at
        once.
    """
    made: list[tuple[int, T]] = []
    attempts: list[Attempt] = []
    first: MappingError | None = None
    failed: list[Failed] = []
    before, changed = settings, ""
    remedies = _Remedies()
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
                failed = [Failed(figure)]
            remedies.give_up()
        else:
            judged = judge(product)
            failed = [_failed(verdict) for verdict in judged if not verdict.passed and not verdict.hopeless]
            attempts.append(Attempt(changed, verdicts=judged, figures=figures(product)))
            made.append((len(attempts) - 1, product))
            settings = _narrowed(settings, algorithms(product))
            remedies.give_up_without_effect(failed)
        found = remedies.next(settings, failed) if len(attempts) <= settings.attempts else None
        if found is None:
            break
        before, (settings, changed) = settings, found
    if first is not None and not made:
        raise _with_attempts(first, attempts)
    kept, best = min(made, key=lambda item: (*_badness(attempts[item[0]]), item[0]))
    return best, tuple(replace(one, kept=number == kept) for number, one in enumerate(attempts))


def _with_attempts(failure: MappingError, attempts: list[Attempt]) -> MappingError:
    """The `failure` of the first attempt, which names the others."""
    if others := "; ".join(f"({number}) {attempt.changed}" for number, attempt in enumerate(attempts[1:], 1)):
        failure.args = (f"{failure}. Tried also, in vain: {others}",)
    return failure


def _narrowed(settings: Settings, algorithms: Mapping[str, Algorithm]) -> Settings:
    """Settings by which the stages that are left to us use `algorithms`, so that the next remedy is quickly tried."""
    said = {stage: choice.origin for stage, choice in settings.stages.items()}
    ours = {stage: Choice((one,), None, said.get(stage, KEPT)) for stage, one in algorithms.items()}
    return replace(settings, stages=ours | {k: v for k, v in settings.stages.items() if not is_ours(v)})


def _badness(attempt: Attempt) -> tuple[int, float]:
    """How many requirements fail, and by how much more they are exceeded."""
    failed = [verdict for verdict in attempt.verdicts if not verdict.passed]
    return len(failed), sum(map(excess, failed))


def _of_failure(failure: MappingError) -> str:
    """The figure that is too large, "" where there is no remedy."""
    if isinstance(failure, CoresError):
        return "cores" if failure.spare else ""
    return "table entries" if isinstance(failure, TablesError) else ""


def _failed(verdict: Verdict) -> Failed:
    said = verdict.requirement
    cells = verdict.measured.cells if verdict.measured else None
    return Failed(said.figure, cells, said.threshold, excess(verdict))


class _Remedies:
    """What is tried next, and what has been."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._in_vain: set[str] = set()
        self._last: tuple[Remedy, Failed] | None = None

    def next(self, settings: Settings, failed: Sequence[Failed]) -> tuple[Settings, str] | None:
        """The settings after the next remedy that changes something, and what was changed.

        All figures have their turn, and what has not been tried comes before what is repeated.
        """
        rounds = zip_longest(*([(one, remedy) for remedy in REMEDIES.get(one.figure, ())] for one in failed))
        turns = list(filter(None, chain.from_iterable(rounds)))
        repeated = [turn for turn in turns if turn[1].what in self._used - self._in_vain and turn[1].repeated]
        for one, remedy in (*(turn for turn in turns if turn[1].what not in self._used), *repeated):
            again = remedy.what in self._used
            self._used.add(remedy.what)
            changed = remedy.change(settings, one)
            if changed is not None:
                self._last = remedy, one
                return changed, f"{'again ' if again else ''}{remedy.what}, for {one.figure}"
        return None

    def give_up(self) -> None:
        """Do not repeat the last remedy."""
        if self._last is not None:
            self._in_vain.add(self._last[0].what)

    def give_up_without_effect(self, failed: Iterable[Failed]) -> None:
        """Do not repeat the last remedy if what it was for is no smaller than before."""
        if self._last is not None:
            figure = self._last[1]
            if any(one.figure == figure.figure and one.excess >= figure.excess for one in failed):
                self.give_up()
