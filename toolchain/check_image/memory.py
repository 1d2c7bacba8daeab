"""Memory: each region that was laid out for a core is as large as what the image has for it.

Words are counted in the image: entries of population tables, rows, registers, slots of ring buffers, spikes to send.
"""

from __future__ import annotations

import math

from emulator.image import DELAY_SLOTS, ArrayCore, Core, MachineImage, NeuronCore, SynapseCore
from toolchain.check_image.packets import tables_of
from toolchain.check_image.require import name, require
from toolchain.partition import Partition

WORD = 4
ENTRY_BYTES = 16
SPIKE_BYTES = 8
RING_WORD = 2


def check_memory(partition: Partition, image: MachineImage) -> None:
    """Check the regions of all cores."""
    for laid, core in zip(partition.memory, image.cores, strict=True):
        sizes = {region.name: region.bytes for region in (*laid.dtcm, *laid.sdram)}
        for region, needed in _needs(image, core).items():
            found = sizes.get(region, 0)
            require(found == needed, f"{name(core)} has {found} bytes for {region}, its {region} take {needed}")


def _needs(image: MachineImage, core: Core) -> dict[str, int]:
    """The bytes of some regions, as the image has them."""
    if isinstance(core, ArrayCore):
        return {"spike times": SPIKE_BYTES * len(core.tick)}
    if not isinstance(core, NeuronCore | SynapseCore):
        return {}
    dynamic = core.dynamic if isinstance(core, NeuronCore) else ()
    tables = list(tables_of(core))
    rows = len(core.rows) + sum(len(rows.rows) for rows in dynamic)
    needs = {
        "population table": ENTRY_BYTES * sum(len(table.key) for table in tables),
        "synaptic rows": WORD * rows,
        "row buffers": 2 * WORD * max((int(table.stride.max(initial=0)) for table in tables), default=0),
    }
    neurons = core if isinstance(core, NeuronCore) else image.cores[core.neurons]
    assert isinstance(neurons, NeuronCore), "the places have been checked"
    if isinstance(core, NeuronCore):
        needs["neuron state"] = WORD * sum(math.prod(words.shape) for words in core.registers.values())
    if any(len(table.key) for table in tables):
        needs["ring buffers"] = RING_WORD * DELAY_SLOTS << (neurons.index_bits + neurons.type_bits)
    return needs
