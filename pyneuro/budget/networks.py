"""The networks of the error budget: the one that was asked for, changed in one respect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Injected, Network, Population, Projection, Values, WaveCurrent
from toolchain.options import MappingOptions
from toolchain.synapses.structure import STRUCTURAL, structure_of
from toolchain.targets import relative_weights
from toolchain.weights import weight_scale

FINEST = 10
"""Parts that a timestep is divided into at the most, to make room for delays between its multiples."""
SAME = 1e-6
"""What a delay may be off a multiple of a timestep, in timesteps, for the rounding of decimal fractions."""
DISTURBANCE_MV = 0.01
"""Standard deviation of what is added to first voltages."""


def parts_for_delays(network: Network) -> int:
    """Into how many parts the timestep must be divided, at the most `FINEST`, for all delays to be multiples of one."""
    delays = [np.unique(np.asarray(made.delay)) / network.timestep for made in network.projections if len(made)]
    steps = np.unique(np.concatenate([np.ones(1), *delays]))
    for parts in range(1, FINEST):
        fine = steps * parts
        if np.all(np.abs(fine - np.rint(fine)) < SAME * parts) and fine.min() >= 1.0 - SAME:
            return parts
    return FINEST


def refined(network: Network, parts: int) -> Network:
    """The same network with its timestep divided into `parts`; what is recorded stays as often, in ms."""
    populations = tuple(
        replace(
            population,
            recordings=tuple(replace(r, interval_steps=r.interval_steps * parts) for r in population.recordings),
        )
        for population in network.populations
    )
    return replace(network, timestep=network.timestep / parts, populations=populations)


class Quantiser:
    """Rounds weights to those that a core stores; projections that are the same objects stay so.

    Parameters
    ----------
    shifts : sequence of sequence of int
        Ring-buffer shifts of each receptor of each population.
    options : MappingOptions, optional
        Cut the delays that are longer than these allow, too.
    """

    def __init__(self, shifts: Sequence[Sequence[int]], options: MappingOptions | None = None) -> None:
        self.shifts, self._options = shifts, options or MappingOptions()
        self._made: dict[int, tuple[Projection, Projection]] = {}

    def __call__(self, network: Network) -> Network:
        """Return `network` with its weights rounded."""
        made = {id(projection): self._rounded(network, projection) for projection in network.projections}
        self._made = {key: (projection, made[key]) for projection in network.projections if (key := id(projection))}
        return replace(network, projections=tuple(made[id(projection)] for projection in network.projections))

    def _rounded(self, network: Network, projection: Projection) -> Projection:
        if id(projection) in self._made:
            return self._made[id(projection)][1]
        if rule := self._options.longest_delay_of(network, projection):
            projection = replace(projection, delay=_values(np.minimum(projection.delay, float(rule.value))))
        if projection.synapse in STRUCTURAL:
            projection = self._with_rounded_start(network, projection)
        if projection.synapse == "ElectricalSynapse" or not len(projection):
            return projection
        weights, scale = relative_weights(network, projection), weight_scale(network, projection, self.shifts)
        rounded = np.rint(weights * scale) / scale * (projection.weight / np.where(weights, weights, 1.0))
        return replace(projection, weight=_values(rounded if len(rounded) > 1 else rounded[0]))

    def _with_rounded_start(self, network: Network, projection: Projection) -> Projection:
        """The projection with the initial weight of new synapses rounded."""
        scale = weight_scale(network, projection, self.shifts)
        weight = round(structure_of(projection)["initial_weight"] * scale) / scale
        return replace(projection, parameters={**projection.parameters, "initial_weight": weight})


def varied(network: Network, number: int) -> Network:
    """Another of the runs that are as good as this one: other seeds, and first voltages that differ by some 0.01 mV.

    Networks that draw nothing while they run have no seed, but are as a rule chaotic, so that the disturbance alone
    shows by how much two of their runs may differ.
    """
    populations = tuple(
        replace(_disturbed(population, number, at), currents=_other_noise(population, number))
        for at, population in enumerate(network.populations)
    )
    return replace(network, seed=network.seed + number, populations=populations)


def _disturbed(population: Population, number: int, at: int) -> Population:
    model = CELL_MODELS[population.cell]
    first = {v.name: v.initial for v in model.state} if isinstance(model, CellModel) else {}
    if "v" not in first:
        return population
    value = population.initial.get("v", population.parameters.get(str(first["v"]), first["v"]))
    if isinstance(value, str):
        value = next(p.default for p in model.parameters if p.name == value)
    noise = DISTURBANCE_MV * np.random.default_rng([number, at]).standard_normal(population.size)
    return replace(population, initial={**population.initial, "v": np.asarray(value, np.float64) + noise})


def _other_noise(population: Population, number: int) -> tuple[Injected, ...]:
    return tuple(
        replace(current, wave=replace(current.wave, seed=current.wave.seed + number))
        if isinstance(current, WaveCurrent)
        else current
        for current in population.currents
    )


def _values(array: NDArray[np.float64]) -> Values:
    return array if np.ndim(array) else float(array)
