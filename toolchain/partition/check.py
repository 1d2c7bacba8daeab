"""The checker of partitions: it reads the network and the product, and knows no algorithm."""

from __future__ import annotations

from emulator.machine import Machine
from toolchain.errors import IllegalProductError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population
from toolchain.options import MOST_NEURONS, MOST_STAGES, MappingOptions
from toolchain.partition import BESIDE, Partition, Slice
from toolchain.partition.check_nets import check_nets


def check(
    network: Network,
    partition: Partition,
    machine: Machine,
    options: MappingOptions | None = None,
    *,
    kept_cuts: bool = False,
) -> None:
    """Check that the slices are the network's cells and the nets its synapses, and that every core fits.

    Parameters
    ----------
    options : MappingOptions, optional
        Those that the network is mapped with.
    kept_cuts : bool
        Whether populations are cut as another mapping did, whatever `options` say of how many cells a core has.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    slices, options = partition.slices, options or MappingOptions()
    laid = len(partition.graph.vertices), len(partition.memory)
    _require(laid == (len(slices),) * 2, f"{len(slices)} slices have {laid[0]} vertices and {laid[1]} memories")
    for number, population in enumerate(network.populations):
        mine = [found for found in slices if found.population == number and found.kind not in BESIDE]
        _check_cover(mine, population.size)
        _check_kinds(mine, population, None if kept_cuts else options.of(population.label))
    order = [found.population for found in slices]
    _require(order == sorted(order), "the slices of a population are not consecutive")
    for number, found in enumerate(slices):
        _check_slice(number, found, partition, machine)
    check_nets(network, partition, options)


def _check_cover(slices: list[Slice], size: int) -> None:
    """The slices of one population follow each other from its first cell to its last."""
    bounds = [(found.start, found.stop) for found in slices]
    ends = [0, *(stop for _, stop in bounds)]
    follows = all(start == end and start < stop for (start, stop), end in zip(bounds, ends, strict=False))
    _require(follows and ends[-1] == size, f"slices {bounds} do not cover {size} cells once, in order")


def _check_kinds(slices: list[Slice], population: Population, options: MappingOptions | None) -> None:
    """Slices are of what their cells are, and have no more of them than the options of the population allow."""
    neurons = isinstance(CELL_MODELS[population.cell], CellModel)
    kind = "neurons" if neurons else "poisson" if population.spike_times is None else "array"
    for found in slices:
        _require(found.kind == kind, f"slice {found.label!r} is one of {found.kind}, its cells are {population.cell}")
        if options is not None:
            most = options.neurons_per_core if neurons else options.sources_per_core
            _require(found.size <= most, f"slice {found.label!r} has {found.size} cells, {most} are asked for")


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


def _require(holds: bool, violation: str) -> None:
    if not holds:
        raise IllegalProductError("partition", violation)
