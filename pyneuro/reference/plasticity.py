"""Plastic synapses: weights that follow from the spikes of both sides.

A synapse is looked at when its source spikes: first come the spikes that the target has had since the spike of the
source before, in order (`TimingRule.apply_post`), then this one (`TimingRule.apply_pre`), and then the weight is sent.

**What the synapse sees.**  The synapse is somewhere along the way of the delay d: a spike of the source at t is there
at ``t + (1 - f) d``, one of the target at ``t + f d``, where f is the dendritic delay fraction.  So a spike of the
target at time t' is before one of the source at t if ``t' < t - shift``, with ``shift = (2 f - 1) d``.  Two that meet
do nothing to each other: the target's comes first, but finds only the traces of earlier spikes, and is not there yet
for the source's.  With f = 1 this is NEST's stdp_synapse (Morrison, Diesmann & Gerstner 2008, Biological Cybernetics
98:459-478).

With f below 1/2 spikes of the target count that come after the source's, while it is on the way to the synapse.  So
the synapse waits until they are known.  It can wait until one step before the weight acts and no longer: with f = 0 a
spike of the target in the very step in which the weight acts counts as after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from pyneuro.reference.history import History
from pyneuro.reference.rules import Found, Rules, rules
from pyneuro.reference.synapses import DelayLine, Rows, singly
from toolchain.network import Projection

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

NEVER = 2**60
"""A time (steps) beyond all times."""
WHOLE = 1e-6
"""Part of a timestep that a shift may be off a whole number of timesteps and still count as that."""


@dataclass(frozen=True, eq=False)
class Event:
    """Spikes of some sources at `time`, as they reach some of their synapses.

    Parameters
    ----------
    time : int
        Steps.
    synapses : int64[n]
        Where they go.
    since : float64[n]
        Steps since the spike of the source before.
    before, after : mapping of str to float64[n]
        Traces that the source had from that spike, and has now.
    """

    time: int
    synapses: Indices
    since: Floats
    before: dict[str, Floats]
    after: dict[str, Floats]

    @property
    def previous(self) -> Floats:
        """Time of the spike of the source before; minus infinity if there is none."""
        return self.time - self.since

    def of(self, some: NDArray[np.bool_]) -> Event:
        """The event for some of the synapses."""
        traces = ({name: values[some] for name, values in t.items()} for t in (self.before, self.after))
        return Event(self.time, self.synapses[some], self.since[some], *traces)


def timing(delays: NDArray[np.int32], fraction: float) -> tuple[Floats, Indices, Indices]:
    """When spikes reach synapses with these delays (steps), of which the target's spikes have the `fraction`.

    Returns
    -------
    shift : float64[synapses]
        Steps by which a spike of the target comes later to the synapse than one of the source of the same time.
    until, before : int64[synapses]
        The last times, relative to a spike of the source, of spikes of the target that count for it, and of those that
        are before it.
    """
    shift: Floats = (2.0 * fraction - 1.0) * delays.astype(np.float64)
    latest = delays.astype(np.int64) - 1
    until, before = np.floor(WHOLE - shift).astype(np.int64), np.ceil(-shift - WHOLE).astype(np.int64) - 1
    return shift, np.minimum(until, latest), np.minimum(before, latest)


class PlasticSynapses:
    """The synapses of one projection.

    Parameters
    ----------
    projection : Projection
        Rules, parameters and first weights.
    rows : Rows
        Where they lead.
    cells : int
        Size of the target population.
    sign : int
        -1 if the receptor has weights of at most 0; rules move magnitudes.
    timestep : float
        ms.

    Attributes
    ----------
    targets : int32[synapses]
        Cells in the target population, in the order of the rows.
    magnitudes : float64[synapses]
        Present weights.
    shift : float64[synapses]
        Steps by which a spike of the target comes later to the synapse than one of the source of the same time.
    history : History
        Spikes of the targets.
    """

    def __init__(self, projection: Projection, rows: Rows, cells: int, sign: int, timestep: float) -> None:
        self.projection = projection
        self.rows = rows
        self.rules: Rules = rules(projection, timestep)
        self._cells = cells
        self._sign = sign
        self.targets = rows.targets - np.int32(rows.first)
        self._fraction = float(np.asarray(projection.parameters.get("dendritic_delay_fraction", 1.0)))
        self.set_delays()
        self.reset()

    def set_delays(self) -> None:
        """Work out from the delays of the rows when spikes reach their synapses."""
        delays = np.array(np.broadcast_to(self.rows.delays, len(self.rows.order)))
        self.shift, self._until, self._before = timing(delays, self._fraction)
        self.wait_for(self._until)

    def wait_for(self, needed: Indices) -> None:
        """Let each synapse wait until spikes up to a time, relative to the spike of its source, are known."""
        self._needed = needed
        self._waits: list[int] = np.unique(needed).tolist()

    def reset(self) -> None:
        """Back to the first weights, and no spike yet."""
        sources = len(self.rows.offsets) - 1
        self.magnitudes = np.array(np.broadcast_to(np.abs(self.rows.weights), len(self.rows.order)))
        self._last = np.full(sources, -np.inf)
        self._traces = {name: np.zeros(sources) for name in self.rules.timing.pre_traces}
        self.history = History(self._cells, self.rules.timing.post_traces)
        self._waiting: list[tuple[int, Event]] = []

    def take_over(self, before: PlasticSynapses) -> None:
        """Go on from the traces of `before`, the same synapses with other weights, delays or parameters."""
        self._last, self._traces, self.history = before._last, before._traces, before.history
        self._waiting = before._waiting

    def weights(self) -> Floats:
        """Present weights, in the order of the projection."""
        return self.rows.unsorted(self._sign * self.magnitudes)

    # --- spikes of the target -----------------------------------------------------------------------

    def receive(self, cells: Indices, time: int) -> None:
        """The target `cells` spike at `time` (steps)."""
        if self.history.full(cells):
            self.history.make_room(self._needless())
        latest, traces = self.history.latest(cells.astype(np.int32))
        since = time - latest
        found = Found(self.rules, {}, traces, np.inf, since)
        self.history.add(cells, time, since, dict(self.rules.timing.add_post(found)))

    def _needless(self) -> Indices:
        """The time up to which each target's spikes have been gone through by all its synapses."""
        done = self.rows.spread(self._last)
        for _, event in self._waiting:
            done[event.synapses] = np.minimum(done[event.synapses], event.previous)
        needless = np.full(self._cells, NEVER, np.float64)
        np.minimum.at(needless, self.targets, np.maximum(done, -NEVER) + self._until)
        return needless.astype(np.int64)

    # --- spikes of the source -----------------------------------------------------------------------

    def send(self, fired: Indices, step: int, line: DelayLine) -> None:
        """Take the spikes that the update of `step` found in the source cells `fired`; `settle` delivers them."""
        for sources in singly(fired):
            event = self._fire(sources, step + 1)
            for needed in self._waits:
                some = event if len(self._waits) == 1 else event.of(self._needed[event.synapses] == needed)
                if some.synapses.size:
                    self._waiting.append((event.time + needed, some))

    def _fire(self, sources: Indices, time: int) -> Event:
        """Let the `sources` spike at `time`."""
        since = time - self._last[sources]
        before = {name: values[sources] for name, values in self._traces.items()}
        self._last[sources] = time
        for name, values in self.rules.timing.add_pre(Found(self.rules, before, {}, since, np.inf)).items():
            self._traces[name][sources] = values
        after = {name: values[sources] for name, values in self._traces.items()}
        synapses, lengths = self.rows.of(sources)
        spread = [{name: np.repeat(values, lengths) for name, values in traces.items()} for traces in (before, after)]
        return Event(time, synapses, np.repeat(since, lengths), *spread)

    def settle(self, known: int, line: DelayLine) -> None:
        """Let all spikes reach their synapses that need no spikes of targets later than `known` (steps)."""
        if not self._waiting:
            return
        for _, event in sorted((item for item in self._waiting if item[0] <= known), key=itemgetter(0)):
            line.add(event.synapses, self._sign * self._change(event), self.rows, event.time - 1)
        self._waiting = [item for item in self._waiting if item[0] > known]

    def _change(self, event: Event) -> Floats:
        """Let the synapses of `event` go through the spikes of their targets, and then through it; their weights."""
        cells, weights = self.targets[event.synapses], self.magnitudes[event.synapses]
        since_previous = self.shift[event.synapses] - event.previous
        entry, end = self.between(event)
        some = np.flatnonzero(entry < end)
        while some.size:
            pre = {name: values[some] for name, values in event.before.items()}
            times, since, post = self.history.spike(cells[some], entry[some])
            found = Found(self.rules, pre, post, times + since_previous[some], since)
            weights[some] = self.rules.timing.apply_post(found, weights[some])
            entry[some] += 1
            some = some[entry[some] < end[some]]
        weights = np.asarray(self.rules.timing.apply_pre(Found(*self.latest(event)), weights), np.float64)
        self.magnitudes[event.synapses] = weights
        return weights

    def between(self, event: Event) -> tuple[Indices, Indices]:
        """Numbers of the first and the last but one spike of each target between `event` and the one before."""
        cells, until = self.targets[event.synapses], self._until[event.synapses]
        begun = np.maximum(event.previous + until, -NEVER).astype(np.int64)
        return self.history.until(cells, begun), self.history.until(cells, event.time + until)

    def latest(self, event: Event) -> tuple[Rules, dict[str, Floats], dict[str, Floats], Floats, Floats]:
        """What a rule finds at `event` itself: that of the latest spike of each target before it."""
        cells, shift = self.targets[event.synapses], self.shift[event.synapses]
        last = self.history.until(cells, event.time + self._before[event.synapses]) - 1
        times, post = self.history.at(cells, last)
        return self.rules, event.after, post, event.since, event.time - shift - times
