"""Cells that are stepped by the program of a core, in real numbers or in words, outside any machine.

The program is the one that a core runs.  In real numbers each operation means what it means in mathematics, and
parameters and first values are those that are meant; in words it is the core's arithmetic.  The two differ by the
error of fixed point and by nothing else, and the first differs from the reference by the error of the core's
algorithm.  Inputs come as sums in PyNN's units, so that no ring buffer saturates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator import update
from emulator.conversion import ACCUM_ONE
from emulator.interpreter import RESOLUTION, real, real_registers, run_real, wrap
from emulator.program import Kind, Role
from emulator.random import UniformStreams
from pyneuro.reference.cells import Member, shares, streams_of
from pyneuro.reference.currents import Injection
from toolchain.models.declaration import CellModel
from toolchain.network import Population

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Words = NDArray[np.int32]

ROUNDED = 2.0**-15
"""What a parameter may be off for having been rounded to s16.15."""
PROBE = 1 << 14
"""A word that is decoded to find out what the unit of a register is worth."""


class ProgramCells:
    """The cells of one model, all populations of it together; used like `pyneuro.reference.cells.Cells`.

    Parameters
    ----------
    model : CellModel
        The model.
    numbers, populations : sequence
        Numbers of the populations of this model, and all populations of the network.
    timestep : float
        ms.
    first_input : int
        Number of the first input; receptor r of cell i has number ``first_input + r * cells + i``.
    in_words : bool
        Whether in the core's arithmetic, or in real numbers.
    substeps : int
        Parts of a timestep.
    seed : int
        Of the network's random numbers.
    """

    def __init__(
        self,
        model: CellModel,
        numbers: Sequence[int],
        populations: Sequence[Population],
        timestep: float,
        first_input: int,
        *,
        in_words: bool,
        substeps: int,
        seed: int = 0,
    ) -> None:
        self.model, self.timestep, self.in_words, self._substeps, self._seed = model, timestep, in_words, substeps, seed
        stops = np.cumsum([populations[number].size for number in numbers]).tolist()
        self.members = tuple(map(Member, numbers, [0, *stops[:-1]], stops))
        self.cells = stops[-1]
        self.inputs = slice(first_input, first_input + len(model.receptors) * self.cells)
        self.program = model.program(substeps)
        self._numbers = {register.name: n for n, register in enumerate(self.program.registers)}
        self._registers: NDArray[Any] = np.zeros((len(self._numbers), self.cells))
        self.samples: dict[str, Floats] = {}
        self._streams: UniformStreams
        self.reset(populations)

    def configure(self, populations: Sequence[Population]) -> None:
        """Take parameters and injected currents from `populations`; the state stays."""
        kept = [number for number, r in enumerate(self.program.registers) if r.role == Role.STATE]
        state, streams = self._registers[kept].copy(), self._streams
        self.reset(populations)
        self._registers[kept], self._streams = state, streams

    def reset(self, populations: Sequence[Population]) -> None:
        """Give all registers their first values."""
        columns = [self._first(populations[member.population]) for member in self.members]
        self._registers = np.concatenate(columns, axis=1)
        self._scales = np.concatenate([self._input_scales(populations[m.population]) for m in self.members], axis=1)
        self._streams = streams_of(self.model, self.members, self._seed)
        self.inject(populations)

    def inject(self, populations: Sequence[Population]) -> None:
        """Take injected currents from `populations`."""
        injected = [(m.start, current) for m in self.members for current in populations[m.population].currents]
        self._injection = Injection(injected, self.cells, self.timestep)

    def _first(self, population: Population) -> NDArray[Any]:
        """First values of the registers of one population: [registers, cells]."""
        n, model = population.size, self.model
        words = model.registers(population.parameters, population.initial, n, self.timestep, self._substeps)
        registers = update.allocate(self.program, words, n)
        if self.in_words:
            return np.asarray(registers)
        reals = real_registers(self.program, registers)
        for name, value in self._meant(population, reals).items():
            reals[self._numbers[name]] = value
        return reals

    def _meant(self, population: Population, held: Floats) -> dict[str, Floats]:
        """The real numbers that registers stand for, where they are known: parameters, factors, first values.

        A register called like a parameter may hold a multiple of it: it stands for the parameter if what is `held`
        is the parameter, rounded.
        """
        model = self.model
        given = self._given(population)
        registers = {name: held[number] for name, number in self._numbers.items() if name in given}
        meant = {name: given[name] for name, row in registers.items() if np.all(abs(row - given[name]) < ROUNDED)}
        exact = model.exact(given, self.timestep / self._substeps)
        meant |= {name: derived.exact for name, derived in exact.items() if name in self._numbers}
        for variable in (v for v in model.state if not v.hidden):
            word, unit = model.encode(variable.name, np.ones(1))
            first = population.initial.get(variable.name, given.get(str(variable.initial), variable.initial))
            meant[word] = np.asarray(first, np.float64) * unit[0] / ACCUM_ONE
        return meant

    def _given(self, population: Population) -> dict[str, Floats]:
        """Parameters of a population, in PyNN's units."""
        parameters, given = self.model.parameters, population.parameters
        return {p.name: np.asarray(given.get(p.name, p.default), np.float64) for p in parameters}

    def _input_scales(self, population: Population) -> Floats:
        """What a sum of weights is multiplied by to be an input of the program: [receptors, cells]."""
        rows = []
        for receptor, weights in self.model.weights.items():
            factor = self.model.weight_factor(receptor, self._given(population))
            scale = weights.sign * 2.0**weights.scale_bits * (1.0 if factor is None else factor)
            rows.append(np.broadcast_to(scale, population.size))
        return np.array(rows).reshape(len(rows), population.size)

    # --- stepping -----------------------------------------------------------------------------------

    def step(self, step: int, slot: Floats) -> Indices:
        """Run `step`, with `slot` as what arrives at its beginning, which is cleared; return the cells that spike."""
        self.samples = self._run(self._registers, self._streams, step, slot)
        slot[self.inputs] = 0.0
        return np.flatnonzero(self._registers[self.program.spike])

    def coming(self, step: int, slot: Floats) -> dict[str, Floats]:
        """What `step` would sample of each variable, [cells]; the state stays as it is."""
        return self._run(self._registers.copy(), self._streams.copy(), step, slot)

    def _run(self, registers: NDArray[Any], streams: UniformStreams, step: int, slot: Floats) -> dict[str, Floats]:
        """Run the program over `registers`; return the samples of the step."""
        self._take(slot, self._injection.at(step), registers)
        for number in self.program.numbers(Role.RANDOM):
            registers[number] = streams.draw() if self.in_words else real(streams.draw(), Kind.UNIT)
        samples = {name: self._value(name, number, registers) for name, number in self._recorded(Role.STATE)}
        if self.in_words:
            update.run(self.program, registers)
        else:
            run_real(self.program, registers)
        return samples | {name: self._value(name, number, registers) for name, number in self._recorded(Role.SCRATCH)}

    def _recorded(self, role: Role) -> list[tuple[str, int]]:
        """Recorded variables that are in registers of one role, and those registers."""
        recorded = [(name, number) for name, number, _ in self.program.recorded]
        is_state = role == Role.STATE
        return [(name, n) for name, n in recorded if (self.program.registers[n].role == Role.STATE) == is_state]

    def _take(self, slot: Floats, current: Floats | None, registers: NDArray[Any]) -> None:
        """Fill the input registers."""
        arriving = slot[self.inputs].reshape(len(self._scales), self.cells)
        for number, weights, scale in zip(self.program.numbers(Role.RECEPTOR), arriving, self._scales, strict=True):
            registers[number] = self._number(weights * scale)
        for number in self.program.numbers(Role.CURRENT):
            registers[number] = 0 if current is None else self._number(current)

    def _number(self, values: Floats) -> NDArray[Any]:
        """The `values` as a register holds them."""
        return np.rint(values * ACCUM_ONE).astype(np.int64).astype(np.int32) if self.in_words else values

    # --- reading ------------------------------------------------------------------------------------

    def _value(self, variable: str, register: int, registers: NDArray[Any]) -> Floats:
        """Values of a variable in PyNN's unit, from the register that is recorded."""
        if self.in_words:
            return self.model.decode(variable, np.asarray(registers[register], np.int32))
        probe = self.model.decode(variable, np.full(1, PROBE, np.int32))[0]
        kind = self.program.registers[register].kind
        values: Floats = registers[register] * (probe / (PROBE * RESOLUTION[kind])) + 0.0
        return values

    def values(self, member: Member, variable: str) -> Floats:
        """Present values of a state variable, the cells of one population."""
        unit = {name: number for name, number in self._numbers.items() if self._is_kept(number)}
        words = {name: self._words(number)[member.start : member.stop] for name, number in unit.items()}
        return self.model.read(variable, words)

    def _is_kept(self, number: int) -> bool:
        return self.program.registers[number].role in (Role.STATE, Role.PARAMETER)

    def _words(self, number: int) -> Words:
        """A register as words; real numbers are rounded."""
        if self.in_words:
            return np.asarray(self._registers[number], np.int32)
        unit = RESOLUTION[self.program.registers[number].kind]
        return wrap(np.rint(self._registers[number] / unit).astype(np.int64))

    def shares(self, fired: Indices) -> Iterator[tuple[int, Indices]]:
        """Split cells of the block into those of each population: its number, and its own cell indices."""
        return shares(self.members, fired)
