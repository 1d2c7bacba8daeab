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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from toolchain.delays import Delays
from toolchain.errors import MappingError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.models.sources import SPIKE_SOURCE_POISSON
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions
from toolchain.problems import Problem, SettingsError
from toolchain.rates import Rate, most_in_tick
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
OF_RING_BUFFERS: Final = ("ring_buffer_sigma", "weight_shift")
"""Options of projections that are those of the ring buffer which all projections onto a receptor share."""


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
        If a weight is too large for s16.15, or projections onto one receptor would have different options.
    """
    network = workload.network
    inputs: list[dict[str, list[Input]]] = [{} for _ in network.populations]
    for projection, delay in zip(network.projections, workload.delays, strict=True):
        if len(projection) or projection.synapse in STRUCTURAL:
            rate = _rate(network, projection, workload.rates[projection.source], options)
            arriving = _input(network, projection, delay, rate)
            inputs[projection.target].setdefault(projection.receptor, []).append(arriving)
    of_receptor = _options_of_receptors(network, options)
    shifts = tuple(
        tuple(_shift(found.get(name, []), network.timestep, of_receptor(number, name)) for name in types)
        for number, (found, types) in enumerate(zip(inputs, _types(network), strict=True))
    )
    _check_shifts(network, inputs, shifts)
    return shifts


def _shift(inputs: Sequence[Input], timestep: float, options: MappingOptions) -> int:
    """The shift of a receptor: that of the options, or what its inputs ask for."""
    given = options.weight_shift
    return shift_for(largest_sum(inputs, timestep, options)) if given is None else given


def _rate(network: Network, projection: Projection, rate: Rate, options: MappingOptions) -> Rate:
    """The rate of the source of a projection, whose `rate` is expected, as it is assumed for the scale of weights."""
    rule = options.of_projection(network, projection, "spikes_per_second")
    if rule is None:
        return rate
    hertz = float(rule.value)
    poisson = network.populations[projection.source].cell == SPIKE_SOURCE_POISSON.name
    return Rate(hertz, hertz, most_in_tick(hertz * network.timestep * 1e-3) if poisson else rate.per_tick)


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


def _options_of_receptors(network: Network, options: MappingOptions) -> Callable[[int, str], MappingOptions]:
    """The options of each population and receptor: those of the population, and what is said of projections onto it."""
    if problems := ring_buffer_clashes(network, options):
        raise SettingsError(problems)
    said = {
        option: {place: rules[0][0].value for place, rules in _said_of_receptors(network, options, option).items()}
        for option in OF_RING_BUFFERS
    }

    def of_receptor(number: int, receptor: str) -> MappingOptions:
        own: dict[str, Any] = {
            o: places[number, receptor] for o, places in said.items() if (number, receptor) in places
        }
        of_population = options.of(network.populations[number].label)
        return replace(of_population, **own) if own else of_population

    return of_receptor


def ring_buffer_clashes(network: Network, options: MappingOptions) -> tuple[Problem, ...]:
    """Different values for projections onto one receptor, which share its ring buffer."""
    return tuple(
        Problem(
            f"projections '{first}' and '{name}' are onto the same receptor, {receptor} of "
            f"'{network.populations[target].label}', and so have one {option}: {one.value} ({one.origin}) and "
            f"{other.value} ({other.origin}) contradict each other",
            other.said,
            also=(one.said,),
        )
        for option in OF_RING_BUFFERS
        for (target, receptor), ((one, first), *others) in _said_of_receptors(network, options, option).items()
        for other, name in others
        if other.value != one.value
    )


def _said_of_receptors(
    network: Network, options: MappingOptions, option: str
) -> dict[tuple[int, str], list[tuple[Rule, str]]]:
    """The rules with an option that hold for projections, and the names of these, by population and receptor."""
    said: dict[tuple[int, str], list[tuple[Rule, str]]] = {}
    for projection in network.projections:
        if rule := options.of_projection(network, projection, option):
            rules = said.setdefault((projection.target, projection.receptor), [])
            rules.append((rule, network.name_of(projection)))
    return said


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
