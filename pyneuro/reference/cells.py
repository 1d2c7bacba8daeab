"""Cells: all populations of one model, stepped together as one block of state.

Some models spike where their state turns, and not where it is past a threshold: their state is compared with that
before the step.  A spike lasts a millisecond, so that a longer step would pass it by: such a model goes through a long
timestep in parts, and spikes in the timestep if it does in one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emulator.interpreter import real
from emulator.program import Kind
from emulator.random import UniformStreams
from emulator.seeds import source_seeds
from pyneuro.reference.currents import Injection
from pyneuro.reference.propagator import ExactStep
from pyneuro.reference.runge_kutta import RungeKuttaStep, take
from toolchain.models.declaration import WHOLE, CellModel
from toolchain.network import Population, Values

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]

COMPARED_EVERY = 0.1
"""Longest time (ms) between two states that are compared with each other."""


@dataclass(frozen=True)
class Member:
    """A population's place: its number in the network, and its cells ``start:stop`` of the block."""

    population: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a timestep, as it begins.

    Parameters
    ----------
    current : float64[cells], optional
        Injected current, nA.
    held : bool[cells], optional
        The refractory cells, if there are any.
    before : mapping of str to float64[cells]
        Values of the variables that the model compares.
    """

    current: Floats | None
    held: Bools | None
    before: Mapping[str, Floats]


class Block(Protocol):
    """The cells of one model as a simulation meets them."""

    model: CellModel
    members: tuple[Member, ...]
    cells: int
    inputs: slice

    def configure(self, populations: Sequence[Population]) -> None:
        """Take parameters and injected currents from `populations`; the state stays."""

    def inject(self, populations: Sequence[Population]) -> None:
        """Take injected currents from `populations`."""

    def reset(self, populations: Sequence[Population]) -> None:
        """Give the state its first values."""

    def step(self, step: int, slot: Floats) -> Indices:
        """Run `step`; take what `slot` holds for these cells and clear it. Return the cells that spike, ascending."""

    def shares(self, fired: Indices) -> Iterator[tuple[int, Indices]]:
        """Split cells of the block into those of each population: its number, and its own cell indices."""

    def values(self, member: Member, variable: str) -> Floats:
        """Present values of a state variable, the cells of one population."""


class Cells:
    """The cells of one model.

    Parameters
    ----------
    model : CellModel
        The model.
    numbers : sequence of int
        Numbers of the populations of this model.
    populations : sequence of Population
        All populations of the network.
    timestep : float
        ms.
    first_input : int
        Number of the first input of this block; receptor r of cell i has number ``first_input + r * cells + i``.
    seed : int
        Of the network's random numbers.

    Attributes
    ----------
    variables : list of str
        Names of the state variables, in the order of the model.
    state : float64[variables, cells]
        Their values.
    parts : int
        Parts that a timestep is gone through in.
    parameters : dict of str to float64[cells] or float64[]
        Their parameters.
    rests : bool[cells]
        Which cells have a refractory time.
    """

    def __init__(
        self,
        model: CellModel,
        numbers: Sequence[int],
        populations: Sequence[Population],
        timestep: float,
        first_input: int,
        *,
        seed: int = 0,
    ) -> None:
        self.model = model
        self._seed = seed
        self.parts = math.ceil(timestep / COMPARED_EVERY - WHOLE) if model.compared else 1
        self.timestep = timestep
        stops = np.cumsum([populations[number].size for number in numbers]).tolist()
        self.members = tuple(map(Member, numbers, [0, *stops[:-1]], stops))
        self.cells = stops[-1]
        self.inputs = slice(first_input, first_input + len(model.receptors) * self.cells)
        self.variables = [variable.name for variable in model.state]
        self._receivers = [self.variables.index(variable) for variable in model.receptors.values()]
        self._clamped = frozenset(map(self.variables.index, model.clamped))
        self.state = np.empty((len(self.variables), self.cells))
        self._named = dict(zip(self.variables, self.state, strict=True))
        self._waiting = np.zeros(self.cells, np.int64)
        self.configure(populations)
        self.reset(populations)

    @property
    def part(self) -> float:
        """Length of a part of a timestep, ms."""
        return self.timestep / self.parts

    def configure(self, populations: Sequence[Population]) -> None:
        """Take parameters and injected currents from `populations`; the state stays."""
        given = [populations[member.population].parameters for member in self.members]
        defaults = {parameter.name: parameter.default for parameter in self.model.parameters}
        self.parameters = self._collect(given, defaults)
        stepper = ExactStep if self.model.linear else RungeKuttaStep
        self._stepper = stepper(self.model, self.parameters, self.cells, self.part)
        self.inject(populations)
        rest = self.model.refractory_ms(self.parameters)
        parts = np.ceil((0.0 if rest is None else np.asarray(rest)) / self.part - WHOLE)
        self.rests = np.broadcast_to(parts > 0.0, self.cells)
        self._rest_parts = np.broadcast_to(parts.astype(np.int64), self.cells)

    def inject(self, populations: Sequence[Population]) -> None:
        """Take injected currents from `populations`."""
        injected = [(m.start, current) for m in self.members for current in populations[m.population].currents]
        self._injection = Injection(injected, self.cells, self.timestep)

    def reset(self, populations: Sequence[Population]) -> None:
        """Give the state its first values."""
        given = [populations[member.population].initial for member in self.members]
        defaults = {
            variable.name: self.parameters[variable.initial] if isinstance(variable.initial, str) else variable.initial
            for variable in self.model.state
        }
        for name, values in self._collect(given, defaults).items():
            self._named[name][:] = values
        self._waiting[:] = 0
        self._longest_wait = 0
        self._streams = streams_of(self.model, self.members, self._seed)

    def _collect(self, given: Sequence[Mapping[str, Values]], defaults: Mapping[str, Values]) -> dict[str, Floats]:
        """Values of each name in `defaults` over all cells, where a member gives them; one number if all are equal."""
        collected = {}
        for name, default in defaults.items():
            values = np.array(np.broadcast_to(default, self.cells), np.float64)
            for member, own in zip(self.members, given, strict=True):
                if name in own:
                    values[member.start : member.stop] = own[name]
            collected[name] = values[0].reshape(()) if (values == values[0]).all() else values
        return collected

    def divide(self, parts: int, populations: Sequence[Population]) -> None:
        """Go through a timestep in `parts` from now on, which are no fewer than before."""
        if parts != self.parts:
            self._waiting *= parts // self.parts
            self._longest_wait *= parts // self.parts
            self.parts = parts
            self.configure(populations)

    def step(self, step: int, slot: Floats) -> Indices:
        """Run `step`; `slot` holds what arrives at its end and is cleared. Return the cells that spike, ascending.

        What arrives at a variable that a refractory cell holds is lost, as in NEST's ``iaf_psc_delta``.
        """
        fired = np.empty(0, np.int64)
        for number in range(self.parts):
            part = self.begin(step)
            within = self._stepper.advance(self.state, part.current, part.held)
            found = self.end(part, within, slot if number == self.parts - 1 else None)
            fired = np.union1d(fired, found) if fired.size else found
        return fired

    def begin(self, step: int) -> Part:
        """Begin a part of `step`."""
        held = self._waiting > 0 if self._longest_wait else None
        for name, values in self.model.each_step(self._named, self.parameters, self.part).items():
            self._named[name][:] = values
        before = {name: self._named[name].copy() for name in self.model.compared}
        return Part(self._injection.at(step), held, before)

    def end(self, part: Part, within: Bools | None, slot: Floats | None) -> Indices:
        """End a part whose state has been advanced, and at whose end `slot` arrives; which cells spike.

        Those of `within` have been reset before the end.
        """
        held = part.held
        if slot is not None:
            self._take(slot, held)
        spiking = self.model.spikes(self._named, self.parameters, part.before)
        if self.model.draws:
            drawn = {name: real(self._streams.draw(), Kind.UNIT) for name in self.model.draws}
            spiking = spiking | self.model.escapes(self._named, self.parameters, drawn, self.part)
        if held is not None:
            self._waiting -= held
            self._longest_wait -= 1
            spiking &= ~held
        fired = np.flatnonzero(spiking)
        if fired.size:
            self.spike(fired)
        if within is not None:
            fired = np.flatnonzero(spiking | within)
        if fired.size:
            self._waiting[fired] = self._rest_parts[fired]
            self._longest_wait = max(self._longest_wait, int(self._waiting[fired].max()))
        return fired

    def _take(self, slot: Floats, held: Bools | None) -> None:
        """Let what has arrived jump the receptors' variables, but for those that the cells `held` hold."""
        arriving = slot[self.inputs].reshape(len(self._receivers), self.cells)
        for receiver, weights in zip(self._receivers, arriving, strict=True):
            if held is not None and receiver in self._clamped:
                weights[held] = 0.0
            self.state[receiver] += weights
        arriving[:] = 0.0

    def spike(self, fired: Indices) -> None:
        """Reset the cells `fired`."""
        named = {name: values[fired] for name, values in self._named.items()}
        for name, values in self.model.after_spike(named, take(self.parameters, fired)).items():
            self._named[name][fired] = values

    def shares(self, fired: Indices) -> Iterator[tuple[int, Indices]]:
        """Split cells of the block into those of each population: its number, and its own cell indices."""
        return shares(self.members, fired)

    def values(self, member: Member, variable: str) -> Floats:
        """Present values of a state variable, the cells of one population (a view)."""
        view: Floats = self._named[variable][member.start : member.stop]
        return view


def streams_of(model: CellModel, members: Sequence[Member], seed: int) -> UniformStreams:
    """The streams of random numbers of the cells of a block; of none if the model draws none."""
    drawing = members if model.draws else ()
    seeds = [source_seeds(seed, member.population, 0, member.stop - member.start) for member in drawing]
    return UniformStreams(np.concatenate([np.empty((0, 4), np.uint32), *seeds]))


def shares(members: Sequence[Member], fired: Indices) -> Iterator[tuple[int, Indices]]:
    """Split cells of a block, ascending, into those of each of its populations: its number, its own cell indices."""
    if len(members) == 1:
        yield members[0].population, fired
        return
    cuts = np.searchsorted(fired, [member.stop for member in members])
    start = 0
    for member, stop in zip(members, cuts.tolist(), strict=True):
        if stop > start:
            yield member.population, fired[start:stop] - member.start
        start = stop
