"""The fabric: where the packets of each core go, found by walking the routing tables.

A multicast packet carries a key and no address.  At each chip the first entry of the table with
``packet & mask == key`` says by which links it leaves and to which cores it is delivered.  A packet that
matches nothing goes straight on, out of the link opposite to the one it came in by; one that a core of the
chip itself sent is dropped (Furber et al. 2013, section 5; spinnaker_tools).

Where a packet goes depends on its key alone, so the walk is done once, at load, for the block of keys that a core
sends, and its result is kept: the cores that get a copy, the links that are crossed, the copies that are lost.
A wrong table gives wrong spikes, as on the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.errors import ImageError
from emulator.image import Core, DelayCore, MachineImage
from emulator.machine import LINKS, Machine, neighbours
from emulator.walk import EndlessWalkError, walk

ROUTE_CORES = 18
"""Cores that a route word can name."""


@dataclass(frozen=True, eq=False)
class Fabric:
    """Where packets go, by blocks of keys.

    Blocks of one source may lie within each other: a block that a table divides is delivered whole before
    that chip, and in parts behind it.

    Parameters
    ----------
    source : int32[blocks]
        The core that sends; cores are numbered as in the image.
    key, mask : uint32[blocks]
        Its keys: all that match ``key`` under ``mask``.
    delivery_block, delivery_core : int32[deliveries]
        A copy of each packet of the block reaches the core.
    hop_block, hop_link : int32[hops]
        Each packet of the block crosses link ``hop_link % 6`` of chip ``hop_link // 6``.
    drop_block, drop_chip : int32[drops]
        A copy of each packet of the block is lost at the chip.  Chip (x, y) has number ``x * height + y``.
    """

    source: NDArray[np.int32]
    key: NDArray[np.uint32]
    mask: NDArray[np.uint32]
    delivery_block: NDArray[np.int32]
    delivery_core: NDArray[np.int32]
    hop_block: NDArray[np.int32]
    hop_link: NDArray[np.int32]
    drop_block: NDArray[np.int32]
    drop_chip: NDArray[np.int32]


def trace(image: MachineImage) -> Fabric:
    """Walk the keys of all cores of `image` through its tables.

    Raises
    ------
    ImageError
        If packets walk in a circle; the message names the core, a key and a chip.
    """
    start, key, mask, route = _tables(image)
    sources = [_source(number, core, image.machine) for number, core in enumerate(image.cores) if sends(core)]
    rows = np.array(sources, dtype=np.int64).reshape(len(sources), 5)
    try:
        return Fabric(**walk(neighbours(image.machine).reshape(-1), _core_at(image), start, key, mask, route, rows))
    except EndlessWalkError as error:
        circle, core, chip, block = error.args
        x, y = divmod(chip, image.machine.height)
        fault = "walk in a circle" if circle else "are copied without end"
        raise ImageError(
            f"routing tables: packets of {image.cores[core].label!r} with key {block:#010x} {fault} at chip ({x}, {y})"
        ) from None


def sends(core: Core) -> bool:
    """Whether the core sends packets."""
    return bool(core.key or core.mask)


def key_limit(core: Core) -> int:
    """One more than the highest number below the key that the core sends."""
    if isinstance(core, DelayCore):
        stage, neuron = np.nonzero(core.send)
        return int(np.max((stage << core.stage_shift) | neuron, initial=-1)) + 1
    return core.n


def neuron_mask(core: Core) -> int:
    """The bits below the key that number a core's neurons; those above are the delay stage."""
    return (1 << core.stage_shift) - 1 if isinstance(core, DelayCore) else 0xFFFFFFFF


def block_packets(fabric: Fabric, image: MachineImage, sent: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Packets of each block, where ``sent[core][i]`` packets had the i-th key of a core: int64[blocks]."""
    totals = np.array([counts.sum() for counts in sent], dtype=np.int64)
    packets = totals[fabric.source]
    whole = np.array([core.mask for core in image.cores], dtype=np.uint32)[fabric.source] == fabric.mask
    for block in np.flatnonzero(~whole):
        core = fabric.source[block]
        number = np.arange(len(sent[core]), dtype=np.uint32)
        free = ~np.uint32(image.cores[core].mask)
        inside = (number & fabric.mask[block]) == (fabric.key[block] & free)
        packets[block] = sent[core][inside].sum()
    return packets


def link_traffic(fabric: Fabric, machine: Machine, packets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Packets that crossed each link: uint64[width, height, 6]; `packets` as of `block_packets`."""
    traffic = np.zeros(machine.width * machine.height * len(LINKS), dtype=np.uint64)
    np.add.at(traffic, fabric.hop_link, packets[fabric.hop_block].astype(np.uint64))
    return traffic.reshape(machine.width, machine.height, len(LINKS))


def _source(number: int, core: Core, machine: Machine) -> tuple[int, int, int, int, int]:
    return number, core.x * machine.height + core.y, core.key, core.mask, key_limit(core)


def _tables(
    image: MachineImage,
) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """All tables one after the other, by chip: (start[chips + 1], key, mask, route)."""
    height = image.machine.height
    entries = np.zeros(image.machine.width * height + 1, dtype=np.int64)
    ordered = sorted(image.tables, key=lambda table: (table.x, table.y))
    for table in ordered:
        entries[table.x * height + table.y + 1] = len(table.key)
    empty = [np.zeros(0, dtype=np.uint32)]
    key = np.concatenate(empty + [table.key for table in ordered])
    mask = np.concatenate(empty + [table.mask for table in ordered])
    route = np.concatenate(empty + [table.route for table in ordered])
    return np.cumsum(entries), key, mask, route


def _core_at(image: MachineImage) -> NDArray[np.int32]:
    """Number of the core p of each chip, -1 where the image has none: int32[chips * 18]."""
    numbers = np.full((image.machine.width, image.machine.height, ROUTE_CORES), -1, dtype=np.int32)
    for number, core in enumerate(image.cores):
        numbers[core.x, core.y, core.p] = number
    return numbers.reshape(-1)
