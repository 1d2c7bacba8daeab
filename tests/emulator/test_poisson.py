"""Poisson sources: seeds, streams, and the distributions of what they send."""

import numpy as np
import pytest
from kiss import Kiss
from scipy import stats

from emulator.arithmetic import expk
from emulator.poisson import PoissonTrains
from emulator.seeds import source_seeds


def test_seeds_are_distinct_and_depend_on_everything() -> None:
    seeds = source_seeds(1, 0, 0, 5000)
    assert seeds.dtype == np.uint32
    assert seeds.shape == (5000, 4)
    assert len(np.unique(seeds, axis=0)) == 5000
    assert np.array_equal(seeds[100:200], source_seeds(1, 0, 100, 100))
    assert not np.any(np.all(seeds == source_seeds(1, 1, 0, 5000), axis=1))
    assert not np.any(np.all(seeds == source_seeds(2, 0, 0, 5000), axis=1))
    assert abs(seeds.mean() / 2**31 - 1) < 0.02


def trains(rate: float, n: int, ticks: int, timestep: float) -> tuple[np.ndarray, np.ndarray]:
    seeds = source_seeds(3, 1, 0, n)
    return PoissonTrains(np.full(n, rate), np.zeros(n), np.full(n, ticks), seeds, timestep=timestep).run(ticks)


@pytest.mark.parametrize(
    ("rate", "timestep"), [(2.0, 1.0), (9.0, 1.0), (20.0, 0.1), (50.0, 1.0), (1000.0, 1.0), (9000.0, 0.1), (15e3, 1.0)]
)
def test_rate_and_variance(rate: float, timestep: float) -> None:
    """Count and variance of counts are Poisson's, in all three methods, within five standard errors."""
    n, ticks = 300, 1000
    tick, index = trains(rate, n, ticks, timestep)
    assert np.all(np.diff(tick) >= 0)
    assert np.all(np.diff(index)[np.diff(tick) == 0] >= 0)
    expected = rate * timestep * 1e-3 * ticks
    counts = np.bincount(index, minlength=n)
    assert abs(counts.mean() - expected) < 5 * np.sqrt(expected / n) + 0.002 * expected
    assert counts.var() / expected == pytest.approx(1, abs=5 * np.sqrt(2 / n))


@pytest.mark.parametrize("rate", [12.0, 150.0, 399.0, 420.0, 2000.0, 6000.0, 9000.0, 12e3, 300e3])
def test_counts_are_poisson_and_independent(rate: float) -> None:
    """The law of counts of one tick (chi-square, at 1 in 1,000), and no correlation of ticks or of neighbours."""
    n, ticks = 100, 2000
    tick, index = trains(rate, n, ticks, 1.0)
    counts = np.bincount(tick * n + index, minlength=n * ticks).reshape(ticks, n)
    mean = machine_mean(rate)
    assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / counts.size)
    edges = stats.poisson.ppf(np.linspace(0.0, 1.0, 20)[1:-1], mean)
    bins = np.unique([-1.0, 0.0, *edges, np.inf])
    expected = np.diff(stats.poisson.cdf(bins, mean)) * counts.size
    found = np.histogram(counts, bins + 0.5)[0]
    kept = expected > 5
    assert stats.chi2.sf(((found - expected)[kept] ** 2 / expected[kept]).sum(), np.count_nonzero(kept) - 1) > 1e-3
    for a, b in ((counts[1:], counts[:-1]), (counts[:, 1:], counts[:, :-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(counts.size)


def machine_mean(rate: float) -> float:
    """Expected spikes a tick of 1 ms as the core has them, with 15 bits of exp(-lambda)."""
    expected = round(rate * 65536) * round(1e-3 * 2**32) >> 33
    parts = 1 if expected < 10 << 15 else -(-expected // 32768)
    return -parts * float(np.log(expk(np.array([-(expected // parts)]))[0] / 32768))


def test_slow_sources_draw_what_the_core_draws() -> None:
    """Interval for interval, in thousandths of a tick."""
    seeds = source_seeds(5, 2, 0, 3)
    tick, index = PoissonTrains(np.full(3, 7.0), np.zeros(3), np.full(3, 5000), seeds, timestep=1.0).run(5000)
    for i in range(3):
        stream, time, expected = Kiss(seeds[i].tolist()), 0, []
        mean = 1000 * 65536 // round(7.0 * 65536)
        while (time := time + stream.interval(mean)) < 5_000_000:
            expected.append(time // 1000)
        assert tick[index == i].tolist() == expected


def test_several_spikes_in_one_tick() -> None:
    tick, index = trains(3000.0, 5, 100, 1.0)
    pairs, repeats = np.unique(np.stack([tick, index]), axis=1, return_counts=True)
    assert repeats.max() > 3
    assert repeats.mean() == pytest.approx(3 / (1 - np.exp(-3)), rel=0.1)
    assert pairs.shape[1] <= 500


def test_start_stop_and_silence() -> None:
    rate = np.array([200.0, 5.0, 0.0, 500.0])
    start = np.array([10, 100, 0, 5], dtype=np.int32)
    stop = np.array([60, 1900, 2000, 5], dtype=np.int32)
    tick, index = PoissonTrains(rate, start, stop, source_seeds(1, 0, 0, 4), timestep=1.0).run(2000)
    for i in (0, 1):
        mine = tick[index == i]
        assert len(mine)
        assert mine.min() >= start[i]
        assert mine.max() < stop[i]
    assert not np.isin(index, [2, 3]).any()


def test_runs_in_pieces_are_one_run() -> None:
    rate = np.array([5.0, 800.0, 12e3])
    ends = np.zeros(3), np.full(3, 300)
    whole = PoissonTrains(rate, *ends, source_seeds(1, 0, 0, 3), timestep=1.0).run(300)
    parts = PoissonTrains(rate, *ends, source_seeds(1, 0, 0, 3), timestep=1.0)
    pieces = [parts.run(n) for n in (1, 99, 0, 200)]
    assert np.array_equal(np.concatenate([p[0] for p in pieces]), whole[0])
    assert np.array_equal(np.concatenate([p[1] for p in pieces]), whole[1])


def test_following_disturbs_only_what_changes() -> None:
    n = 6
    rate = np.array([5.0, 5.0, 300.0, 300.0, 0.0, 40.0])
    start, stop = np.zeros(n), np.full(n, 4000)
    seeds = source_seeds(1, 0, 0, n)
    tick, index = PoissonTrains(rate, start, stop, seeds, timestep=1.0).run(4000)
    first = PoissonTrains(rate, start, stop, seeds, timestep=1.0)
    first.run(1000)
    changed = rate.copy()
    changed[[1, 3, 4]] = [50.0, 20.0, 8.0]
    then = PoissonTrains(changed, start, stop, seeds, timestep=1.0, tick=1000)
    then.follow(first)
    tick2, index2 = then.run(3000)
    for i in (0, 2, 5):
        assert np.array_equal(tick2[index2 == i], tick[(index == i) & (tick >= 1000)])
    for i in (1, 3, 4):
        assert np.count_nonzero(index2 == i) == pytest.approx(3 * changed[i], rel=0.6)
    assert tick2.min() >= 1000


@pytest.mark.parametrize(("before", "after"), [(150.0, 60.0), (60.0, 3000.0), (3000.0, 200.0), (5.0, 300.0)])
def test_a_changed_rate_holds_from_the_next_tick_on(before: float, after: float) -> None:
    """Whatever way a source was drawn before: spikes in each of the next ticks, within five standard errors."""
    n = 20000
    seeds = source_seeds(8, 0, 0, n)
    first, then = (
        PoissonTrains(np.full(n, r), np.zeros(n), np.full(n, 100), seeds, timestep=1.0, tick=t)
        for r, t in ((before, 0), (after, 7))
    )
    first.run(7)
    then.follow(first)
    per_tick = np.bincount(then.run(6)[0] - 7, minlength=6)
    expected = after * 1e-3 * n
    assert np.all(np.abs(per_tick - expected) < 5 * np.sqrt(expected) + 0.004 * expected)


def test_sources_do_not_depend_on_their_neighbours() -> None:
    tick, index = trains(30.0, 50, 1000, 1.0)
    alone = PoissonTrains([30.0], [0], [1000], source_seeds(3, 1, 17, 1), timestep=1.0).run(1000)
    assert np.array_equal(tick[index == 17], alone[0])


def test_no_sources() -> None:
    tick, index = PoissonTrains([], [], [], np.zeros((0, 4)), timestep=1.0).run(10)
    assert len(tick) == len(index) == 0


@pytest.mark.parametrize("rate", [-1.0, np.nan, np.inf, 1e9])
def test_a_rate_that_cannot_be(rate: float) -> None:
    with pytest.raises(ValueError, match="rate of a Poisson source"):
        PoissonTrains([rate], [0], [10], np.zeros((1, 4)), timestep=1.0).run(10)


def test_parameters_of_other_lengths() -> None:
    with pytest.raises(ValueError, match="2 sources, but stop has 1"):
        PoissonTrains([1.0, 1.0], [0, 0], [10], source_seeds(1, 0, 0, 2), timestep=1.0)
