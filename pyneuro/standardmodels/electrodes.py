"""Current sources, as steps of current on the grid of timesteps.

A change at time t takes effect in the step that begins at rint(t / dt) dt; it shows in the voltage one
step later, as in pyNN.nest.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pyNN import common
from pyNN.parameters import ParameterSpace, Sequence
from pyNN.standardmodels import StandardCurrentSource, build_translations, electrodes

from pyneuro import simulator
from pyneuro.populations import Population, members
from toolchain.network import Current

Floats = NDArray[np.float64]


class CurrentSource(StandardCurrentSource):
    """A current that changes in steps, and the cells into which it goes."""

    parameters: ClassVar[tuple[str, ...]]

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.values: dict[str, Any] = {}
        self.targets: list[tuple[Population, NDArray[np.int32]]] = []
        self.history: list[tuple[int, Floats, Floats]] = []
        space = self.parameter_space
        space.shape = (1,)
        self.set_native_parameters(self.translate(space))
        simulator.state.current_sources.append(self)

    def schedule(self) -> tuple[Floats, Floats]:
        """Return the times (ms, ascending, on the grid) from which on the current has which amplitudes (nA)."""
        raise NotImplementedError

    def inject_into(self, cells: Any) -> None:
        """Inject the current into a population, a view, an assembly or a list of cells."""
        groups = [cells]
        if not isinstance(cells, (common.BasePopulation, common.Assembly)):
            groups = [cell.as_view() for cell in cells]
        for population, places in (member for group in groups for member in members(group)):
            if not population.celltype.injectable:
                raise TypeError(f"current cannot be injected into population {population.label!r}: spike sources")
            indices = np.arange(population.size) if places is None else places
            self.targets.append((population, np.sort(indices).astype(np.int32)))
        simulator.state.stale = True

    def currents(self, population: Population) -> list[Current]:
        """Return what the source injects into `population`."""
        return [Current(indices, *self.schedule()) for target, indices in self.targets if target is population]

    def restart(self) -> None:
        """Forget, after a reset, what the parameters were before."""
        self.history = [(0, *self.history[-1][1:])]

    def record(self) -> None:
        """Record the current; it is known at any time, so that there is nothing to do."""

    def _get_data(self) -> tuple[Floats, Floats]:
        """Return the times (ms) of all samples so far, and the current (nA) at each."""
        steps = np.arange(simulator.state.step + 1)
        amplitudes = np.zeros(len(steps))
        for since, times, values in self.history:
            at = np.searchsorted(np.rint(times / simulator.state.dt), steps[since:], side="right")
            amplitudes[since:] = np.concatenate([[0.0], values])[at]
        return steps.astype(float) * simulator.state.dt, amplitudes

    def get_native_parameters(self) -> ParameterSpace:
        """Return the parameters."""
        return ParameterSpace(dict(self.values), self.get_schema(), shape=(1,))

    def set_native_parameters(self, parameters: ParameterSpace) -> None:
        """Set parameters, from now on."""
        parameters.evaluate(simplify=True)
        merged = self.values | {name: np.ravel(value)[0] for name, value in parameters.items()}
        before, self.values = self.values, merged
        try:
            times, amplitudes = self.schedule()
        except ValueError:
            self.values = before
            raise
        self.history.append((simulator.state.step, times, amplitudes))
        simulator.state.stale = True

    def _on_grid(self, name: str, time: Any) -> Floats:
        times = np.asarray(time, float)
        if not np.all(times >= 0):
            raise ValueError(f"{type(self).__name__}.{name} must be at least 0 ms, got {time}")
        return np.rint(times / simulator.state.dt) * simulator.state.dt


class DCSource(CurrentSource, electrodes.DCSource):
    """A current of constant amplitude (nA) from `start` to `stop` (ms)."""

    __doc__ = electrodes.DCSource.__doc__
    translations = build_translations(("amplitude", "amplitude"), ("start", "start"), ("stop", "stop"))

    def schedule(self) -> tuple[Floats, Floats]:
        """Return the amplitude at the start, 0 at the stop."""
        start, stop = self._on_grid("start", self.values["start"]), self._on_grid("stop", self.values["stop"])
        amplitude = float(self.values["amplitude"])
        if not np.isfinite(amplitude):
            raise ValueError(f"DCSource.amplitude must be a finite number of nA, got {amplitude}")
        if stop <= start:
            return np.zeros(0), np.zeros(0)
        return np.array([start, stop]), np.array([amplitude, 0.0])


class StepCurrentSource(CurrentSource, electrodes.StepCurrentSource):
    """A current that takes each of `amplitudes` (nA) at each of `times` (ms)."""

    __doc__ = electrodes.StepCurrentSource.__doc__
    translations = build_translations(("amplitudes", "amplitudes"), ("times", "times"))

    def schedule(self) -> tuple[Floats, Floats]:
        """Return the steps; of those that fall on one timestep, the last."""
        return self.values["times"].value, self.values["amplitudes"].value

    def set_native_parameters(self, parameters: ParameterSpace) -> None:
        """Set times and amplitudes, from now on."""
        parameters.evaluate(simplify=True)
        given = self.values | {name: np.ravel(value)[0] for name, value in parameters.items()}
        times, amplitudes = (np.asarray(given[name].value, float) for name in ("times", "amplitudes"))
        if len(times) != len(amplitudes):
            raise ValueError(
                f"StepCurrentSource must have as many times as amplitudes, got {len(times)} and {len(amplitudes)}; "
                "set both at once with set_parameters()"
            )
        if np.any(np.diff(times) <= 0):
            raise ValueError(f"StepCurrentSource.times must be ascending, got {times}")
        if not np.all(np.isfinite(amplitudes)):
            raise ValueError(f"StepCurrentSource.amplitudes must be finite numbers of nA, got {amplitudes}")
        times = self._on_grid("times", times)
        last = np.append(np.diff(times) > 0, True)[: len(times)]
        chosen = {"times": Sequence(times[last]), "amplitudes": Sequence(amplitudes[last])}
        super().set_native_parameters(ParameterSpace(chosen, self.get_schema(), shape=(1,)))


__all__ = ["DCSource", "StepCurrentSource"]
