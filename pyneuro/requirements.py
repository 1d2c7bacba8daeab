"""Requirements: what a comparison must show, as ``--require`` says it, and whether it does.

A requirement is ``METRIC OPERATOR THRESHOLD``, as in ``rate<2%`` or ``vrms<=0.5``, for every population that
has the metric, or ``LABEL:METRIC...`` for one, as in ``L4E:agreement>90%``.  It fails where the metric
was not measured at all: what nobody recorded cannot be met.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyneuro.comparison import Comparison, PopulationComparison
from pyneuro.errors import SetupError
from toolchain.did_you_mean import did_you_mean
from toolchain.patterns import matches
from toolchain.settings import DEFAULT, Origin


@dataclass(frozen=True)
class Metric:
    """A figure of a population's comparison; None or NaN where it is not defined."""

    meaning: str
    share: bool
    measure: Callable[[PopulationComparison], float | None]


def _signal(variable: str, figure: str) -> Callable[[PopulationComparison], float | None]:
    def measure(population: PopulationComparison) -> float | None:
        found = [signal for signal in population.signals if signal.variable == variable]
        return getattr(found[0], figure) if found else None

    return measure


METRICS = {
    "spikes": Metric("relative difference of the spike counts", True, lambda p: p.spikes_difference),
    "rate": Metric("relative difference of the mean rates", True, lambda p: p.rate_difference),
    "cv": Metric("difference of the mean CVs of the inter-spike intervals", False, lambda p: p.cv_difference),
    "correlation": Metric("difference of the pairwise correlations", False, lambda p: p.correlation_difference),
    "agreement": Metric("share of spikes paired within the tolerance", True, lambda p: p.agreement.paired_fraction),
    "exact": Metric("share of spikes in the same step", True, lambda p: p.agreement.equal_fraction),
    "distance": Metric("mean van Rossum distance of the spike trains", False, lambda p: p.distance),
    "vrms": Metric("RMS difference of v in mV", False, _signal("v", "rms")),
    "vmax": Metric("largest difference of v in mV", False, _signal("v", "largest")),
    "vrms_before": Metric("RMS difference of v in mV up to the first divergence", False, _signal("v", "rms_before")),
}
SPIKE_METRICS = ("spikes", "rate", "cv", "correlation", "agreement", "exact", "distance")
REMEDY = (
    "what mends the cause that the error budget names: a shorter timestep for delays and the steps of cores, weights "
    "of like size onto one receptor for 16-bit weights, a larger ring_buffer_sigma for saturation"
)
"""What a user can try where both simulators differ too much."""
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
FORM = re.compile(
    r"(?:(?P<label>.+):)?\s*(?P<metric>\w+)\s*(?P<operator><=|>=|<|>)"
    r"\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<percent>%?)"
)


@dataclass(frozen=True)
class Requirement:
    """A parsed requirement; `label` is a pattern of populations, None for all."""

    text: str
    label: str | None
    metric: str
    operator: str
    threshold: float
    origin: Origin = DEFAULT


@dataclass(frozen=True)
class Verdict:
    """Whether one population meets one requirement.

    What was `measured` is a `share` of 1, or a figure with a unit of its own; None where there is nothing to measure.
    `remedy` is what a user can try, "" if it is met, and `origin` where it was required.
    """

    requirement: str
    population: str
    measured: float | None
    share: bool
    passed: bool
    remedy: str = ""
    origin: Origin = DEFAULT


def parse_requirement(text: str) -> Requirement:
    """Parse ``[LABEL:]METRIC OPERATOR THRESHOLD[%]``.

    Raises
    ------
    SetupError
        If it has another form, or names a metric that there is not.
    """
    match = FORM.fullmatch(text.strip())
    if match is None:
        raise SetupError(f"--require {text!r} is not of the form [POPULATION:]METRIC<THRESHOLD, as in 'rate<2%'")
    metric = match["metric"]
    if metric not in METRICS:
        raise SetupError(f"--require {text!r}: unknown metric {metric!r}{did_you_mean(metric, METRICS)}")
    if match["percent"] and not METRICS[metric].share:
        raise SetupError(f"--require {text!r}: {metric} is no share ({METRICS[metric].meaning}); leave the % out")
    threshold = float(match["number"]) * (0.01 if match["percent"] else 1.0)
    said = Origin("command line", source=f"--require {text.strip()}")
    return Requirement(text.strip(), match["label"], metric, match["operator"], threshold, said)


def verdicts(requirements: Iterable[Requirement], comparison: Comparison) -> tuple[Verdict, ...]:
    """Judge every requirement, in order, for each population that it is about.

    Raises
    ------
    SetupError
        If a requirement names a population that the comparison does not have.
    """
    return tuple(verdict for requirement in requirements for verdict in _judge(requirement, comparison))


def _judge(requirement: Requirement, comparison: Comparison) -> list[Verdict]:
    pattern = requirement.label
    chosen = [one for one in comparison.populations if pattern is None or matches(pattern, one.label)]
    if pattern is not None and not chosen:
        hint = did_you_mean(pattern, [population.label for population in comparison.populations])
        raise SetupError(f"requirement {requirement.text!r}: no recorded population {pattern!r}{hint}")
    measured = [(population.label, _measure(requirement.metric, population)) for population in chosen]
    judged = [_verdict(requirement, label, value) for label, value in measured if value is not None]
    return judged or [_verdict(requirement, requirement.label or "every population", None)]


def _verdict(requirement: Requirement, population: str, value: float | None) -> Verdict:
    passed = value is not None and OPERATORS[requirement.operator](value, requirement.threshold)
    remedy = "" if passed else _unmeasured(requirement.metric) if value is None else REMEDY
    share = METRICS[requirement.metric].share
    return Verdict(requirement.text, population, value, share, passed, remedy, requirement.origin)


def _unmeasured(metric: str) -> str:
    """What a user can try where there is nothing to measure."""
    recorded = "spikes" if metric in SPIKE_METRICS else "v"
    return f"record('{recorded}') for the populations that it is about, and a run in which there is enough to compare"


def _measure(metric: str, population: PopulationComparison) -> float | None:
    """The figure, or None where it is not defined for this population."""
    if metric in SPIKE_METRICS and not population.recorded:
        return None
    value = METRICS[metric].measure(population)
    return None if value is None or math.isnan(value) else value
