"""Agreement: which spikes of two runs are the same, and where the runs part.

A spike is a step and a cell.  Two runs agree exactly up to the first spike that only one of them has: the
first divergence.  Counting on from there says little in a chaotic network, so spikes are also paired
within a tolerance of some steps: equal ones first, then those shifted by one step, earlier before later,
and so on; each spike is paired once.  On the machine the spike of a cell acts one step earlier than in
the reference (ARCHITECTURE.md, "Delays on the machine"), so shifts of a step are expected and the
distribution of the shifts is of interest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pyneuro.analysis import SpikeTrains

Side = Literal["reference", "emulated"]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Divergence:
    """The first spike that only one side has: its step, its row among the recorded cells, and which side."""

    step: int
    row: int
    only_in: Side


@dataclass(frozen=True)
class Agreement:
    """How far two runs have the same spikes.

    Parameters
    ----------
    reference, emulated : int
        Spikes on each side.
    shifts : tuple of (int, int)
        (emulated step minus reference step, number of pairs), ascending, of all pairs within the tolerance.
    tolerance_steps : int
        The largest shift that was looked for.
    equal_before : int
        Equal spikes before the first divergence; all of them if there is none.
    divergence : Divergence or None
        The first spike without an equal one on the other side.
    unpaired : Divergence or None
        The first spike without a partner within the tolerance.
    """

    reference: int
    emulated: int
    shifts: tuple[tuple[int, int], ...]
    tolerance_steps: int
    equal_before: int
    divergence: Divergence | None
    unpaired: Divergence | None

    @property
    def equal(self) -> int:
        """Spikes that both sides have in the same step."""
        return dict(self.shifts)[0]

    @property
    def paired(self) -> int:
        """Spikes that have a partner within the tolerance."""
        return sum(number for _, number in self.shifts)

    @property
    def equal_fraction(self) -> float:
        """Share of equal spikes in the spikes of both sides; 1 if there are none at all."""
        return self._share(self.equal)

    @property
    def paired_fraction(self) -> float:
        """Share of paired spikes in the spikes of both sides; 1 if there are none at all."""
        return self._share(self.paired)

    def _share(self, pairs: int) -> float:
        total = self.reference + self.emulated
        return 2 * pairs / total if total else 1.0


def agreement(reference: SpikeTrains, emulated: SpikeTrains, tolerance_steps: int = 1) -> Agreement:
    """Pair the spikes of two runs of the same cells; see `Agreement`."""
    pace = max(reference.cells, emulated.cells, 1)
    repeats = max(_most_repeats(reference, pace), _most_repeats(emulated, pace))
    stride = pace * repeats
    left, right = _codes(reference, pace, repeats), _codes(emulated, pace, repeats)
    shifts: dict[int, int] = {}
    divergence = None
    for shift in sorted(range(-tolerance_steps, tolerance_steps + 1), key=abs):
        found = _is_in(left + shift * stride, right)
        partner = _is_in(right - shift * stride, left)
        shifts[shift] = int(np.count_nonzero(found))
        left, right = left[~found], right[~partner]
        if shift == 0:
            divergence = _first(left, right, stride, repeats)
    before = reference.steps < divergence.step if divergence else np.ones(len(reference.steps), np.bool_)
    return Agreement(
        reference=len(reference.steps),
        emulated=len(emulated.steps),
        shifts=tuple(sorted(shifts.items())),
        tolerance_steps=tolerance_steps,
        equal_before=int(np.count_nonzero(before)),
        divergence=divergence,
        unpaired=_first(left, right, stride, repeats),
    )


def _positions(trains: SpikeTrains, pace: int) -> Codes:
    """One number for the step and the cell of each spike, ascending in time."""
    return np.sort(trains.steps * pace + trains.rows)


def _most_repeats(trains: SpikeTrains, pace: int) -> int:
    """Largest number of spikes of one cell in one step: a fast Poisson source may spike more than once."""
    _, number = np.unique(_positions(trains, pace), return_counts=True)
    return int(number.max(initial=1))


def _codes(trains: SpikeTrains, pace: int, repeats: int) -> Codes:
    """One distinct number for each spike: (step, cell, which of the spikes of that cell in that step)."""
    position = _positions(trains, pace)
    return position * repeats + np.arange(len(position)) - np.searchsorted(position, position)


def _is_in(values: Codes, ascending: Codes) -> NDArray[np.bool_]:
    """Which of `values` are among `ascending`."""
    if not len(ascending):
        return np.zeros(len(values), np.bool_)
    place = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return np.asarray(ascending[place] == values)


def _first(left: Codes, right: Codes, stride: int, repeats: int) -> Divergence | None:
    """The earliest of the spikes that are left over on both sides."""
    candidates: list[tuple[int, Side]] = [(int(left[0]), "reference")] if len(left) else []
    if len(right):
        candidates.append((int(right[0]), "emulated"))
    if not candidates:
        return None
    code, side = min(candidates)
    return Divergence(step=code // stride, row=code % stride // repeats, only_in=side)
