"""Waves: sines, noise, and the words of both a block ahead."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from emulator.waves import BLOCK, FAR, Wave, Waveforms, normal

SINE = Wave(5.0, 50.0, 0.1, 0.2, amplitude=1.5, frequency=30.0, phase=40.0)
NOISE = Wave(2.0, 1e12, 1.0, 0.3, deviation=0.1, seed=7)


def test_a_sine() -> None:
    """offset + amplitude sin(2 pi f (t - start) + phase) from the start on until before the stop."""
    time = np.arange(600) * 0.1
    angle = 2 * np.pi * 30.0 * 1e-3 * (time - 5.0) + np.deg2rad(40.0)
    on = (np.arange(600) >= 50) & (np.arange(600) < 500)
    np.testing.assert_allclose(SINE.values(0, 600, 0.1), np.where(on, 0.2 + 1.5 * np.sin(angle), 0.0), atol=1e-12)
    assert SINE.highest == pytest.approx(1.7)


def test_values_are_held_for_an_interval() -> None:
    """Whatever the timestep: a shorter one sees the same steps."""
    coarse = replace(SINE, interval=0.5).values(0, 110, 0.5)
    assert np.array_equal(replace(SINE, interval=0.5).values(0, 550, 0.1), np.repeat(coarse, 5))
    noise = NOISE.values(0, 50, 0.5)
    assert np.all(noise[:4] == 0.0)
    assert np.array_equal(noise[4::2], noise[5::2])
    assert len(np.unique(noise[4:])) == 23


def test_noise_is_normal_and_white() -> None:
    """Kolmogorov-Smirnov at 1 in 1,000; correlations below four standard errors, 1 / sqrt(n)."""
    n = 100_000
    numbers = normal(3, 0, n)
    assert stats.kstest(numbers, "norm").pvalue > 1e-3
    assert stats.kstest(normal(2**62 + 1, 10**9, 10**9 + n), "norm").pvalue > 1e-3
    assert np.abs(numbers).max() < 7.0
    for other in (np.roll(numbers, 1), np.roll(numbers, 2), normal(4, 0, n), numbers**2):
        assert abs(np.corrcoef(numbers, other)[0, 1]) < 4 / np.sqrt(n)
    assert np.array_equal(normal(3, 500, 700), numbers[500:700])


@given(
    wave=st.sampled_from([SINE, NOISE, replace(SINE, deviation=0.5, interval=0.3), replace(SINE, stop=1.0)]),
    cuts=st.lists(st.integers(0, 900), max_size=4),
)
def test_values_do_not_depend_on_how_a_run_is_cut(wave: Wave, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 900]
    pieces = [wave.values(a, b - a, 0.1) for a, b in pairwise(edges)]
    assert np.array_equal(np.concatenate(pieces), wave.values(0, 900, 0.1))


def test_ticks_of_windows() -> None:
    assert SINE.ticks(0.1) == (50, 500)
    assert replace(SINE, stop=1.0).ticks(0.1) == (50, 50)
    assert replace(SINE, start=0.04, stop=1e12).ticks(0.1) == (0, FAR)
    assert len(SINE.values(0, 0, 0.1)) == 0


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"amplitude": np.nan}, "is not finite"),
        ({"stop": np.inf}, "is not finite"),
        ({"interval": 0.0}, "every 0.0 ms"),
    ],
)
def test_faults(wrong: dict[str, float], fault: str) -> None:
    assert SINE.fault() is None
    assert fault in str(replace(SINE, **wrong).fault())


def words(wave: Wave, block: int) -> list[int]:
    return np.rint(wave.values(block * BLOCK, BLOCK, 0.1) * 32768).astype(int).tolist()


def test_waveforms_hold_the_block_of_the_tick() -> None:
    """Rows stay where they are; they cover the ticks up to the end of the block."""
    waveforms = Waveforms(0.1, 5)
    assert waveforms.supply(5) == FAR
    row = waveforms.take(NOISE)
    assert waveforms.supply(5) == BLOCK - 5
    assert row.tolist() == words(NOISE, 0)
    assert waveforms.supply(BLOCK) == BLOCK
    assert row.tolist() == words(NOISE, 1)
    assert waveforms.take(NOISE) is row
    assert waveforms.supply(3 * BLOCK + 1) == BLOCK - 1
    assert waveforms.take(SINE).tolist() == [0] * BLOCK
    assert row.tolist() == words(NOISE, 3)


def test_waveforms_forget_what_nobody_uses() -> None:
    waveforms = Waveforms(0.1, 0)
    row = waveforms.take(NOISE)
    waveforms.take(NOISE)
    waveforms.take(SINE)
    waveforms.drop([NOISE, SINE])
    assert waveforms.take(NOISE) is row
    waveforms.drop([NOISE, NOISE])
    assert waveforms.supply(0) == FAR


def test_words_saturate() -> None:
    waveforms = Waveforms(0.1, 0)
    row = waveforms.take(Wave(0.0, 1e9, 0.1, 65530.0, amplitude=100.0, frequency=100.0))
    assert row.max() == 2**31 - 1
