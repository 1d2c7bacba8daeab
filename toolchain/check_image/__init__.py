"""The checker of images: what would be loaded is the network, as the stages laid it out.

It reads the image back, by its format alone (`emulator.image`, `emulator.synaptic_rows`), with no code that has a part
in writing it.  Cores stand and send as placement and keys say, and the routing tables are the minimised ones
(`places`).  Cores are told what their cells are, what is injected and what is recorded (`cells`), and have the memory
that was laid out for them (`memory`).  And every key that a core receives is looked up as the core would, in its
population tables; the rows that are found are decoded (`packets`, `arriving`) and held against the synapses of the
network (`wanted`, `mechanisms`). Each must be there as often as the network has it: from its source, to its target
cell, receptor, delay (delay stages included) and rule, with the weight that it quantises to by the shift of the core,
and with its first values.  Nothing else may be there (`synapses`).

All synapses are checked, whenever a network is compiled.  A stream over the network and one over the rows add up the
hashes of all synapses, slice by slice (`sums`); only where two sums differ are synapses sorted, to find one.  So it
takes 8 % of the time of a mapping: 30 ms of 0.4 s for a million synapses between 10,000 cells (Xeon, 2.1 GHz).
"""

from __future__ import annotations

from emulator.image import MachineImage
from toolchain.check_image.cells import check_cells
from toolchain.check_image.memory import check_memory
from toolchain.check_image.packets import check_entries, traffic_of
from toolchain.check_image.places import check_places
from toolchain.check_image.synapses import check_synapses
from toolchain.map_graph import GraphMapping
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.partition import Partition


def check(
    network: Network,
    partition: Partition,
    mapped: GraphMapping,
    image: MachineImage,
    options: MappingOptions | None = None,
) -> None:
    """Check that `image` is what was mapped.

    Parameters
    ----------
    options : MappingOptions, optional
        Those that the network was mapped with; by default those that nobody has said anything of.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    options = options or MappingOptions()
    check_places(network, partition, mapped, image)
    check_cells(network, partition, image, options)
    traffic = traffic_of(network, partition, mapped, image)
    check_entries(image, traffic)
    check_synapses(network, partition, image, traffic, options)
    check_memory(partition, image)
