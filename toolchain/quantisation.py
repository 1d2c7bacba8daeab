"""Quantisation: what 16 bits do to the weights of each projection, and what the user is told of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from toolchain.diagnostics import Diagnostic
from toolchain.network import Network
from toolchain.patterns import projection_labels
from toolchain.scatter import quantisation_errors, weight_sums
from toolchain.synapses.structure import STRUCTURAL
from toolchain.targets import receptor_number, relative_weights, weights_of
from toolchain.weights import formed_weight, weight_scale


@dataclass(frozen=True)
class Quantisation:
    """What 16 bits do to the weights of a projection.

    Parameters
    ----------
    projection : int
        Index into the projections.
    ends : str
        Its populations, as ``PRE -> POST``.
    minimum, mean, maximum : float
        Of the weights, in `unit`, with their sign.
    shift : int
        Left shift of the ring buffer.
    quantum : float
        Weight of one unit of the stored word, in `unit`.
    largest_error, rms_error : float
        Largest and root-mean-square relative error of the weights that are not 0.
    zeroed : int
        Number of weights that are not 0 and are stored as 0.
    """

    projection: int
    label: str
    synapses: int
    unit: str
    minimum: float
    mean: float
    maximum: float
    shift: int
    quantum: float
    largest_error: float
    rms_error: float
    zeroed: int
    ends: str = ""


def quantise(
    network: Network, shifts: Sequence[Sequence[int]]
) -> tuple[tuple[Quantisation, ...], tuple[Diagnostic, ...]]:
    """What quantisation does to each projection that has synapses, and a remark where weights became 0."""
    reports = tuple(
        _quantisation(network, number, shifts) for number, made in enumerate(network.projections) if len(made)
    )
    remarks = tuple(
        Diagnostic(
            "weights",
            network.name_of(network.projections[report.projection]),
            f"{report.zeroed:,} of {report.synapses:,} weights are too small for 16 bits and became 0: the smallest "
            f"step is {_measure(report.quantum, report.unit)}, {_why_so_large(network, report)}",
        )
        for report in reports
        if report.zeroed
    )
    return reports, (*remarks, *_vanished_weights(network, shifts))


def _quantisation(network: Network, number: int, shifts: Sequence[Sequence[int]]) -> Quantisation:
    projection = network.projections[number]
    scale = weight_scale(network, projection, shifts)
    weights = np.atleast_1d(np.asarray(projection.weight, dtype=np.float64))
    lowest, highest, total, _ = weight_sums(weights)
    stored = relative_weights(network, projection)
    largest, squares, nonzero, zeroed = quantisation_errors(stored, scale)
    synapses = len(projection)
    return Quantisation(
        projection=number,
        label=projection.label,
        synapses=synapses,
        unit=weights_of(network, projection).unit,
        minimum=lowest,
        mean=total / len(weights),
        maximum=highest,
        shift=shifts[projection.target][receptor_number(network, projection)],
        quantum=1.0 / scale,
        largest_error=largest,
        rms_error=math.sqrt(squares / nonzero) if nonzero else 0.0,
        zeroed=zeroed * synapses // len(stored),
        ends=projection_labels(network, projection)[1],
    )


def _vanished_weights(network: Network, shifts: Sequence[Sequence[int]]) -> Iterator[Diagnostic]:
    """A remark for each structural projection whose new synapses get a weight of 0, though they were to have more."""
    for made in network.projections:
        if made.synapse in STRUCTURAL and formed_weight(made):
            scale, unit = weight_scale(network, made, shifts), weights_of(network, made).unit
            if round(formed_weight(made) * scale) == 0:
                yield Diagnostic(
                    "weights",
                    network.name_of(made),
                    f"initial_weight of {_measure(formed_weight(made), unit)} is too small for 16 bits and became 0: "
                    f"the smallest step is {_measure(1.0 / scale, unit)}; raise it, or lower s_max",
                )


def _why_so_large(network: Network, report: Quantisation) -> str:
    """What the smallest step of the weights comes from, and what can be done."""
    if report.shift == 0:
        return "the smallest that the machine has; scale up the weights"
    return (
        f"set by the input that '{_target(network, report)}' may receive in one timestep; scale up the weights or, "
        "where delays onto a receptor vary, lower 'spikes_per_second' or 'ring_buffer_sigma'"
    )


def _target(network: Network, report: Quantisation) -> str:
    return network.populations[network.projections[report.projection].target].label


def _measure(value: float, unit: str) -> str:
    """A number with its unit; concentrations of dopamine have none."""
    return f"{value:.3g} {unit}".rstrip()
