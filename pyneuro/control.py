"""Setting a simulation up, running it, asking how far it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pyNN import common

from pyneuro import simulator
from pyneuro.options import options


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


run, run_until = common.build_run(simulator)
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
