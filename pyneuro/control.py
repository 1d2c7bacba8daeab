"""Setting a simulation up, running it, asking how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any

from pyNN import common

from pyneuro import simulator
from pyneuro.capacity import MOST_STEPS
from pyneuro.errors import RunWarning, warn_user
from pyneuro.options import options

Callback = Callable[[float], float]

TOLERANCE = 1e-3
"""What a time may be off the grid, in timesteps, for the rounding of sums of decimal fractions."""


def setup(timestep: float = 0.1, min_delay: float | str = "auto", **extra_params: Any) -> int:
    """Begin a new network; what was built before is forgotten.

    Parameters
    ----------
    timestep : float
        ms.
    min_delay : float or 'auto'
        The least delay of a connection, ms; by default one timestep.
    **extra_params
        ``max_delay``, ``backend``, ``machine``, ``mapping``, ``time_scale_factor``, ``seed``, ``threads``: see
        `pyneuro.options.Options`.

    Returns
    -------
    int
        0: the rank of the one process that there is.

    Raises
    ------
    SetupError
        If an argument is unknown, of a wrong kind or out of range.
    """
    arguments = {"timestep": timestep, "min_delay": min_delay, **extra_params}
    chosen = options(arguments, simulator.overrides, os.environ)
    simulator.state.clear()
    simulator.state.options = chosen
    return simulator.state.mpi_rank


def end(compatible_output: bool = True) -> None:
    """Write the files that ``record(..., to_file=...)`` asked for.

    Recorded data can still be had, until the next ``setup()``.
    """
    requests, simulator.state.write_on_end = simulator.state.write_on_end, []
    for population, variables, filename in requests:
        population.write_data(filename, variables)


def reset(annotations: Mapping[str, Any] | None = None) -> None:
    """Back to t = 0 and the initial values; recorded data stay, and a new segment of them begins.

    Parameters
    ----------
    annotations : mapping, optional
        What to say of the segment that ends.
    """
    simulator.state.finish()
    _reset(dict(annotations or {}))


def run_until(time_point: float, callbacks: Iterable[Callback] | None = None) -> float:
    """Run until `time_point` (ms), rounded to the nearest timestep, with a warning the first time.

    Parameters
    ----------
    time_point : float
        When to stop, ms.
    callbacks : iterable of callable, optional
        Each is called with the time, and returns when it wants to be called next; no sooner than one timestep later.

    Returns
    -------
    float
        The time at which the run stopped, ms.

    Raises
    ------
    ValueError
        If the time has passed, is not finite, or is too many timesteps from the start.
    """
    step = _step_at(time_point)
    result: float = _run_until(step * simulator.state.dt, [_no_sooner(callback) for callback in callbacks or ()])
    return result


def run(simtime: float, callbacks: Iterable[Callback] | None = None) -> float:
    """Run for `simtime` (ms), rounded to whole timesteps, with a warning the first time; see `run_until`."""
    return run_until(simulator.state.t + simtime, callbacks)


def _step_at(time: float) -> int:
    """Return the timestep nearest to `time` (ms)."""
    dt, state = simulator.state.dt, simulator.state
    if not isfinite(time):
        raise ValueError(f"a simulation runs for a finite time, got {time} ms")
    step = round(time / dt)
    if step > MOST_STEPS:
        raise ValueError(f"a simulation can run until {MOST_STEPS * dt:g} ms (2^31 - 1 timesteps), not {time:g} ms")
    if abs(time / dt - step) > TOLERANCE and "rounding" not in state.told:
        state.told.add("rounding")
        warn_user(
            f"a run from {state.t:g} to {time:g} ms does not end on a timestep; it ends at {step * dt:g} ms, "
            f"the nearest multiple of the timestep, {dt:g} ms (later runs are rounded likewise, without a warning)",
            RunWarning,
        )
    return step


def _no_sooner(callback: Callback) -> Callback:
    """Return `callback`, made to ask for a time that is at least a timestep ahead, without which time would stop."""
    return lambda time: max(callback(time), time + simulator.state.dt)


_run_until = common.build_run(simulator)[1]
run_for = run
_reset = common.build_reset(simulator)
initialize = common.initialize
(
    get_current_time,
    get_time_step,
    get_min_delay,
    get_max_delay,
    num_processes,
    rank,
) = common.build_state_queries(simulator)

__all__ = [
    "end",
    "get_current_time",
    "get_max_delay",
    "get_min_delay",
    "get_time_step",
    "initialize",
    "num_processes",
    "rank",
    "reset",
    "run",
    "run_for",
    "run_until",
    "setup",
]
