"""Numbers to s16.15 words and back.

Two rules exist.  What the *host* writes (parameters, currents) is the decimal text of the number, rounded
half to even: sPyNNaker's ``DataType.S1615`` rounds ``Decimal(str(value)) * 2**15``.  A *literal* in the C code
of a core is cut by the compiler, towards zero.  So 0.1 is 3277 in one place and 3276 in the other.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

ACCUM_ONE = 1 << 15
"""The word of 1.0."""
ACCUM_MIN = -65536.0
ACCUM_MAX = 65536.0 - 1.0 / ACCUM_ONE
FRACTION_ONE = 1 << 32
FORMAT_BYTES = {"fract": 2, "ulfract": 4, "accum": 4, "long accum": 8}
"""Sizes of the fixed-point types of the ARM compiler."""


def host_to_accum(values: ArrayLike) -> NDArray[np.int32]:
    """Words that the host writes for `values`, of the same shape.

    Raises
    ------
    OverflowError
        If a value is not finite or outside -65536 .. 65535.99997.
    """
    given = np.asarray(values, dtype=np.float64)
    if not np.all((given >= ACCUM_MIN) & (given <= ACCUM_MAX)):
        raise OverflowError(f"{given} does not fit s16.15, which holds {ACCUM_MIN} .. {ACCUM_MAX}")
    scaled = given * ACCUM_ONE
    words = np.rint(scaled)
    # Only where the number is a half exactly can its (shorter) decimal text lie on another side.
    halves = np.abs(scaled - np.trunc(scaled)) == 0.5
    if halves.any():
        words = np.atleast_1d(words)
        halves = np.atleast_1d(halves)
        words[halves] = [round(Decimal(repr(float(x))) * ACCUM_ONE) for x in np.atleast_1d(given)[halves]]
        words = words.reshape(given.shape)
    return words.astype(np.int32)


def literal_to_accum(values: ArrayLike) -> NDArray[np.int32]:
    """Words of C literals or of ``double`` converted on a core: cut towards zero, saturated."""
    scaled = np.trunc(np.asarray(values, dtype=np.float64) * ACCUM_ONE)
    return np.clip(scaled, -(2**31), 2**31 - 1).astype(np.int32)


def accum_to_real(words: NDArray[np.int32]) -> NDArray[np.float64]:
    """The numbers that s16.15 `words` stand for."""
    return words / np.float64(ACCUM_ONE)
