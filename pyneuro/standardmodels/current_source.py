"""What every current source is: a current that may change as time goes on, and the cells into which it goes.

A change at time t takes effect in the step that begins at rint(t / dt) dt; it shows in the voltage one step later, as
in pyNN.nest.  A source injects one and the same current into all its cells.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common
from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import StandardCurrentSource

from emulator.waves import Wave
from pyneuro import simulator
from pyneuro.errors import RunWarning, warn_user
from pyneuro.populations import Population, members
from toolchain.network import Current, Injected, WaveCurrent
from toolchain.times import rounding

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Steps:
    """A current that has from each of `times` (ms, ascending, on the grid) on one of `amplitudes` (nA), 0 before."""

    times: Floats
    amplitudes: Floats

    def values(self, first: int, n: int, timestep: float) -> Floats:
        """The current in the steps ``first .. first + n - 1``, nA."""
        at = np.searchsorted(np.rint(self.times / timestep), np.arange(first, first + n), side="right")
        values: Floats = np.concatenate([[0.0], self.amplitudes])[at]
        return values


class CurrentSource(StandardCurrentSource):
    """A current, and the cells into which it goes.

    Attributes
    ----------
    history : list of (int, Steps or Wave)
        What the current has been from each of some steps on.
    """

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.number = len(simulator.state.current_sources)
        self.values: dict[str, Floats] = {}
        self.targets: list[tuple[Population, NDArray[np.int32]]] = []
        self.history: list[tuple[int, Steps | Wave]] = []
        self._made: list[tuple[Population, Injected]] | None = None
        self.set_native_parameters(self.translate(self._single()))
        simulator.state.current_sources.append(self)

    def _single(self) -> ParameterSpace:
        """Return the parameters that were given: one number each, or one sequence."""
        space = self.parameter_space
        for name, lazy in space.items():
            if np.size(lazy.base_value) > 1:
                raise ValueError(
                    f"{type(self).__name__}.{name} must be one value, got {np.size(lazy.base_value)}: a source has the "
                    "same current for all its cells; make a source for each"
                )
        space.shape = (1,)
        return space

    @abstractmethod
    def checked(self, values: dict[str, Floats]) -> dict[str, Floats]:
        """Return the parameters, times put on the grid; ValueError if they make no sense."""

    @abstractmethod
    def form(self) -> Steps | Wave:
        """Return what the current is with the present parameters."""

    def inject_into(self, cells: Any) -> None:
        """Inject the current into a population, a view, an assembly or a list of cells."""
        groups = [cells]
        if not isinstance(cells, (common.BasePopulation, common.Assembly)):
            groups = [cell.as_view() for cell in cells]
        found = [member for group in groups for member in members(group)]
        for population, _ in found:
            if not population.celltype.injectable:
                raise TypeError(f"current cannot be injected into population {population.label!r}: spike sources")
        for population, places in found:
            indices = np.arange(population.size) if places is None else places
            self.targets.append((population, np.sort(indices).astype(np.int32)))
        self._changed()

    def injected(self) -> list[tuple[Population, Injected]]:
        """Return what the source injects into which populations; the same objects until something changes."""
        if self._made is None:
            form = self.ahead()
            self._made = [
                (
                    population,
                    WaveCurrent(indices, form)
                    if isinstance(form, Wave)
                    else Current(indices, form.times, form.amplitudes),
                )
                for population, indices in self.targets
            ]
        return self._made

    def ahead(self) -> Steps | Wave:
        """Return what the current is from now on."""
        return self.history[-1][1]

    def extend(self, step: int) -> None:
        """Have the current known until `step`."""

    def restart(self) -> None:
        """Forget, after a reset, what the parameters were before."""
        self.history = [(0, self.history[-1][1])]
        self._changed()

    def record(self) -> None:
        """Record the current; it is known at any time, so that there is nothing to do."""

    def _get_data(self) -> tuple[Floats, Floats]:
        """Return the times (ms) of all samples so far, and the current (nA) at each."""
        now, dt = simulator.state.step, float(simulator.state.dt)
        self.extend(now + 1)
        ends = [*(since for since, _ in self.history[1:]), now + 1]
        parts = [
            form.values(since, end - since, dt)
            for (since, form), end in zip(self.history, ends, strict=True)
            if end > since
        ]
        return np.arange(now + 1, dtype=np.float64) * dt, np.concatenate(parts)

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
        self._note(self.form())

    def _note(self, form: Steps | Wave) -> None:
        """The current is `form` from now on."""
        step = simulator.state.step
        if self.history and self.history[-1][0] == step:
            self.history.pop()
        self.history.append((step, form))
        self._changed()

    def _changed(self) -> None:
        self._made = None
        simulator.state.currents_stale = True

    def _numbers(self, *names: str) -> list[float]:
        return [float(self.values[name]) for name in names]

    def _on_grid(self, name: str, times: Floats) -> Floats:
        if not np.all(times >= 0):
            raise ValueError(f"{type(self).__name__}.{name} must be at least 0 ms, got {times}")
        if text := rounding("times", np.atleast_1d(times), simulator.state.dt):
            warn_user(f"{type(self).__name__}.{name}: {text}", RunWarning)
        return np.asarray(np.rint(times / simulator.state.dt) * simulator.state.dt)

    def _checked_pulse(self, values: dict[str, Floats], amplitudes: tuple[str, ...]) -> dict[str, Floats]:
        """Return the parameters, the start and the stop put on the grid; `amplitudes` are those in nA."""
        for name, value in values.items():
            if name in amplitudes:
                self._require_finite(name, value)
            elif not np.isfinite(value):
                raise ValueError(f"{type(self).__name__}.{name} must be finite, got {value}")
        return values | {name: self._on_grid(name, values[name]) for name in ("start", "stop")}

    def _require_finite(self, name: str, amplitudes: Floats) -> None:
        if not np.all(np.isfinite(amplitudes)):
            raise ValueError(f"{type(self).__name__}.{name} must be finite, in nA, got {amplitudes}")
