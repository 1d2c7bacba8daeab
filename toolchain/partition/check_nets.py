"""The check of nets: who must hear whom, by the synapses that there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.image import DELAY_SLOTS
from toolchain.errors import IllegalProductError
from toolchain.network import Network, Projection
from toolchain.options import MOST_STAGES, MappingOptions
from toolchain.partition import Partition
from toolchain.partition.traffic import traffic_pairs
from toolchain.synapses.structure import PARTNER_SELECTIONS, STRUCTURAL, structure_of
from toolchain.workload import UNCHANGING


def check_nets(network: Network, partition: Partition, options: MappingOptions) -> None:
    """Check that nets lead to where synapses are, have keys for all packets, and that stages repeat what they must.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    _check_sinks(network, partition, options)
    for population in range(len(network.populations)):
        _check_stages(network, partition, options, population)
    _check_keys(partition)


def _check_keys(partition: Partition) -> None:
    """A slice has a key for each cell, delay stages a power of two for each stage; a net tells how many are used."""
    for net in partition.graph.nets:
        found, who = partition.slices[net.source], f"slice {partition.slices[net.source].label!r}"
        keys, packets = found.size, float(found.size)
        if found.kind == "delay":
            keys = found.stages << max(1, (found.size - 1).bit_length())
            packets = float(np.count_nonzero(partition.sends[net.source]))
        _require(net.keys == keys, f"{who} asks for {net.keys} keys, it needs {keys}")
        _require(
            net.weight == packets, f"{who} sends {packets:g} packets if all cells spike, its net says {net.weight:g}"
        )


def _check_stages(network: Network, partition: Partition, options: MappingOptions, population: int) -> None:
    """Delay stages repeat the spikes of cells with synapses of such delays; of others where such may be formed."""
    sends = [projection for projection in network.projections if projection.source == population]
    needed = np.zeros((MOST_STAGES, network.populations[population].size), np.bool_)
    for projection in sends:
        steps = np.rint(_delays(network, projection, options) / network.timestep)
        late = np.flatnonzero(steps > DELAY_SLOTS) if len(projection) else np.zeros(0, np.int64)
        stage = ((steps[late] - 1) // DELAY_SLOTS).astype(np.int64) - 1
        needed[stage, projection.pre if len(steps) == 1 and len(late) else projection.pre[late]] = True
    grows = any(projection.synapse in STRUCTURAL for projection in sends)
    for number, found in enumerate(partition.slices):
        if found.population == population and found.kind == "delay":
            asked, told = needed[:, found.start : found.stop], partition.sends[number]
            _require(told.shape == (found.stages, found.size), f"{found.label!r} has not {found.stages} stages")
            wrong = told < asked[: found.stages] if grows else told != asked[: found.stages]
            _require(not wrong.any(), f"{found.label!r} does not repeat the spikes that it should, or others")
            _require(not asked[found.stages :].any(), f"{found.label!r} has {found.stages} stages, its cells need more")


def _delays(network: Network, projection: Projection, options: MappingOptions) -> NDArray[np.float64]:
    """Delays (ms) of all synapses, or one for all, none longer than a rule allows."""
    rule = options.longest_delay_of(network, projection)
    delay = np.atleast_1d(np.asarray(projection.delay, dtype=np.float64))
    return delay if rule is None else np.minimum(delay, float(rule.value))


def _check_sinks(network: Network, partition: Partition, options: MappingOptions) -> None:
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
    delay = _delays(network, projection, options)
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
