"""Synapses of each type, made from the projections of a network."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.draws import projection_key
from pyneuro.reference.cells import Block, Member
from pyneuro.reference.neuromodulation import Dopamine, DopamineSynapses, ModulatedSynapses
from pyneuro.reference.plasticity import PlasticSynapses
from pyneuro.reference.release import ReleaseSynapses
from pyneuro.reference.rewiring import Rewired, RewiredPlasticSynapses, RewiredSynapses, changing_rows
from pyneuro.reference.synapses import StaticSynapses, Synapses, no_rows, rows
from toolchain.errors import NetworkError
from toolchain.network import Network, Projection
from toolchain.synapses import ELECTRICAL, PLASTIC, STATIC
from toolchain.synapses.modulation import NEUROMODULATION
from toolchain.synapses.structure import STRUCTURAL_STATIC, structure_of

Places = Mapping[int, tuple[Block, Member]]


def make_synapses(network: Network, number: int, places: Places, dopamine: Mapping[int, Dopamine]) -> Synapses:
    """The synapses of projection `number` of `network`.

    Parameters
    ----------
    places : mapping of int to (Block, Member)
        Where the cells of each population that has dynamics are.
    dopamine : mapping of int to Dopamine
        That of the populations that have some.

    Raises
    ------
    NetworkError
        If the target has not the receptor, or a cell index or a delay is out of range.
    """
    projection = network.projections[number]
    sources, targets = _sizes(network, projection)
    if projection.synapse == ELECTRICAL:
        return StaticSynapses(no_rows(projection))
    if projection.synapse == NEUROMODULATION:
        made = rows(projection, sources, targets, 0, network.timestep)
        return DopamineSynapses(projection, made, dopamine[projection.target])
    first_input, sign = _receptor(network, projection, places)
    made = rows(projection, sources, targets, first_input, network.timestep)
    if projection.synapse == STATIC:
        return StaticSynapses(made)
    if projection.synapse != PLASTIC:
        return ReleaseSynapses(projection, made, network.timestep, projection_key(network.seed, number))
    if projection.target in dopamine:
        return ModulatedSynapses(projection, made, targets, sign, dopamine[projection.target])
    return PlasticSynapses(projection, made, targets, sign, network.timestep)


def make_rewired(network: Network, projection: Projection, places: Places) -> Rewired:
    """The synapses of a structural projection, without any yet."""
    sources, targets = _sizes(network, projection)
    first_input, sign = _receptor(network, projection, places)
    s_max = int(structure_of(projection)["s_max"])
    made = changing_rows(sources, targets * s_max, s_max, first_input)
    if projection.synapse == STRUCTURAL_STATIC:
        return RewiredSynapses(made)
    return RewiredPlasticSynapses(projection, made, targets, sign, network.timestep)


def _sizes(network: Network, projection: Projection) -> tuple[int, int]:
    source, target = (network.populations[number].size for number in (projection.source, projection.target))
    return source, target


def _receptor(network: Network, projection: Projection, places: Places) -> tuple[int, int]:
    """Number of the first input of the receptor of a projection, and the sign of its weights."""
    place = places.get(projection.target)
    if place is None or projection.receptor not in place[0].model.receptors:
        target = network.populations[projection.target]
        raise NetworkError(
            f"projection '{projection.label}': {target.cell} has no receptor type '{projection.receptor}'"
        )
    cells, member = place
    receptor = list(cells.model.receptors).index(projection.receptor)
    return cells.inputs.start + receptor * cells.cells + member.start, cells.model.weights[projection.receptor].sign
