"""The checker of partitions: it reads the network and the product, and knows no algorithm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.image import DELAY_SLOTS
from emulator.machine import Machine
from toolchain.errors import IllegalProductError
from toolchain.network import Network, Projection
from toolchain.options import MOST_NEURONS, MOST_STAGES, MappingOptions
from toolchain.partition import BESIDE, Partition, Slice
from toolchain.partition.traffic import traffic_pairs
from toolchain.synapses.structure import PARTNER_SELECTIONS, STRUCTURAL, structure_of
from toolchain.workload import UNCHANGING


def check(
    network: Network, partition: Partition, machine: Machine, options: MappingOptions | None = None
) -> None:
    """Check that the slices are the network's cells and the nets its synapses, and that every core fits.

    Parameters
    ----------
    options : MappingOptions, optional
        Those that the network was cut with, which may cut delays; by default those that nobody has said anything of.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    slices = partition.slices
    for number, population in enumerate(network.populations):
        _check_cover(
            [found for found in slices if found.population == number and found.kind not in BESIDE], population.size
        )
    order = [found.population for found in slices]
    _require(order == sorted(order), "the slices of a population are not consecutive")
    for number, found in enumerate(slices):
        _check_slice(number, found, partition, machine)
    _check_nets(network, partition, options or MappingOptions())


def _check_cover(slices: list[Slice], size: int) -> None:
    """The slices of one population follow each other from its first cell to its last."""
    bounds = [(found.start, found.stop) for found in slices]
    ends = [0, *(stop for _, stop in bounds)]
    follows = all(start == end and start < stop for (start, stop), end in zip(bounds, ends, strict=False))
    _require(follows and ends[-1] == size, f"slices {bounds} do not cover {size} cells once, in order")


def _check_slice(number: int, found: Slice, partition: Partition, machine: Machine) -> None:
    vertex, memory, who = partition.graph.vertices[number], partition.memory[number], f"slice {found.label!r}"
    _require(vertex.neurons == found.size and vertex.sdram_bytes == found.sdram_bytes, f"{who} is not vertex {vertex}")
    _require(found.dtcm_bytes == memory.dtcm_bytes <= machine.dtcm_bytes, f"{who} exceeds the DTCM or its layout")
    _require(found.sdram_bytes == memory.sdram_bytes <= machine.sdram_bytes, f"{who} exceeds the SDRAM or its layout")
    if found.kind == "neurons":
        _require(found.size <= MOST_NEURONS, f"{who} has {found.size} neurons")
    if found.kind == "delay":
        source = partition.slices[found.source]
        same = (source.population, source.start, source.stop) == (found.population, found.start, found.stop)
        _require(same and source.kind not in BESIDE, f"{who} delays {source.label!r}")
        _require(1 <= found.stages <= MOST_STAGES, f"{who} has {found.stages} stages")
    if found.kind == "synapses":
        cells = partition.slices[found.source]
        same = (cells.population, cells.start, cells.stop) == (found.population, found.start, found.stop)
        _require(same and cells.kind == "neurons", f"{who} has synapses of {cells.label!r}")
        together = any({number, found.source} <= set(group) for group in partition.graph.together)
        _require(together, f"{who} need not be on the chip of {cells.label!r}")


def _check_nets(network: Network, partition: Partition, options: MappingOptions) -> None:
    """A net leads from each slice to those, and only those, that have synapses from it, and to its delay stages.

    Where cells have synapse cores, one of these has all synapses without dynamics from the slice.
    """
    slices = len(partition.slices)
    none = np.zeros(0, dtype=np.int64)
    nets = [net.source * slices + net.sinks.astype(np.int64) for net in partition.graph.nets]
    stages = [found.source * slices + i for i, found in enumerate(partition.slices) if found.kind == "delay"]
    moving: list[NDArray[np.int64]] = [np.array(stages, dtype=np.int64)]
    still = [none]
    for projection in network.projections:
        pairs = still if projection.synapse in UNCHANGING else moving
        if len(projection):
            pairs.append(_pairs(network, partition, projection, options))
        if projection.synapse in STRUCTURAL:
            pairs.append(_pairs_to_be(network, partition, projection))
    made, unchanging = np.concatenate([none, *nets]), np.unique(np.concatenate(still))
    cells = np.array([f.source if f.kind == "synapses" else i for i, f in enumerate(partition.slices)], np.int64)
    helps = cells != np.arange(slices)
    helped = np.zeros(slices, dtype=np.bool_)
    helped[cells[helps]] = True
    to_helper, of_helped = helps[made % slices], helped[unchanging % slices]
    shared = made[to_helper] // slices * slices + cells[made[to_helper] % slices]
    _require_pairs(partition, made[~to_helper], np.concatenate([*moving, unchanging[~of_helped]]))
    _require_pairs(partition, shared, unchanging[of_helped])
    shared_pairs, times = np.unique(shared, return_counts=True)
    for pair in shared_pairs[times > 1][:1].tolist():
        labels = partition.slices[pair // slices].label, partition.slices[pair % slices].label
        raise IllegalProductError("partition", f"packets of {labels[0]!r} go to two synapse cores of {labels[1]!r}")


def _require_pairs(partition: Partition, made: NDArray[np.int64], wanted: NDArray[np.int64]) -> None:
    """The pairs of slices are those that are wanted."""
    slices = len(partition.slices)
    wrong = np.setxor1d(made, wanted)
    if len(wrong):
        source, sink = divmod(int(wrong[0]), slices)
        what = "has no synapse for" if wrong[0] in made else "lacks"
        labels = partition.slices[source].label, partition.slices[sink].label
        raise IllegalProductError("partition", f"the net from {labels[0]!r} to {labels[1]!r} {what} its packets")


def _pairs(
    network: Network, partition: Partition, projection: Projection, options: MappingOptions
) -> NDArray[np.int64]:
    """The pairs of slices, as ``source * slices + sink``, between which the synapses of a projection need packets."""
    cells, stages = _slice_of_cell(partition, projection.source)
    targets, _ = _slice_of_cell(partition, projection.target)
    delay = np.atleast_1d(np.asarray(projection.delay, dtype=np.float64))
    if rule := options.of_projection(network, projection, "longest_delay"):
        delay = np.minimum(delay, float(rule.value))
    slices = len(partition.slices)
    pairs, stuck = traffic_pairs(
        projection.pre, projection.post, delay, network.timestep, cells, stages, targets, slices
    )
    _require(stuck < 0, f"synapse {stuck} of {projection.label!r} needs delay stages that its source slice lacks")
    return pairs


def _pairs_to_be(network: Network, partition: Partition, projection: Projection) -> NDArray[np.int64]:
    """The same for the synapses that a run may form: from all slices to all, and from stages that it needs."""
    p, slices = structure_of(projection), len(partition.slices)
    steps = [max(round(p[f"initial_delay_{end}"] / network.timestep), 1) for end in ("low", "high")]
    cells, stages = (np.unique(column) for column in _slice_of_cell(partition, projection.source))
    targets = np.unique(_slice_of_cell(partition, projection.target)[0])
    direct = steps[0] <= DELAY_SLOTS or PARTNER_SELECTIONS[projection.rules[-3]].of_spikes
    delayed = steps[1] > DELAY_SLOTS
    _require(not delayed or bool(np.all(stages >= 0)), f"{projection.label!r} may need delay stages that a slice lacks")
    senders = np.concatenate([cells if direct else cells[:0], stages if delayed else stages[:0]]).astype(np.int64)
    return (senders[:, None] * slices + targets).ravel()


def _slice_of_cell(partition: Partition, population: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The slice of each cell of a population, and that of its delay stages or -1."""
    mine = [(number, found) for number, found in enumerate(partition.slices) if found.population == population]
    size = max(found.stop for _, found in mine)
    cells, stages = np.full((2, size), -1, dtype=np.int32)
    for number, found in mine:
        if found.kind != "synapses":
            (stages if found.kind == "delay" else cells)[found.start : found.stop] = number
    return cells, stages


def _require(holds: bool, violation: str) -> None:
    if not holds:
        raise IllegalProductError("partition", violation)
