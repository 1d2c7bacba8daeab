"""The synapses of the network, as they should arrive.

A delay is rounded to whole timesteps, half to even, and is at least one.  A weight is stored as a magnitude: times
2^(15 - shift), the shift being that of its receptor on the core, and times what its receptor makes of a weight (1024
for conductances, and a factor of the cell model, for which see `toolchain.targets`), rounded half to even.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.check_image.packets import first_cells
from toolchain.check_image.sums import DELAY_BIT, MECHANISM_BIT, TYPE_BIT, add_wanted, hashes
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions
from toolchain.synapses.modulation import CONCENTRATION_BITS, NEUROMODULATION, RECEPTORS

Column = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Synapses:
    """Synapses, of the network or of rows: the two words that `sums` tells of, and what else they begin with."""

    ends: Column
    what: Column
    more: tuple[Column, ...] = ()

    @property
    def hashed(self) -> Column:
        """The hash of each."""
        result = hashes(self.ends, self.what)
        for column in self.more:
            result = hashes(result, column)
        return result


def model_of(network: Network, population: int) -> CellModel:
    """The cell model of a population that projections end on."""
    model = CELL_MODELS[network.populations[population].cell]
    assert isinstance(model, CellModel), "no projection ends on a source"
    return model


def types_of(network: Network, population: int) -> list[str]:
    """The synapse types of a population, by their numbers: its receptors, and behind them those of dopamine."""
    dosed = any(made.synapse == NEUROMODULATION and made.target == population for made in network.projections)
    return [*model_of(network, population).receptors, *(RECEPTORS if dosed else ())]


def steps_of(network: Network, made: Projection, options: MappingOptions) -> NDArray[np.uint8]:
    """Delays in timesteps; uint8[synapses] or [1]."""
    delay = np.atleast_1d(np.asarray(made.delay, np.float64))
    if rule := options.longest_delay_of(network, made):
        delay = np.minimum(delay, float(rule.value))
    return np.maximum(np.rint(delay / network.timestep), 1.0).astype(np.uint8)


def unit_of(network: Network, made: Projection) -> tuple[float, NDArray[np.float64] | None]:
    """What a weight of 1 comes to in the input of a core, and each cell's share of that if they differ."""
    if made.synapse == NEUROMODULATION:
        return 2.0**CONCENTRATION_BITS, None
    model, given = model_of(network, made.target), network.populations[made.target].parameters
    bits = model.weights[made.receptor].scale_bits
    values = {p.name: np.asarray(given.get(p.name, p.default), np.float64) for p in model.parameters}
    factor = model.weight_factor(made.receptor, values)
    if factor is None:
        return 2.0**bits, None
    most = float(np.max(factor))
    return most * 2.0**bits, None if np.all(factor == most) else np.asarray(factor) / most


def weights_of(network: Network, made: Projection) -> NDArray[np.float64]:
    """Weights relative to those of the cells where they count most; float64[synapses] or [1]."""
    weights, (_, shares) = np.atleast_1d(np.asarray(made.weight, np.float64)), unit_of(network, made)
    return weights if shares is None else weights * shares[made.post]


def scale_of(network: Network, made: Projection, shift: int) -> float:
    """What such weights are multiplied by to be stored."""
    return 2.0 ** (15 - shift) * unit_of(network, made)[0]


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is wanted of the synapses of a network.

    Parameters
    ----------
    shifts : sequence of sequence of int
        Of the synapse types of each population, as cores have them.
    """

    network: Network
    options: MappingOptions
    shifts: Sequence[Sequence[int]]

    def add(self, made: Projection, piece: NDArray[np.int32], sums: Column) -> None:
        """Add a projection without dynamics to the sums of the pieces that its target cells are of."""
        first, kind = first_cells(self.network), types_of(self.network, made.target).index(made.receptor)
        scale = scale_of(self.network, made, self.shifts[made.target][kind])
        add_wanted(
            made.pre, made.post, weights_of(self.network, made), scale, steps_of(self.network, made, self.options),
            first[made.source], first[made.target], kind << TYPE_BIT, piece, sums,
        )  # fmt: skip

    def synapses(self, made: Projection, mechanism: int = 0) -> Synapses:
        """The synapses of a projection, one by one."""
        first, kind = first_cells(self.network), types_of(self.network, made.target).index(made.receptor)
        scale = scale_of(self.network, made, self.shifts[made.target][kind])
        stored = np.rint(np.abs(weights_of(self.network, made)) * scale).astype(np.uint64)
        steps = steps_of(self.network, made, self.options).astype(np.uint64)
        source, target = (made.pre + np.uint64(first[made.source])), (made.post + np.uint64(first[made.target]))
        what = stored | steps << np.uint64(DELAY_BIT) | np.uint64(kind << TYPE_BIT | mechanism << MECHANISM_BIT)
        ends = source.astype(np.uint64) << np.uint64(32) | target.astype(np.uint64)
        return Synapses(ends, np.broadcast_to(what, len(made)).copy())
