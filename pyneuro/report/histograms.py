"""Histograms over the synapses of each projection.

There are three: of the weights as they are stored, of what rounding them to 16 bits changes, and of the delays as they
are served.  Of a large projection every n-th synapse is counted, so that the time does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pyneuro.report.schema.mapping import HistogramRow
from pyneuro.report.words import number
from toolchain.compile import Mapping
from toolchain.network import Network, Projection
from toolchain.targets import relative_weights, weights_of
from toolchain.weights import weight_scale

COUNTED = 500_000
"""Synapses of a projection that are counted."""
BINS = 16
ERRORS = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Bounds of the bins of relative errors; a weight that became 0 has an error of 1."""
ERROR_NAMES = ("exact", "up to 0.01 %", "up to 0.1 %", "up to 1 %", "up to 10 %", "up to 100 %")

Floats = NDArray[np.float64]


def histograms(network: Network, mapping: Mapping) -> tuple[HistogramRow, ...]:
    """The histograms of all projections that have synapses and weights."""
    return tuple(
        row
        for quantised in mapping.quantisation
        for row in _of_projection(network, network.projections[quantised.projection], mapping)
    )


def _of_projection(network: Network, made: Projection, mapping: Mapping) -> Iterator[HistogramRow]:
    name, unit = network.name_of(made), weights_of(network, made).unit
    scale = weight_scale(network, made, mapping.shifts)
    asked = np.abs(_sample(relative_weights(network, made))) * scale
    stored = np.rint(asked)
    nonzero = asked > 0
    errors = np.abs(stored[nonzero] - asked[nonzero]) / asked[nonzero]
    delays = _sample(np.atleast_1d(np.asarray(made.delay, np.float64)))
    rule = mapping.options.longest_delay_of(network, made)
    if rule is not None:
        delays = np.minimum(delays, float(rule.value))
    steps = np.maximum(np.rint(delays / network.timestep), 1.0)
    found = (
        ("weights", unit, _level_bins(stored, 1.0 / scale), len(asked)),
        ("errors of weights", "", _error_bins(errors), len(asked)),
        ("delays", "ms", _level_bins(steps, network.timestep), len(delays)),
    )
    for what, unit, bins, counted in found:
        shared = len(made) if counted == 1 else 1  # one value that all synapses share counts for each of them
        told = tuple((text, count * shared) for text, count in bins)
        yield HistogramRow(name, what, unit, told, counted * shared, len(made))


def _sample(values: Floats) -> Floats:
    """At most `COUNTED` of `values`, evenly taken."""
    return values[:: max(1, -(-len(values) // COUNTED))]


def _level_bins(levels: Floats, unit: float) -> list[tuple[str, int]]:
    """Whole numbers of `unit` in bins of equally many levels."""
    first, last = int(levels.min()), int(levels.max())
    width = -(-(last - first + 1) // BINS)
    counts = np.bincount(((levels - first) // width).astype(np.int64))
    bounds = [(first + i * width, min(first + (i + 1) * width - 1, last)) for i in range(len(counts))]
    return [(_between(low * unit, high * unit), int(count)) for (low, high), count in zip(bounds, counts, strict=True)]


def _between(low: float, high: float) -> str:
    return number(low) if low == high else f"{number(low)} … {number(high)}"


def _error_bins(errors: Floats) -> list[tuple[str, int]]:
    counts = np.bincount(np.searchsorted(ERRORS, errors), minlength=len(ERRORS))
    return list(zip(ERROR_NAMES, counts.tolist(), strict=True))
