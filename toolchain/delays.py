"""Delays: milliseconds become steps, and the user is told what that changed.

A delay is rounded to the nearest step, half to even, and is at least 1 step.  A ring buffer holds 16 slots,
so delays of 1 to 16 steps are served directly (stage 0); each further 16 steps are one delay stage on a core
that repeats the spike, 8 stages at the most (sPyNNaker ``delay_extension``): 144 steps in all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.image import DELAY_SLOTS
from toolchain.diagnostics import Diagnostic
from toolchain.errors import MappingError
from toolchain.network import Network, Projection
from toolchain.options import MOST_STAGES, MappingOptions
from toolchain.scatter import round_delays
from toolchain.synapses.structure import STRUCTURAL, structure_of

MOVED: Final = 1e-6
"""Timesteps by which a delay must be off for a remark."""
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


def in_steps(
    network: Network, options: MappingOptions | None = None
) -> tuple[tuple[Delays, ...], tuple[Diagnostic, ...]]:
    """Delays of all projections in steps, and remarks where the rounding changed them.

    Raises
    ------
    MappingError
        If a delay exceeds what delay stages can do, or synapses may be formed with a longer one than the options allow.
    """
    rounded = [
        _of_projection(*_cut(network, projection, options or MappingOptions()), network.timestep)
        for projection in network.projections
    ]
    remarks = (*(remark for _, remarks in rounded for remark in remarks), *_formed(network))
    return tuple(delays for delays, _ in rounded), remarks


def _cut(network: Network, projection: Projection, options: MappingOptions) -> tuple[Projection, str, list[Diagnostic]]:
    """A projection without delays that are longer than a rule allows, its name, and what to say of it."""
    name = network.name_of(projection)
    rule = options.longest_delay_of(network, projection)
    if rule is None:
        return projection, name, []
    longest = float(rule.value)
    if projection.synapse in STRUCTURAL and structure_of(projection)["initial_delay_high"] > longest:
        raise MappingError(
            f"projection '{name}': longest_delay is {longest:g} ms ({rule.origin}), and runs may form synapses with an "
            f"initial_delay of {structure_of(projection)['initial_delay_high']:g} ms; raise it, or shorten these"
        )
    if not len(projection):
        return projection, name, []
    delay = np.asarray(projection.delay, dtype=np.float64)
    over = int(np.count_nonzero(delay > longest)) * (len(projection) // delay.size)
    if not over:
        return projection, name, []
    message = (
        f"{over:,} of {len(projection):,} delays are longer than {longest:g} ms and were cut to it ({rule.origin})"
    )
    return replace(projection, delay=np.minimum(delay, longest)), name, [Diagnostic("delays", name, message)]


def _of_projection(
    projection: Projection, name: str, cut: list[Diagnostic], timestep: float
) -> tuple[Delays, list[Diagnostic]]:
    if not len(projection):
        return Delays(np.ones(1, dtype=np.uint8), 1, 1), []
    steps, longest, remarks = _rounded(projection, name, timestep)
    if longest > LONGEST:
        raise MappingError(
            f"projection '{name}' has a delay of {longest * timestep:g} ms; the machine's longest is "
            f"{LONGEST} steps, {LONGEST * timestep:g} ms at a timestep of {timestep:g} ms: shorten it, or use a "
            "longer timestep"
        )
    return Delays(steps, int(steps.min()), int(longest)), [*cut, *remarks]


def nearest_steps(delay: float, timestep: float) -> int:
    """One delay (ms) in steps, of any length: rounded as all are, at least 1."""
    return max(round(delay / timestep), 1)


def rounding_remarks(network: Network) -> tuple[Diagnostic, ...]:
    """Remarks where rounding to steps changes delays, for a simulator without a longest delay."""
    made = (projection for projection in network.projections if len(projection))
    remarks = (
        remark
        for projection in made
        for remark in _rounded(projection, network.name_of(projection), network.timestep)[2]
    )
    return (*remarks, *_formed(network))


def _formed(network: Network) -> Iterator[Diagnostic]:
    """Remarks on the delays of what runs form."""
    for made in network.projections:
        if made.synapse in STRUCTURAL:
            asked = {structure_of(made)[f"initial_delay_{end}"] for end in ("low", "high")}
            for delay in sorted(asked):
                found = nearest_steps(delay, network.timestep) * network.timestep
                if abs(found - delay) > MOVED * network.timestep:
                    text = f"initial_delay of {delay:g} ms became {found:g} ms, a multiple of the timestep"
                    yield Diagnostic("delays", network.name_of(made), text)


def _rounded(projection: Projection, name: str, timestep: float) -> tuple[NDArray[np.uint8], float, list[Diagnostic]]:
    """Delays in steps, of no use if the longest exceeds 255, the longest, and what to say of the others."""
    asked = np.atleast_1d(np.asarray(projection.delay, dtype=np.float64))
    steps = np.empty(len(asked), dtype=np.uint8)
    longest, raised, moved, worst = round_delays(asked, timestep, steps)
    each = len(projection) // len(asked)
    return steps, longest, _remarks(name, len(projection), timestep, (raised * each, moved * each), worst)


def _remarks(name: str, total: int, timestep: float, counts: tuple[int, int], worst: float) -> list[Diagnostic]:
    """What to say of the numbers of delays that were raised to a step, and rounded by `worst` ms at the most."""
    (raised, moved), remarks = counts, []
    if raised:
        remarks.append(f"{raised:,} of {total:,} delays are below one timestep and became {timestep:g} ms")
    if moved:
        remarks.append(
            f"{moved:,} of {total:,} delays are no multiple of the timestep ({timestep:g} ms) and were rounded, by "
            f"{worst:.3g} ms at the most"
        )
    return [Diagnostic("delays", name, remark) for remark in remarks]
