"""Neuromodulated synapses: plastic ones whose changes wait in an eligibility trace for dopamine.

See `toolchain.synapses.modulation` for what they do.  As with other plastic synapses, everything since the spike of the
source before is gone through when the source spikes: spikes of the target, which change the eligibility, and
arrivals of dopamine, which change the concentration, in the order of their times at the synapse; in between, the weight
moves as the closed form says.  So a weight that is read has not yet learnt of what came after it was last sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pyneuro.reference.history import History
from pyneuro.reference.plasticity import NEVER, WHOLE, Event, PlasticSynapses
from pyneuro.reference.rules import Found
from pyneuro.reference.synapses import DelayLine, Rows, signed
from toolchain.network import Projection
from toolchain.synapses.declaration import Value
from toolchain.synapses.modulation import RECEPTORS, Learning, elapse, modulation_parameters, time_constant

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Dopamine:
    """Dopamine in the cells of one population.

    Parameters
    ----------
    cells : int
        Size of the population.
    timestep : float
        ms.
    """

    def __init__(self, cells: int, timestep: float) -> None:
        self.timestep = timestep
        self.line = DelayLine(1, cells)
        self.history = History(cells, ["n"])
        self.parameters: dict[str, float] = {}

    def configure(self, given: Mapping[str, float]) -> None:
        """Take the parameters of the projections that bring it."""
        p = modulation_parameters(given)
        self.parameters = {**p, "tau": time_constant(p)}

    def reset(self) -> None:
        """No dopamine, and none under way."""
        self.line.ring[:] = 0.0
        self.history.clear()

    def collect(self, step: int) -> None:
        """Take up what arrives at the end of `step`."""
        slot = self.line.slot(step)
        cells = np.flatnonzero(slot)
        if cells.size:
            if self.history.full(cells):
                self.history.make_room(np.full(len(slot), -NEVER))
            times, traces = self.history.latest(cells.astype(np.int32))
            left = self.decayed(traces["n"], step + 1 - times)
            self.history.add(cells, step + 1, step + 1 - times, {"n": left + slot[cells]})
            slot[:] = 0.0

    def decayed(self, concentration: Floats, since: Floats) -> Floats:
        """What is left of a concentration after so many steps."""
        return concentration * np.exp(since * (-self.timestep / self.parameters["tau_d"]))


class DopamineSynapses:
    """A projection that brings dopamine."""

    def __init__(self, projection: Projection, rows: Rows, dopamine: Dopamine) -> None:
        self.rows = rows
        self._sent = signed(rows, RECEPTORS[projection.receptor])
        self._dopamine = dopamine

    def send(self, fired: Indices, step: int, line: DelayLine) -> None:
        """Deliver the spikes that the update of `step` found in the source cells `fired`, and not along `line`."""
        self._dopamine.line.send(fired, self._sent, step)

    def weights(self) -> Floats:
        """Concentrations, in the order of the projection."""
        return self.rows.unsorted(self.rows.weights)

    def reset(self) -> None:
        """Nothing has changed."""

    def take_over(self, before: DopamineSynapses) -> None:
        """There is no state."""


@dataclass(frozen=True, eq=False)
class Marked(Found):
    """What a rule finds at a spike, where its changes go into an eligibility trace."""

    def potentiate(self, weight: Value, amount: Value, amplitude: str = "A_plus") -> Value:
        """The eligibility after a potentiation."""
        return weight + self.rules.amplitudes[amplitude] * amount

    def depress(self, weight: Value, amount: Value, amplitude: str = "A_minus") -> Value:
        """The eligibility after a depression."""
        return weight - self.rules.amplitudes[amplitude] * amount


class ModulatedSynapses(PlasticSynapses):
    """The plastic synapses of one projection onto cells with dopamine; for the parameters see `PlasticSynapses`.

    Attributes
    ----------
    dopamine : Dopamine
        That of the target population.
    eligibility : float64[synapses]
        After the latest spike of each source.
    axonal : float64[synapses]
        Steps from the source to the synapse.
    arrived : int64[synapses]
        The last time, relative to a spike of the source, of dopamine that counts for it.
    """

    def __init__(self, projection: Projection, rows: Rows, cells: int, sign: int, dopamine: Dopamine) -> None:
        self.dopamine = dopamine
        super().__init__(projection, rows, cells, sign, dopamine.timestep)

    def set_delays(self) -> None:
        """Work out from the delays of the rows when spikes and dopamine reach their synapses."""
        super().set_delays()
        delays = np.broadcast_to(self.rows.delays, len(self.rows.order))
        self.axonal = (delays - self.shift) / 2.0
        self.arrived = np.minimum(np.floor(self.axonal + WHOLE).astype(np.int64), delays - 1)
        self.wait_for(np.maximum(self._until, self.arrived))

    def reset(self) -> None:
        """Back to the first weights, and no spike yet."""
        super().reset()
        self.eligibility = np.zeros(len(self.rows.order))

    def take_over(self, before: PlasticSynapses) -> None:
        """Go on from the traces of `before`, the same synapses with other weights, delays or parameters."""
        super().take_over(before)
        if isinstance(before, ModulatedSynapses):
            self.eligibility = before.eligibility

    def _change(self, event: Event) -> Floats:
        """Let the synapses of `event` learn; their weights after that."""
        synapses = event.synapses
        stretch = Stretch(self, event)
        while stretch.going.any():
            stretch.advance()
        found = Marked(*self.latest(event))
        self.eligibility[synapses] = self.rules.timing.apply_pre(found, stretch.eligibility)
        self.magnitudes[synapses] = stretch.weights
        return stretch.weights


class Stretch:
    """The time between two spikes of the sources of some synapses, gone through from event to event.

    Times are in steps, on the clock of the source: that of the synapse less the axonal part of the delay.

    Attributes
    ----------
    weights, eligibility : float64[n]
        Of each synapse, as far as it has been gone through.
    going : bool[n]
        Which of them have not reached the end.
    """

    def __init__(self, made: ModulatedSynapses, event: Event) -> None:
        """Begin after the spike of the source before."""
        self._made, self._event = made, event
        synapses = event.synapses
        self.weights, self.eligibility = made.magnitudes[synapses], made.eligibility[synapses]
        self._cells, self._shift = made.targets[synapses], made.shift[synapses]
        self._axonal = made.axonal[synapses]
        # Before the first spike of a source there is nothing to learn from: its stretch has no length.
        self._now = np.where(np.isfinite(event.previous), event.previous, event.time)
        self._posts, self._last_post = made.between(event)
        history = made.dopamine.history
        begun = np.maximum(event.previous + made.arrived[synapses], -NEVER).astype(np.int64)
        self._doses = history.until(self._cells, begun)
        self._last_dose = history.until(self._cells, event.time + made.arrived[synapses])
        times, traces = history.at(self._cells, self._doses - 1)
        self._dopamine = made.dopamine.decayed(traces["n"], self._now + self._axonal - times)
        self.going = np.ones(len(synapses), np.bool_)

    def advance(self) -> None:
        """Go on to the next event of each synapse, or to the end."""
        history, doses = self._made.history, self._made.dopamine.history
        some = np.flatnonzero(self.going)
        cells = self._cells[some]
        post_times, post = history.at(cells, np.where(self._posts[some] < self._last_post[some], self._posts[some], -1))
        dose_times, dose = doses.at(cells, np.where(self._doses[some] < self._last_dose[some], self._doses[some], -1))
        post_at = np.where(np.isfinite(post_times), post_times + self._shift[some], np.inf)
        dose_at = np.where(np.isfinite(dose_times), dose_times - self._axonal[some], np.inf)
        until = np.minimum(np.minimum(post_at, dose_at), self._event.time)
        self._elapse(some, np.maximum(until - self._now[some], 0.0))
        self._now[some] = np.maximum(until, self._now[some])
        marks, doses_now = np.isfinite(post_at) & (post_at <= dose_at), np.isfinite(dose_at) & (dose_at < post_at)
        dosed = some[doses_now]
        self._dopamine[dosed] = dose["n"][doses_now]
        self._doses[dosed] += 1
        self._mark(some[marks], {name: values[marks] for name, values in post.items()}, post_at[marks])
        self.going[some[~marks & ~doses_now]] = False

    def _elapse(self, some: Indices, steps: Floats) -> None:
        """Let so many steps go by for some of the synapses."""
        p, dt = self._made.dopamine.parameters, self._made.dopamine.timestep
        decay = {name: np.exp(steps * (-dt / p[name])) for name in ("tau_c", "tau_d")}
        x = elapse(Learning(self.weights[some], self.eligibility[some], self._dopamine[some]), decay, p)
        self.weights[some], self.eligibility[some], self._dopamine[some] = x.weight, x.eligibility, x.dopamine

    def _mark(self, some: Indices, post: dict[str, Floats], at: Floats) -> None:
        """Let the next spike of the target change the eligibility of some of the synapses."""
        before = {name: values[some] for name, values in self._event.before.items()}
        _, since, _ = self._made.history.spike(self._cells[some], self._posts[some])
        found = Marked(self._made.rules, before, post, at - self._event.previous[some], since)
        self.eligibility[some] = self._made.rules.timing.apply_post(found, self.eligibility[some])
        self._posts[some] += 1
