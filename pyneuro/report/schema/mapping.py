"""The parts that tell a network and how it lies on the machine."""

from __future__ import annotations

from dataclasses import dataclass

from pyneuro.report.schema.columns import CoreColumns


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
    sdram_bytes: int | None
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
    """Every core in use, in the order of the partition.

    Parameters
    ----------
    rows, omitted : tuple of CoreRow, int
        The first ones, and how many there are more.
    more : CoreColumns, optional
        Those that follow, up to a number.
    digest : str
        Of the labels and places of all cores.
    overloaded : int
        Cores, those left out among them, that are expected to need more than a tick.
    busiest, busiest_share : str, float, optional
        The core that is expected to need most, and what of a tick that is.
    """

    rows: tuple[CoreRow, ...]
    omitted: int
    more: CoreColumns | None
    digest: str
    overloaded: int = 0
    busiest: str | None = None
    busiest_share: float | None = None

    @property
    def untold(self) -> int:
        """Cores about which no more is told than that digest."""
        return self.omitted - (len(self.more) if self.more else 0)


@dataclass(frozen=True)
class PlaceRow:
    """Where one population is, and where its packets go.

    Parameters
    ----------
    cores, neurons, chips, boards : int
        What it takes.
    on : tuple of (x, y, cores)
        The chips, and its cores on each; of populations far down the list it is left out, as is `over`.
    hops : float
        Link traversals if each of its neurons fires once.
    links : int
        Links that carry its packets.
    over : tuple of (x, y, link)
        Those links.
    """

    population: str
    cores: int
    neurons: int
    chips: int
    boards: int
    on: tuple[tuple[int, int, int], ...]
    hops: float
    links: int
    over: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class PlacesSection:
    """The populations on the machine, in their order, and the number left out at the end."""

    rows: tuple[PlaceRow, ...]
    omitted: int


@dataclass(frozen=True)
class RegionRow:
    """A region of memory, ``DTCM`` or ``SDRAM``: bytes of all cores, and of the core that has the most."""

    memory: str
    region: str
    total: int
    most: int
    core: str


@dataclass(frozen=True)
class CoreRegions:
    """Bytes that a core has of each of the `regions` of `MemorySection`, in their order."""

    label: str
    bytes: tuple[int, ...]


@dataclass(frozen=True)
class MemorySection:
    """The fullest core's DTCM and the fullest chip's SDRAM against their limits, in bytes, and what these are for.

    Parameters
    ----------
    regions : tuple of RegionRow
        Regions have sizes and no addresses: only a loader would lay them out.
    cores, cores_omitted : tuple of CoreRegions, int
        In the order of the partition, and how many there are more.
    """

    dtcm_most: int | None
    dtcm_limit: int
    dtcm_core: str | None
    sdram_total: int
    sdram_most: int
    sdram_limit: int
    sdram_chip: tuple[int, int] | None
    regions: tuple[RegionRow, ...] = ()
    cores: tuple[CoreRegions, ...] = ()
    cores_omitted: int = 0


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
class HistogramRow:
    """How something is distributed over the synapses of a projection.

    Parameters
    ----------
    what : str
        ``weights``, ``errors of weights`` (relative) or ``delays``.
    bins : tuple of (text, int)
        What falls in each bin, and how many of the synapses that were counted.
    counted, synapses : int
        Synapses that were counted, of so many: of a large projection, a sample.
    """

    projection: str
    what: str
    unit: str
    bins: tuple[tuple[str, int], ...]
    counted: int
    synapses: int


@dataclass(frozen=True)
class EnergyRow:
    """One part of the estimate: `count` of something, at `each_watts`, take `watts`, as `source` says."""

    part: str
    count: float
    each_watts: float
    watts: float
    source: str


@dataclass(frozen=True)
class EnergySection:
    """An estimate of the power that a board would take; energy is for the whole run, if there was one.

    Parameters
    ----------
    watts, expected_watts : float
        In all; and if there were the packets that are expected.
    measured : bool
        Whether packets were counted in the run, or follow from expected rates.
    seconds : float, optional
        Time that the run would take on the machine.
    joules : float, optional
        In that time.
    nanojoules_per_event : float, optional
        In that time for each synaptic event, all parts shared out.
    """

    rows: tuple[EnergyRow, ...]
    watts: float
    expected_watts: float
    measured: bool
    seconds: float | None = None
    joules: float | None = None
    nanojoules_per_event: float | None = None


@dataclass(frozen=True)
class DiagnosticRow:
    """A remark of a stage."""

    stage: str
    subject: str
    message: str
