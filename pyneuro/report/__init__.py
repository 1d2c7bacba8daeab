"""The report: one frozen value with everything that is told about a network, its mapping and its runs.

Three renderings are made of it and of nothing else: JSON (`pyneuro.report.to_json`), text for terminals
(`to_text`) and one self-contained HTML page (`to_html`).  The fields below are the schema of the JSON file:
dataclasses become objects, tuples lists, and what is None or not finite becomes null.  A section that does
not apply (no mapping on the reference, no comparison of a single run) is None.

The value is bounded: plots hold a sample of the spikes, and long tables their first rows with the number
left out, so that a machine of a thousand boards does not make a report of a gigabyte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

REPORT_FORMAT = "pyneuro report"
REPORT_VERSION = 1

Level = Literal["good", "note", "bad"]
Floats = tuple[float, ...]


# --- the network -----------------------------------------------------------------------------------------


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


# --- the mapping -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartitionRow:
    """The slices of one population: cores by kind of what they run, and the cells of the largest slice."""

    population: str
    kind: str
    cores: int
    cells: int
    largest: int


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


# --- the runs --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunRow:
    """One run: wall-clock seconds by what was done, CPU seconds of the simulation, and what came out."""

    backend: str
    bio_s: float
    seconds: tuple[tuple[str, float], ...]
    cpu_s: float | None
    spikes: int
    rate_hz: float | None
    spike_hash: str


@dataclass(frozen=True)
class Counter:
    """A count of the run; `remedy` says what to try where it is not 0 and should be."""

    name: str
    value: int
    meaning: str
    remedy: str | None = None


@dataclass(frozen=True)
class ExecutionSection:
    """What happened on the machine.

    Parameters
    ----------
    cycles_per_tick : float
        What a core has.
    time_scale_factor : float
        Wall-clock time of the machine over biological time.
    busiest, busiest_share : str or None, float
        The core with the fullest tick, and how full it was.
    mean_share : float
        Mean over cores and ticks.
    """

    ticks: int
    cycles_per_tick: float
    time_scale_factor: float
    busiest: str | None
    busiest_share: float
    mean_share: float
    counters: tuple[Counter, ...]


@dataclass(frozen=True)
class SpikeSample:
    """Spikes of the cells that are drawn: time and row of each, of `total`; and the rate of all cells by bin."""

    total: int
    times_ms: Floats
    rows: tuple[int, ...]
    rate_hz: Floats


@dataclass(frozen=True)
class ActivityPlot:
    """Spikes of one population on one or both simulators; every `stride`-th of its recorded cells is drawn."""

    label: str
    cells: int
    stride: int
    duration_ms: float
    bin_ms: float
    reference: SpikeSample | None
    emulated: SpikeSample | None


@dataclass(frozen=True)
class Trace:
    """A recorded variable of one cell on one or both simulators: samples of a stretch of the run.

    Where the run is longer than what a plot can show, the stretch is around the first divergence.
    """

    label: str
    variable: str
    unit: str
    cell: int
    start_ms: float
    interval_ms: float
    divergence_ms: float | None
    reference: Floats | None
    emulated: Floats | None


# --- the comparison --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignalRow:
    """Difference of a recorded variable: over the run, and up to the first divergence."""

    variable: str
    unit: str
    rms: float
    largest: float
    rms_before: float
    largest_before: float


@dataclass(frozen=True)
class ComparisonRow:
    """One population on both simulators; pairs are (reference, emulated).

    Parameters
    ----------
    equal, paired : float
        Share of the spikes in the same step, and within the tolerance.
    shifts : tuple of (int, int)
        (emulated step minus reference step, number of pairs).
    equal_before : int
        Equal spikes before the first divergence.
    divergence : tuple of (float, int, str), optional
        First divergence: time in ms, cell, and the side that has the spike.
    distance : float
        Mean van Rossum distance of the spike trains.
    """

    label: str
    is_source: bool
    recorded: int
    spikes: tuple[int, int]
    rate_hz: tuple[float, float]
    rate_difference: float
    cv: tuple[float, float]
    correlation: tuple[float, float]
    equal: float
    paired: float
    shifts: tuple[tuple[int, int], ...]
    equal_before: int
    divergence: tuple[float, int, str] | None
    distance: float
    signals: tuple[SignalRow, ...]


@dataclass(frozen=True)
class ComparisonSection:
    """Reference and emulator, population by population."""

    tolerance_ms: float
    populations: tuple[ComparisonRow, ...]


@dataclass(frozen=True)
class RequirementRow:
    """A requirement, the population it is about, what was measured and whether it is met."""

    requirement: str
    population: str
    measured: float | None
    passed: bool


@dataclass(frozen=True)
class Finding:
    """One sentence that sums up a part of the report."""

    level: Level
    text: str


@dataclass(frozen=True)
class Report:
    """Everything that is told; see the module."""

    title: str
    made_by: str
    findings: tuple[Finding, ...] = ()
    network: NetworkSection | None = None
    machine: MachineSection | None = None
    partition: tuple[PartitionRow, ...] = ()
    cores: CoresSection | None = None
    routes: RoutesSection | None = None
    tables: TablesSection | None = None
    memory: MemorySection | None = None
    quantisation: tuple[QuantisationRow, ...] = ()
    diagnostics: tuple[DiagnosticRow, ...] = ()
    runs: tuple[RunRow, ...] = ()
    execution: ExecutionSection | None = None
    comparison: ComparisonSection | None = None
    requirements: tuple[RequirementRow, ...] = ()
    activity: tuple[ActivityPlot, ...] = ()
    traces: tuple[Trace, ...] = ()
    format: str = REPORT_FORMAT
    version: int = REPORT_VERSION

    @property
    def stages(self) -> tuple[str, ...]:
        """What was timed in the runs, in the order of the work."""
        named = {stage: None for run in reversed(self.runs) for stage, _ in run.seconds}
        return tuple(named)
