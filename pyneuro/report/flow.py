"""The sections that tell how a mapping came about: stages and what they tried, attempts, settings, requirements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyneuro import requirements
from pyneuro.report.schema.flow import (
    AttemptRow,
    FlowSection,
    RequirementRow,
    SettingRow,
    StageRow,
    TrialRow,
    UnjudgedRow,
)
from pyneuro.report.words import measured
from toolchain.explain import explain
from toolchain.feedback import Attempt
from toolchain.map_network import Outcome
from toolchain.network import Network
from toolchain.requirements import COMPARED, Verdict
from toolchain.search import DEFAULTS, Trial
from toolchain.settings import Settings

ORDER = ("partition", "place", "route", "keys", "tables", "minimise", "weights", "image", "check")
"""Of the stages, as far as it is a matter of course."""
BY_DEFAULT = "hops x entries x chips"


def flow_section(outcome: Outcome[Any], seconds: Mapping[str, float]) -> FlowSection:
    """Tell the stages, which took `seconds`, the algorithms that were tried, and the attempts."""
    known = {*seconds, *outcome.algorithms}
    names = dict.fromkeys([*(stage for stage in ORDER if stage in known), *seconds, *outcome.algorithms])
    return FlowSection(
        stages=tuple(_stage_row(name, outcome, seconds.get(name, 0.0)) for name in names),
        trials=tuple(map(_trial_row, outcome.trials)),
        attempts=tuple(_attempt_row(number, attempt) for number, attempt in enumerate(outcome.attempts, 1)),
    )


def plain_flow(seconds: Mapping[str, float]) -> FlowSection | None:
    """The stages of a mapping of which no more is known."""
    rows = tuple(StageRow(name, spent, "", (), "", "") for name, spent in seconds.items())
    return FlowSection(rows, (), ()) if rows else None


def _stage_row(stage: str, outcome: Outcome[Any], seconds: float) -> StageRow:
    """A stage; one that trials do not name has used what it was to use."""
    settings = outcome.settings
    choice = settings.stages.get(stage, DEFAULTS.get(stage))
    if choice is None:
        return StageRow(stage, seconds, "", (), "", "")
    tried = [str(trial.algorithms[stage]) for trial in outcome.trials if stage in trial.algorithms]
    tried = tried or [str(algorithm) for algorithm in choice.algorithms]
    kept = str(outcome.algorithms.get(stage, tried[0]))
    objective = choice.objective or settings.objective
    return StageRow(stage, seconds, kept, tuple(dict.fromkeys(tried)), str(objective or BY_DEFAULT), str(choice.origin))


def _trial_row(trial: Trial) -> TrialRow:
    algorithms = tuple((stage, str(algorithm)) for stage, algorithm in trial.algorithms.items())
    return TrialRow(algorithms, tuple(trial.figures.items()), trial.failure, trial.kept, trial.cpu_s)


def _attempt_row(number: int, attempt: Attempt) -> AttemptRow:
    failed = [row for row in mapping_rows(attempt.verdicts) if not row.passed]
    told = tuple(f"{row.requirement}: {measured(row)}" for row in failed)
    failures = (attempt.failure, *told) if attempt.failure else told
    return AttemptRow(number, attempt.changed, failures, tuple(attempt.figures.items()), attempt.kept)


def setting_rows(settings: Settings, network: Network | None, vertices: int) -> tuple[SettingRow, ...]:
    """Tell all that holds for `network` and its graph, and where each came from."""
    held = explain(settings, network, vertices)
    return tuple(SettingRow(one.name, one.value, one.origin) for one in held)


def mapping_rows(verdicts: Iterable[Verdict]) -> tuple[RequirementRow, ...]:
    """Tell which requirements on the mapping are met."""
    return tuple(
        RequirementRow(
            requirement=verdict.requirement.text,
            population=verdict.requirement.pattern,
            measured=verdict.measured.value if verdict.measured else None,
            share=verdict.share,
            passed=verdict.passed,
            of="mapping",
            where=verdict.measured.where if verdict.measured else "",
            remedy=verdict.remedy,
            origin=str(verdict.requirement.origin),
            truth=verdict.requirement.operator == "is",
        )
        for verdict in verdicts
    )


def unjudged_rows(settings: Settings) -> tuple[UnjudgedRow, ...]:
    """Tell which requirements only a comparison of both simulators can meet."""
    return tuple(
        UnjudgedRow(required.text, str(required.origin))
        for required in settings.requirements
        if required.figure in COMPARED
    )


def comparison_rows(verdicts: Iterable[requirements.Verdict]) -> tuple[RequirementRow, ...]:
    """Tell which requirements on the comparison are met."""
    return tuple(
        RequirementRow(
            requirement=verdict.requirement,
            population=verdict.population,
            measured=verdict.measured,
            share=verdict.share,
            passed=verdict.passed,
            remedy=verdict.remedy,
            origin=str(verdict.origin),
        )
        for verdict in verdicts
    )
