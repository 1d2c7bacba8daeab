"""The theta neuron: an angle on a circle, tau_m dtheta/dt = ((1 - cos theta) + (1 + cos theta) (I/i_rheobase - 1)) / 2.

It is the quadratic cell, whose voltage is v = tan(theta / 2) in units in which v_rest is -1 and v_thresh 1, reset at
infinity to minus infinity.  A spike is where theta passes pi.  Above the rheobase it fires at
sqrt(I/i_rheobase - 1) / (2 pi tau_m); below it rests between -pi/2 and 0.
G. B. Ermentrout and N. Kopell 1986, "Parabolic bursting in an excitable system coupled with a slow oscillation",
SIAM J. Applied Mathematics 46:233-253.

On a core a step is solved for the input q = I/i_rheobase - 1 at its start.  With m = dt / (2 tau_m) tan(y) / y, where
y = sqrt(q) dt / (2 tau_m) (``riccati``), and P = (1 + cos theta) / 2, theta grows by twice the angle whose tangent is

    m (1 + P (q - 1)) / (1 + m (q - 1) sin(theta) / 2),

in the half plane of positive numerators, or the other one if theta goes backwards.  Angles have 25 fractional bits:
close above the rheobase theta creeps by a few billionths of a turn a step.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.program import Kind, Role, Table
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.membrane import Membrane
from toolchain.models.parameters import to_accum, to_fraction, to_unit
from toolchain.models.riccati import BITS, LARGE, THETA, within
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, decay, interpolate, product, select

FINE = 10
"""Further fractional bits of angles."""
SCALE = 2.0**FINE
MOST = 50.0
"""Largest q dt / (2 tau_m) that a core takes; the arithmetic has room for 64."""
MOST_Z = 1.0
"""Largest y^2."""
MOST_Q = 1000.0
COSINE: Table = tabulate(lambda x: (1.0 + np.cos(x / SCALE)) / 2.0, -np.pi * SCALE, np.pi * SCALE, 1025, Kind.UNIT)
SINE: Table = tabulate(lambda x: np.sin(x / SCALE) / 2.0, -np.pi * SCALE, np.pi * SCALE, 1025, Kind.UNIT)
ARCTANGENT: Table = tabulate(lambda x: SCALE * np.arctan(x / SCALE), -8.0 * SCALE, SCALE, 1025)


class ThetaNeuron(Membrane):
    """A phase in place of a voltage."""

    parameters = (
        Parameter("tau_m", "ms", 20.0, above=0.0),
        Parameter("i_rheobase", "nA", 0.1, above=0.0),
        Parameter("i_offset", "nA", 0.0),
    )
    state = (Variable("theta", "rad", -np.pi / 2),)
    words = (
        Word("theta", Role.STATE),
        Word("half_step", kind=Kind.UNIT),
        Word("half_step_squared", kind=Kind.FRACTION),
        *map(Word, ("gain", "most", "i_offset")),
    )
    voltage = "theta"
    scale_bits: Mapping[str, int] = {"theta": FINE}
    linear = False
    resets_within_step = True
    longest_step = 1.0

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative of theta (rad/ms)."""
        cosine, q = np.cos(s["theta"]), (current + p["i_offset"]) * (1.0 / p["i_rheobase"]) - 1.0
        return {"theta": ((1.0 - cosine) + (1.0 + cosine) * q) * (0.5 / p["tau_m"])}

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether theta has reached pi."""
        return s["theta"] >= np.pi

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Theta goes back by a turn."""
        return {"theta": s["theta"] - 2.0 * np.pi}

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The input; all else is `written`."""
        return {"i_offset": raw["i_offset"]}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Coefficients of steps of `dt`."""
        half = 0.5 * dt / values["tau_m"]
        most = np.minimum(MOST / half, MOST_Z / half**2)
        return {
            "half_step": to_unit("Theta: timestep / (2 tau_m)", half),
            "half_step_squared": to_fraction(half**2),
            "gain": to_accum("Theta.i_rheobase", "nA", 1.0 / values["i_rheobase"], LARGE),
            "most": to_accum("Theta.tau_m", "ms", np.minimum(most, MOST_Q), LARGE),
        }

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """Turn by the angle of a step; q is kept 2^5 times as large."""
        theta = s["theta"]
        q = within(current * r["gain"] - LARGE, r["most"])
        stretch = interpolate(THETA, decay(q, r["half_step_squared"]))
        speed = (LARGE + (q - LARGE) * interpolate(COSINE, theta)) * stretch
        bend = (q - LARGE) * interpolate(SINE, theta) * stretch
        up = product(speed, r["half_step"], 31 - FINE + BITS, Kind.ACCUM)
        along = 1 + (bend * r["half_step"] >> BITS)
        turned = theta + (half_turn(up, along) << 1)
        spike = turned >= np.pi * SCALE
        return {"theta": select(spike, turned - 2.0 * np.pi * SCALE, turned)}, spike


def half_turn(up: Traced, along: Traced) -> Traced:
    """The angle to the point (`along`, `up`), fine; `up` is fine, and positive where `along` is not."""
    steep = up > along << FINE
    quotient = select(steep, along << FINE, up) / select(steep, up >> FINE, along)
    angle = interpolate(ARCTANGENT, quotient)
    return select(steep, np.pi / 2.0 * SCALE - angle, angle)
