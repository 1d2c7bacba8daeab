"""How a core moves a membrane with channels: gates and voltage in turn.

Gates relax (``relaxation``) from half a sub-step before the time of V to half a sub-step after it, at the rates that
V sets; then V relaxes over the sub-step in whose middle the gates are, towards what all open conductances make of it:

    cm dV/dt = sum of g (E - V) + I,    z = dt / cm * sum of g,    pull = dt / cm * (sum of g (E - V) + I).

Rates and targets of the gates are tables of V.  V has 19 fractional bits, up to 4096 mV; the gates have 30.  A product
wraps, and so do sums, so that only their results need fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.program import Kind, Table
from toolchain.models.kinetics import GATES, Kinetics
from toolchain.models.relaxation import Z_BITS, Z_SCALE, ahead, bent, relaxed, times
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, decay, interpolate, product

Floats = NDArray[np.float64]

V_SCALE: Final = 4
"""Voltages are kept as 2^4 times their value."""
V_BITS: Final = 15 + V_SCALE
GATE_SCALE: Final = 15
GATE_BITS: Final = 15 + GATE_SCALE
G_BITS: Final = 25
"""Fractional bits of a synaptic conductance (uS)."""
POINTS: Final = 1024
"""The most points of a table of voltages."""
CUT_OFF: Final = 3 * 2.0**-15
"""What the products of a pull lose on average: half a lowest bit each, of those that are not 0 at rest."""
CHANNELS: Final = ("Na", "K")


@dataclass(frozen=True)
class CoreGate:
    """A gate on a core: its name, its tables, and whether the voltages of these are counted from ``origin``."""

    name: str
    speed: Table
    target: Table
    shifted: bool

    @classmethod
    def of(cls, name: str, kinetics: Kinetics, *, shifted: bool) -> CoreGate:
        """The gate `name` of `kinetics`."""
        speed = _table(kinetics, partial(kinetics.speed, name), Z_SCALE)
        return cls(name, speed, _table(kinetics, partial(kinetics.target, name), GATE_SCALE), shifted)

    def move(self, r: Mapping[str, Traced], s: dict[str, Traced]) -> None:
        """Let the gate relax, and keep in `s` what the next sub-step needs to know of this one."""
        v = s["v"] - r["origin"] if self.shifted else s["v"]
        target = interpolate(self.target, v)
        z = decay(interpolate(self.speed, v), r["dt"])
        trend = target - s[f"{self.name}_target"]
        gap = ahead(target, trend, trend - s[f"{self.name}_trend"], z) - s[self.name]
        moved = relaxed(s[self.name], z, times(gap, z))
        s |= {self.name: moved, f"{self.name}_target": target, f"{self.name}_trend": trend}


def passive(
    r: Mapping[str, Traced], v: Traced, current: Traced, conductances: Sequence[tuple[Traced, Traced]]
) -> tuple[Traced, Traced]:
    """The part of z and of the pull on V that is not the channels'.

    Parameters
    ----------
    current : Traced
        Currents that are no conductances (nA), s16.15.
    conductances : sequence of (Traced, Traced)
        Words of conductances with `G_BITS`, and their reversal potentials (mV), s16.15.
    """
    z = r["gain_leak"]
    pull = times(r["reversal_leak"] - v, z) + product(current, r["gain"], 15 + Z_BITS - V_BITS, Kind.ACCUM) + CUT_OFF
    for conductance, reversal in conductances:
        opened = product(conductance, r["gain"], G_BITS, Kind.ACCUM)
        z = z + opened
        pull = pull + times((reversal << V_SCALE) - v, opened)
    return z, pull


def active(r: Mapping[str, Traced], s: dict[str, Traced], z: Traced, pull: Traced) -> tuple[Traced, Traced]:
    """Add those of the channels to `z` and `pull`; `s` has the gates, and takes the history of the channels.

    The target of V is pull / z ahead of V.  That it moves, by a trend of both, adds (trend of pull * z - pull * trend
    of z) / 12 to the pull, which is the trend of the target times z / 12 times z.
    """
    m, h, n = (s[gate] for gate in GATES)
    squared = _gated(n, n)
    share = {"Na": _gated(_gated(_gated(m, m), m), h), "K": _gated(squared, squared)}
    trends = []
    for channel in CHANNELS:
        force = r[f"reversal_{channel}"] - s["v"]
        opened = _gated(r[f"gain_{channel}"], share[channel])
        trend = opened - s[f"{channel}_open"]
        mean = bent(opened, trend - s[f"{channel}_trend"])
        z, pull = z + mean, pull + times(force, mean)
        trends.append((trend, times(force, trend)))
        s |= {f"{channel}_open": opened, f"{channel}_trend": trend}
    of_z, of_pull = (a + b for a, b in zip(*trends, strict=True))
    return z, pull + times(of_pull, z * (1 / 12)) - times(pull, of_z * (1 / 12))


def _gated(a: Traced, b: Traced) -> Traced:
    """The number `a` times the gate `b`."""
    return product(a, b, GATE_BITS, Kind.ACCUM)


def _table(kinetics: Kinetics, function: Callable[[Floats], Floats], scale: int) -> Table:
    """A table of 2^scale times a function of the voltage."""
    low, high = (2.0**V_SCALE * v for v in (kinetics.low, kinetics.high))
    return tabulate(lambda v: 2.0**scale * function(v / 2.0**V_SCALE), low, high, POINTS)
