"""Where cores are, what they send and how that is routed: as placement, keys and tables say."""

from __future__ import annotations

import numpy as np

from emulator.image import (
    ArrayCore,
    Core,
    DelayCore,
    MachineImage,
    NeuronCore,
    PoissonCore,
    RenewalCore,
    RoutingTable,
    SynapseCore,
)
from toolchain.check_image.require import name, require
from toolchain.map_graph import GraphMapping
from toolchain.network import Network
from toolchain.partition import Partition, Slice

KINDS: dict[str, tuple[type[Core], ...]] = {
    "neurons": (NeuronCore,),
    "poisson": (PoissonCore, RenewalCore),
    "array": (ArrayCore,),
    "delay": (DelayCore,),
    "synapses": (SynapseCore,),
}
"""The cores that slices of each kind run on."""


def check_places(network: Network, partition: Partition, mapped: GraphMapping, image: MachineImage) -> None:
    """Check each core against its slice, place and keys, and the routing tables against the minimised ones."""
    require(len(image.cores) == len(partition.slices), f"{len(partition.slices)} slices have {len(image.cores)} cores")
    require(image.machine is mapped.machine, "it is for another machine")
    require(image.timestep == network.timestep, f"it has a timestep of {image.timestep:g} ms, not {network.timestep:g}")
    _check_cores(mapped, image)
    for found, core in zip(partition.slices, image.cores, strict=True):
        _check_slice(found, core)
        if isinstance(core, DelayCore):
            _check_source(core, image.cores[found.source])
        if isinstance(core, SynapseCore):
            require(core.neurons == found.source, f"{name(core)} has synapses of core {core.neurons}")
    _check_tables(mapped, image)


def _check_cores(mapped: GraphMapping, image: MachineImage) -> None:
    """Each core is where its vertex was placed, and sends its keys."""
    sends = {net.source: number for number, net in enumerate(mapped.graph.nets)}
    placement, keys = mapped.placement, mapped.keys
    for number, core in enumerate(image.cores):
        place = tuple(int(array[number]) for array in (placement.x, placement.y, placement.p))
        require((core.x, core.y, core.p) == place, f"{name(core)} was placed on {place}")
        net = sends.get(number)
        block = (0, 0) if net is None else (int(keys.key[net]), int(keys.mask[net]))
        require((core.key, core.mask) == block, f"{name(core)} sends {core.key:#x}/{core.mask:#x}, not its keys")


def _check_slice(found: Slice, core: Core) -> None:
    """A core is of the kind and size of its slice, and takes as much memory."""
    kinds = KINDS[found.kind]
    require(isinstance(core, kinds), f"{name(core)} is a {type(core).__name__}, the slice is one of {found.kind}")
    require(core.label == found.label and core.n == found.size, f"{name(core)} is not slice {found.label!r}")
    told, laid = (core.dtcm_bytes, core.sdram_bytes), (found.dtcm_bytes, found.sdram_bytes)
    require(told == laid, f"{name(core)} takes {told} bytes of DTCM and SDRAM, {laid} were laid out")


def _check_source(core: DelayCore, source: Core) -> None:
    """Delay stages hear the keys of their slice."""
    heard = core.source_key, core.source_mask
    require(heard == (source.key, source.mask), f"{name(core)} does not repeat what {name(source)} sends")


def _check_tables(mapped: GraphMapping, image: MachineImage) -> None:
    """The routing tables are the minimised ones."""
    require(len(image.tables) == len(mapped.minimised.tables), "there are more or fewer routing tables than were made")
    for loaded, made in zip(image.tables, mapped.minimised.tables, strict=True):
        require(_same(loaded, made), f"the routing table of chip ({loaded.x}, {loaded.y}) is not the one that was made")


def _same(loaded: RoutingTable, made: RoutingTable) -> bool:
    return (loaded.x, loaded.y) == (made.x, made.y) and all(
        np.array_equal(one, other)
        for one, other in ((loaded.key, made.key), (loaded.mask, made.mask), (loaded.route, made.route))
    )
