"""Synapses with dynamics in plain Python: a row at a time, a synapse at a time, a spike at a time.

It shares with the emulator the image, the numpy interpreter of programs and the random words of synapses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from slow_rewiring import SlowRewiring

from emulator.draws import synapse_words
from emulator.image import MachineImage, NeuronCore
from emulator.interpreter import run_words, wrap
from emulator.program import Program, Role
from emulator.synaptic_rows import STREAM, DynamicRows, FixedRows, History, ModulatedRows, PlasticRows, ReleaseRows

ONE = 1 << 11
LONG_AGO = 2**31 - 1


def ran(program: Program, given: Mapping[str, int]) -> dict[str, int]:
    """The words of all registers after `program` has run for one synapse."""
    first = [given.get(register.name, register.value) for register in program.registers]
    registers = wrap(np.array(first, dtype=np.int64)).reshape(-1, 1)
    run_words(program, registers)
    after = {register.name: int(word) for register, word in zip(program.registers, registers[:, 0], strict=True)}
    return after | {name: int(registers[register, 0]) for name, register, _ in program.recorded}


def short(word: int) -> int:
    """The low 16 bits, with their sign."""
    return (word + 2**15) % 2**16 - 2**15


@dataclass
class Spike:
    """A spike of a neuron and its traces; the first of a neuron stands for the time before any."""

    tick: int
    traces: tuple[int, ...]


@dataclass
class Dose:
    """An arrival of dopamine at a neuron, and the concentration after it; the first of a neuron stands for none yet."""

    tick: int
    after: int


@dataclass
class Row:
    """A row, unpacked."""

    last: int
    header: list[int]
    weights: list[int]
    words: list[list[int]]
    controls: list[int]


@dataclass
class SlowDynamics:
    """Histories and dynamic rows of one core."""

    image: MachineImage
    core: NeuronCore
    remembered: list[list[list[Spike]]] = field(default_factory=list)
    doses: list[list[Dose]] = field(default_factory=list)
    gone: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    taken_together: dict[int, list[int]] = field(default_factory=dict)
    rows: dict[tuple[int, int], Row] = field(default_factory=dict)
    due: list[tuple[int, int, int]] = field(default_factory=list)
    sent: list[tuple[int, int]] = field(default_factory=list)
    sent_fixed: int = 0
    forgotten: int = 0
    merged: int = 0
    rewiring: SlowRewiring | None = None

    def __post_init__(self) -> None:
        if self.core.rewiring is not None:
            self.rewiring = SlowRewiring(self.core, self.core.rewiring, self)
        for history in self.core.histories:
            nothing = tuple(0 for _ in history.traces)
            self.remembered.append([[Spike(0, nothing)] for _ in range(self.core.n)])

        self.doses = [[Dose(0, 0)] for _ in range(self.core.n)]

    def dosed(self, tick: int, arrived: list[list[int]]) -> None:
        """What the ring buffer has of dopamine for this tick, a list a synapse type."""
        if self.core.dopamine is None:
            return
        shifts = self.core.shift[-len(arrived) :]
        for neuron, doses in enumerate(self.doses):
            pairs = zip(self.core.dopamine.signs, arrived, shifts, strict=True)
            dose = sum(sign * (words[neuron] << shift) for sign, words, shift in pairs)
            if dose:
                added = Dose(tick, self._after(doses[-1], tick, dose))
                if len(doses) == 16:
                    self.taken_together.setdefault(neuron, []).append(self._merge(doses, tick))
                doses.append(added)

    def _merge(self, doses: list[Dose], tick: int) -> int:
        """Merge the two entries, but for the first and the last, closest for their age; the tick of the second."""
        assert self.core.dopamine is not None
        spread = [Fraction(doses[k + 1].tick - doses[k].tick, tick - doses[k + 1].tick) for k in range(1, 14)]
        place = 1 + spread.index(min(spread))
        one, other, end = doses[place : place + 3]
        given = {"dopamine": one.after, "next": other.after, "gap": other.tick - one.tick}
        program = self.image.programs[self.core.dopamine.merge]
        after = ran(program, given | {"since": end.tick - other.tick})["dopamine"]
        doses[place : place + 2] = [Dose(one.tick, after)]
        return other.tick

    def _after(self, before: Dose, tick: int, dose: int) -> int:
        assert self.core.dopamine is not None
        given = {"dopamine": before.after, "since": max(tick - before.tick, 0), "dose": dose}
        return ran(self.image.programs[self.core.dopamine.add], given)["dopamine"]

    def spiked(self, tick: int, neurons: list[int]) -> None:
        """Neurons spiked in this tick."""
        for number, (history, remembered) in enumerate(zip(self.core.histories, self.remembered, strict=True)):
            for neuron in neurons:
                self._remember(history, remembered[neuron], tick)
                if len(remembered[neuron]) > 16:
                    self.gone.setdefault((number, neuron), []).append(remembered[neuron].pop(1).tick)

    def _remember(self, history: History, spikes: list[Spike], tick: int) -> None:
        before = spikes[-1]
        given = {f"post_{name}": trace for name, trace in zip(history.traces, before.traces, strict=True)}
        given |= {"since_post": tick - before.tick, "seen_post": ONE if before.tick else 0}
        after = ran(self.image.programs[history.program], given)
        spikes.append(Spike(tick, tuple(short(after[f"post_{name}"]) for name in history.traces)))

    def heard(self, key: int, tick: int) -> bool:
        """Queue the rows of a packet; whether there are any."""
        found = False
        for bank, rows in enumerate(self.core.dynamic):
            for key_, mask, address, stride in zip(*(c.tolist() for c in vars(rows.table).values()), strict=True):
                if key & mask == key_:
                    self.due.append((tick + rows.defer, bank, address + (key & ~mask) * stride))
                    if self.rewiring is not None:
                        self.rewiring.hear(bank, address + (key & ~mask) * stride)
                    found = True
        return found

    def finish(self, tick: int) -> list[tuple[int, int]]:
        """Fetch the rows that are due; the controls and weights of what is sent, bank by bank."""
        self.sent, self.sent_fixed = [], 0
        for bank in range(len(self.core.dynamic)):
            for due in [row for row in self.due if row[0] <= tick and row[1] == bank]:
                self.due.remove(due)
                self._fetch(bank, self.row(bank, due[2]), tick)
        return self.sent

    def row(self, bank: int, start: int) -> Row:
        """The row that starts at a word, as it is now."""
        if (bank, start) not in self.rows:
            self.rows[bank, start] = unpacked(self.core.dynamic[bank], start)
        return self.rows[bank, start]

    def _fetch(self, bank: int, row: Row, tick: int) -> None:
        rows = self.core.dynamic[bank]
        if isinstance(rows, ReleaseRows):
            self._release(rows, row, tick)
        elif isinstance(rows, FixedRows):
            self.sent += zip(row.controls, row.weights, strict=True)
            self.sent_fixed += len(row.controls)
            return
        elif isinstance(rows, ModulatedRows):
            self._learn(rows, row, tick)
        else:
            assert isinstance(rows, PlasticRows)
            self._update(rows, row, tick)
        row.last = tick

    def _update(self, rows: PlasticRows, row: Row, tick: int) -> None:
        old = {f"pre_{name}": trace for name, trace in zip(rows.traces, row.header, strict=True)}
        intervals = {"since_pre": tick - row.last, "seen_pre": ONE if row.last else 0}
        made = ran(self.image.programs[rows.add_pre], old | intervals)
        new = {name: short(made[name]) for name in old}
        for place, control in enumerate(row.controls):
            delay = control >> self.core.index_bits + self.core.type_bits & 15
            back = int(rows.back[delay])
            neuron = control & (1 << self.core.index_bits) - 1
            weight = row.weights[place] << rows.shift
            spikes, names = self.remembered[rows.history][neuron], self.core.histories[rows.history].traces
            start, end = max(row.last - max(back, 0), 0), max(tick - back, 0)
            self.forgotten += row.last > 0 and any(gone > start for gone in self.gone.get((rows.history, neuron), []))
            latest = 0
            for number, spike in enumerate(spikes):
                if number and spike.tick <= end:
                    latest = number
                if number and start < spike.tick <= end:
                    given = old | dict(zip([f"post_{name}" for name in names], spike.traces, strict=True))
                    given |= {"since_pre": spike.tick + back - row.last, "seen_pre": ONE if row.last else 0}
                    before = spikes[number - 1].tick
                    given |= {"since_post": spike.tick + back - before, "seen_post": ONE if before else 0}
                    weight = ran(self.image.programs[rows.apply_post], given | {"weight": weight})["weight"]
            if latest:
                spike = spikes[latest]
                given = new | intervals | dict(zip([f"post_{name}" for name in names], spike.traces, strict=True))
                since = tick - back - spike.tick
                given |= {"since_post": since if since >= 0 else LONG_AGO, "seen_post": ONE if spike.tick else 0}
                weight = ran(self.image.programs[rows.apply_pre], given | {"weight": weight})["weight"]
            row.weights[place] = weight >> rows.shift & 0xFFFF
            self.sent.append((control, row.weights[place]))
        row.header = list(new.values())

    def _learn(self, rows: ModulatedRows, row: Row, tick: int) -> None:
        old = {f"pre_{name}": trace for name, trace in zip(rows.traces, row.header, strict=True)}
        intervals = {"since_pre": tick - row.last, "seen_pre": ONE if row.last else 0}
        made = ran(self.image.programs[rows.add_pre], old | intervals)
        new = {name: short(made[name]) for name in old}
        for place, control in enumerate(row.controls):
            delay = control >> self.core.index_bits + self.core.type_bits & 15
            back, lag = int(rows.back[delay]), int(rows.lag[delay])
            neuron = control & (1 << self.core.index_bits) - 1
            spikes, doses = self.remembered[rows.history][neuron], self.doses[neuron]
            from_spike, from_dose = (max(row.last - max(late, 0), 0) for late in (back, lag))
            if row.last:
                self.forgotten += any(gone > from_spike for gone in self.gone.get((rows.history, neuron), []))
                self.merged += any(merged > from_dose for merged in self.taken_together.get(neuron, []))
            last = max(number for number, spike in enumerate(spikes) if spike.tick <= max(tick - back, 0))
            first = [dose for dose in doses if dose.tick <= from_dose][-1]
            # What happens, in order: of events that come together the spikes are first.
            events: list[tuple[int, int, int]] = [
                (spikes[n].tick + back, 0, n) for n in range(1, last + 1) if spikes[n].tick > from_spike
            ]
            events += [
                (dose.tick + lag, 1, dose.after) for dose in doses[1:] if from_dose < dose.tick <= max(tick - lag, 0)
            ]
            x = {
                "weight": (row.weights[place] << 15) + row.words[0][place],
                "eligibility": row.words[1][place],
                "dopamine": self._after(Dose(first.tick + lag, first.after), row.last, 0),
            }
            now = row.last
            for at, is_dose, what in sorted(events):
                x = self._elapsed(rows, x, max(at - now, 0))
                now = max(now, at)
                if is_dose:
                    x["dopamine"] = what
                else:
                    given = old | self._post(rows, spikes[what])
                    given |= {"since_pre": at - row.last, "seen_pre": ONE if row.last else 0}
                    before = spikes[what - 1].tick
                    given |= {"since_post": at - before, "seen_post": ONE if before else 0}
                    given |= {"eligibility": x["eligibility"]}
                    x["eligibility"] = ran(self.image.programs[rows.apply_post], given)["eligibility"]
            x = self._elapsed(rows, x, max(tick - now, 0))
            if last:
                since = tick - back - spikes[last].tick
                given = new | intervals | self._post(rows, spikes[last]) | {"eligibility": x["eligibility"]}
                given |= {"since_post": since if since >= 0 else LONG_AGO, "seen_post": ONE if spikes[last].tick else 0}
                x["eligibility"] = ran(self.image.programs[rows.apply_pre], given)["eligibility"]
            row.weights[place] = (x["weight"] + (1 << 14) >> 15) & 0xFFFF
            row.words[0][place] = int(wrap(np.array([x["weight"] - (row.weights[place] << 15)]))[0])
            row.words[1][place] = x["eligibility"]
            self.sent.append((control, row.weights[place]))
        row.header = list(new.values())

    def _elapsed(self, rows: ModulatedRows, x: dict[str, int], since: int) -> dict[str, int]:
        """The state of a synapse after so many ticks."""
        after = ran(self.image.programs[rows.elapse], x | {"since": since})
        return {name: after[name] for name in x}

    def _post(self, rows: PlasticRows, spike: Spike) -> dict[str, int]:
        names = self.core.histories[rows.history].traces
        return dict(zip([f"post_{name}" for name in names], spike.traces, strict=True))

    def _release(self, rows: ReleaseRows, row: Row, tick: int) -> None:
        program = self.image.programs[rows.program]
        draws = sum(register.name.startswith("draw_") for register in program.registers)
        states = [program.registers[number].name for number in program.numbers(Role.STATE)]
        for place, control in enumerate(row.controls):
            own = {name: words[place] for name, words in zip(rows.words, row.words, strict=True)}
            given = own | {"weight": row.weights[place] << rows.shift, "since_pre": tick - row.last}
            for draw in range(draws):
                stream, number = np.array([own[STREAM]], np.uint32), np.array([row.header[0] * draws + draw], np.uint64)
                given[f"draw_{draw}"] = int(synapse_words(rows.key, stream, number)[0]) >> 1
            after = ran(program, given)
            for name, words in zip(rows.words, row.words, strict=True):
                words[place] = after[name] if name in states else words[place]
            half = (1 << rows.shift) >> 1
            self.sent.append((control, min(max(after["sent"] + half >> rows.shift, 0), 0xFFFF)))
        row.header[0] += 1


def unpacked(rows: DynamicRows, start: int, words: NDArray[np.uint32] | None = None) -> Row:
    """The row that starts at a word of `rows`, or of other words of the same layout."""
    memory = rows.rows if words is None else words
    size = int(memory[start])
    count = int(memory[start + size + 2])
    signed, halves, shorts = memory.view(np.int32), memory.view(np.uint16), memory.view(np.int16)
    if isinstance(rows, FixedRows):
        return Row(
            0, [], halves[2 * (start + 1) :][:count].tolist(), [], halves[2 * (start + size + 3) :][:count].tolist()
        )
    if isinstance(rows, PlasticRows):
        header = shorts[2 * (start + 2) :][: len(rows.traces)].tolist()
        first, extra = start + 2 + -(-len(rows.traces) // 2), 2 if isinstance(rows, ModulatedRows) else 0
    else:
        assert isinstance(rows, ReleaseRows)
        header, first, extra = [int(memory[start + 2])], start + 3, len(rows.words)
    behind = first + -(-count // 2)
    return Row(
        int(signed[start + 1]),
        header,
        halves[2 * first :][:count].tolist(),
        [signed[behind + number * count :][:count].tolist() for number in range(extra)],
        halves[2 * (start + size + 3) :][:count].tolist(),
    )
