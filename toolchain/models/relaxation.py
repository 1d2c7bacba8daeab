"""How a core lets x relax towards a target X that moves: dx/dt = k (X - x), over a step of length dt.

For constant k and X the solution is exact for any step, however long: with z = k dt,

    x' = x + phi(z) z (X - x),    phi(z) = (1 - exp(-z)) / z.

Here k and X follow from other variables, which are known in the middle of the step, as x is in the middle of theirs:
steps are staggered, and so of second order.  The next order comes from where X was one step and two steps ago.  Let X
move along a straight line, by a trend T a step: the exact solution is then that of a constant target that is ahead by
T (coth(z / 2) / 2 - 1 / z), which is T z / 12 up to the third power of z.  If the line bends, by B a step and step, its
mean over the step is off by B / 24.

The multi-step correction is in the spirit of the exponential Adams methods of high order (S. M. Cox and P. C. Matthews
2002, J. Comput. Phys. 176:430-455).

Formats: a z has 24 fractional bits, what is relaxed any.  Such words are kept as s16.15 numbers that are powers of two
too large.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.program import Kind
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, interpolate, product

Floats = NDArray[np.float64]

Z_SCALE: Final = 9
"""A z is kept as 2^9 times its value: 24 fractional bits."""
Z_BITS: Final = 15 + Z_SCALE
PHI_SCALE: Final = 15
"""Values of phi are kept as 2^15 times their value: 30 fractional bits."""
LONGEST_Z: Final = 16.0
"""Up to here phi is tabulated, at 1024 points; the error is below 1e-5."""


def phi(z: Floats) -> Floats:
    """(1 - exp(-z)) / z, which is 1 at 0."""
    some = np.maximum(z, 1e-300)
    ratio: Floats = -np.expm1(-some) / some
    return ratio


PHI = tabulate(lambda z: 2.0**PHI_SCALE * phi(z / 2.0**Z_SCALE), 0.0, LONGEST_Z * 2.0**Z_SCALE, 1025)


def times(a: Traced, z: Traced) -> Traced:
    """`a` times a number with 24 fractional bits, in the format of `a`."""
    return product(a, z, Z_BITS, Kind.ACCUM)


def ahead(target: Traced, trend: Traced, bend: Traced, z: Traced) -> Traced:
    """The constant target that stands for one that moves by `trend` and bends by `bend`."""
    return target + (times(trend, z) + (bend >> 1)) * (1 / 12)


def bent(value: Traced, bend: Traced) -> Traced:
    """The mean over a step of what has `value` in its middle and bends by `bend`."""
    return value + bend * (1 / 24)


def relaxed(x: Traced, z: Traced, pull: Traced) -> Traced:
    """`x` at the end of the step, for a `pull` of z (X - x)."""
    return x + product(pull, interpolate(PHI, z), 15 + PHI_SCALE, Kind.ACCUM)
