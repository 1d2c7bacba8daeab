"""Current sources, as steps of current on the grid of timesteps.

A change at time t takes effect in the step that begins at rint(t / dt) dt; it shows in the voltage one
step later, as in pyNN.nest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common
from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import StandardCurrentSource, build_translations, electrodes

from pyneuro import simulator
from pyneuro.populations import Population, members
from toolchain.network import Current

Floats = NDArray[np.float64]


class CurrentSource(StandardCurrentSource):
    """A current that changes in steps, and the cells into which it goes."""

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.values: dict[str, Floats] = {}
        self.targets: list[tuple[Population, NDArray[np.int32]]] = []
        self.history: list[tuple[int, Floats, Floats]] = []
        space = self.parameter_space
        space.shape = (1,)
        self.set_native_parameters(self.translate(space))
        simulator.state.current_sources.append(self)

    def checked(self, values: dict[str, Floats]) -> dict[str, Floats]:
        """Return the parameters, times put on the grid; ValueError if they make no sense."""
        raise NotImplementedError

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
        shape = None if any(value.ndim for value in self.values.values()) else (1,)
        return ParameterSpace(
            {name: value if value.ndim else float(value) for name, value in self.values.items()}, shape=shape
        )

    def set_native_parameters(self, parameters: ParameterSpace) -> None:
        """Set parameters, from now on."""
        parameters.evaluate(simplify=True)
        given = {name: getattr(value, "value", value) for name, value in parameters.items()}
        values = self.checked(self.values | {name: np.array(value, float) for name, value in given.items()})
        self.values = values
        self.history.append((simulator.state.step, *self.schedule()))
        simulator.state.stale = True

    def _on_grid(self, name: str, times: Floats) -> Floats:
        if not np.all(times >= 0):
            raise ValueError(f"{type(self).__name__}.{name} must be at least 0 ms, got {times}")
        return np.asarray(np.rint(times / simulator.state.dt) * simulator.state.dt)

    def _require_finite(self, name: str, amplitudes: Floats) -> None:
        if not np.all(np.isfinite(amplitudes)):
            raise ValueError(f"{type(self).__name__}.{name} must be finite, in nA, got {amplitudes}")


class DCSource(CurrentSource, electrodes.DCSource):
    """A current of constant amplitude (nA) from `start` to `stop` (ms)."""

    __doc__ = electrodes.DCSource.__doc__
    translations = build_translations(("amplitude", "amplitude"), ("start", "start"), ("stop", "stop"))

    def checked(self, values: dict[str, Floats]) -> dict[str, Floats]:
        """Return the parameters, times put on the grid."""
        self._require_finite("amplitude", values["amplitude"])
        return values | {name: self._on_grid(name, values[name]) for name in ("start", "stop")}

    def schedule(self) -> tuple[Floats, Floats]:
        """Return the amplitude at the start, 0 at the stop."""
        start, stop, amplitude = (float(self.values[name]) for name in ("start", "stop", "amplitude"))
        return (np.array([start, stop]), np.array([amplitude, 0.0])) if start < stop else (np.zeros(0), np.zeros(0))


class StepCurrentSource(CurrentSource, electrodes.StepCurrentSource):
    """A current that takes each of `amplitudes` (nA) at each of `times` (ms)."""

    __doc__ = electrodes.StepCurrentSource.__doc__
    translations = build_translations(("amplitudes", "amplitudes"), ("times", "times"))

    def checked(self, values: dict[str, Floats]) -> dict[str, Floats]:
        """Return the steps; of those that fall on one timestep, the last."""
        times, amplitudes = values["times"], values["amplitudes"]
        if len(times) != len(amplitudes):
            raise ValueError(
                f"StepCurrentSource must have as many times as amplitudes, got {len(times)} and {len(amplitudes)}; "
                "set both at once with set_parameters()"
            )
        if np.any(np.diff(times) <= 0):
            raise ValueError(f"StepCurrentSource.times must be ascending, got {times}")
        self._require_finite("amplitudes", amplitudes)
        times = self._on_grid("times", times)
        last = np.append(np.diff(times) > 0, True)[: len(times)]
        return {"times": times[last], "amplitudes": amplitudes[last]}

    def schedule(self) -> tuple[Floats, Floats]:
        """Return the steps."""
        return self.values["times"], self.values["amplitudes"]


__all__ = ["DCSource", "StepCurrentSource"]
