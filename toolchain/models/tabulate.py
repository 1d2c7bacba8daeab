"""Tables of functions, which a core reads instead of computing exponentials.

A table holds the values at points that lie a power of two of words apart, so that the core finds its entry by a
shift, and the rest of the argument is what it interpolates with.  The error of a straight line between points
h apart is at most h^2/8 times the second derivative: four times as many bytes are sixteen times as close.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from emulator.conversion import host_to_accum
from emulator.errors import ProgramError
from emulator.interpreter import RESOLUTION
from emulator.program import Kind, Table
from toolchain.models.traced import KIND_NAMES

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]
RANGES: dict[Kind, tuple[int, int]] = {Kind.FRACTION: (0, 2**32 - 1)}
"""Least and greatest word where they are not those of a signed word."""
SIGNED = (-(2**31), 2**31 - 1)


def tabulate(function: Function, low: float, high: float, points: int, kind: Kind = Kind.ACCUM) -> Table:
    """A table of `function` from `low` to `high`.

    Parameters
    ----------
    function : callable
        Value at each of a float64 array of arguments.
    low, high : float
        Range of the argument, s16.15; beyond it the table goes on as at its ends.
    points : int
        The most points that the table may have; it has the largest number at most that, that are a power of two of
        words apart and reach from `low` to `high`, or one step beyond.
    kind : Kind
        What the values are stored as, to the nearest; of s0.31 and u0.32 the largest stands for 1.

    Raises
    ------
    ProgramError
        If a value does not fit `kind`, or two neighbours are too far apart to interpolate.
    """
    first, end = (int(host_to_accum(x)) for x in (low, high))
    if not (points >= 2 and first < end):
        raise ProgramError(f"a table from {low} to {high} with {points} points: needs at least 2, and a range")
    shift = next(shift for shift in range(32) if _steps(end - first, shift) < points)
    words = first + (np.arange(_steps(end - first, shift) + 1, dtype=np.int64) << shift)
    arguments = words.astype(np.float64) * RESOLUTION[Kind.ACCUM]
    return Table(_words(np.asarray(function(arguments), np.float64), arguments, kind), first, shift, kind)


def _steps(distance: int, shift: int) -> int:
    """Steps of ``2**shift`` words that cover `distance`."""
    return -(-distance >> shift)


def _words(values: NDArray[np.float64], arguments: NDArray[np.float64], kind: Kind) -> tuple[int, ...]:
    """The values as signed words."""
    least, greatest = RANGES.get(kind, SIGNED)
    rounded = np.rint(values / RESOLUTION[kind])
    rounded = np.where(values <= 1.0, np.minimum(rounded, greatest), rounded)
    if not np.all(fits := (rounded >= least) & (rounded <= greatest)):
        wrong = int(np.argmin(fits))
        raise ProgramError(f"the value {values[wrong]} at {arguments[wrong]} does not fit {KIND_NAMES[kind]}")
    if np.any(jumps := np.abs(np.diff(rounded)) >= 2.0**31):
        place = arguments[int(np.argmax(jumps))]
        raise ProgramError(f"the table rises too fast behind {place} to interpolate in 32 bits: use more points")
    words = rounded.astype(np.int64)
    return tuple(np.where(words >= 2**31, words - 2**32, words).tolist())
