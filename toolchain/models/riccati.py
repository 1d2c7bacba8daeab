"""Quadratic membranes on a core: dw/dt = alpha w^2 + k, solved and not stepped.

With w the distance of V from the vertex of its parabola, and k held for a step of length h, this Riccati equation has
the solution

    w(h) = w + h F theta / (1 - alpha h w theta),    F = alpha w^2 + k,
    theta = tan(y) / y,    y^2 = z = alpha h^2 k

(tanh for z < 0), which passes through infinity where the denominator passes through 0.  So one formula serves the rest,
the slow passage through the bottleneck and the upstroke of a spike, in steps of a millisecond.  It turns around, too: w
reaches the peak when

    theta_p = (peak - w) / (h k + alpha h w peak),

so a cell spikes within the step if 0 <= theta_p <= theta, and the part of the step that is over by then is
theta_p arctan(s) / s, with s^2 = x = alpha h^2 k theta_p^2.  What is left of the step is run from the reset on, by the
same formula.  Of the mean of w over the step up to there, which slow variables follow, the formula is

    (ln(1 + x) / 2 - ln(1 - alpha h w theta)) / (alpha h).

Numbers are s16.15; rates, whose small differences matter near the threshold, are kept 2^5 times as large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.program import Kind, Table
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, decay, interpolate, product, select

Floats = NDArray[np.float64]

BITS = 5
"""Further fractional bits of rates."""
LARGE = 2.0**BITS
MOST = 200.0
"""Largest h k (mV): a cell that is driven so spikes in every step."""
ROOM = 2.0**16 / LARGE
"""What h F must stay below, mV."""
POINTS = 1025


def _tangent(z: Floats) -> Floats:
    y = np.sqrt(np.abs(z)) + 1e-9
    return np.where(z > 0.0, np.tan(y), np.tanh(y)) / y


def _arctangent(x: Floats) -> Floats:
    s = np.sqrt(np.abs(x)) + 1e-9
    return np.where(x > 0.0, np.arctan(s), np.arctanh(np.minimum(s, 0.99))) / s


THETA: Table = tabulate(lambda z: _tangent(z / LARGE), -6.0 * LARGE, 2.0 * LARGE, POINTS)
"""theta, of z times `LARGE`; tan(y) / y has its pole at z = 2.47, and stays as at 2 before it."""
ELAPSED: Table = tabulate(lambda x: _arctangent(x / LARGE), -1.0 * LARGE, 7.0 * LARGE, POINTS)
"""arctan(s) / s, of x times `LARGE`."""
LOGARITHM: Table = tabulate(lambda x: np.log(np.maximum(x, 2.0**-9)), 0.0, 4.0, POINTS)


def least_w(curvature: Floats) -> Floats:
    """The lowest w (mV) that the arithmetic takes, for alpha h (per mV); alpha h w^2 has to stay below `ROOM`."""
    return -np.sqrt((ROOM - MOST) / curvature)


@dataclass(frozen=True)
class Riccati:
    """The equation, for one step of a core.

    Parameters
    ----------
    curvature : Traced
        alpha h (per mV), u0.32.
    peak : Traced or float
        Where w is reset, mV.
    least : Traced or float
        Lowest w that is computed with, mV; see `least_w`.
    """

    curvature: Traced
    peak: Traced | float
    least: Traced | float

    def start(self, w: Traced, drive: Traced) -> Passage:
        """The step from `w`, where h k is `drive`, large."""
        w = select(w > self.least, w, self.least)
        slope = decay(w << BITS, self.curvature)
        theta = interpolate(THETA, decay(drive, self.curvature))
        past = w >= self.peak
        theta_p = select(past, 0, (self.peak - w << BITS) / (slope * self.peak + drive))
        spike = self.reaches(w, slope, drive, theta) | past
        return Passage(self, w, drive, slope, select(spike, theta_p, theta), spike)

    def reaches(self, w: Traced, slope: Traced, drive: Traced, theta: Traced) -> Traced:
        """Whether the peak is within `theta` from `w`; `slope` and `drive` are large."""
        closing = slope * self.peak + drive
        return product(theta, closing, 15 + BITS - 2, Kind.ACCUM) >= self.peak - w << 2


@dataclass(frozen=True)
class Passage:
    """A step, up to its end or to the peak.

    Parameters
    ----------
    drive, slope : Traced
        h k (mV) and alpha h w, large.
    theta : Traced
        How far the step goes.
    spike : Traced
        Mask of the cells that reach the peak.
    """

    riccati: Riccati
    w: Traced
    drive: Traced
    slope: Traced
    theta: Traced
    spike: Traced

    @property
    def rate(self) -> Traced:
        """What w would move by at the speed of the start: h F (mV), large."""
        return self.slope * self.w + self.drive

    @property
    def x(self) -> Traced:
        """The x of the step, large."""
        return _squared(self.drive, self.theta, self.riccati.curvature)

    @property
    def rest(self) -> Traced:
        """The part of the step that is left after the peak, 0 to 1."""
        left = 1 - self.theta * interpolate(ELAPSED, self.x)
        return select(left > 0, left, 0)

    def resumed(self, reset: Traced, slope: Traced, rate: Traced, drive: Traced) -> Traced:
        """Where w gets to if at the peak it goes on from `reset`, with its `slope` and `rate` without `drive`, large.

        If that takes it to the peak again, it waits there for the next step.
        """
        rest = self.rest
        theta = rest * interpolate(THETA, _squared(drive, rest, self.riccati.curvature))
        pairs = ((reset, self.w), (rate + drive, self.rate), (slope, self.slope), (theta, self.theta))
        chosen = [select(self.spike, after, before) for after, before in pairs]
        again = self.spike & self.riccati.reaches(reset, slope, drive, theta)
        return select(again, self.riccati.peak, moved(*chosen))

    def mean(self, scale: Traced) -> Traced:
        """Mean of w up to the peak, times the part of the step that this takes; `scale` is 1/(alpha h)."""
        grown = interpolate(LOGARITHM, 1 + (self.x >> BITS)) >> 1
        return (grown - interpolate(LOGARITHM, denominator(self.slope, self.theta))) * scale


def _squared(drive: Traced, theta: Traced, curvature: Traced) -> Traced:
    """The x of a `drive` (large) that goes as far as `theta`, large."""
    return decay(drive * theta, curvature) * theta


def denominator(slope: Traced, theta: Traced) -> Traced:
    """1 - alpha h w theta."""
    return 1 - (slope * theta >> BITS)


def moved(w: Traced, rate: Traced, slope: Traced, theta: Traced) -> Traced:
    """Where w gets to from `w`; `rate` and `slope` are large and taken there."""
    step = rate * theta / denominator(slope, theta)
    return w + (step + LARGE / 2 * 2.0**-15 >> BITS)


def bounded(drive: Traced) -> Traced:
    """A `drive` (large) not beyond what the arithmetic takes."""
    return within(drive, MOST * LARGE)


def within(value: Traced, bound: Traced | float) -> Traced:
    """`value`, but at most `bound` and at least its opposite."""
    low = select(value > -bound, value, -bound)
    return select(low > bound, bound, low)
