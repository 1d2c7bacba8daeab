"""The parts that tell what happened in the runs, and how they compare."""

from __future__ import annotations

from dataclasses import dataclass

Floats = tuple[float, ...]


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
    """A count of the run; where it should be 0 and is not, `remedy` says what to try, `most_on` which core has most."""

    name: str
    value: int
    meaning: str
    remedy: str | None = None
    most_on: str | None = None


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
        First divergence: time of the spike in ms, as PyNN gives it; cell; and the side that has the spike.
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
