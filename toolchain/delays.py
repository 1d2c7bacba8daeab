"""Delays: milliseconds become steps, and the user is told what that changed.

A delay is rounded to the nearest step, half to even, and is at least 1 step.  A ring buffer holds 16 slots,
so delays of 1 to 16 steps are served directly (stage 0); each further 16 steps are one delay stage on a core
that repeats the spike, 8 stages at the most (sPyNNaker ``delay_extension``): 144 steps in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.image import DELAY_SLOTS
from toolchain.diagnostics import Diagnostic
from toolchain.errors import MappingError
from toolchain.network import Network, Projection
from toolchain.options import MOST_STAGES
from toolchain.scatter import round_delays

LONGEST: Final = DELAY_SLOTS * (1 + MOST_STAGES)
"""The longest delay in steps."""


@dataclass(frozen=True, eq=False)
class Delays:
    """Delays of one projection.

    Parameters
    ----------
    steps : uint8[synapses] or uint8[1]
        Delay in steps; one value if it is the same for all.
    shortest, longest : int
        The extremes, in steps.
    """

    steps: NDArray[np.uint8]
    shortest: int
    longest: int

    @property
    def stages(self) -> int:
        """Delay stages that the longest delay takes."""
        return (self.longest - 1) // DELAY_SLOTS


def in_steps(network: Network) -> tuple[tuple[Delays, ...], tuple[Diagnostic, ...]]:
    """Delays of all projections in steps, and remarks where the rounding changed them.

    Raises
    ------
    MappingError
        If a delay exceeds what delay stages can do.
    """
    rounded = [_of_projection(projection, network.timestep) for projection in network.projections]
    return tuple(delays for delays, _ in rounded), tuple(remark for _, remarks in rounded for remark in remarks)


def _of_projection(projection: Projection, timestep: float) -> tuple[Delays, list[Diagnostic]]:
    if not len(projection):
        return Delays(np.ones(1, dtype=np.uint8), 1, 1), []
    asked = np.atleast_1d(np.asarray(projection.delay, dtype=np.float64))
    steps = np.empty(len(asked), dtype=np.uint8)
    longest, raised, moved, worst = round_delays(asked, timestep, steps)
    if longest > LONGEST:
        raise MappingError(
            f"projection '{projection.label}' has a delay of {longest * timestep:g} ms; the machine's longest is "
            f"{LONGEST} steps, {LONGEST * timestep:g} ms at a timestep of {timestep:g} ms: shorten it, or use a "
            "longer timestep"
        )
    each = len(projection) // len(asked)
    remarks = []
    if raised:
        remarks.append(
            f"{raised * each:,} of {len(projection):,} delays are below one timestep and became {timestep:g} ms"
        )
    if moved:
        remarks.append(
            f"{moved * each:,} of {len(projection):,} delays are no multiple of the timestep ({timestep:g} ms) and "
            f"were rounded, by {worst:.3g} ms at the most"
        )
    delays = Delays(steps, int(steps.min()), int(longest))
    return delays, [Diagnostic("delays", projection.label, remark) for remark in remarks]
