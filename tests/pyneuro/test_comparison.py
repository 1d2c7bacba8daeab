"""Agreement, comparison and requirements."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trains import poisson, population, results, signal, trains

from pyneuro.agreement import Divergence, agreement
from pyneuro.comparison import Comparison, compare
from pyneuro.errors import ComparisonError, SetupError
from pyneuro.requirements import METRICS, parse_requirement, verdicts

SPIKES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=25)


# --- agreement -------------------------------------------------------------------------------------------


def test_equal_trains_agree() -> None:
    same = agreement(poisson(5, 100, 0.2, 1), poisson(5, 100, 0.2, 1))
    assert same.equal == same.paired == same.equal_before == same.reference == same.emulated > 0
    assert same.divergence is None
    assert same.unpaired is None
    assert same.equal_fraction == 1.0


def test_silence_agrees_with_silence() -> None:
    silent = agreement(trains([], 3, 10), trains([], 3, 10))
    assert (silent.equal_fraction, silent.paired_fraction, silent.divergence) == (1.0, 1.0, None)


def test_shifted_spikes_are_paired_and_the_divergences_told_apart() -> None:
    left = trains([(1, 0), (5, 1), (9, 2), (20, 0)], 3, 30)
    right = trains([(1, 0), (4, 1), (10, 2), (20, 1)], 3, 30)
    found = agreement(left, right)
    assert found.shifts == ((-1, 1), (0, 1), (1, 1))
    assert found.divergence == Divergence(4, 1, "emulated")
    assert found.unpaired == Divergence(20, 0, "reference")
    assert found.equal_before == 1
    assert found.equal_fraction == 0.25
    assert found.paired_fraction == 0.75


def test_spikes_repeated_in_one_step_are_counted_singly() -> None:
    found = agreement(trains([(3, 0)] * 3 + [(4, 1)], 2, 9), trains([(3, 0)] * 2 + [(4, 1)], 2, 9))
    assert found.equal == 3
    assert found.divergence == Divergence(3, 0, "reference")


@given(left=SPIKES, right=SPIKES, tolerance=st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_pairing_laws(left: list[tuple[int, int]], right: list[tuple[int, int]], tolerance: int) -> None:
    a, b = trains(left, 4, 40), trains(right, 4, 40)
    there, back = agreement(a, b, tolerance), agreement(b, a, tolerance)
    assert there.equal == back.equal == sum(min(left.count(s), right.count(s)) for s in set(left))
    assert there.paired <= min(len(left), len(right))
    assert agreement(a, b, 0).paired == there.equal
    assert (there.divergence is None) == (sorted(left) == sorted(right))
    if there.divergence:
        spike = there.divergence.step, there.divergence.row
        assert left.count(spike) != right.count(spike)
        earlier = [s for s in left if s[0] < spike[0]]
        assert sorted(earlier) == sorted(s for s in right if s[0] < spike[0])
        assert there.equal_before == len(earlier)
    assert (there.unpaired is None) == (there.paired == len(left) == len(right))


# --- comparison ------------------------------------------------------------------------------------------


def two_runs() -> Comparison:
    volts = np.zeros((41, 2))
    moved = volts.copy()
    moved[10, 0], moved[30, 1] = 3.0, -4.0
    left = population("E", trains([(1, 0), (20, 1)], 3, 40), {"v": signal(volts)})
    right = population("E", trains([(1, 0), (20, 2), (22, 2)], 3, 40), {"v": signal(moved)})
    unrecorded = population("quiet", trains([], 0, 40))
    source = population("in", trains([(4, 0)], 1, 40), is_source=True)
    return compare(
        results([left, unrecorded, source], 40), results([right, unrecorded, source], 40, backend="emulator")
    )


def test_a_comparison_by_hand() -> None:
    cells, source = two_runs().populations
    assert (cells.label, source.label) == ("E", "in")
    assert source.is_source
    assert (cells.reference.spikes, cells.emulated.spikes) == (2, 3)
    assert cells.spikes_difference == 0.5
    assert cells.rate_difference == pytest.approx(0.5)
    assert (cells.agreement.divergence, cells.divergent_cell) == (Divergence(20, 1, "reference"), 1)
    (volts,) = cells.signals
    assert (volts.cells, volts.samples, volts.unit) == (2, 41, "mV")
    assert volts.rms == pytest.approx(5 / math.sqrt(82))
    assert volts.largest == 4.0
    assert volts.rms_before == pytest.approx(3 / math.sqrt(42))
    assert volts.largest_before == 3.0
    assert cells.distance > 0


def test_differences_where_a_figure_is_undefined() -> None:
    few, many = trains([(1, 0)], 2, 40), trains([(1, 0), (9, 0), (11, 0)], 2, 40)
    one = compare(results([population("E", few)], 40), results([population("E", many)], 40)).populations[0]
    assert one.cv_difference == math.inf
    none = compare(results([population("E", few)], 40), results([population("E", few)], 40)).populations[0]
    assert math.isnan(none.cv_difference)
    silent = trains([], 2, 40)
    started = compare(results([population("E", silent)], 40), results([population("E", few)], 40)).populations[0]
    assert started.spikes_difference == math.inf


def test_signals_are_compared_on_the_cells_and_samples_that_both_have() -> None:
    spikes = trains([], 3, 8)
    left = replace(signal(np.ones((5, 3)), 2), indices=np.array([0, 1, 2], np.int32))
    right = replace(signal(np.full((4, 2), 3.0), 2), indices=np.array([1, 7], np.int32))
    found = compare(
        results([population("E", spikes, {"v": left})], 8), results([population("E", spikes, {"v": right})], 8)
    )
    (volts,) = found.populations[0].signals
    assert (volts.cells, volts.samples, volts.rms) == (1, 4, 2.0)


def test_runs_of_different_things_are_not_compared() -> None:
    run = results([population("E", trains([(1, 0)], 3, 40), {"v": signal(np.zeros((3, 1)))})], 40)
    (cells,) = run.populations
    with pytest.raises(ComparisonError, match=r"differ in timestep \(ms\): 1.0 in the reference, 0.1"):
        compare(run, replace(run, timestep=0.1))
    with pytest.raises(ComparisonError, match="differ in number of steps: 40 in the reference, 41"):
        compare(run, replace(run, steps=41))
    with pytest.raises(ComparisonError, match="differ in populations"):
        compare(run, replace(run, populations=(replace(cells, label="I"),)))
    with pytest.raises(ComparisonError, match="'E': the two runs recorded the spikes of different cells"):
        compare(run, replace(run, populations=(replace(cells, spikes_recorded=np.arange(2, dtype=np.int32)),)))
    with pytest.raises(ComparisonError, match="signals of 'E'"):
        compare(run, replace(run, populations=(replace(cells, signals={}),)))
    slower = replace(cells, signals={"v": replace(cells.signals["v"], interval_steps=2)})
    with pytest.raises(ComparisonError, match="sampling interval of v of 'E': 1 in the reference, 2"):
        compare(run, replace(run, populations=(slower,)))


# --- requirements ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label", "metric", "operator", "threshold"),
    [
        ("rate<2%", None, "rate", "<", 0.02),
        ("cv <= 0.05", None, "cv", "<=", 0.05),
        (" L4E:agreement>90% ", "L4E", "agreement", ">", 0.9),
        ("a:b <c>:vrms>=1e-3", "a:b <c>", "vrms", ">=", 0.001),
        ("exact>.5", None, "exact", ">", 0.5),
    ],
)
def test_requirements_are_parsed(text: str, label: str | None, metric: str, operator: str, threshold: float) -> None:
    found = parse_requirement(text)
    assert (found.label, found.metric, found.operator) == (label, metric, operator)
    assert found.threshold == pytest.approx(threshold)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate", r"'rate' is not of the form \[POPULATION:\]METRIC<THRESHOLD"),
        ("rate<", "is not of the form"),
        ("rate=3", "is not of the form"),
        ("rate<2%%", "is not of the form"),
        ("rates<2%", "unknown metric 'rates'; did you mean 'rate'"),
        ("zzz<2%", r"unknown metric 'zzz'; there are spikes, rate, cv"),
        ("cv<2%", "cv is no share"),
    ],
)
def test_bad_requirements_are_explained(text: str, message: str) -> None:
    with pytest.raises(SetupError, match=message):
        parse_requirement(text)


def judged(*texts: str) -> list[tuple[str, bool]]:
    return [(v.population, v.passed) for v in verdicts([parse_requirement(text) for text in texts], two_runs())]


def test_verdicts() -> None:
    assert judged("rate<60%") == [("E", True), ("in", True)]
    assert judged("spikes<50%", "E:spikes<=50%") == [("E", False), ("in", True), ("E", True)]
    assert judged("vrms<0.5") == [("E", False)]
    assert judged("E:vmax<=4") == [("E", True)]
    assert judged("in:agreement>99%") == [("in", True)]


def test_what_was_not_measured_is_not_met() -> None:
    (verdict,) = verdicts([parse_requirement("in:vrms<100")], two_runs())
    assert verdict.remedy.startswith("record('v') for the populations")
    assert (verdict.measured, verdict.passed) == (None, False)
    assert judged("cv<1") == [("every population", False)]


def test_requirements_of_unknown_populations_are_refused() -> None:
    with pytest.raises(SetupError, match=r"no recorded population 'I'; did you mean 'in'\?"):
        judged("I:rate<2%")


def test_every_metric_can_be_measured() -> None:
    for metric in METRICS:
        assert verdicts([parse_requirement(f"E:{metric}<1")], two_runs())
