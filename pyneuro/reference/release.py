"""Synapses with short-term dynamics: what a spike sends depends on the spikes before it, on chance, or on both.

Each synapse has its state; it moves only when the source spikes, from the state after the spike before in one go.
Random numbers are those that a core draws (`emulator.draws`), so that both simulators release alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.draws import synapse_words
from pyneuro.reference.synapses import DelayLine, Rows, singly
from toolchain.network import Projection
from toolchain.synapses.release import RELEASE_MODELS

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class ReleaseSynapses:
    """The synapses of one projection.

    Parameters
    ----------
    projection : Projection
        Release model, parameters, first values, and weights.
    rows : Rows
        Where they lead.
    timestep : float
        ms.
    key : int
        The projection's `emulator.draws.projection_key`.
    """

    def __init__(self, projection: Projection, rows: Rows, timestep: float, key: int) -> None:
        self.model = model = RELEASE_MODELS[projection.synapse]
        self.projection = projection
        self.rows = rows
        self.timestep = timestep
        self._key = key
        given = {parameter.name: parameter.default for parameter in model.parameters} | dict(projection.parameters)
        self._parameters = {name: rows.sorted(value) for name, value in model.derive(given).items()}
        self.reset()

    def reset(self) -> None:
        """Back to the first state."""
        sources = len(self.rows.offsets) - 1
        self._last = np.zeros(sources, np.int64)
        self._spikes = np.zeros(sources, np.uint64)
        self._state = {
            variable.name: np.array(np.broadcast_to(self._first(variable.name, variable.initial), len(self.rows.order)))
            for variable in self.model.state
        }

    def _first(self, name: str, default: float | str) -> Floats:
        """First values of a state variable; one that is the name of a parameter has its value."""
        value = self._parameters[default] if isinstance(default, str) else np.asarray(default, np.float64)
        return self.rows.sorted(self.projection.initial[name]) if name in self.projection.initial else value

    def take_over(self, before: ReleaseSynapses) -> None:
        """Go on from the state of `before`, the same synapses with other weights or parameters."""
        self._key, self._last, self._spikes = before._key, before._last, before._spikes
        self._state = before._state

    def weights(self) -> Floats:
        """Weights, in the order of the projection."""
        return self.rows.unsorted(self.rows.weights)

    def send(self, fired: Indices, step: int, line: DelayLine) -> None:
        """Deliver the spikes that the update of `step` found in the source cells `fired`."""
        for sources in singly(fired):
            synapses, lengths = self.rows.of(sources)
            line.add(synapses, self._release(sources, synapses, lengths, step + 1), self.rows, step)

    def _release(self, sources: Indices, synapses: Indices, lengths: Indices, time: int) -> Floats:
        """Let `synapses`, ``lengths[i]`` of source i, release at `time` (steps); what each sends."""
        since = np.repeat((time - self._last[sources]) * self.timestep, lengths)
        parameters = {name: _of(values, synapses) for name, values in self._parameters.items()}
        draws = self._draws(synapses, np.repeat(self._spikes[sources], lengths))
        done = self.model.release(
            {name: values[synapses] for name, values in self._state.items()},
            parameters,
            self.rows.weights[synapses] if len(self.rows.weights) > 1 else self.rows.weights[0],
            {name: decay(since, parameters[name]) for name in self.model.time_constants},
            draws,
        )
        for name, values in done.state.items():
            self._state[name][synapses] = values
        self._last[sources] = time
        self._spikes[sources] += np.uint64(1)
        return np.ascontiguousarray(np.broadcast_to(done.sent, len(synapses)))

    def _draws(self, synapses: Indices, spikes: NDArray[np.uint64]) -> tuple[Floats, ...]:
        """Random numbers of spike number ``spikes[i]`` of each synapse."""
        streams, needed = self.rows.order[synapses], np.uint64(self.model.draws)
        numbers = (spikes * needed + np.uint64(draw) for draw in range(self.model.draws))
        return tuple((synapse_words(self._key, streams, number) >> 1) / 2.0**31 for number in numbers)


def decay(since: Floats, tau: Floats) -> Floats:
    """``exp(-since / tau)``; a `tau` of 0 decays at once."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(tau > 0.0, np.exp(-since / tau), 0.0)


def _of(values: Floats, synapses: Indices) -> Floats:
    return values[synapses] if values.ndim else values
