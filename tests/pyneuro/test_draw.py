"""Our Mersenne Twister is numpy's, whatever is drawn and wherever the drawing stops."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyneuro.draw import Stream, bernoulli, pairs, samples

SEEDS = st.integers(0, 2**32 - 1)


def twister(seed: int, used: int) -> np.random.RandomState:
    """A generator that has given `used` words."""
    state = np.random.RandomState(seed)
    state.randint(0, 2**32, used, dtype=np.uint32)
    return state


def stream(state: np.random.RandomState) -> Stream:
    words: Any = state.get_state(legacy=False)
    return Stream(words["state"]["key"], words["state"]["pos"])


def goes_on_like(words: Stream, state: np.random.RandomState) -> bool:
    """Whether both give the same numbers from here on."""
    other = np.random.RandomState()
    key, position = words.state()
    other.set_state(("MT19937", key, position, 0, 0.0))
    return bool(np.array_equal(other.random_sample(700), state.random_sample(700)))


@given(SEEDS, st.integers(0, 1300), st.integers(1, 700), st.integers(1, 5), st.floats(0, 1.2))
def test_bernoulli(seed: int, used: int, rows: int, columns: int, p: float) -> None:
    """Pairs whose uniform number is less than p are connected, column after column."""
    state = twister(seed, used)
    words = stream(state)
    chosen, counts = np.empty(rows * columns + rows + 1, np.int32), np.zeros(columns, np.int64)
    none = np.full(columns, -1, np.int32)
    column, filled = bernoulli(words, ceil(min(p, 1) * 2**53), rows, 0, none, False, chosen, counts, 0)
    uniform = state.uniform(0, 1, (columns, rows))
    assert column == columns
    assert np.array_equal(chosen[:filled], np.nonzero(uniform < p)[1])
    assert np.array_equal(counts, (uniform < p).sum(axis=1))
    assert goes_on_like(words, state)


def test_bernoulli_stops_where_there_is_no_room() -> None:
    """A column is begun only if all of it would fit; the caller goes on with more room."""
    state = twister(3, 0)
    words = stream(state)
    chosen, counts, none = np.empty(25, np.int32), np.zeros(5, np.int64), np.full(5, -1, np.int32)
    column, filled = bernoulli(words, 2**53, 10, 0, none, False, chosen, counts, 0)
    assert (column, filled) == (2, 20)
    assert bernoulli(words, 2**53, 10, column, none, False, np.empty(31, np.int32), counts, 0) == (5, 30)
    assert counts.tolist() == [10] * 5


@given(SEEDS, st.integers(1, 30), st.integers(1, 8), st.booleans())
def test_bernoulli_leaves_out(seed: int, rows: int, columns: int, only_above: bool) -> None:
    """One row of each column, and all up to the diagonal, can be left out."""
    out = np.arange(columns, dtype=np.int32) % (rows + 1) - 1
    chosen, counts = np.empty(rows * columns + rows + 1, np.int32), np.zeros(columns, np.int64)
    bernoulli(stream(twister(seed, 0)), 2**53, rows, 0, out, only_above, chosen, counts, 0)
    expected = [[r for r in range(rows) if r != out[c] and (r > c or not only_above)] for c in range(columns)]
    assert chosen[: counts.sum()].tolist() == [r for rows_ in expected for r in rows_]
    assert counts.tolist() == [len(rows_) for rows_ in expected]


@given(SEEDS, st.integers(0, 1300), st.integers(2, 700), st.lists(st.integers(0, 900), min_size=1, max_size=4))
def test_samples(seed: int, used: int, rows: int, counts: list[int]) -> None:
    """The beginning of a permutation after whole rounds, with and without a row left out."""
    for out in (-1, 1):
        state = twister(seed, used)
        words = stream(state)
        drawn = samples(words, np.array(counts, np.int64), rows, np.full(len(counts), out, np.int32))
        allowed = np.delete(np.arange(rows), [out] if out >= 0 else [])
        expected: list[int] = []
        for n in counts:
            expected += allowed.tolist() * (n // len(allowed))
            rest = n % len(allowed)
            expected += state.permutation(allowed)[:rest].tolist() if rest else []
        assert drawn.tolist() == expected
        assert goes_on_like(words, state)


def test_samples_of_nothing() -> None:
    """No column, no row wanted; and no row to choose from is an error."""
    words = stream(twister(1, 0))
    nothing, none = np.zeros(0, np.int64), np.zeros(0, np.int32)
    assert len(samples(words, nothing, 5, none)) == 0
    assert len(samples(words, np.zeros(2, np.int64), 1, np.zeros(2, np.int32))) == 0
    with pytest.raises(ValueError, match="no cell to choose from"):
        samples(words, np.ones(1, np.int64), 1, np.zeros(1, np.int32))


@given(SEEDS, st.integers(0, 1300), st.integers(0, 400), st.integers(1, 70), st.integers(1, 70))
def test_pairs(seed: int, used: int, n: int, rows: int, columns: int) -> None:
    """A row and a column, drawn in turn as randint draws them."""
    state = twister(seed, used)
    words = stream(state)
    drawn = pairs(words, n, rows, columns)
    expected = [(state.randint(0, rows), state.randint(0, columns)) for _ in range(n)]
    assert list(zip(*(d.tolist() for d in drawn), strict=True)) == expected
    assert goes_on_like(words, state)


def test_streams_have_624_words() -> None:
    """A state of another shape is refused."""
    for key, position in ((np.zeros(623, np.uint32), 0), (np.zeros(624, np.uint32), 625)):
        with pytest.raises(ValueError, match="624 words"):
            Stream(key, position)
