"""Recording: which cells are recorded, and PyNN's Neo blocks and our `Results` of what they did.

Data stay raw until they are asked for.  (PyNN's own recorder keeps Neo segments across ``reset()`` and, in
0.13, loses their contents when only some of the variables are asked for.)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import neo
import numpy as np
from numpy.typing import NDArray
from pyNN import errors, recording

from pyneuro import simulator
from pyneuro.errors import UnsupportedError
from pyneuro.results import Results
from pyneuro.stretches import Samples, Stretch, result, segment

if TYPE_CHECKING:
    from pyneuro.simulator import State


@contextmanager
def atomically(io: Any) -> Iterator[Any]:
    """Give a Neo IO for `io`, a file name or an IO; a named file appears under its name when it is whole."""
    if not isinstance(io, (str, os.PathLike)):
        yield io
        return
    path = Path(io)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    writer = recording.get_io(str(partial))
    try:
        yield writer
        if hasattr(writer, "close"):
            writer.close()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class Recorder(recording.Recorder):
    """Which cells of a population are recorded, and their data.

    Attributes
    ----------
    stored : list of Stretch
        What was recorded before the last reset, and not cleared.
    cleared : list of Stretch
        What was cleared since the last reset, if ``overrides.keep_results`` is set.
    """

    _simulator = simulator

    def __init__(self, population: Any, file: Any = None) -> None:
        super().__init__(population, file)
        simulator.state.recorders.discard(self)  # the population adds it when it has its cells
        self.stored: list[Stretch] = []
        self.cleared: list[Stretch] = []
        self._start = 0
        self._began: dict[str, int] = {}

    def indices(self, variable: str) -> NDArray[np.int32]:
        """Return the cells of which `variable` is recorded, ascending."""
        ids = self.recorded.get(recording.Variable(location=None, name=variable, label=None), ())
        return np.sort(np.fromiter(ids, np.int32, len(ids))) - np.int32(self.population.first_id)

    @property
    def variables(self) -> list[str]:
        """The variables that are recorded, in the order of the cell type."""
        names = {variable.name for variable, ids in self.recorded.items() if ids}
        return [name for name in self.population.celltype.recordable if name in names]

    @property
    def interval_steps(self) -> int:
        """Timesteps between two samples."""
        return round(self.sampling_interval / simulator.state.dt)

    # --- choosing what is recorded -----------------------------------------------------------------------

    def record(self, variables: Any, ids: Any, sampling_interval: float | None = None, locations: Any = None) -> None:
        """Record `variables`, one or several, of the cells `ids`; see PyNN."""
        celltype = self.population.celltype
        for name in [variables] if isinstance(variables, str) else variables:
            if name not in celltype.recordable:
                raise errors.RecordingError(repr(name), celltype)
        super().record(variables, ids, sampling_interval, locations)

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
            self.recorded[variable] -= new_ids
            raise UnsupportedError(
                f"{variable.name!r} of population {self.population.label!r} is recorded already; more of its cells "
                f"cannot join at t = {state.t:g} ms: record them before run(), or call reset() first"
            )
        self._began.setdefault(variable.name, state.step)
        if sampling_interval is not None:
            self.sampling_interval = sampling_interval
        state.stale = True

    def _reset(self) -> None:
        """Record nothing from now on; what was recorded since the last reset is dropped."""
        self._drop()
        self._began = {}
        simulator.state.stale = True

    # --- data --------------------------------------------------------------------------------------------

    def now(self) -> Stretch:
        """Return what was recorded since the last reset or clear."""
        simulation, state, me = simulator.state.simulation, simulator.state, self.population.index
        assert simulation is not None, "the state says that there was a run"
        spiking = "spikes" in self.variables
        steps, indices = simulation.spikes(me) if spiking else (np.zeros(0, np.int64), np.zeros(0, np.int32))
        every = self.interval_steps
        signals = {
            name: Samples(-(-self._began[name] // every) * every, every, self.indices(name), self._signal(name))
            for name in self.variables
            if name != "spikes"
        }
        cells = self.indices("spikes") if spiking else None
        return Stretch(state.segment_counter, self._start, state.step, cells, steps, indices, signals)

    def _signal(self, name: str) -> NDArray[np.float64]:
        """Return the samples of a signal: none if recording it was asked for after the last run."""
        simulation, network, me = simulator.state.simulation, simulator.state.network, self.population.index
        assert simulation is not None, "the state says that there was a run"
        assert network is not None, "the simulation was made of it"
        if name not in {recording.variable for recording in network.populations[me].recordings}:
            return np.zeros((0, len(self.indices(name))))
        return simulation.signal(me, name)

    def store_to_cache(self, annotations: dict[str, Any] | None = None) -> None:
        """Keep, at a reset, what was recorded since the last reset or clear."""
        if simulator.state.step > self._start:
            self.stored.append(replace(self.now(), annotations=annotations or {}))
        self.cleared = []
        self._restart(0)

    def clear(self) -> None:
        """Drop all data, stored and present."""
        self.stored = []
        self._drop()

    def _drop(self) -> None:
        if simulator.state.simulation is not None:
            if simulator.overrides.keep_results and simulator.state.step > self._start:
                self.cleared.append(self.now())
            simulator.state.simulation.clear(self.population.index)
        self._restart(simulator.state.step)

    def _restart(self, step: int) -> None:
        self._start = step
        self._began = dict.fromkeys(self._began, step)

    def get(
        self,
        variables: Any,
        gather: bool = False,
        filter_ids: Any = None,
        clear: bool = False,
        annotations: dict[str, Any] | None = None,
        *,
        locations: Any = None,
    ) -> neo.Block:
        """Return the recorded data as a Neo Block, a segment for each reset."""
        names = None if variables == "all" else {v.name for v in self._localize_variables(variables, locations)}
        cells = None if filter_ids is None else np.asarray(filter_ids, int) - int(self.population.first_id)
        stretches = [*self.stored, *([self.now()] if simulator.state.running else [])]
        if not stretches:
            raise errors.NothingToWriteError(f"population {self.population.label!r} has no data yet: call run() first")
        block = neo.Block(name=self.population.label, description=self.population.describe())
        block.segments = [segment(s, self.population, simulator.state.dt, names, cells) for s in stretches]
        block.rec_datetime = block.segments[0].rec_datetime
        for one in block.segments:
            one.block = block
        block.annotate(**{**self.metadata, **(annotations or {})})
        if clear:
            self.clear()
        return block

    def _local_count(self, variable: Any, filter_ids: Any = None) -> dict[int, int]:
        first, size = int(self.population.first_id), self.population.size
        counts = np.bincount(self.now().indices if simulator.state.running else [], minlength=size)
        return {int(cell): int(counts[cell - first]) for cell in sorted(self.filter_recorded(variable, filter_ids))}

    def write(self, variables: Any, file: Any = None, *args: Any, **kwargs: Any) -> None:
        """Write recorded data to `file`, a name or a Neo IO; a file appears whole or not at all."""
        with atomically(file or self.file) as target:
            super().write(variables, target, *args, **kwargs)


def results(state: State) -> Results:
    """Return what the populations that are recorded have recorded since the last reset."""
    network, found = state.network, []
    for population in state.populations:
        if network is not None and state.running and population.recorder.variables:
            stretches = [*population.recorder.cleared, population.recorder.now()]
            found.append(result(stretches, population, network.populations[population.index].label))
    return Results(
        network=network.label if network else "",
        backend=state.options.backend,
        timestep=state.dt,
        steps=state.step,
        populations=tuple(found),
    )
