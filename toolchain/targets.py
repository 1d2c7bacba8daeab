"""What a projection ends on: a receptor of the target cells, and what a weight comes to there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel, Weights
from toolchain.network import Network, Projection
from toolchain.synapses.modulation import CONCENTRATION_BITS, NEUROMODULATION, RECEPTORS, modulation_parameters

CONCENTRATION = Weights("", 1, CONCENTRATION_BITS)
"""What brings dopamine has for weights."""


def input_scale(network: Network, projection: Projection) -> float:
    """What a weight of 1 in `relative_weights` of `projection` comes to in the synaptic input of a core."""
    bits = weights_of(network, projection).scale_bits
    return float(2.0**bits * weight_factor(network, projection).max())


def weight_factor(network: Network, projection: Projection) -> NDArray[np.float64]:
    """What weights of `projection` are multiplied by for the machine: one number, or one for each target cell.

    Alpha functions, which the machine scales by their area, and steps of the voltage, which it makes of charges, have
    factors other than 1 (`Receptor.weight_factor`).
    """
    if projection.synapse == NEUROMODULATION:
        return np.ones(())
    population, model = network.populations[projection.target], neuron_model(network, projection.target)
    values = {p.name: np.asarray(population.parameters.get(p.name, p.default), np.float64) for p in model.parameters}
    factor = model.weight_factor(projection.receptor, values)
    return np.ones(()) if factor is None else np.asarray(factor)


def relative_weights(network: Network, projection: Projection) -> NDArray[np.float64]:
    """Weights of `projection`, float64[1] or [synapses], lower where a target cell has less than the largest factor."""
    weights, factor = np.atleast_1d(np.asarray(projection.weight, np.float64)), weight_factor(network, projection)
    return weights if (factor == factor.max()).all() else weights * (factor / factor.max())[projection.post]


def receptor_number(network: Network, projection: Projection) -> int:
    """The synapse type of `projection`: its receptor's place among those of the target, dopamine's behind them."""
    return synapse_types(network, projection.target).index(projection.receptor)


def synapse_types(network: Network, population: int) -> list[str]:
    """The synapse types of a population that has neurons: its receptors, and those of dopamine if some is brought."""
    receptors = list(neuron_model(network, population).receptors)
    return receptors if dopamine_of(network, population) is None else [*receptors, *RECEPTORS]


def dopamine_of(network: Network, population: int) -> dict[str, float] | None:
    """The parameters of the projections that bring dopamine to a population, all the same; None if there are none."""
    for made in network.projections:
        if made.synapse == NEUROMODULATION and made.target == population:
            return modulation_parameters(made.parameters)
    return None


def weights_of(network: Network, projection: Projection) -> Weights:
    """What the weights of `projection` are."""
    if projection.synapse == NEUROMODULATION:
        return CONCENTRATION
    return neuron_model(network, projection.target).weights[projection.receptor]


def neuron_model(network: Network, population: int) -> CellModel:
    """The cell model of a population that has neurons."""
    model = CELL_MODELS[network.populations[population].cell]
    assert isinstance(model, CellModel), "check_network lets no projection end on a source"
    return model
