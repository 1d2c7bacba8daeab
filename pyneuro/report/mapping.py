"""Sections of the report that tell a network, how it is cut, and the memory that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pyneuro.report.columns import ROWS
from pyneuro.report.layers import chip_sdram
from pyneuro.report.schema.mapping import (
    CoreRegions,
    MemorySection,
    NetworkSection,
    PartitionRow,
    PopulationRow,
    ProjectionRow,
    RegionRow,
)
from toolchain.describe import Spread, parameter_texts, recording_text, spread, weight_unit
from toolchain.network import Network, Population, Projection
from toolchain.partition import Partition, Slice
from toolchain.place import Placement


def network_section(network: Network) -> NetworkSection:
    """Tell the network."""
    return NetworkSection(
        label=network.label,
        timestep_ms=network.timestep,
        cells=network.cells,
        synapses=network.synapses,
        populations=tuple(map(_population_row, network.populations)),
        projections=tuple(_projection_row(network, projection) for projection in network.projections),
    )


def _population_row(population: Population) -> PopulationRow:
    return PopulationRow(
        label=population.label,
        cell=population.cell,
        size=population.size,
        parameters=parameter_texts(population),
        recorded=tuple(recording_text(recording, population.size) for recording in population.recordings),
    )


def _projection_row(network: Network, projection: Projection) -> ProjectionRow:
    return ProjectionRow(
        label=projection.label,
        source=network.populations[projection.source].label,
        target=network.populations[projection.target].label,
        receptor=projection.receptor,
        synapse=projection.synapse,
        synapses=len(projection),
        unit=weight_unit(network, projection),
        weight=_plain(spread(projection.weight)),
        delay=_plain(spread(projection.delay)),
    )


def _plain(found: Spread | None) -> tuple[float, float, float] | None:
    return None if found is None else (found.smallest, found.mean, found.largest)


def partition_rows(network: Network, slices: Sequence[Slice]) -> tuple[PartitionRow, ...]:
    """Tell how many cores each population takes, by kind."""
    sizes: dict[tuple[int, str, int], list[int]] = {}
    for piece in slices:
        sizes.setdefault((piece.population, piece.kind, piece.substeps), []).append(piece.size)
    return tuple(
        PartitionRow(network.populations[number].label, kind, len(pieces), sum(pieces), max(pieces), substeps)
        for (number, kind, substeps), pieces in sorted(sizes.items())
    )


def memory_section(
    placement: Placement, names: Sequence[str], sdram: Sequence[int], dtcm: Sequence[int]
) -> MemorySection:
    """Tell the memory in use: `sdram` and `dtcm` are bytes of each vertex; `dtcm` is empty where it is not known."""
    machine = placement.machine
    chips = chip_sdram(placement, sdram)
    fullest = int(np.argmax(chips)) if len(sdram) else 0
    core = int(np.argmax(dtcm)) if len(dtcm) else None
    return MemorySection(
        dtcm_most=None if core is None else int(dtcm[core]),
        dtcm_limit=machine.dtcm_bytes,
        dtcm_core=None if core is None else names[core],
        sdram_total=int(chips.sum()),
        sdram_most=int(chips.max()),
        sdram_limit=machine.sdram_bytes,
        sdram_chip=(fullest // machine.height, fullest % machine.height) if len(sdram) else None,
    )


def with_regions(section: MemorySection, partition: Partition) -> MemorySection:
    """Return `section` with what memory is for: the regions of all cores, largest first, and of each core."""
    held: dict[tuple[str, str], list[int]] = {}
    cores = len(partition.memory)
    for number, memory in enumerate(partition.memory):
        for kind, regions in (("DTCM", memory.dtcm), ("SDRAM", memory.sdram)):
            for region in regions:
                held.setdefault((kind, region.name), [0] * cores)[number] += region.bytes
    rows = [_region_row(partition, *name, sizes) for name, sizes in held.items() if any(sizes)]
    rows.sort(key=lambda row: (row.memory, -row.total, row.region))
    columns = [held[row.memory, row.region][:ROWS] for row in rows]
    labels = (piece.label for piece in partition.slices)
    told = tuple(CoreRegions(label, sizes) for label, sizes in zip(labels, zip(*columns, strict=True), strict=False))
    return replace(section, regions=tuple(rows), cores=told, cores_omitted=cores - len(told))


def _region_row(partition: Partition, memory: str, region: str, sizes: Sequence[int]) -> RegionRow:
    most = max(sizes)
    return RegionRow(memory, region, sum(sizes), most, partition.slices[sizes.index(most)].label)
