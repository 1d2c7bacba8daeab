"""Mapping by settings, with feedback: from a network or a bare graph to the best of some attempts.

>>> outcome = map_network(network, read("retina.map"))           # doctest: +SKIP
>>> outcome.mapping.image, outcome.passed                        # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from toolchain.compile import Mapping, compile_network
from toolchain.errors import MappingError
from toolchain.feedback import Attempt, with_feedback
from toolchain.figures import Mapped
from toolchain.graph import Graph
from toolchain.idle_options import idle
from toolchain.language.labels import unmatched
from toolchain.language.resolve import in_order
from toolchain.map_graph import GraphMapping
from toolchain.network import Network
from toolchain.problems import SettingsError
from toolchain.requirements import Verdict, verdicts
from toolchain.search import Trial, by_settings
from toolchain.settings import UNSAID, Algorithm, Choice, Settings
from toolchain.stopwatch import Stopwatch
from toolchain.taken_room import with_statements
from toolchain.untold import not_minimised

M = TypeVar("M", Mapping, GraphMapping)


@dataclass(frozen=True, eq=False)
class Outcome(Generic[M]):
    """What came of mapping something; the times of `mapping` are those of all attempts together.

    Parameters
    ----------
    settings : Settings
        Those that `mapping` was made with: what the user said, and what feedback changed.
    attempts : tuple of Attempt
        All that was tried; of one the mapping is kept.
    trials : tuple of Trial
        The algorithms that were tried in that attempt.
    """

    mapping: M
    settings: Settings
    attempts: tuple[Attempt, ...]
    trials: tuple[Trial, ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The requirements that a mapping alone can meet, judged."""
        return next(attempt.verdicts for attempt in self.attempts if attempt.kept)

    @property
    def again(self) -> Settings:
        """The settings by which a network that has changed a little is mapped as this one was."""
        stages = {stage: Choice((algorithm,)) for stage, algorithm in self.algorithms.items()}
        return replace(self.settings, stages={**self.settings.stages, **stages})

    @property
    def algorithms(self) -> dict[str, Algorithm]:
        """The algorithm of each stage that made the mapping."""
        return dict(next(trial.algorithms for trial in self.trials if trial.kept))

    @property
    def tried(self) -> set[str]:
        """All algorithms of all trials, as ``route using ner``."""
        return {f"{stage} using {one.name}" for trial in self.trials for stage, one in trial.algorithms.items()}

    @property
    def figures(self) -> dict[str, float]:
        """Its figures, as far as they can be made small."""
        return dict(next(trial.figures for trial in self.trials if trial.kept))

    @property
    def passed(self) -> bool:
        """Whether all of them are met."""
        return all(verdict.passed for verdict in self.verdicts)


def map_network(network: Network, settings: Settings = UNSAID) -> Outcome[Mapping]:
    """Map `network` as `settings` say.

    Raises
    ------
    SettingsError
        For labels that nothing has, options that do nothing for what they are said of, and figures to minimise that
        are not known.
    NetworkError, MachineError, MappingError
        See `toolchain.compile.compile_network`.
    """
    _refuse_unknown(settings, network)
    watch = Stopwatch()

    def attempt(settings: Settings) -> Outcome[Mapping]:
        mapping = compile_network(network, settings=settings, watch=watch)
        return Outcome(mapping, settings, (), mapping.trials)

    def judge(outcome: Outcome[Mapping]) -> tuple[Verdict, ...]:
        return verdicts(settings.requirements, outcome.mapping.mapped, outcome.tried)

    return _attempted(settings, attempt, judge)


def map_netlist(graph: Graph, settings: Settings = UNSAID) -> Outcome[GraphMapping]:
    """Map a bare graph as `settings` say; for errors see `map_network`."""
    _refuse_unknown(settings, graph)
    watch = Stopwatch()

    def attempt(settings: Settings) -> Outcome[GraphMapping]:
        mapping, trials = by_settings(graph, settings, watch=watch)
        return Outcome(mapping, settings, (), trials)

    def judge(outcome: Outcome[GraphMapping]) -> tuple[Verdict, ...]:
        return verdicts(settings.requirements, Mapped(outcome.mapping), outcome.tried)

    return _attempted(settings, attempt, judge)


def _attempted(
    settings: Settings, attempt: Callable[[Settings], Outcome[M]], judge: Callable[[Outcome[M]], tuple[Verdict, ...]]
) -> Outcome[M]:
    """The best of all attempts; where none comes to anything, the error with the lines that leave too little room."""
    try:
        outcome, attempts = with_feedback(
            settings, attempt, judge, lambda made: made.algorithms, lambda made: made.figures
        )
    except MappingError as error:
        raise with_statements(error, settings) from None
    return replace(outcome, attempts=attempts)


def _refuse_unknown(settings: Settings, network: Network | Graph) -> None:
    """Refuse what would be said for nothing, of labels that there are not, or to those that have no use for it."""
    if problems := (*unmatched(settings, network), *idle(settings, network), *not_minimised(settings, network)):
        raise SettingsError(in_order(problems))
