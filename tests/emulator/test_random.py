"""The streams of random numbers, against traces of the machine's own code."""

import csv
from pathlib import Path

import numpy as np
import pytest

from emulator import random
from emulator.poisson import PoissonTrains, poisson_trains, source_seeds

GOLDEN = Path(__file__).parents[2].parent / "shared" / "golden" / "random_numbers.csv"

Golden = dict[tuple[str, int], list[str]]


@pytest.fixture(scope="module")
def golden() -> Golden:
    """Values by (kind, parameter)."""
    if not GOLDEN.exists():
        pytest.skip(f"{GOLDEN} is not there")
    values: Golden = {}
    with GOLDEN.open() as file:
        for row in csv.DictReader(file):
            values.setdefault((row["kind"], int(row["param_raw"])), []).append(row["value"])
    return values


def default_state() -> np.ndarray:
    return np.array(random.DEFAULT_STATE, dtype=np.uint32)


def test_kiss64(golden: Golden) -> None:
    wanted = list(map(int, golden["mars_kiss64_simp(default seed)", 0]))
    assert random.kiss64(default_state(), len(wanted)).tolist() == wanted


def test_validated_seed(golden: Golden) -> None:
    seed = random.validated([1, 2, 3, 4])
    assert seed.tolist() == list(map(int, golden["validate_seed{1 2 3 4}->", 0][0].split()))
    wanted = list(map(int, golden["mars_kiss64_seed({1 2 3 4} validated)", 0]))
    assert random.kiss64(seed, len(wanted)).tolist() == wanted


def test_validated_mends_what_the_generator_cannot_use() -> None:
    seeds = random.validated([[5, 0, 7, 698769068], [0, 1, 0, 0]])
    assert seeds.tolist() == [[5, 13031301, 7, 1], [0, 1, 0, 1]]
    with pytest.raises(ValueError, match="4 words"):
        random.validated([1, 2, 3])


def test_exponential_variates(golden: Golden) -> None:
    wanted = list(map(int, golden["exponential_dist_variate", 0]))
    assert random.exponential(default_state(), len(wanted)).tolist() == wanted


def test_counts_and_intervals_of_one_stream(golden: Golden) -> None:
    """The trace draws counts of rising lambda, then variates, then intervals, all from one stream."""
    state = default_state()
    rates = sorted(rate for kind, rate in golden if kind == "poisson_fast")
    assert len(rates) == 12
    for rate in rates:
        wanted = list(map(int, golden["poisson_fast", rate]))
        exp_minus_lambda = int(golden["exp_minus_lambda", rate][0])
        assert random.poisson(state, exp_minus_lambda, len(wanted)).tolist() == wanted
    wanted = list(map(int, golden["n_steps_until_next_raw", 0]))
    assert random.exponential(state, len(wanted)).tolist() == wanted
    wanted = list(map(int, golden["slow_time_to_spike(mean_isi_ticks=100)", 100]))
    assert random.time_to_spike(state, 100, len(wanted)).tolist() == wanted


def test_poisson_of_two_and_a_half(golden: Golden) -> None:
    state = default_state()
    random.exponential(state, len(golden["exponential_dist_variate", 0]))
    random.kiss64(state, len(golden["gaussian_dist_variate", 0]))
    wanted = list(map(int, golden["poisson_dist_variate(2.5)", 81920]))
    exp_minus_lambda = int(np.exp(-2.5) * 2**15) << 17
    assert random.poisson(state, exp_minus_lambda, len(wanted)).tolist() == wanted


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
    return poisson_trains(
        np.full(n, rate), np.zeros(n), np.full(n, ticks), source_seeds(3, 1, 0, n), timestep, 0, ticks
    )


@pytest.mark.parametrize(
    ("rate", "timestep"), [(2.0, 1.0), (9.0, 1.0), (20.0, 0.1), (50.0, 1.0), (1000.0, 1.0), (9000.0, 0.1), (25e3, 1.0)]
)
def test_rate_and_variance(rate: float, timestep: float) -> None:
    """Count and variance of counts are Poisson's, in all three methods, within five standard errors."""
    n, ticks = 400, 2000
    tick, index = trains(rate, n, ticks, timestep)
    assert np.all(np.diff(tick) >= 0)
    assert np.all(np.diff(index)[np.diff(tick) == 0] >= 0)
    expected = rate * timestep * 1e-3 * ticks
    counts = np.bincount(index, minlength=n)
    assert abs(counts.mean() - expected) < 5 * np.sqrt(expected / n) + 0.002 * expected
    assert counts.var() / expected == pytest.approx(1, abs=5 * np.sqrt(2 / n))


def test_several_spikes_in_one_tick() -> None:
    tick, index = trains(3000.0, 5, 100, 1.0)
    pairs, repeats = np.unique(np.stack([tick, index]), axis=1, return_counts=True)
    assert repeats.max() > 3
    assert repeats.mean() == pytest.approx(3 / (1 - np.exp(-3)), rel=0.1)
    assert pairs.shape[1] <= 500


def test_start_stop_and_silence() -> None:
    rate = np.array([40.0, 2.0, 0.0, 500.0])
    start = np.array([10, 100, 0, 5], dtype=np.int32)
    stop = np.array([60, 1900, 2000, 5], dtype=np.int32)
    tick, index = poisson_trains(rate, start, stop, source_seeds(1, 0, 0, 4), 1.0, 0, 2000)
    for i in (0, 1):
        mine = tick[index == i]
        assert len(mine)
        assert mine.min() >= start[i]
        assert mine.max() < stop[i]
    assert not np.isin(index, [2, 3]).any()


def test_runs_in_pieces_are_one_run() -> None:
    rate = np.array([5.0, 800.0, 12e3])
    ends = np.zeros(3), np.full(3, 300)
    whole = poisson_trains(rate, *ends, source_seeds(1, 0, 0, 3), 1.0, 0, 300)
    parts = PoissonTrains(rate, *ends, source_seeds(1, 0, 0, 3), 1.0)
    pieces = [parts.run(n) for n in (1, 99, 0, 200)]
    assert np.array_equal(np.concatenate([p[0] for p in pieces]), whole[0])
    assert np.array_equal(np.concatenate([p[1] for p in pieces]), whole[1])


def test_continued_disturbs_only_what_changes() -> None:
    n = 6
    rate = np.array([5.0, 5.0, 300.0, 300.0, 0.0, 40.0])
    start, stop = np.zeros(n), np.full(n, 4000)
    seeds = source_seeds(1, 0, 0, n)
    tick, index = poisson_trains(rate, start, stop, seeds, 1.0, 0, 4000)
    first = PoissonTrains(rate, start, stop, seeds, 1.0)
    first.run(1000)
    changed = rate.copy()
    changed[[1, 3, 4]] = [50.0, 20.0, 8.0]
    tick2, index2 = first.continued(changed, start, stop).run(3000)
    for i in (0, 2, 5):
        assert np.array_equal(tick2[index2 == i], tick[(index == i) & (tick >= 1000)])
    for i in (1, 3, 4):
        assert np.count_nonzero(index2 == i) == pytest.approx(3 * changed[i], rel=0.6)
    assert tick2.min() >= 1000


def test_sources_do_not_depend_on_their_neighbours() -> None:
    tick, index = trains(30.0, 50, 1000, 1.0)
    alone = poisson_trains([30.0], [0], [1000], source_seeds(3, 1, 17, 1), 1.0, 0, 1000)
    assert np.array_equal(tick[index == 17], alone[0])


def test_no_sources() -> None:
    tick, index = poisson_trains([], [], [], np.zeros((0, 4)), 1.0, 0, 10)
    assert len(tick) == len(index) == 0


@pytest.mark.parametrize("rate", [-1.0, np.nan, np.inf, 1e9])
def test_a_rate_that_cannot_be(rate: float) -> None:
    with pytest.raises(ValueError, match="rate of a Poisson source"):
        poisson_trains([rate], [0], [10], np.zeros((1, 4)), 1.0, 0, 10)


def test_parameters_of_other_lengths() -> None:
    with pytest.raises(ValueError, match="2 Poisson sources, but stop has 1"):
        PoissonTrains([1.0, 1.0], [0, 0], [10], source_seeds(1, 0, 0, 2), 1.0)
