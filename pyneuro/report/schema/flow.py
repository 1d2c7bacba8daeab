"""The parts that tell how a mapping came about: stages, what was tried, what holds and why, what was required."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StageRow:
    """One stage: seconds of all that was tried, the algorithm that was kept, those that were tried.

    `objective` is what the choice made small, and `origin` where the choice was said; "" where there is none.
    """

    stage: str
    seconds: float
    kept: str
    tried: tuple[str, ...]
    objective: str
    origin: str


@dataclass(frozen=True)
class TrialRow:
    """One combination of algorithms, as (stage, algorithm), and its figures, as (name, value), or why it failed.

    `cpu_s` are the CPU seconds that it took; what it shares with an earlier one counts for that one.
    """

    algorithms: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, float], ...]
    failure: str
    kept: bool
    cpu_s: float


@dataclass(frozen=True)
class AttemptRow:
    """One way through all stages: what was changed before it and why, what it failed at, and whether it was kept.

    `figures` are those of what came of it, as (name, value).
    """

    number: int
    changed: str
    failed: tuple[str, ...]
    figures: tuple[tuple[str, float], ...]
    kept: bool


@dataclass(frozen=True)
class FlowSection:
    """How the mapping came about; `trials` are those of the attempt that was kept."""

    stages: tuple[StageRow, ...]
    trials: tuple[TrialRow, ...]
    attempts: tuple[AttemptRow, ...]


@dataclass(frozen=True)
class SettingRow:
    """Something that holds for the mapping, and where it was said."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class UnjudgedRow:
    """A requirement that a mapping alone cannot meet, and where it was said."""

    requirement: str
    origin: str


@dataclass(frozen=True)
class RequirementRow:
    """A requirement and whether it is met.

    Parameters
    ----------
    population : str
        What it is about.
    measured : float, optional
        None if there was nothing to measure.
    share, truth : bool
        Whether what is measured is a share of 1, or says yes (1) or no (0).
    of : str
        What was judged: ``mapping`` or ``comparison``.
    where : str
        Where that was measured, as ``chip (3, 4)``.
    remedy : str
        What to try, where it is not met.
    origin : str
        Where it was said.
    """

    requirement: str
    population: str
    measured: float | None
    share: bool
    passed: bool
    of: str = "comparison"
    where: str = ""
    remedy: str = ""
    origin: str = ""
    truth: bool = False
