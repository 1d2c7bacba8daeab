"""The sections that tell how a mapping came about: stages and what they tried, attempts, settings, requirements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyneuro import requirements
from pyneuro.report.schema.flow import AttemptRow, FlowSection, RequirementRow, SettingRow, StageRow, TrialRow
from pyneuro.report.words import measured
from toolchain.explain import explain
from toolchain.feedback import Attempt
from toolchain.map_network import Outcome
from toolchain.requirements import Verdict
from toolchain.search import DEFAULTS, Trial
from toolchain.settings import Settings

BY_DEFAULT = "hops x entries x chips"


def flow_section(outcome: Outcome[Any], seconds: Mapping[str, float]) -> FlowSection:
    """Tell the stages, which took `seconds`, the algorithms that were tried, and the attempts."""
    kept = next(trial.algorithms for trial in outcome.trials if trial.kept)
    names = [*dict.fromkeys([*seconds, *kept])]
    stages = (
        StageRow(name, seconds.get(name, 0.0), str(kept.get(name, "")), *_choice(outcome.settings, name))
        for name in names
    )
    return FlowSection(
        stages=tuple(stages),
        trials=tuple(map(_trial_row, outcome.trials)),
        attempts=tuple(_attempt_row(number, attempt) for number, attempt in enumerate(outcome.attempts, 1)),
    )


def plain_flow(seconds: Mapping[str, float]) -> FlowSection | None:
    """The stages of a mapping of which no more is known."""
    rows = tuple(StageRow(name, spent, "", (), "", "") for name, spent in seconds.items())
    return FlowSection(rows, (), ()) if rows else None


def _choice(settings: Settings, stage: str) -> tuple[tuple[str, ...], str, str]:
    choice = settings.stages.get(stage, DEFAULTS.get(stage))
    if choice is None:
        return (), "", ""
    objective = choice.objective or settings.objective
    return tuple(map(str, choice.algorithms)), str(objective or BY_DEFAULT), str(choice.origin)


def _trial_row(trial: Trial) -> TrialRow:
    algorithms = tuple((stage, str(algorithm)) for stage, algorithm in trial.algorithms.items())
    return TrialRow(algorithms, tuple(trial.figures.items()), trial.failure, trial.kept)


def _attempt_row(number: int, attempt: Attempt) -> AttemptRow:
    failed = [row for row in mapping_rows(attempt.verdicts) if not row.passed]
    told = tuple(f"{row.requirement}: {measured(row)}" for row in failed)
    return AttemptRow(number, attempt.changed, (attempt.failure, *told) if attempt.failure else told, attempt.kept)


def setting_rows(settings: Settings) -> tuple[SettingRow, ...]:
    """Tell all that holds, and where each came from."""
    return tuple(SettingRow(held.name, held.value, held.origin) for held in explain(settings))


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


def comparison_rows(verdicts: Iterable[requirements.Verdict]) -> tuple[RequirementRow, ...]:
    """Tell which requirements on the comparison are met."""
    return tuple(RequirementRow(v.requirement, v.population, v.measured, v.share, v.passed) for v in verdicts)
