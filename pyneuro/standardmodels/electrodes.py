"""Current sources: constant currents, steps, sines and noise on the grid of timesteps."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN.standardmodels import build_translations, electrodes

from emulator.seeds import hashed
from emulator.waves import Wave
from pyneuro import simulator
from pyneuro.random import NativeRNG
from pyneuro.standardmodels.current_source import CurrentSource, Floats, Steps

TOLERANCE = 1e-6
"""What an interval may be off a multiple of the timestep, in timesteps, for the rounding of decimal fractions."""
NOISE = -1
"""The thing whose seeds those of noise are, among the seeds of populations."""


class DCSource(CurrentSource, electrodes.DCSource):
    """A current of constant amplitude (nA) from `start` to `stop` (ms)."""

    __doc__ = electrodes.DCSource.__doc__
    translations = build_translations(("amplitude", "amplitude"), ("start", "start"), ("stop", "stop"))

    def checked(self, values: dict[str, Floats]) -> dict[str, Floats]:
        """Return the parameters, times put on the grid."""
        return self._checked_pulse(values, ("amplitude",))

    def form(self) -> Steps:
        """Return the amplitude at the start, 0 at the stop."""
        start, stop, amplitude = self._numbers("start", "stop", "amplitude")
        return Steps(np.array([start, stop]), np.array([amplitude, 0.0])) if start < stop else _nothing()


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

    def form(self) -> Steps:
        """Return the steps."""
        return Steps(self.values["times"], self.values["amplitudes"])


class ACSource(CurrentSource, electrodes.ACSource):
    """A sine of `amplitude` (nA) about `offset` (nA) from `start` to `stop` (ms), with its `phase` at the start."""

    __doc__ = electrodes.ACSource.__doc__
    translations = build_translations(
        *((name, name) for name in ("amplitude", "start", "stop", "frequency", "offset", "phase"))
    )

    def checked(self, values: dict[str, Floats]) -> dict[str, Floats]:
        """Return the parameters, times put on the grid."""
        return self._checked_pulse(values, ("amplitude", "offset"))

    def form(self) -> Wave:
        """Return the sine, taken anew in every timestep."""
        start, stop, offset, amplitude = self._numbers("start", "stop", "offset", "amplitude")
        frequency, phase = self._numbers("frequency", "phase")
        return Wave(start, stop, float(simulator.state.dt), offset, amplitude, frequency, phase)


class NoisyCurrentSource(CurrentSource, electrodes.NoisyCurrentSource):
    """A current whose amplitude is drawn from a normal distribution, anew every `dt`.

    Parameters
    ----------
    mean, stdev : float
        Of the amplitude, nA.
    start, stop : float
        ms; by default it is always on.
    dt : float
        ms, a multiple of the timestep; by default one timestep.
    rng : pyNN.random.AbstractRNG, optional
        What the amplitudes are drawn from, one after the other, from the start on. Without it, or with a NativeRNG, of
        which the seed is taken, they follow from the seed of ``setup()`` and the number of the source.
    """

    translations = build_translations(*((name, name) for name in ("mean", "stdev", "start", "stop", "dt")))

    def __init__(self, rng: Any = None, **parameters: Any) -> None:
        """Take the parameters; `dt` is the timestep where none is given."""
        self.rng = rng
        self.drawn = np.zeros(0)
        super().__init__(**{"dt": simulator.state.dt, **parameters})

    def checked(self, values: dict[str, Floats]) -> dict[str, Floats]:
        """Return the parameters, times put on the grid."""
        values = self._checked_pulse(values, ("mean", "stdev"))
        if values["stdev"] < 0:
            raise ValueError(f"NoisyCurrentSource.stdev must be at least 0 nA, got {values['stdev']}")
        steps = float(values["dt"]) / simulator.state.dt
        if round(steps) < 1 or abs(steps - round(steps)) > TOLERANCE * steps:
            raise ValueError(
                f"NoisyCurrentSource.dt must be a multiple of the timestep, {simulator.state.dt:g} ms, "
                f"got {values['dt']:g} ms"
            )
        return values

    def form(self) -> Steps | Wave:
        """Return the noise; with a generator of the script's, as far as it is drawn."""
        mean, stdev, start, stop, interval = self._numbers("mean", "stdev", "start", "stop", "dt")
        if self.rng is None or isinstance(self.rng, NativeRNG):
            return Wave(start, stop, interval, mean, deviation=stdev, seed=self._seed())
        if start >= stop or not len(self.drawn):
            return _nothing()
        times = start + interval * np.arange(len(self.drawn))
        on = times < stop - 0.5 * simulator.state.dt
        amplitudes = mean + stdev * self.drawn
        return Steps(np.append(times[on], stop), np.append(amplitudes[on], 0.0))

    def ahead(self) -> Steps | Wave:
        """Return what the current is from now on; of what was drawn, the past may be long."""
        form = self.history[-1][1]
        if isinstance(form, Wave):
            return form
        first = max(
            0, int(np.searchsorted(np.rint(form.times / simulator.state.dt), simulator.state.step, "right")) - 1
        )
        return Steps(form.times[first:], form.amplitudes[first:])

    def extend(self, step: int) -> None:
        """Draw what the generator of the script has yet to give until `step`."""
        if self.rng is None or isinstance(self.rng, NativeRNG):
            return
        start, stop, interval = self._numbers("start", "stop", "dt")
        missing = int(np.ceil((min(step * simulator.state.dt, stop) - start) / interval - TOLERANCE)) - len(self.drawn)
        if missing > 0:
            drawn = self.rng.next(missing, "normal", {"mu": 0.0, "sigma": 1.0})
            self.drawn = np.append(self.drawn, drawn)
            since = self.history[-1][0]
            self.history[-1] = since, self.form()
            self._changed()

    def _seed(self) -> int:
        """Return the seed of the noise: of the network and the number of the source, or of its generator."""
        seed = simulator.state.options.seed if self.rng is None or self.rng.seed is None else self.rng.seed
        return int(hashed(int(seed), NOISE, np.array([self.number], np.uint64))[0] >> np.uint64(1))


def _nothing() -> Steps:
    return Steps(np.zeros(0), np.zeros(0))


__all__ = ["ACSource", "DCSource", "NoisyCurrentSource", "StepCurrentSource"]
