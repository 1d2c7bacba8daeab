"""Renewal sources: distributions of intervals and rates in time, against closed forms and the age equation.

Seeds are fixed; where a test compares with an expectation, its limit is five standard errors, which are stated.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from emulator.renewal import Intervals, RenewalTrains, fault
from emulator.seeds import source_seeds

Floats = NDArray[np.float64]
Ticks = NDArray[np.int32]


def steady(n: int, *, dead: float = 0.0, shape: float = 1.0, scale: float = 1.0, bins: int = 1) -> Intervals:
    """Sources whose intervals have one distribution, if wanted said again in each of several bins of 1.7 ms."""
    return Intervals(
        np.full(n, dead),
        np.arange(n + 1) * bins,
        np.tile(1.7 * np.arange(bins), n),
        np.full(n * bins, shape),
        np.full(n * bins, scale),
    )


def trains(drawn: Intervals, ms: float, *, timestep: float = 0.01, seed: int = 1, start: int = 0) -> list[Floats]:
    """Spike times (ms) of each source."""
    n, ticks = len(drawn.dead), round(ms / timestep)
    window = np.full(n, start), np.full(n, ticks)
    tick, index = RenewalTrains(drawn, *window, source_seeds(seed, 0, 0, n), timestep=timestep).run(ticks)
    assert np.all(np.diff(tick) >= 0)
    assert np.all(np.diff(index)[np.diff(tick) == 0] >= 0)
    order = np.lexsort((tick, index))
    return np.split(tick[order] * timestep, np.cumsum(np.bincount(index, minlength=n))[:-1])


def interval_lengths(found: list[Floats]) -> Floats:
    return np.concatenate([np.diff(times) for times in found])


def probability(length: Floats, dead: float, shape: float, scale: float, timestep: float = 0.01) -> float:
    """Of intervals this far from the law (Kolmogorov-Smirnov), which are on the grid.

    The integral of the distribution function F of a gamma variate of shape k is x F(x) - k scale G(x), where G is that
    of shape k + 1; over a timestep it gives how likely so many ticks are, for any place of the first spike in its tick.
    """
    ticks = np.sort(np.rint(length / timestep))
    edges = np.arange(ticks[-1] + 2) * timestep - dead
    below = stats.gamma(shape, scale=scale).cdf(edges) * edges
    integral = below - shape * scale * stats.gamma(shape + 1, scale=scale).cdf(edges)
    found = np.searchsorted(ticks, np.arange(ticks[-1] + 1), side="right") / len(ticks)
    return float(stats.kstwo.sf(np.abs(found - np.diff(integral) / timestep).max(), len(ticks)))


@pytest.mark.parametrize(
    ("dead", "shape", "scale"),
    [(0.0, 0.4, 20.0), (0.0, 1.0, 8.0), (3.0, 1.0, 5.0), (0.0, 2.0, 4.0), (0.0, 7.3, 1.0), (0.0, 150.0, 0.05)],
)
def test_intervals(dead: float, shape: float, scale: float) -> None:
    """Kolmogorov-Smirnov at 1 in 1,000, coefficient of variation, and no correlation of intervals that follow.

    With k intervals the standard errors are cv sqrt((2 + kurtosis) / 4k + cv^2 / k - skewness cv / k) and 1 / sqrt(k).
    """
    found = trains(steady(100, dead=dead, shape=shape, scale=scale), 1500.0)
    length, law = interval_lengths(found), stats.gamma(shape, loc=dead, scale=scale)
    assert probability(length, dead, shape, scale) > 1e-3
    cv, skewness, kurtosis = law.std() / law.mean(), 2 / np.sqrt(shape), 6 / shape
    error = cv * np.sqrt(((2 + kurtosis) / 4 + cv**2 - skewness * cv) / len(length))
    assert abs(length.std() / length.mean() - cv) < 5 * error
    if dead == 0.0:
        assert cv == pytest.approx(1 / np.sqrt(shape))
    pairs = np.concatenate([np.stack([np.diff(t)[1:], np.diff(t)[:-1]], axis=1) for t in found])
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 5 / np.sqrt(len(pairs))


@pytest.mark.parametrize(("dead", "shape", "scale"), [(4.0, 1.0, 6.0), (0.0, 3.0, 2.0), (0.0, 0.5, 20.0)])
def test_the_rate_is_constant_from_the_first_tick_on(dead: float, shape: float, scale: float) -> None:
    """In equilibrium each ms has n / m spikes; their variance is below n / m (1 + spikes that follow within the ms)."""
    n, mean = 20000, dead + shape * scale
    times = np.concatenate(trains(steady(n, dead=dead, shape=shape, scale=scale), 12.0, timestep=0.1))
    counts = np.bincount((times + 0.05).astype(int), minlength=12)
    assert np.all(
        np.abs(counts - n / mean) < 5 * np.sqrt(n / mean * (1 + stats.gamma(shape, dead, scale).cdf(1.0) * 2))
    )


def test_no_spike_comes_in_the_dead_time() -> None:
    """On the grid, for a dead time that is a multiple of the timestep but for rounding, and for one that is none."""
    for dead in (0.3, 0.25):
        length = interval_lengths(trains(steady(200, dead=dead, scale=0.1), 300.0, timestep=0.1))
        assert np.rint(length / 0.1).min() == (3 if dead == 0.3 else 2)


@pytest.mark.parametrize(
    ("dead", "shape", "scale"), [(0.0, 0.6, 9.0), (0.0, 1.0, 6.0), (0.0, 4.0, 1.5), (3.0, 1.0, 4.0)]
)
def test_bins_that_say_the_same_change_nothing(dead: float, shape: float, scale: float) -> None:
    """The rest of an interval is drawn anew in each bin: a gamma variate beyond x, for all x."""
    length = interval_lengths(trains(steady(100, dead=dead, shape=shape, scale=scale, bins=600), 1000.0))
    assert probability(length, dead, shape, scale) > 1e-3


def profile(n: int, shape: tuple[float, ...], scale: tuple[float, ...], since: tuple[float, ...]) -> Intervals:
    bins = len(since)
    columns = (np.tile(np.array(column, dtype=np.float64), n) for column in (since, shape, scale))
    return Intervals(np.zeros(n), np.arange(n + 1) * bins, *columns)


def test_rate_profile_of_shape_one_is_poisson() -> None:
    """Counts in each bin have mean and variance n * length / scale; variances are right within 5 sqrt(2 / n)."""
    n, since, scale = 4000, (0.0, 20.0, 35.0, 60.0), (10.0, 2.0, 40.0, 5.0)
    found = trains(profile(n, (1.0,) * 4, scale, since), 100.0, timestep=0.1)
    counts = np.array([np.histogram(times + 0.05, [*since, 100.0])[0] for times in found])
    expected = np.diff([*since, 100.0]) / scale
    assert np.all(np.abs(counts.mean(axis=0) - expected) < 5 * np.sqrt(expected / n))
    assert np.all(np.abs(counts.var(axis=0) / expected - 1) < 5 * np.sqrt((2 + 1 / expected) / n))
    assert abs(np.corrcoef(counts[:, 1], counts[:, 3])[0, 1]) < 5 / np.sqrt(n)


def ages(shape: tuple[float, ...], scale: tuple[float, ...], since: tuple[float, ...], ms: int, step: float) -> Floats:
    """Rate (per ms) in each ms, from the density of ages, which move on by `step` and go to 0 by the hazard."""
    age = (np.arange(round(120.0 / step)) + 0.5) * step
    density = stats.gamma(shape[0], scale=scale[0]).sf(age)
    density /= density.sum()
    rates = np.zeros(round(ms / step))
    for k in range(len(rates)):
        which = int(np.searchsorted(since, k * step, side="right")) - 1
        law = stats.gamma(shape[which], scale=scale[which])
        if k == 0 or np.isin(round(k * step, 9), since):
            stays = law.sf(age + step) / np.maximum(law.sf(age), 1e-300)
        spiking = density * (1.0 - stays)
        density = np.append(spiking.sum(), (density - spiking)[:-1])
        rates[k] = spiking.sum() / step
    each: Floats = rates.reshape(ms, -1).mean(axis=1)
    return each


def test_rate_profile_of_a_gamma_process() -> None:
    """The age equation, integrated: the rate overshoots where the scale falls, and rests at 1 / (shape scale)."""
    shape, scale, since = (4.0, 4.0, 2.0), (5.0, 1.0, 6.0), (0.0, 10.0, 25.0)
    n = 20000
    times = np.concatenate(trains(profile(n, shape, scale, since), 40.0, timestep=0.1))
    counts = np.bincount((times + 0.05).astype(int), minlength=40)
    expected = n * ages(shape, scale, since, 40, 0.02)
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected) + 0.01 * expected)
    assert expected[:10] == pytest.approx(np.full(10, n / 20.0), rel=0.01)
    assert counts[10] > 1.5 * n / 4.0


def test_an_infinite_scale_is_silence() -> None:
    """At first, between spikes and for ever."""
    drawn = profile(300, (1.0, 2.0, 2.0), (np.inf, 1.0, np.inf), (0.0, 10.0, 30.0))
    times = np.concatenate(trains(drawn, 100.0, timestep=0.1))
    assert times.min() >= 10.0
    assert times.max() < 30.0 + 1e-9
    assert len(times) == pytest.approx(300 * 20 / 2, rel=0.1)
    assert len(np.concatenate(trains(steady(5, dead=2.0, scale=np.inf), 100.0))) == 0


def test_windows_and_pieces() -> None:
    """Nothing before the start nor from the stop on; a run in pieces is one run."""
    n, seeds = 50, source_seeds(4, 0, 0, 50)
    window = np.arange(n, dtype=np.int32), np.arange(n, dtype=np.int32) + 300
    drawn = steady(n, dead=0.2, shape=1.0, scale=1.5)
    tick, index = RenewalTrains(drawn, *window, seeds, timestep=1.0).run(500)
    assert np.all(tick >= window[0][index])
    assert np.all(tick < window[1][index])
    assert np.all(np.bincount(index, minlength=n) > 100)
    parts = RenewalTrains(drawn, *window, seeds, timestep=1.0)
    pieces = [parts.run(ticks) for ticks in (1, 0, 63, 65, 371)]
    assert np.array_equal(np.concatenate([piece[0] for piece in pieces]), tick)
    assert np.array_equal(np.concatenate([piece[1] for piece in pieces]), index)


def test_sources_do_not_depend_on_their_neighbours() -> None:
    drawn = profile(20, (1.0, 3.0), (2.0, 5.0), (0.0, 50.0))
    ends = np.zeros(20), np.full(20, 200)
    seeds = source_seeds(3, 1, 0, 20)
    tick, index = RenewalTrains(drawn, *ends, seeds, timestep=1.0).run(200)
    alone = RenewalTrains(drawn.part(17, 18), ends[0][:1], ends[1][:1], seeds[17:18], timestep=1.0).run(200)[0]
    assert np.array_equal(tick[index == 17], alone)


def following(before: Intervals, after: Intervals, ticks: int) -> tuple[RenewalTrains, tuple[Ticks, Ticks]]:
    """Sources at tick 100 that were `before` and are `after`; and the ticks and indices of spikes so far."""
    n = len(before.dead)
    ends, seeds = (np.zeros(n), np.full(n, 10**6)), source_seeds(6, 0, 0, n)
    first = RenewalTrains(before, *ends, seeds, timestep=1.0)
    spikes = first.run(ticks)
    then = RenewalTrains(after, *ends, seeds, timestep=1.0, tick=ticks)
    then.follow(first)
    return then, spikes


def test_following_disturbs_only_what_changes() -> None:
    drawn = profile(40, (1.0, 3.0, 2.0), (20.0, 5.0, 9.0), (0.0, 50.0, 120.0))
    whole = RenewalTrains(drawn, np.zeros(40), np.full(40, 10**6), source_seeds(6, 0, 0, 40), timestep=1.0).run(400)
    shape = drawn.shape.copy()
    shape[3 * 7 : 3 * 8] = 9.0
    then, _ = following(drawn, replace(drawn, shape=shape), 100)
    tick, index = then.run(300)
    for i in range(40):
        same = np.array_equal(tick[index == i], whole[0][(whole[1] == i) & (whole[0] >= 100)])
        assert same == (i != 7)


def test_a_changed_source_keeps_its_age() -> None:
    """The dead time of the last spike holds over the change, and the rate follows the new parameters."""
    n = 4000
    then, (tick, index) = following(steady(n, dead=20.0, scale=5.0), steady(n, dead=20.0, scale=30.0), 100)
    last = np.full(n, -1000)
    last[index] = tick
    tick2, index2 = then.run(1000)
    first = np.full(n, 10**6)
    np.minimum.at(first, index2, tick2)
    assert (first - last).min() == 20
    assert len(tick2) == pytest.approx(n * 1000 / 50, rel=0.02)


def test_a_changed_source_that_has_not_begun_begins_in_equilibrium() -> None:
    n, seeds = 5000, source_seeds(6, 0, 0, 5000)
    start, stop = np.full(n, 150), np.full(n, 10**6)
    first = RenewalTrains(steady(n, scale=5.0, shape=3.0), start, stop, seeds, timestep=1.0)
    assert len(first.run(100)[0]) == 0
    then = RenewalTrains(steady(n, scale=2.0, shape=3.0), start, stop, seeds, timestep=1.0, tick=100)
    then.follow(first)
    counts = np.bincount(then.run(60)[0], minlength=160)
    assert not counts[:150].any()
    assert np.all(np.abs(counts[150:] - n / 6) < 5 * np.sqrt(n / 6))


BAD = {
    "not those of 3 sources": {"dead": np.zeros(2)},
    "a source has no intervals": {"offsets": np.array([0, 0, 2, 4])},
    "a bin has no shape or scale": {"shape": np.ones(3)},
    "dead time is no finite number": {"dead": np.array([0.0, -1.0, 0.0])},
    "a shape is no finite number above 0": {"shape": np.array([1.0, 0.0, 1.0, 1.0])},
    "a scale is not above 0": {"scale": np.array([1.0, np.nan, 1.0, 1.0])},
    "the bins of a source do not ascend": {"since": np.array([5.0, 5.0, 0.0, 1.0])},
    "65535 spikes or more a tick": {"scale": np.array([1.0, 1e-6, 1.0, 1.0])},
}


@pytest.mark.parametrize("message", BAD)
def test_faults(message: str) -> None:
    right = Intervals(np.zeros(3), np.array([0, 2, 3, 4]), np.array([0.0, 3.0, 0.0, 0.0]), np.ones(4), np.ones(4))
    assert fault(right, 3, 1.0) is None
    assert message in str(fault(replace(right, **BAD[message]), 3, 1.0))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.02, 300.0), st.floats(1e-3, 1e3), st.floats(0.0, 50.0), st.integers(1, 40), st.integers(0, 2**32 - 1)
)
def test_any_parameters_keep_the_order(shape: float, scale: float, dead: float, bins: int, seed: int) -> None:
    """Spikes come in order, in their window, and not in the dead time, whatever the parameters."""
    mean = dead + shape * scale
    drawn = steady(3, dead=dead, shape=shape, scale=scale / mean, bins=bins)
    found = trains(replace(drawn, dead=drawn.dead / mean), 40.0, timestep=0.5, seed=seed, start=7)
    for times in found:
        assert np.all(times >= 3.5)
        assert np.all(np.diff(times) > dead / mean - 0.5 - 1e-9)
