"""Gap junctions: cells whose voltages drive each other all the time, stepped together.

A junction of conductance g between cells i and j passes the current g (v_j - v_i) into i and the opposite into j, so
the cells that junctions connect, of whatever models, are one system of equations.  It is solved by the pair of
formulas of fifth and fourth order that single cells are solved by (`runge_kutta`), with one step size for all
cells of the coupled populations, so that every stage knows the voltages of all: the order of the coupled solution is
that of the single one.  (NEST, whose cells are each a solver of its own, iterates over the timestep instead: Hahne
et al. 2015, Frontiers in Neuroinformatics 9:22.)

Cells that are reset within a timestep end the step of all at the crossing, which is found on a cubic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pyneuro.errors import IntegrationError
from pyneuro.reference.cells import Block, Cells, Member, Part
from pyneuro.reference.runge_kutta import SHORTEST, SMALL, TABLES, TOLERANCE
from toolchain.network import Network
from toolchain.synapses import ELECTRICAL

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]

INNER, FIFTH, ERROR = TABLES
PLACES = 64
"""A crossing is found to one of so many parts of a part of the step."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """One step of all cells.

    Parameters
    ----------
    fresh : list of float64[variables, cells]
        Where it ends, for each block.
    first : list of float64[variables, cells]
        Its length times the derivative where it begins.
    strain : float
        The largest estimated error over the error that it may make.
    """

    fresh: list[Floats]
    first: list[Floats]
    strain: float


class GapJunctions:
    """The populations of a network that gap junctions couple.

    Parameters
    ----------
    network : Network
        The network; it has ElectricalSynapses.
    places : mapping of int to (Block, Member)
        Where the cells of each population are.
    """

    def __init__(self, network: Network, places: Mapping[int, tuple[Block, Member]]) -> None:
        made = [projection for projection in network.projections if projection.synapse == ELECTRICAL]
        ends = [places[number] for projection in made for number in (projection.source, projection.target)]
        self.blocks = list(dict.fromkeys(cells for cells, _ in ends if isinstance(cells, Cells)))
        parts = max(cells.parts for cells in self.blocks)
        for cells in self.blocks:
            cells.divide(parts, network.populations)
        stops = np.cumsum([cells.cells for cells in self.blocks]).tolist()
        self._slices = [slice(stop - cells.cells, stop) for cells, stop in zip(self.blocks, stops, strict=True)]
        self._voltages = [cells.variables.index("v") for cells in self.blocks]
        first = {id(cells): part.start for cells, part in zip(self.blocks, self._slices, strict=True)}
        conductance = csr_array((stops[-1], stops[-1]))
        for projection in made:
            source, target = (
                first[id(places[number][0])] + places[number][1].start + indices
                for number, indices in ((projection.source, projection.pre), (projection.target, projection.post))
            )
            weights = np.broadcast_to(np.asarray(projection.weight, np.float64), len(projection))
            one_way = csr_array((weights, (source, target)), conductance.shape)
            conductance = conductance + one_way + one_way.T
        self._conductance = conductance
        self._total = np.asarray(conductance.sum(axis=1))
        self._length = np.inf

    def step(self, step: int, slot: Floats) -> list[tuple[Cells, Indices]]:
        """Run `step` for all coupled cells, as `Cells.step` does for one block; which of them spike."""
        spiking = [np.zeros(cells.cells, np.bool_) for cells in self.blocks]
        for number in range(self.blocks[0].parts):
            parts = [cells.begin(step) for cells in self.blocks]
            within = self._advance(parts, self.blocks[0].part)
            last = number == self.blocks[0].parts - 1
            for cells, part, own, found in zip(self.blocks, parts, within, spiking, strict=True):
                found[cells.end(part, own, slot if last else None)] = True
        return [(cells, np.flatnonzero(found)) for cells, found in zip(self.blocks, spiking, strict=True)]

    def _advance(self, parts: Sequence[Part], length: float) -> list[Bools]:
        """Bring the states of all blocks `length` ms on; which cells were reset on the way.

        Raises
        ------
        IntegrationError
            If no step is short enough.
        """
        held = [np.zeros(cells.cells, np.bool_) if p.held is None else p.held for cells, p in self._with(parts)]
        fired = [np.zeros(cells.cells, np.bool_) for cells in self.blocks]
        left = length
        while left > 0.0:
            step = min(self._length, left)
            done = self._attempt(parts, held, step)
            good = done.strain <= 1.0
            if good and (crossing := self._crossing(done, parts, held, step)) < 1.0:
                step *= crossing
                done = self._attempt(parts, held, step)
            if good:
                for cells, fresh in zip(self.blocks, done.fresh, strict=True):
                    cells.state[:] = fresh
                self._reset(held, fired)
                left -= step
            elif step < SHORTEST * length:
                raise IntegrationError(
                    f"{', '.join(cells.model.name for cells in self.blocks)}: the state of cells that gap junctions "
                    "couple grows without bound; check their input and the conductances"
                )
            if not good or self._length in (step, np.inf):
                self._length = step * growth(done.strain)
        return fired

    def _with(self, parts: Sequence[Part]) -> list[tuple[Cells, Part]]:
        return list(zip(self.blocks, parts, strict=True))

    def _moves(
        self, states: Sequence[Floats], parts: Sequence[Part], held: Sequence[Bools], step: float
    ) -> list[Floats]:
        """The derivatives at `states`, times `step`."""
        v = np.concatenate([state[row] for state, row in zip(states, self._voltages, strict=True)])
        flow = self._conductance @ v - self._total * v
        moves = []
        for number, (cells, part) in enumerate(self._with(parts)):
            current = flow[self._slices[number]] + (0.0 if part.current is None else part.current)
            named = dict(zip(cells.variables, states[number], strict=True))
            slopes = cells.model.derivatives(named, cells.parameters, current)
            move = step * np.stack([np.broadcast_to(slopes[name], cells.cells) for name in cells.variables])
            for name in cells.model.clamped:
                move[cells.variables.index(name), held[number]] = 0.0
            moves.append(move)
        return moves

    def _attempt(self, parts: Sequence[Part], held: Sequence[Bools], step: float) -> Attempt:
        """One step of all cells from their present states."""
        states = [cells.state for cells in self.blocks]
        stages: list[list[Floats]] = []
        with np.errstate(over="ignore", invalid="ignore"):
            for factors in [np.zeros(len(FIFTH)), *INNER]:
                here = [state + _combined(factors, stages, number) for number, state in enumerate(states)]
                stages.append(self._moves(here, parts, held, step))
            fresh = [state + _combined(FIFTH, stages, number) for number, state in enumerate(states)]
            errors = [np.abs(_combined(ERROR, stages, number)) for number in range(len(states))]
            strains = [(e / (TOLERANCE * (SMALL + np.abs(f)))).max() for e, f in zip(errors, fresh, strict=True)]
        return Attempt(fresh, stages[0], float(np.max(strains)))

    def _crossing(self, done: Attempt, parts: Sequence[Part], held: Sequence[Bools], step: float) -> float:
        """The part of a step at which the first cell that must be reset within it crosses its threshold; 1 if none."""
        earliest = 1.0
        last: list[Floats] | None = None
        for number, cells in enumerate(self.blocks):
            if cells.model.resets_within_step and self._past(cells, done.fresh[number]).any():
                last = last or self._moves(done.fresh, parts, held, step)
                ends = cells.state, done.fresh[number], done.first[number], last[number]
                low, width = 0.0, 1.0
                for _ in range(2):
                    width /= PLACES
                    at = low + width * np.arange(1, PLACES + 1)
                    low += width * min(
                        i for i, x in enumerate(at) if x >= 1.0 or self._past(cells, _cubic(*ends, x)).any()
                    )
                earliest = min(earliest, low + width)
        return earliest

    @staticmethod
    def _past(cells: Cells, state: Floats) -> Bools:
        return cells.model.threshold(dict(zip(cells.variables, state, strict=True)), cells.parameters)

    def _reset(self, held: list[Bools], fired: list[Bools]) -> None:
        """Reset the cells that are past their threshold, of models that do not wait for the end of the timestep."""
        for number, cells in enumerate(self.blocks):
            if cells.model.resets_within_step:
                past = self._past(cells, cells.state)
                if past.any():
                    cells.spike(np.flatnonzero(past))
                    fired[number] |= past
                    held[number] = held[number] | (past & cells.rests)


def growth(strain: float) -> float:
    """How much longer the next step may be; the error of a step grows with its fifth power."""
    return float(0.9 * np.clip(np.nan_to_num(strain, nan=1e4), 1e-4, 1e4) ** -0.2)


def _combined(factors: Floats, stages: Sequence[Sequence[Floats]], number: int) -> Floats:
    """The moves of one block in all stages so far, weighted."""
    total: Floats = np.zeros(()) + sum(factor * stage[number] for factor, stage in zip(factors, stages, strict=False))
    return total


def _cubic(state: Floats, fresh: Floats, first: Floats, last: Floats, at: float) -> Floats:
    """The cubic from `state` to `fresh` that sets out along `first` and arrives along `last`."""
    gap = fresh - state
    curve: Floats = state + at * (gap + (1.0 - at) * ((1.0 - at) * (first - gap) - at * (last - gap)))
    return curve
