"""Times: what both simulators put on the grid of timesteps, and the user is told.

A spike of a SpikeSourceArray is sent in the timestep nearest to its time, and a cell is refractory for whole timesteps,
rounded up.  A refractory time that has its default is not what a user asked for, and goes without a remark.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from toolchain.diagnostics import Diagnostic, and_others
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import WHOLE, CellModel
from toolchain.network import Network, Population

OFF: Final = 1e-4
"""Distance from a multiple of the timestep, as a part of it, that is not told: times are sums of decimal fractions."""
DIGITS: Final = 4.0
"""Units in the last place of a long time that are not told either."""


def rounded_times(network: Network, substeps: int | None = None) -> tuple[Diagnostic, ...]:
    """A remark for each population with spike times, or refractory times, that are no multiple of the timestep.

    Parameters
    ----------
    substeps : int, optional
        Parts of a timestep that a user asked for: refractory times are multiples of them.
    """
    return tuple(
        remark
        for population in network.populations
        for found in (_of_spikes(population, network.timestep), _of_rest(population, network.timestep, substeps or 1))
        for remark in found
    )


def _of_spikes(population: Population, timestep: float) -> Iterator[Diagnostic]:
    if population.spike_times is None or not len(population.spike_times.times):
        return
    if text := rounding("spike times", population.spike_times.times, timestep):
        yield Diagnostic("timestep", population.label, text)


def rounding(what: str, times: NDArray[np.float64], timestep: float) -> str:
    """What to tell of times (ms) that are put on the nearest timesteps; nothing if they are there."""
    moved = np.abs(np.rint(times / timestep) * timestep - times)
    off = moved > OFF * timestep + DIGITS * np.spacing(times)
    if not off.any():
        return ""
    return (
        f"{np.count_nonzero(off):,} of {len(times):,} {what} are no multiple of the timestep ({timestep:g} ms), such "
        f"as {times[np.argmax(off)]:.6g} ms, and were rounded, by {moved[off].max():.3g} ms at the most"
    )


def _of_rest(population: Population, timestep: float, parts: int) -> Iterator[Diagnostic]:
    model = CELL_MODELS[population.cell]
    if not isinstance(model, CellModel) or model.compared or "tau_refrac" not in population.parameters:
        return
    default = next(parameter.default for parameter in model.parameters if parameter.name == "tau_refrac")
    given, part = np.atleast_1d(np.asarray(population.parameters["tau_refrac"], np.float64)), timestep / parts
    held = np.ceil(given / part - WHOLE) * part
    moved = (np.abs(held - given) > OFF * part) & (given != default)
    if moved.any():
        cell = int(np.argmax(moved))
        whose = f" of cell {cell}{and_others(int(np.count_nonzero(moved)) - 1)}" if len(given) > 1 else ""
        text = (
            f"tau_refrac = {given[cell]:g} ms{whose} is no multiple of the timestep ({timestep:g} ms): cells are "
            f"refractory for {held[cell]:g} ms; use a shorter timestep"
        )
        yield Diagnostic("timestep", population.label, text)
