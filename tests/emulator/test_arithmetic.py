"""Laws of the fixed-point operations and functions, against exact integers and mathematics."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import arithmetic
from emulator.conversion import accum_to_real, host_to_accum, literal_to_accum

EDGES = [0, 1, -1, 2, 3, 32767, 32768, -32768, 2**30, 2**31 - 1, -(2**31), -(2**31) + 1]
words = st.one_of(st.sampled_from(EDGES), st.integers(-(2**31), 2**31 - 1))
divisors = words.filter(bool)


def wrapped(x: int) -> int:
    return (x + 2**31) % 2**32 - 2**31


def saturated(x: int) -> int:
    return min(max(x, -(2**31)), 2**31 - 1)


def unsigned(x: int) -> int:
    return x % 2**32


def nearest(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


EXACT: dict[str, Callable[[int, int], int]] = {
    "k_add": lambda a, b: wrapped(a + b),
    "k_sub": lambda a, b: wrapped(a - b),
    "k_add_sat": lambda a, b: saturated(a + b),
    "k_mul": lambda a, b: wrapped(a * b // 2**15),
    "k_mul_sat": lambda a, b: saturated(nearest(Fraction(a * b, 2**15))),
    "k_mul_int": lambda a, b: wrapped(a * b),
    "lr_mul": lambda a, b: wrapped(a * b // 2**31),
    "k_mul_lr": lambda a, b: wrapped(nearest(Fraction(a * b, 2**15)) // 2**16),
    "k_mul_ulr": lambda a, b: wrapped(nearest(Fraction(a * (unsigned(b) // 2), 2**15)) // 2**16),
    "k_decay": lambda a, b: wrapped(a * unsigned(b) // 2**32),
    "uk_mul": lambda a, b: wrapped(unsigned(a) * unsigned(b) // 2**16),
    "ulr_mul": lambda a, b: wrapped(nearest(Fraction(unsigned(a) * unsigned(b), 2**32))),
    "k_mul_ulr_to_ulr": lambda a, b: wrapped(a * unsigned(b) // 2**15),
}
QUOTIENTS: dict[str, Callable[[int, int], int]] = {
    "k_div": lambda a, b: wrapped(math.trunc(Fraction(a * 2**15, b))),
    "k_div_sat": lambda a, b: saturated(math.trunc(Fraction(a * 2**15, b))),
    "uk_div": lambda a, b: wrapped(unsigned(a) * 2**16 // unsigned(b)),
    "kdivk": lambda a, b: wrapped((a * 2**15) % 2**64 // (b % 2**64)),
    "kdivui": lambda a, b: wrapped(a % 2**64 // unsigned(b)),
}
CONVERSIONS: dict[str, Callable[[int], int]] = {
    "k_neg": lambda a: wrapped(-a),
    "k_to_int": lambda a: math.trunc(Fraction(a, 2**15)),
    "int_to_k": lambda a: wrapped(a * 2**15),
    "k_to_ulr": lambda a: wrapped(a * 2**17),
    "ulr_to_k": lambda a: unsigned(a) // 2**17,
    "k_to_lr": lambda a: wrapped(a * 2**16),
    "lr_to_k": lambda a: a // 2**16,
    "k_to_uk": lambda a: wrapped(a * 2),
    "uk_to_k": lambda a: unsigned(a) // 2,
}


@pytest.mark.parametrize("name", EXACT)
@given(a=words, b=words)
def test_sums_and_products(name: str, a: int, b: int) -> None:
    assert getattr(arithmetic, name)(a, b) == EXACT[name](a, b)


@pytest.mark.parametrize("name", QUOTIENTS)
@given(a=words, b=divisors)
def test_quotients(name: str, a: int, b: int) -> None:
    assert getattr(arithmetic, name)(a, b) == QUOTIENTS[name](a, b)
    assert getattr(arithmetic, name)(a, 0) == 0


@pytest.mark.parametrize("name", CONVERSIONS)
@given(a=words)
def test_conversions(name: str, a: int) -> None:
    assert getattr(arithmetic, name)(a) == CONVERSIONS[name](a)


@given(a=words, n=st.integers(0, 31))
def test_shifts(a: int, n: int) -> None:
    assert arithmetic.shift_left(a, n) == wrapped(a << n)
    assert arithmetic.shift_right(a, n) == a >> n


def test_arrays_broadcast_and_keep_their_shape() -> None:
    a = np.arange(6, dtype=np.int32).reshape(2, 3)
    np.testing.assert_array_equal(arithmetic.k_add(a, np.array([10, 20, 30])), [[10, 21, 32], [13, 24, 35]])
    assert arithmetic.k_neg(np.asfortranarray(a)).tolist() == (-a).tolist()
    assert arithmetic.k_add(1, 2).shape == ()


def test_words_are_integers_that_fit() -> None:
    assert arithmetic.as_words(2**32 - 1) == -1
    assert arithmetic.as_words(np.array([2**31], np.uint32)).dtype == np.int32
    assert arithmetic.as_words(np.array([], np.int64)).shape == (0,)
    with pytest.raises(TypeError, match="must be integers, got float64"):
        arithmetic.k_add(0.5, 1)  # type: ignore[arg-type]
    for far in (2**32, -(2**31) - 1):
        with pytest.raises(OverflowError, match="does not fit 32-bit words"):
            arithmetic.k_neg(far)


# --- functions --------------------------------------------------------------------------------------


def test_expk_error_below_zero() -> None:
    """Over all words from the lowest that gives more than 0 up to 0: one bit for the cut, and little more."""
    x = np.arange(-340695, 1, dtype=np.int32)
    error = arithmetic.expk(x) - np.exp(x / 2**15) * 2**15
    assert error.min() >= -1.04
    assert error.max() <= 0.04


def test_exponential_error_above_zero() -> None:
    x = np.arange(0, 363409, 7, dtype=np.int32)
    relative = arithmetic.expk(x) / (np.exp(x / 2**15) * 2**15) - 1
    assert np.abs(relative).max() < 1.1 * 2.0**-15


def test_exponential_limits() -> None:
    below = [-(2**31), -340696, 0]
    assert arithmetic.expk(np.array(below)).tolist() == [0, 0, 32768]
    assert arithmetic.expk(np.array([363408, 363409])).tolist() == [2147433656, 2**31 - 1]
    assert arithmetic.expulr(np.array([-340696, 0, 363409])).tolist() == [0, 0, 2**31 - 1]
    assert arithmetic.expuk(np.array([-(2**31), -14 * 32768, 0, 363409])).tolist() == [0, 0, 0, -1]


@given(st.integers(-13 * 32768, -1))
def test_exponentials_are_cuts_of_one_value(x: int) -> None:
    fraction = unsigned(int(arithmetic.expulr(x)))
    assert arithmetic.expuk(x) == fraction >> 16 or x < -340695
    assert arithmetic.expk(x) == fraction >> 17


@given(st.integers(0, 2**31 - 1))
def test_square_root_is_within_one_bit(x: int) -> None:
    assert abs(int(arithmetic.sqrtk(x)) - math.isqrt(x << 15)) <= 1


def test_square_root_of_particular_words() -> None:
    """Exact squares may be one low, some large roots one high; negative words have root 0."""
    given = np.array([-1, 0, 1, 32768, 242, 29491260, 2**31 - 1])
    assert arithmetic.sqrtk(given).tolist() == [0, 0, 181, 32768, 2815, 983041, 8388607]


# --- conversion -------------------------------------------------------------------------------------


@given(st.floats(-65536, 65535.9999))
def test_host_rounds_the_decimal_text(x: float) -> None:
    assert host_to_accum(x) == round(Decimal(repr(x)) * 2**15)


@given(st.integers(-(2**31), 2**31 - 2))
def test_host_rounds_halves_by_their_text(word: int) -> None:
    half = (word + 0.5) / 2**15
    assert host_to_accum(half) == round(Decimal(repr(half)) * 2**15)
    assert host_to_accum(np.full((2, 2), half))[1, 1] == host_to_accum(half)


@given(words)
def test_words_survive_the_round_trip(word: int) -> None:
    assert host_to_accum(accum_to_real(np.array(word, np.int32))) == word


def test_host_and_literal_differ() -> None:
    """SPINNAKER.md 3: 0.1 is 3277 from the host and 3276 as a C literal."""
    assert host_to_accum([0.1, -0.1]).tolist() == [3277, -3277]
    assert literal_to_accum([0.1, -0.1, 1e9, -1e9]).tolist() == [3276, -3276, 2**31 - 1, -(2**31)]


@pytest.mark.parametrize("value", [65536.0, -65536.1, math.nan, math.inf])
def test_what_does_not_fit_is_refused(value: float) -> None:
    with pytest.raises(OverflowError, match=r"does not fit s16\.15"):
        host_to_accum([0.0, value])
