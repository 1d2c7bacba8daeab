"""Weights: 16 bits each, scaled so that a ring buffer holds the sum of what may arrive in one step.

Each population has one left shift a receptor.  A weight w is stored as ``rint(|w| * 2**(15 - shift))``; the
sum of a slot, shifted left, is s16.15.  Conductances (uS) are first multiplied by 1024 (the receptor's `scale_bits`),
which the program of a conductance-based cell takes back.  The shift follows from ``w_max``, a bound of the expected
sum in one slot (sPyNNaker ``population_vertex.py``, `get_ring_buffer_shifts`):

- if no projection has delays that vary, all spikes of one moment arrive together: the total of all weights
  onto one cell, for as many spikes a tick as the sources can send;
- otherwise arrivals are spread, and the sum is taken as compound Poisson: with n synapses onto a cell at rate r,
  lambda = n r dt spikes a step of mean weight m and deviation s, it is lambda m + sigma sqrt(lambda (m^2 + s^2)), at
  most that total and at least the biggest weight.

n is the largest number of synapses that the projection really has onto one cell.  The shift is at most 15, for the
sum must fit s16.15; what exceeds that saturates, and is counted when it does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from toolchain.delays import Delays
from toolchain.errors import MappingError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions
from toolchain.rates import Rate
from toolchain.rewired_banks import formed_steps
from toolchain.scatter import count_inputs, weight_sums
from toolchain.settings import Rule
from toolchain.synapses import PLASTIC
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.structure import STRUCTURAL, STRUCTURAL_PLASTIC, structure_of
from toolchain.synapses.weight import WEIGHT_RULES
from toolchain.targets import dopamine_of, input_scale, receptor_number, relative_weights, synapse_types, weights_of
from toolchain.workload import Workload

LARGEST_SHIFT: Final = 15
LARGEST_WORD: Final = 0xFFFF


@dataclass(frozen=True)
class Input:
    """Weights of one projection as a ring buffer meets them.

    Parameters
    ----------
    synapses : int
        Largest number of synapses onto one cell.
    mean, variance, biggest : float
        Of the magnitudes of the weights, times 1024 for conductances.
    spread : bool
        Whether the delays vary.
    rate : Rate
        Expected rate of the source population.
    """

    synapses: int
    mean: float
    variance: float
    biggest: float
    spread: bool
    rate: Rate


def ring_buffer_shifts(workload: Workload, options: MappingOptions) -> tuple[tuple[int, ...], ...]:
    """Left shift of each receptor of each population, then of those of dopamine; () for spike sources.

    Raises
    ------
    MappingError
        If a weight is too large for s16.15.
    """
    network = workload.network
    inputs: list[dict[str, list[Input]]] = [{} for _ in network.populations]
    for projection, delay in zip(network.projections, workload.delays, strict=True):
        if len(projection) or projection.synapse in STRUCTURAL:
            arriving = _input(network, projection, delay, workload.rates[projection.source])
            inputs[projection.target].setdefault(projection.receptor, []).append(arriving)
    said = _shifts_said(network, options)
    shifts = []
    for number, (found, types) in enumerate(zip(inputs, _types(network), strict=True)):
        of_population = options.of(network.populations[number].label)
        shifts.append(
            tuple(
                said[number, name]
                if (number, name) in said
                else of_population.weight_shift
                if of_population.weight_shift is not None
                else shift_for(largest_sum(found.get(name, []), network.timestep, of_population))
                for name in types
            )
        )
    _check_shifts(network, inputs, shifts)
    return tuple(shifts)


def _check_shifts(
    network: Network, inputs: Sequence[Mapping[str, Sequence[Input]]], shifts: Sequence[Sequence[int]]
) -> None:
    """Refuse a shift that a user gave where a weight does not fit 16 bits by it."""
    for projection in network.projections:
        shift = shifts[projection.target][receptor_number(network, projection)]
        arriving = inputs[projection.target].get(projection.receptor, ())
        biggest, largest = max((one.biggest for one in arriving), default=0.0), math.ldexp(LARGEST_WORD, shift - 15)
        if biggest > largest:
            scale, said = input_scale(network, projection), f" {weights_of(network, projection).unit}".rstrip()
            label, least = network.populations[projection.target].label, shift_for(biggest / 2.0)
            raise MappingError(
                f"{projection.receptor} weights of '{label}' go up to {biggest / scale:g}{said}; with a weight_shift "
                f"of {shift} the largest that fits 16 bits is {largest / scale:g}{said}: give at least {least}, or none"
            )


def _shifts_said(network: Network, options: MappingOptions) -> dict[tuple[int, str], int]:
    """The shifts that rules give projections, by population and receptor.

    Raises
    ------
    MappingError
        If projections onto one receptor, which share its ring buffer, would have different ones.
    """
    said: dict[tuple[int, str], tuple[Rule, str]] = {}
    for projection in network.projections:
        rule = options.of_projection(network, projection, "weight_shift")
        if rule is None:
            continue
        name = network.name_of(projection)
        other, first = said.setdefault((projection.target, projection.receptor), (rule, name))
        if other.value != rule.value:
            raise MappingError(
                f"projections '{first}' and '{name}' are onto the same receptor, {projection.receptor} of "
                f"'{network.populations[projection.target].label}', and so have one weight_shift: {other.value} "
                f"({other.origin}) and {rule.value} ({rule.origin}) contradict each other"
            )
    return {place: int(rule.value) for place, (rule, _) in said.items()}


def largest_sum(inputs: Sequence[Input], timestep: float, options: MappingOptions) -> float:
    """Bound of the expected sum of `inputs` in one ring-buffer slot: ``w_max``."""
    total = sum(arriving.rate.per_tick * arriving.biggest * arriving.synapses for arriving in inputs)
    biggest = max((arriving.biggest for arriving in inputs), default=0.0)
    if not any(arriving.spread for arriving in inputs):
        return max(total, biggest)
    synapses = np.array([arriving.synapses for arriving in inputs], dtype=np.float64)
    means = np.array([arriving.mean for arriving in inputs])
    squares = np.array([arriving.variance for arriving in inputs]) + means**2
    hertz = float(np.average([arriving.rate.highest for arriving in inputs], weights=synapses))
    spikes = float(synapses.sum()) * hertz * timestep * 1e-3
    mean = float(np.average(means, weights=synapses))
    mean_square = float(np.average(squares, weights=synapses))
    bound = spikes * mean + options.ring_buffer_sigma * math.sqrt(spikes * mean_square)
    return max(biggest, min(bound, total))


def shift_for(w_max: float) -> int:
    """The smallest shift >= 0 with ``2**shift > w_max``, at most 15."""
    shift = math.ceil(max(0.0, math.log2(w_max))) if w_max > 0.0 else 0
    return min(shift + 1 if 2.0**shift <= w_max else shift, LARGEST_SHIFT)


def weight_scale(network: Network, projection: Projection, shifts: Sequence[Sequence[int]]) -> float:
    """Stored word of a weight of 1 nA, 1 uS or 1 mV in `relative_weights` of `projection`."""
    shift = shifts[projection.target][receptor_number(network, projection)]
    return 2.0 ** (15 - shift) * input_scale(network, projection)


def _input(network: Network, projection: Projection, delays: Delays, rate: Rate) -> Input:
    scale = input_scale(network, projection)
    weights = relative_weights(network, projection)
    if projection.synapse in STRUCTURAL:
        return _rewired_input(network, projection, delays, rate)
    if projection.synapse == PLASTIC:  # all of them may come to be the largest (sPyNNaker)
        weights = np.maximum(np.abs(weights).max(keepdims=True), largest_plastic(network, projection))
    elif projection.synapse in RELEASE_MODELS:
        weights = weights * most_released(projection)
    lowest, highest, total, squares = weight_sums(weights)
    biggest = max(abs(lowest), abs(highest)) * scale
    _check_biggest(network, projection, biggest)
    counts = np.zeros(network.populations[projection.target].size, dtype=np.int32)
    count_inputs(projection.post, counts)
    return Input(
        synapses=int(counts.max()),
        mean=abs(total) / len(weights) * scale,
        variance=squares / len(weights) * scale**2,
        biggest=biggest,
        spread=delays.shortest != delays.longest,
        rate=rate,
    )


def _rewired_input(network: Network, projection: Projection, delays: Delays, rate: Rate) -> Input:
    """The same where a cell may come to have a synapse in each of its places, of the largest weight there is."""
    weights = np.append(np.abs(relative_weights(network, projection)), formed_weight(projection))
    largest = float(weights.max())
    if projection.synapse == STRUCTURAL_PLASTIC:
        largest = max(largest, largest_plastic(network, projection))
    biggest, steps = largest * input_scale(network, projection), formed_steps(network, projection)
    _check_biggest(network, projection, biggest)
    known = (*steps, delays.shortest, delays.longest) if len(projection) else steps
    most = int(structure_of(projection)["s_max"])
    return Input(most, biggest, 0.0, biggest, min(known) != max(known), rate)


def formed_weight(projection: Projection) -> float:
    """Magnitude of the weight of a structural projection's new synapses."""
    return abs(structure_of(projection)["initial_weight"])


def _check_biggest(network: Network, projection: Projection, biggest: float) -> None:
    """Refuse a weight that does not fit, in the unit of the synaptic input."""
    said, scale = f" {weights_of(network, projection).unit}".rstrip(), input_scale(network, projection)
    if biggest > LARGEST_WORD:
        raise MappingError(
            f"projection '{network.name_of(projection)}' has a weight of {biggest / scale:g}{said}; the "
            f"machine's largest is {LARGEST_WORD / scale:g}{said}"
        )


def largest_plastic(network: Network, projection: Projection) -> float:
    """The largest weight that the rule of a plastic projection makes, or dopamine."""
    dopamine = dopamine_of(network, projection.target)
    if dopamine is not None:
        return dopamine["w_max"]
    rule = {parameter.name: parameter.default for parameter in WEIGHT_RULES[projection.rules[1]].parameters}
    return float(projection.parameters.get("w_max", rule["w_max"]))


def most_released(projection: Projection) -> NDArray[np.float64]:
    """The most that a spike of each synapse of a release model sends, as a multiple of its weight."""
    model = RELEASE_MODELS[projection.synapse]
    given = {parameter.name: parameter.default for parameter in model.parameters} | dict(projection.parameters)
    return np.asarray(model.most(given), dtype=np.float64)


def _types(network: Network) -> Iterator[list[str]]:
    """The synapse types of each population; none of sources."""
    for number, population in enumerate(network.populations):
        yield synapse_types(network, number) if isinstance(CELL_MODELS[population.cell], CellModel) else []
