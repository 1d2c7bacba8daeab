"""Analysis against closed forms and against the definition, written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trains import poisson, trains

from pyneuro.analysis import (
    SpikeTrains,
    interval_cvs,
    mean_cv,
    mean_rate,
    pairwise_correlation,
    population_rate,
    rates,
    spike_counts,
    trains_of,
    van_rossum,
)
from pyneuro.results import PopulationResult, Results

POISSON = poisson(60, 20_000, 0.02, seed=1)
SILENT = trains([], 3, 100)


def test_trains_are_rows_of_the_recorded_cells() -> None:
    recorded = np.array([2, 5, 9], np.int32)
    cells = PopulationResult("E", 10, False, recorded, np.array([0, 4]), np.array([9, 2], np.int32), {})
    found = trains_of(Results("n", "reference", 0.1, 50, (cells,)), cells)
    assert found.rows.tolist() == [2, 0]
    assert (found.cells, found.duration_ms) == (3, 5.0)


def test_rates() -> None:
    few = trains([(0, 1), (3, 1), (9, 2)], 4, 500, timestep=2.0)
    assert spike_counts(few).tolist() == [0, 2, 1, 0]
    assert rates(few).tolist() == [0, 2, 1, 0]
    assert mean_rate(few) == 0.75
    assert mean_rate(SILENT) == 0
    assert np.isnan(mean_rate(trains([], 0, 10)))
    assert np.isnan(rates(trains([], 2, 0))).all()


def test_cv_of_a_poisson_process_is_one() -> None:
    """In discrete time with probability p the interval is geometric: CV = sqrt(1 - p)."""
    assert mean_cv(POISSON) == pytest.approx(np.sqrt(1 - 0.02), abs=0.02)


def test_cv_of_a_regular_train_is_zero() -> None:
    regular = trains([(step, cell) for cell in range(3) for step in range(cell, 1000, 10 + cell)], 3, 1000)
    assert mean_cv(regular) == 0.0


def test_cv_by_hand_and_where_it_is_undefined() -> None:
    cvs = interval_cvs(trains([(0, 0), (10, 0), (40, 0), (1, 1), (2, 1)], 3, 50))
    assert cvs[0] == pytest.approx(0.5)
    assert np.isnan(cvs[1:]).all()
    assert np.isnan(mean_cv(SILENT))


def test_cv_of_repeated_spikes_in_one_step_is_undefined() -> None:
    assert np.isnan(mean_cv(trains([(5, 0)] * 4, 1, 10)))


def definition_of_correlation(found: SpikeTrains, width: int) -> float:
    bins = found.duration_steps // width
    counts = np.zeros((found.cells, bins))
    for step, row in zip(found.steps, found.rows, strict=True):
        if step < bins * width:
            counts[row, step // width] += 1
    counts = counts[counts.std(axis=1) > 0]
    if len(counts) < 2:
        return float("nan")
    matrix = np.corrcoef(counts)
    return float(matrix[np.triu_indices(len(counts), 1)].mean())


@given(
    spikes=st.lists(st.tuples(st.integers(0, 49), st.integers(0, 4)), max_size=60),
    steps=st.integers(50, 57),
    width=st.integers(1, 12),
)
@settings(max_examples=100, deadline=None)
def test_correlation_follows_its_definition(spikes: list[tuple[int, int]], steps: int, width: int) -> None:
    found = trains(spikes, 5, steps)
    expected = definition_of_correlation(found, width)
    assert pairwise_correlation(found, float(width)) == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_correlation_of_equal_and_of_independent_trains() -> None:
    times = np.flatnonzero(np.random.default_rng(2).random(2000) < 0.05)
    assert pairwise_correlation(trains([(t, c) for t in times for c in range(4)], 4, 2000)) == pytest.approx(1.0)
    assert abs(pairwise_correlation(POISSON)) < 0.005
    assert np.isnan(pairwise_correlation(SILENT))


def test_correlation_needs_a_whole_bin() -> None:
    assert np.isnan(pairwise_correlation(trains([(0, 0), (1, 1)], 2, 3)))


def test_population_rate() -> None:
    left, rate = population_rate(trains([(0, 0), (1, 0), (1, 1), (4, 1)], 2, 5), 2)
    assert left.tolist() == [0, 2, 4]
    assert rate.tolist() == [750, 0, 500]
    assert [len(part) for part in population_rate(trains([], 2, 0), 2)] == [0, 0]


@given(bin_steps=st.integers(1, 120))
@settings(max_examples=20, deadline=None)
def test_population_rate_conserves_spikes(bin_steps: int) -> None:
    found = poisson(5, 100, 0.1, seed=3)
    left, rate = population_rate(found, bin_steps)
    seconds = np.diff(np.append(left, 100.0)) * 1e-3
    assert (rate * seconds * 5).sum() == pytest.approx(len(found.steps))


def definition_of_van_rossum(a: SpikeTrains, b: SpikeTrains, tau: float) -> list[float]:
    """The double sum over spikes, from the integral of products of exponentials."""
    squared = []
    for row in range(a.cells):
        events = [(t, 1.0) for t in a.steps[a.rows == row]] + [(t, -1.0) for t in b.steps[b.rows == row]]
        squared.append(sum(0.5 * s * r * np.exp(-abs(t - u) / tau) for t, s in events for u, r in events))
    return [float(np.sqrt(max(total, 0.0))) for total in squared]


@given(
    left=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 2)), max_size=30),
    right=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 2)), max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_van_rossum_follows_its_definition(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    a, b = trains(left, 3, 100), trains(right, 3, 100)
    assert van_rossum(a, b, 10.0) == pytest.approx(definition_of_van_rossum(a, b, 10.0), abs=1e-6)


def test_van_rossum_of_one_spike_and_of_equal_trains() -> None:
    assert van_rossum(trains([(7, 0)], 2, 20), trains([], 2, 20)) == pytest.approx([np.sqrt(0.5), 0.0])
    assert van_rossum(POISSON, POISSON).max() < 1e-6
