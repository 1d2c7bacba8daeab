"""PyNN's Izhikevich cell: Izhikevich's equations with currents in nA, of which each is 1000 mV/ms.

The peak is 30 mV.  On a core sPyNNaker's midpoint step is not used: over a sweep of currents its rates are up to 5 %
(regular spiking) or 36 % (fast spiking) off in steps of 1 ms, and up to 2 or 4.5 % in steps of 0.1 ms, where a h has
few bits.  Here v is solved over a step (`riccati`) for the u of its middle, and u for the mean of v, with the share
that the upstroke has in it: rates are within 1 % and 0.2 %.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic
from emulator.program import Kind, Role
from toolchain.errors import ParameterError
from toolchain.models.declaration import Floats, Word, Words
from toolchain.models.izhikevich import IzhikevichMembrane
from toolchain.models.parameters import to_accum, to_fraction, to_unit
from toolchain.models.riccati import BITS, LARGE, Riccati, bounded, within
from toolchain.models.tracing import Traced, decay, select

ALPHA = 0.04
VERTEX = -62.5
"""Where 0.04 v^2 + 5 v + 140 is least, mV."""
LEAST = -16.25
"""Its value there, mV/ms."""
PEAK = 30.0
LOWEST = -260.0
"""Where a core stops v, mV."""
PER_NANOAMPERE = 1000.0
"""mV/ms; as if all cells had 1 pF (pyNN.nest, pyNN.brian2)."""
STRONGEST = 900.0
"""Largest current that a core takes, mV/ms: a cell spikes in every step then."""


class SolvedIzhikevich(IzhikevichMembrane):
    """Izhikevich's membrane as PyNN has it."""

    parameters = tuple(parameter for parameter in IzhikevichMembrane.parameters if parameter.name != "v_thresh")
    words = (
        Word("v", Role.STATE),
        Word("u", Role.STATE),
        *(Word(name, kind=Kind.FRACTION) for name in ("h", "curvature")),
        *(Word(name, kind=Kind.UNIT) for name in ("settle_half", "settle")),
        *map(Word, ("i_offset", "pull", "reset", "jump", "jump_drive", "jump_settle", "slope", "rate", "mean_scale")),
    )
    scale_bits: Mapping[str, int] = {"u": BITS}
    current_factor = PER_NANOAMPERE
    ascending = (("c", PEAK),)
    longest_step = 1.0

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivatives of v (mV/ms) and u (mV/ms^2)."""
        scaled = {**p, "i_offset": PER_NANOAMPERE * p["i_offset"]}
        return super().derivatives(s, scaled, PER_NANOAMPERE * current)

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v has reached the peak."""
        return s["v"] >= PEAK

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """All are as `written`."""
        return {word.name: arithmetic.as_words(0) for word in self.words if word.role == Role.PARAMETER}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Coefficients of steps of `dt`; those called large are 2^5 times as large.

        Raises
        ------
        ParameterError
            If a parameter is too large for them, or `dt` is above 1 ms.
        """
        if dt > self.longest_step:
            raise ParameterError(f"Izhikevich takes sub-steps of at most {self.longest_step:g} ms, got {dt:g} ms")
        p = values
        settled, c = -np.expm1(-p["a"] * dt), p["c"] - VERTEX
        return {
            "h": to_fraction(dt),
            "curvature": to_fraction(ALPHA * dt),
            "settle_half": to_unit("Izhikevich: 1 - exp(-a timestep)", -np.expm1(-p["a"] * dt / 2)),
            "settle": to_unit("Izhikevich: 1 - exp(-a timestep)", settled),
            "i_offset": _word("i_offset", "nA", p["i_offset"], PER_NANOAMPERE),
            "pull": _word("b", "/ms", p["b"], LARGE),
            "reset": _word("c", "mV", c, 1.0),
            "jump": _word("d", "mV/ms", p["d"], LARGE),
            "jump_drive": _word("d", "mV/ms", p["d"], LARGE * dt),
            "jump_settle": _word("d", "mV/ms", p["d"] * settled, LARGE),
            "slope": _word("c", "mV", c, LARGE * ALPHA * dt),
            "rate": _word("c", "mV", c**2, LARGE * ALPHA * dt),
            "mean_scale": _word("timestep", "ms", np.asarray(1.0 / dt), 1.0 / ALPHA),
        }

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """Solve v up to the peak, if it is reached, and from c on; then u."""
        v, u = s["v"], s["u"]
        middle = u + (r["pull"] * v - u) * r["settle_half"]
        driven = within(current, STRONGEST) + LEAST
        drive = bounded(decay((driven << BITS) - middle, r["h"]))
        passage = Riccati(r["curvature"], PEAK - VERTEX, LOWEST - VERTEX).start(v - VERTEX, drive)
        spike, rest = passage.spike, passage.rest
        end = passage.resumed(r["reset"], r["slope"], r["rate"], drive - r["jump_drive"])
        mean = passage.mean(r["mean_scale"]) + select(spike, rest * (r["reset"] + end) >> 1, 0) + VERTEX
        u = u + (r["pull"] * mean - u) * r["settle"] + select(spike, r["jump"] - rest * r["jump_settle"], 0)
        return {"v": end + VERTEX, "u": u}, spike


def _word(name: str, unit: str, values: Floats, factor: float) -> Words:
    return to_accum(f"Izhikevich.{name}", unit, values, factor)
