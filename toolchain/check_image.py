"""The checker of images: what would be loaded is what the stages made, each of which has been checked.

It reads the image back and knows nothing of how rows are written: cores stand and send as placement and keys say,
tables are the minimised ones, every core that a net reaches has an entry for its keys, and the rows of each
population hold as many synapses as the network has.  Whether rows lie inside their memory and name cells that there
are is held to the image alone, by `emulator.check`, whenever one is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emulator.image import Core, DelayCore, MachineImage, NeuronCore, PopulationTable, RoutingTable, SynapseCore
from toolchain.errors import IllegalProductError
from toolchain.map_graph import GraphMapping
from toolchain.network import Network
from toolchain.partition import Partition
from toolchain.workload import UNCHANGING

_FIXED_COUNT = 1
"""Word of a row without a plastic part that tells how many synapses it has (sPyNNaker ``synapse_row.h``)."""


def check(network: Network, partition: Partition, mapped: GraphMapping, image: MachineImage) -> None:
    """Check that `image` is what was mapped.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    _require(len(image.cores) == len(partition.slices), f"{len(partition.slices)} slices have {len(image.cores)} cores")
    _require(image.machine is mapped.machine, "it is for another machine")
    _check_places(mapped, image)
    _check_tables(mapped, image)
    _check_entries(mapped, image)
    _check_synapses(network, partition, mapped, image)


def _check_places(mapped: GraphMapping, image: MachineImage) -> None:
    """Each core is where its vertex was placed, and sends its keys."""
    sends = {net.source: number for number, net in enumerate(mapped.graph.nets)}
    placement, keys = mapped.placement, mapped.keys
    for number, core in enumerate(image.cores):
        place = tuple(int(array[number]) for array in (placement.x, placement.y, placement.p))
        _require((core.x, core.y, core.p) == place, f"{_name(core)} was placed on {place}")
        net = sends.get(number)
        block = (0, 0) if net is None else (int(keys.key[net]), int(keys.mask[net]))
        _require((core.key, core.mask) == block, f"{_name(core)} sends {core.key:#x}/{core.mask:#x}, not its keys")


def _check_tables(mapped: GraphMapping, image: MachineImage) -> None:
    """The routing tables are the minimised ones."""
    _require(len(image.tables) == len(mapped.minimised.tables), "there are more or fewer routing tables than were made")
    for loaded, made in zip(image.tables, mapped.minimised.tables, strict=True):
        _require(
            _same(loaded, made), f"the routing table of chip ({loaded.x}, {loaded.y}) is not the one that was made"
        )


def _same(loaded: RoutingTable, made: RoutingTable) -> bool:
    return (loaded.x, loaded.y) == (made.x, made.y) and all(
        np.array_equal(one, other)
        for one, other in ((loaded.key, made.key), (loaded.mask, made.mask), (loaded.route, made.route))
    )


def _check_entries(mapped: GraphMapping, image: MachineImage) -> None:
    """A core that a net reaches knows its keys."""
    known = [_blocks(core) for core in image.cores]
    for net, key, mask in zip(mapped.graph.nets, mapped.keys.key.tolist(), mapped.keys.mask.tolist(), strict=True):
        for sink in net.sinks.tolist():
            low, high = known[sink]
            entry = np.searchsorted(high, key)
            _require(
                entry < len(low) and low[entry] <= key | (~mask & 0xFFFFFFFF),
                f"{_name(image.cores[sink])} has no entry for the keys of {_name(image.cores[net.source])}",
            )


def _blocks(core: Core) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """First and last key of each entry of a core, ascending."""
    if isinstance(core, DelayCore):
        key = np.array([core.source_key], np.uint32)
        return key, key | ~np.array([core.source_mask], np.uint32)
    tables = list(_tables(core))
    low = np.concatenate([np.zeros(0, np.uint32), *(table.key for table in tables)])
    high = np.concatenate([np.zeros(0, np.uint32), *(table.key | ~table.mask for table in tables)])
    order = np.argsort(low, kind="stable")
    return low[order], high[order]


def _tables(core: Core) -> Iterator[PopulationTable]:
    if isinstance(core, NeuronCore | SynapseCore):
        yield core.table
    if isinstance(core, NeuronCore):
        yield from (rows.table for rows in core.dynamic)


def _check_synapses(network: Network, partition: Partition, mapped: GraphMapping, image: MachineImage) -> None:
    """The rows without dynamics have as many synapses, population by population, as the network."""
    order = np.argsort(mapped.keys.key)
    first = mapped.keys.key[order]
    cells = np.array([partition.slices[net.source].size for net in mapped.graph.nets], np.int64)[order]
    made = [0] * len(network.populations)
    for found, core in zip(partition.slices, image.cores, strict=True):
        if isinstance(core, NeuronCore | SynapseCore) and len(core.table.key):
            made[found.population] += _synapses(core, cells[np.searchsorted(first, core.table.key, side="right") - 1])
    wanted = [0] * len(network.populations)
    for projection in network.projections:
        if projection.synapse in UNCHANGING:
            wanted[projection.target] += len(projection)
    for population, one, other in zip(network.populations, made, wanted, strict=True):
        _require(one == other, f"the rows of {population.label!r} have {one} synapses, the network has {other}")


def _synapses(core: NeuronCore | SynapseCore, senders: NDArray[np.int64]) -> int:
    """How many synapses the rows of a core say that they have; each entry has a row for each of so many `senders`."""
    total = 0
    blocks = zip(core.table.address.tolist(), core.table.stride.tolist(), senders.tolist(), strict=True)
    for address, stride, rows in blocks:
        total += int(core.rows[address + _FIXED_COUNT : address + rows * stride : stride].sum(dtype=np.int64))
    return total


def _name(core: Core) -> str:
    return f"core {core.label!r} at {(core.x, core.y, core.p)}"


def _require(holds: bool, violation: str) -> None:
    if not holds:
        raise IllegalProductError("image", violation)
