"""An emulator in plain Python: every packet walks alone, every synapse is a line of a loop.

It shares with the emulator the image, the numpy interpreter of programs and the trains of Poisson sources, and
nothing else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from slow_dynamics import SlowDynamics

from emulator.image import (
    ArrayCore,
    Core,
    Current,
    DelayCore,
    Injected,
    MachineImage,
    NeuronCore,
    PoissonCore,
    SynapseCore,
    WaveCurrent,
)
from emulator.interpreter import run_words
from emulator.poisson import PoissonTrains
from emulator.program import Role

WORD = 0xFFFFFFFF


@dataclass
class Walked:
    """Where one packet went."""

    cores: list[int] = field(default_factory=list)
    links: list[tuple[int, int, int]] = field(default_factory=list)
    drops: list[tuple[int, int]] = field(default_factory=list)


def walk_one(image: MachineImage, source: Core, key: int) -> Walked:
    """Walk one packet through the tables."""
    tables = {(t.x, t.y): list(zip(*(a.tolist() for a in (t.key, t.mask, t.route)), strict=True)) for t in image.tables}
    at = {(core.x, core.y, core.p): number for number, core in enumerate(image.cores)}
    walked = Walked()
    todo = [(source.x, source.y, -1, 0)]
    while todo:
        x, y, arrival, length = todo.pop()
        if length > 1000:
            raise RecursionError(f"key {key:#x} walks in a circle")
        routes = [route for k, mask, route in tables.get((x, y), []) if key & mask == k]
        if not routes and arrival < 0:
            walked.drops.append((x, y))
            continue
        taken = routes[0] if routes else 1 << (arrival + 3) % 6
        if taken == 0:
            walked.drops.append((x, y))
        for p in range(18):
            if taken >> 6 + p & 1:
                if (x, y, p) in at:
                    walked.cores.append(at[x, y, p])
                else:
                    walked.drops.append((x, y))
        for link in range(6):
            if taken >> link & 1:
                there = image.machine.neighbour(x, y, link)
                if there is None:
                    walked.drops.append((x, y))
                else:
                    walked.links.append((x, y, link))
                    todo.append((*there, (link + 3) % 6, length + 1))
    return walked


class SlowEmulator:
    """The image, run."""

    def __init__(self, image: MachineImage) -> None:
        self.image = image
        self.tick = 0
        self.registers: dict[int, NDArray[np.int32]] = {}
        self.rings: dict[int, NDArray[np.int64]] = {}
        self.trains: dict[int, PoissonTrains] = {}
        self.heard: dict[int, list[tuple[int, int]]] = {}
        self.samples: dict[tuple[int, str], list[list[int]]] = {}
        self.spikes: list[list[tuple[int, int]]] = [[] for _ in image.cores]
        self.counts: list[Counter[str]] = [Counter() for _ in image.cores]
        self.links: Counter[tuple[int, int, int]] = Counter()
        self.drops: Counter[tuple[int, int]] = Counter()
        self.walks: dict[tuple[int, int], Walked] = {}
        self.dynamics: dict[int, SlowDynamics] = {}
        for number, core in enumerate(image.cores):
            if isinstance(core, NeuronCore):
                self._load_neurons(number, core)
            elif isinstance(core, PoissonCore):
                self.trains[number] = PoissonTrains(
                    core.rate, core.start, core.stop, core.seed, timestep=image.timestep
                )
            elif isinstance(core, DelayCore):
                self.heard[number] = []
            elif isinstance(core, SynapseCore):
                types = len(self.neurons_of(number).shift)
                self.rings[number] = np.zeros((16, types, core.n), dtype=np.int64)

    def neurons_of(self, number: int) -> NeuronCore:
        """The core of the neurons that a core has synapses of."""
        core = self.image.cores[number]
        neurons = self.image.cores[core.neurons] if isinstance(core, SynapseCore) else core
        assert isinstance(neurons, NeuronCore)
        return neurons

    def _load_neurons(self, number: int, core: NeuronCore) -> None:
        program = self.image.programs[core.program]
        self.registers[number] = np.stack(
            [
                np.broadcast_to(core.registers.get(register.name, np.int32(register.value)), core.n)
                for register in program.registers
            ]
        ).astype(np.int32)
        self.rings[number] = np.zeros((16, len(core.shift), core.n), dtype=np.int64)
        self.dynamics[number] = SlowDynamics(self.image, core)

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            for dynamics in self.dynamics.values():
                if dynamics.rewiring is not None:
                    dynamics.rewiring.attempt_all(self.tick)
            sent = [self._start(number, core) for number, core in enumerate(self.image.cores)]
            for number, numbers in enumerate(sent):
                self._send(number, numbers)
            for number, dynamics in self.dynamics.items():
                for control, weight in dynamics.finish(self.tick):
                    self._add(number, weight << 16 | control)
                self.counts[number]["dynamic_events"] += len(dynamics.sent) - dynamics.sent_fixed
            self.tick += 1

    def _start(self, number: int, core: Core) -> list[int]:
        if isinstance(core, NeuronCore):
            numbers = self._update(number, core)
            self.dynamics[number].spiked(self.tick, numbers)
        elif isinstance(core, PoissonCore):
            numbers = self.trains[number].run(1)[1].tolist()
        elif isinstance(core, ArrayCore):
            numbers = [int(i) for t, i in zip(core.tick, core.index, strict=True) if t == self.tick]
        elif isinstance(core, SynapseCore):
            numbers = []
        else:
            assert isinstance(core, DelayCore)
            numbers = [
                stage << core.stage_shift | i
                for stage in range(len(core.send))
                for t, i in self.heard[number]
                if t + 16 * (stage + 1) == self.tick and core.send[stage, i]
            ]
        self.counts[number]["spikes"] += len(numbers)
        self.spikes[number] += [(self.tick, i) for i in numbers if i in core.record_spikes]
        return numbers

    def _update(self, number: int, core: NeuronCore) -> list[int]:
        program, registers = self.image.programs[core.program], self.registers[number]
        slot = self.rings[number][self.tick % 16]
        self._gather(number, slot)
        for k, register in enumerate(program.numbers(Role.RECEPTOR)):
            registers[register] = (slot[k] << core.shift[k]).astype(np.uint32).view(np.int32)
        self.dynamics[number].dosed(self.tick, slot[len(program.numbers(Role.RECEPTOR)) :].tolist())
        slot[:] = 0
        for register in program.numbers(Role.CURRENT):
            total = np.zeros(core.n, dtype=np.int64)
            for current in core.currents:
                np.add.at(total, current.index, self._word(current))
            registers[register] = (total & WORD).astype(np.uint32).view(np.int32)
        before = registers.copy()
        run_words(program, registers)
        for recording in core.recordings:
            if self.tick % recording.interval == 0:
                [(register, shift)] = [(r, s) for name, r, s in program.recorded if name == recording.variable]
                source = before if program.registers[register].role == Role.STATE else registers
                values = source[register][recording.index] << shift
                self.samples.setdefault((number, recording.variable), []).append(values.tolist())
        return [int(i) for i in np.flatnonzero(registers[program.spike])]

    def _gather(self, number: int, slot: NDArray[np.int64]) -> None:
        """Add what other cores have for these neurons: what is too much is carried over to the next one, or lost."""
        for other, core in enumerate(self.image.cores):
            if isinstance(core, SynapseCore) and core.neurons == number:
                theirs = self.rings[other][self.tick % 16]
                for kind in range(len(slot)):
                    for i in range(core.n):
                        slot[kind, i] += theirs[kind, i]
                        if slot[kind, i] > 0xFFFF:
                            slot[kind, i] &= 0xFFFF
                            self.counts[number]["saturations"] += 1
                            if i % 2 == 0 and i + 1 < core.n:
                                slot[kind, i + 1] += 1
                theirs[:] = 0

    def _word(self, current: Injected) -> int:
        """The word of a current in this tick."""
        if isinstance(current, WaveCurrent):
            return round(float(current.wave.values(self.tick, 1, self.image.timestep)[0]) * 32768)
        assert isinstance(current, Current)
        steps = zip(current.tick.tolist(), current.amplitude.tolist(), strict=True)
        return ([0] + [amplitude for tick, amplitude in steps if tick <= self.tick])[-1]

    def _send(self, number: int, numbers: list[int]) -> None:
        core = self.image.cores[number]
        if not (core.key or core.mask):
            return
        for i in numbers:
            if (number, i) not in self.walks:
                self.walks[number, i] = walk_one(self.image, core, core.key | i)
            walked = self.walks[number, i]
            self.links.update(walked.links)
            self.drops.update(walked.drops)
            for target in walked.cores:
                self.counts[target]["packets_received"] += 1
                self._receive(target, core.key | i)

    def _receive(self, number: int, key: int) -> None:
        core, counts = self.image.cores[number], self.counts[number]
        if isinstance(core, DelayCore) and key & core.source_mask == core.source_key:
            self.heard[number].append((self.tick, key & ~core.source_mask))
            return
        table = core.table if isinstance(core, NeuronCore | SynapseCore) else None
        found = [] if table is None else np.flatnonzero(key & table.mask == table.key).tolist()
        dynamic = number in self.dynamics and self.dynamics[number].heard(key, self.tick)
        if not found or table is None or not isinstance(core, NeuronCore | SynapseCore):
            counts["unmatched"] += not dynamic
            return
        entry = found[0]
        start = int(table.address[entry]) + (key & ~int(table.mask[entry])) * int(table.stride[entry])
        counts["rows"] += 1
        for word in core.rows[start + 3 : start + 3 + core.rows[start + 1]].tolist():
            self._add(number, word)

    def _add(self, number: int, word: int) -> None:
        """Add a synaptic word to the ring buffer."""
        core, counts = self.neurons_of(number), self.counts[number]
        counts["synaptic_events"] += 1
        target = word & (1 << core.index_bits) - 1
        kind = word >> core.index_bits & (1 << core.type_bits) - 1
        delay = word >> core.index_bits + core.type_bits & 15
        slot = self.rings[number][(self.tick + delay) % 16, kind]
        slot[target] += word >> 16
        if slot[target] > 0xFFFF:
            slot[target] = 0xFFFF
            counts["saturations"] += 1
