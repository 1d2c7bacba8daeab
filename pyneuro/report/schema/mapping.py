"""The parts that tell a network and how it lies on the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PopulationRow:
    """A population: parameters as (name, text), what is recorded as ``variable (n cells)``."""

    label: str
    cell: str
    size: int
    parameters: tuple[tuple[str, str], ...]
    recorded: tuple[str, ...]


@dataclass(frozen=True)
class ProjectionRow:
    """A projection: weights in `unit`, delays in ms, each as (smallest, mean, largest)."""

    label: str
    source: str
    target: str
    receptor: str
    synapse: str
    synapses: int
    unit: str
    weight: tuple[float, float, float] | None
    delay: tuple[float, float, float] | None


@dataclass(frozen=True)
class NetworkSection:
    """What is simulated."""

    label: str
    timestep_ms: float
    cells: int
    synapses: int
    populations: tuple[PopulationRow, ...]
    projections: tuple[ProjectionRow, ...]


@dataclass(frozen=True)
class PartitionRow:
    """The slices of one population: cores by kind of what they run, cells of the largest slice, sub-steps of a tick."""

    population: str
    kind: str
    cores: int
    cells: int
    largest: int
    substeps: int = 0


@dataclass(frozen=True)
class CoreRow:
    """A core: its slice, its place, its keys and its memory; from the partition its kind; and counts of the run.

    Parameters
    ----------
    kind : str
        What it runs: ``neurons``, ``poisson``, ``array``, ``delay``; ``vertex`` in a bare graph.
    key, mask : str or None
        Hexadecimal; None if it sends nothing.
    expected : float or None
        Share of a tick that the partitioner counted on.
    mean, largest : float or None
        Share of a tick that it took in the run.
    """

    label: str
    kind: str
    neurons: int
    x: int
    y: int
    p: int
    key: str | None
    mask: str | None
    sdram_bytes: int
    dtcm_bytes: int | None = None
    expected: float | None = None
    mean: float | None = None
    largest: float | None = None
    overruns: int | None = None
    spikes: int | None = None
    packets_received: int | None = None
    synaptic_events: int | None = None
    saturations: int | None = None


@dataclass(frozen=True)
class CoresSection:
    """Every core in use, in the order of the partition, and the number left out at the end."""

    rows: tuple[CoreRow, ...]
    omitted: int


@dataclass(frozen=True)
class ChipCell:
    """A chip of the board picture, or a block of them: cores that are used of those there are."""

    x: int
    y: int
    chips: int
    cores: int
    used: int
    ethernet: bool
    entries: int
    sdram_bytes: int


@dataclass(frozen=True)
class LinkTraffic:
    """Packets over the link `link` out of chip (x, y): if every source fires once, and in the run."""

    x: int
    y: int
    link: int
    expected: float
    sent: int | None


@dataclass(frozen=True)
class MachineSection:
    """The machine, what of it is used, and its picture.

    Parameters
    ----------
    block : int
        Each cell of the picture is a square of ``block`` x ``block`` chips.
    whole : bool
        Whether the picture shows the whole machine, or only the part in use.
    links : tuple of LinkTraffic
        Links with traffic, if `block` is 1.
    """

    name: str
    boards: int
    chips: int
    cores: int
    width: int
    height: int
    wraps: bool
    boards_used: int
    chips_used: int
    cores_used: int
    block: int
    whole: bool
    cells: tuple[ChipCell, ...]
    links: tuple[LinkTraffic, ...]


@dataclass(frozen=True)
class RoutesSection:
    """The multicast trees.

    Parameters
    ----------
    hops : float
        Link traversals if every source neuron fires once.
    links_used : int
        Links that carry any packet.
    longest_path : int
        Links from a source to its farthest sink, over all trees.
    mean_links, most_links : float, int
        Links of a tree.
    busiest : tuple of LinkTraffic
        The links with the most traffic, most first.
    """

    nets: int
    hops: float
    links_used: int
    longest_path: int
    mean_links: float
    most_links: int
    busiest: tuple[LinkTraffic, ...]


@dataclass(frozen=True)
class TableRow:
    """Routing entries of one chip, as generated and as loaded."""

    x: int
    y: int
    generated: int
    minimised: int


@dataclass(frozen=True)
class TablesSection:
    """Routing tables, fullest first; `limit` is what a chip holds."""

    generated: int
    minimised: int
    most: int
    limit: int
    chips: int
    rows: tuple[TableRow, ...]
    omitted: int


@dataclass(frozen=True)
class MemorySection:
    """The fullest core's DTCM and the fullest chip's SDRAM against their limits, in bytes."""

    dtcm_most: int | None
    dtcm_limit: int
    dtcm_core: str | None
    sdram_total: int
    sdram_most: int
    sdram_limit: int
    sdram_chip: tuple[int, int] | None


@dataclass(frozen=True)
class QuantisationRow:
    """What 16-bit weights do to a projection: the step between weights, and relative errors."""

    label: str
    unit: str
    synapses: int
    shift: int
    quantum: float
    largest_error: float
    rms_error: float
    zeroed: int


@dataclass(frozen=True)
class DiagnosticRow:
    """A remark of a stage."""

    stage: str
    subject: str
    message: str
