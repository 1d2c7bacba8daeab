"""Requirements: what a mapping must come to, as ``require table entries <= 1000`` says it, and whether it does.

Figures of what happens at run time (`COMPARED`) are not known here; ``pyneuro compare`` judges those.  A requirement
about what a mapping does not have, such as the weights of a netlist, is not met: what was not measured cannot be
promised.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from toolchain.figures import FEWER_CELLS, FIGURES, MORE_CELLS, Figure, Mapped, Measured
from toolchain.settings import Requirement


@dataclass(frozen=True)
class Verdict:
    """Whether a requirement is met.

    Parameters
    ----------
    measured : Measured, optional
        None if there was nothing to measure.
    share : bool
        Whether the figure is a share.
    remedy : str
        What a user can try; "" if it is met, or nothing is known.
    hopeless : bool
        Whether nothing that could be tried would meet it.
    """

    requirement: Requirement
    passed: bool
    measured: Measured | None
    share: bool
    remedy: str
    hopeless: bool = False


OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "is": operator.eq}
)
AT_LEAST: Final = (">", ">=")
"""Comparisons for which nothing is tried or advised: stages make figures small."""


def verdicts(requirements: Iterable[Requirement], mapped: Mapped, tried: Collection[str] = ()) -> tuple[Verdict, ...]:
    """Judge each requirement that a mapping alone can meet, in their order.

    Parameters
    ----------
    tried : collection of str
        Remedies that were tried, as ``route using ner``.
    """
    known = (requirement for requirement in requirements if requirement.figure in FIGURES)
    return tuple(_judge(requirement, mapped, tried) for requirement in known)


def _remedy(figure: Figure, mapped: Mapped, tried: Collection[str]) -> str:
    """What is left to try."""
    useless = () if mapped.graph.graph.cut else (MORE_CELLS, FEWER_CELLS)
    left = [remedy for remedy in figure.remedies if remedy not in tried and remedy not in useless]
    if not left:
        return "asking for less: what is known to make it smaller was tried"
    return ", or ".join([", ".join(left[:-1]), left[-1]] if left[1:] else left)


def _judge(requirement: Requirement, mapped: Mapped, tried: Collection[str]) -> Verdict:
    figure = FIGURES[requirement.figure]
    measured = figure.measure(mapped, requirement.pattern)
    if measured is None:
        return Verdict(
            requirement, False, None, figure.share, "leaving it out: what was mapped does not tell this", True
        )
    holds = OPERATORS[requirement.operator]
    if holds(measured.value, requirement.threshold):
        return Verdict(requirement, True, measured, figure.share, "")
    if requirement.operator in AT_LEAST:
        return Verdict(requirement, False, measured, figure.share, "", True)
    hopeless = measured.best is not None and not holds(measured.best, requirement.threshold)
    remedy = measured.remedy or _remedy(figure, mapped, tried)
    return Verdict(requirement, False, measured, figure.share, remedy, hopeless)


def excess(verdict: Verdict) -> float:
    """By how much what was measured is beyond what is required, as a share; 0 if that is met, or was not measured."""
    measured, required = verdict.measured, verdict.requirement
    if verdict.passed or measured is None:
        return 0.0
    if measured.excess is not None:
        return measured.excess
    beyond = abs(measured.value - required.threshold)
    return beyond / abs(required.threshold) if required.threshold else beyond


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
