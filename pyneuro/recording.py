"""Recording: what the simulation recorded, as PyNN's Neo blocks and as `Results`.

A spike of a cell in step k has the time (k + 1) dt, that of a source k dt.  Sample s of a signal that is
recorded every i steps is the state at s i dt, before that step; a run of n steps has n + 1 samples.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import quantities as pq
from numpy.typing import NDArray
from pyNN import errors, recording

from pyneuro import simulator
from pyneuro.errors import UnsupportedError
from pyneuro.results import PopulationResult, Results, Signal

if TYPE_CHECKING:
    from pyneuro.simulator import State


@contextmanager
def atomically(io: Any) -> Iterator[Any]:
    """Give a Neo IO for `io`, a file name or an IO; a named file appears under its name when it is whole."""
    if not isinstance(io, (str, os.PathLike)):
        yield io
        return
    path = Path(io)
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    writer = recording.get_io(str(partial))
    try:
        yield writer
        if hasattr(writer, "close"):
            writer.close()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@dataclass
class Cleared:
    """What has been cleared of a population since the last reset, kept for `results`."""

    steps: list[NDArray[np.int64]] = field(default_factory=list)
    indices: list[NDArray[np.int32]] = field(default_factory=list)
    signals: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)


class Recorder(recording.Recorder):
    """Which cells of a population are recorded, and their data."""

    _simulator = simulator

    def __init__(self, population: Any, file: Any = None) -> None:
        super().__init__(population, file)
        self._began: dict[str, int] = {}
        self.cleared = Cleared()

    def indices(self, variable: str) -> NDArray[np.int32]:
        """Return the cells of which `variable` is recorded, ascending."""
        ids = self.recorded.get(recording.Variable(location=None, name=variable, label=None), ())
        return np.sort(np.fromiter(ids, np.int32, len(ids))) - np.int32(self.population.all_cells[0])

    @property
    def variables(self) -> list[str]:
        """The variables that are recorded, in the order of the cell type."""
        names = {variable.name for variable, ids in self.recorded.items() if ids}
        return [name for name in self.population.celltype.recordable if name in names]

    @property
    def interval_steps(self) -> int:
        """Timesteps between two samples."""
        return round(self.sampling_interval / simulator.state.dt)

    # --- what PyNN's recorder asks for ----------------------------------------------------------------

    def _check_sampling_interval(self, sampling_interval: float | None) -> None:
        super()._check_sampling_interval(sampling_interval)
        if sampling_interval is None:
            return
        steps = sampling_interval / simulator.state.dt
        if not steps > 0 or abs(steps - round(steps)) > 1e-6 * steps:
            raise ValueError(
                f"sampling_interval must be a multiple of the timestep, {simulator.state.dt:g} ms, "
                f"got {sampling_interval:g} ms"
            )

    def _record(self, variable: Any, new_ids: set[Any], sampling_interval: float | None = None) -> None:
        state = simulator.state
        if new_ids and variable.name in self._began and variable.name != "spikes" and state.step > 0:
            raise UnsupportedError(
                f"{variable.name!r} of population {self.population.label!r} is recorded already; more of its cells "
                f"cannot join at t = {state.t:g} ms: record them before run(), or call reset() first"
            )
        self._began.setdefault(variable.name, state.step)
        if sampling_interval is not None:
            self.sampling_interval = sampling_interval
        state.stale = True

    def _get_spiketimes(self, ids: list[int], clear: bool = False) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        steps, indices = self._spikes()
        wanted = np.asarray(ids, int) - int(self.population.first_id)
        if len(wanted) < len(self.indices("spikes")):
            chosen = np.isin(indices, wanted)
            steps, indices = steps[chosen], indices[chosen]
        late = 1 if self.population.celltype.injectable else 0
        times = (steps + late).astype(float) * simulator.state.dt
        return indices.astype(np.int64) + int(self.population.first_id), times

    def _spikes(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        assert simulator.state.simulation is not None
        return simulator.state.simulation.spikes(self.population.index)

    def _get_all_signals(self, variable: Any, ids: list[int], clear: bool = False) -> tuple[NDArray[np.float64], None]:
        assert simulator.state.simulation is not None
        values = simulator.state.simulation.signal(self.population.index, variable.name)
        columns = np.searchsorted(self.indices(variable.name), np.asarray(ids, int) - int(self.population.first_id))
        return values[:, columns], None

    def _get_current_segment(self, filter_ids: Any = None, variables: Any = "all", clear: bool = False) -> Any:
        segment = super()._get_current_segment(filter_ids, variables, clear)
        every = self.interval_steps
        for signal in segment.analogsignals:
            first = -(-self._began.get(signal.name, 0) // every) * every
            signal.t_start = first * simulator.state.dt * pq.ms
        return segment

    def _local_count(self, variable: Any, filter_ids: Any = None) -> dict[int, int]:
        first = int(self.population.first_id)
        ids = sorted(int(cell) for cell in self.filter_recorded(variable, filter_ids))
        counts = np.bincount(self._spikes()[1], minlength=self.population.size) if simulator.state.running else None
        return {cell: 0 if counts is None else int(counts[cell - first]) for cell in ids}

    def _clear_simulator(self) -> None:
        state = simulator.state
        if state.simulation is not None:
            if simulator.overrides.keep_results:
                self._keep()
            state.simulation.clear(self.population.index)
        self._began = dict.fromkeys(self._began, state.step)

    def _reset(self) -> None:
        self._began = {}
        simulator.state.stale = True

    def store_to_cache(self, annotations: dict[str, Any] | None = None) -> None:
        """Keep what was recorded since the last reset as a segment."""
        super().store_to_cache(annotations)
        self._began = dict.fromkeys(self._began, 0)
        self.cleared = Cleared()

    def get(self, variables: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the recorded data as a Neo Block."""
        if not simulator.state.running and not list(self.cache):
            raise errors.NothingToWriteError(f"population {self.population.label!r} has no data yet: call run() first")
        return super().get(variables, *args, **kwargs)

    def write(self, variables: Any, file: Any = None, *args: Any, **kwargs: Any) -> None:
        """Write recorded data to `file`, a name or a Neo IO; a file appears whole or not at all."""
        with atomically(file or self.file) as target:
            super().write(variables, target, *args, **kwargs)

    # --- results ---------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Keep what is about to be cleared."""
        assert simulator.state.simulation is not None
        if "spikes" in self.variables:
            steps, indices = self._spikes()
            self.cleared.steps.append(steps)
            self.cleared.indices.append(indices)
        for name in self.variables:
            if name != "spikes":
                values = simulator.state.simulation.signal(self.population.index, name)
                now = simulator.state.step % self.interval_steps == 0
                kept = values[:-1] if now else values
                self.cleared.signals.setdefault(name, []).append(kept)

    def result(self) -> PopulationResult:
        """Return what has been recorded since the last reset."""
        simulation = simulator.state.simulation
        assert simulation is not None
        celltype = self.population.celltype
        signals = {}
        for name in self.variables:
            if name != "spikes":
                parts = [*self.cleared.signals.get(name, []), simulation.signal(self.population.index, name)]
                signals[name] = Signal(
                    celltype.units[name], self.indices(name), self.interval_steps, np.concatenate(parts)
                )
        steps, indices = self._spikes()
        return PopulationResult(
            label=self.population.label,
            size=self.population.size,
            is_source=not celltype.injectable,
            spikes_recorded=self.indices("spikes"),
            spike_steps=np.concatenate([*self.cleared.steps, steps]),
            spike_indices=np.concatenate([*self.cleared.indices, indices]),
            signals=signals,
        )


def results(state: State) -> Results:
    """Return what the populations that are recorded have recorded since the last reset."""
    network = state.network
    recorded = [p.recorder.result() for p in state.populations if p.recorder.variables] if network else []
    return Results(
        network=network.label if network else "",
        backend=state.options.backend,
        timestep=state.dt,
        steps=state.step,
        populations=tuple(recorded),
    )
