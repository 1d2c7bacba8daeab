"""The streams of random numbers, against traces of the machine's own code."""

import csv
from pathlib import Path

import numpy as np
import pytest

from emulator import random

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
