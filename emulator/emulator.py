"""The emulator: loads a machine image and runs it.

    emulator = Emulator(image)
    emulator.run(1000)
    tick, index = emulator.spikes(0)

Cores are named by their number in the image.  Tick t takes what is due in slot t of the ring buffers, moves
the neurons from t to t + 1 and sends their spikes, which reach all targets within the tick (sPyNNaker
``c_main.c``).  Results and counts do not depend on the number of threads.  Nor do they depend on the placement, but for
what the packets do on their way: those that cross each link, and those that are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from emulator.carry_over import carry_over
from emulator.check import check, check_currents, check_rows
from emulator.core_cycles import core_cycles, with_currents
from emulator.engine import Engine
from emulator.fabric import block_packets, key_limit, link_traffic, sends, trace
from emulator.hearing import hearing
from emulator.image import Core, DelayCore, Injected, MachineImage, NeuronCore
from emulator.link import link
from emulator.program import Program, Role
from emulator.statistics import TROUBLES, CoreStatistics, Statistics

Progress = Callable[[int], None]
"""Called now and then with the number of ticks done in this run."""

CHUNK_S = 0.1
"""Wall-clock seconds between calls of `Progress`, about."""
FIRST_CHUNK = 16
MAX_TICK = 2**31 - 2**24
"""Ticks are counted in 31 bits, and a source knows its next spike up to 2**22 ticks ahead."""
READABLE = (Role.STATE, Role.PARAMETER, Role.CONSTANT, Role.CURRENT)
"""Registers that keep their words from tick to tick."""


class Emulator:
    """A machine image, loaded and run.

    Parameters
    ----------
    image : MachineImage
        It is checked, and must not be changed while it runs: rows are fetched from it.
    threads : int
        Threads to run the cores on; the result is the same for any number.

    Raises
    ------
    ImageError
        If the image contradicts itself or the machine.
    """

    def __init__(self, image: MachineImage, threads: int = 1) -> None:
        if not 1 <= threads <= 1024:
            raise ValueError(f"threads must be from 1 to 1024, got {threads}")
        check(image)
        self.image = image
        self.threads = threads
        self._cycles = core_cycles(image)
        self._fabric = trace(image)
        self._feeds = link(image, self._fabric)
        check_rows(image, self._feeds)
        self._hearing = hearing(self._feeds)
        self._engine = self._start(0)

    def _start(self, tick: int) -> Engine:
        self._first_tick = tick
        return Engine(self.image, self._feeds, self._hearing, self._cycles, self.threads, tick)

    @property
    def tick(self) -> int:
        """Ticks done since the start or the last reset; the number of the next."""
        return self._engine.tick

    def run(self, ticks: int, progress: Progress | None = None) -> None:
        """Run `ticks` ticks; `progress` is called about ten times a second and at the end."""
        if not 0 <= ticks <= MAX_TICK - self.tick:
            raise ValueError(f"ticks must be from 0 to {MAX_TICK - self.tick}, got {ticks}")
        done, chunk = 0, FIRST_CHUNK
        while done < ticks:
            chunk = min(chunk, ticks - done)
            started = perf_counter()
            self._engine.run(chunk)
            elapsed = max(perf_counter() - started, 1e-6)
            done += chunk
            chunk = int(np.clip(chunk * CHUNK_S / elapsed, 1, 8 * chunk))
            if progress is not None:
                progress(done)

    def reset(self) -> None:
        """Back to tick 0 and the first values of the image; what was recorded and counted is dropped."""
        self._engine = self._start(0)

    def register(self, core: int, name: str) -> NDArray[np.int32]:
        """The present words of a register: int32[n], a copy.

        Raises
        ------
        KeyError
            If the program has no such register, or one that does not outlive its tick.
        """
        return self._engine.register(core, self._register(core, name)).copy()

    def spikes(self, core: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Recorded spikes since the last clear: (tick, index), sorted by tick, then index."""
        return self._engine.spikes(core)

    def recording(self, core: int, variable: str) -> NDArray[np.int32]:
        """Samples of `variable` since the last clear: int32[samples, neurons].

        The sample of the present moment is the last, if one is due.  A variable that is computed in a tick
        (synaptic conductance) has in that sample the value that the coming tick will give it.

        Raises
        ------
        KeyError
            If the core does not record `variable`.
        """
        number = self._recording(core, variable)
        return np.concatenate([self._engine.samples(core, number), self._engine.present(core, number)])

    def dynamic_rows(self, core: int, bank: int) -> NDArray[np.uint32]:
        """The rows ``image.cores[core].dynamic[bank].rows`` as they are now: uint32[words], a copy."""
        return self._engine.dynamic_rows(core, bank).copy()

    def waiting(self, core: int, bank: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The rows of a bank that are yet to be fetched: ticks, and words at which they begin."""
        return self._engine.waiting(core, bank)

    def replace_rows(
        self, core: int, bank: int, rows: NDArray[np.uint32], tick: NDArray[np.int32], word: NDArray[np.int32]
    ) -> None:
        """Go on with other words in the rows of a bank, as many as there are.

        Parameters
        ----------
        rows : uint32[words]
            All rows; where each begins, and how many synapses it has, stays.
        tick, word : int32[w]
            What is to be fetched, as of `waiting`, sorted by ticks.
        """
        self._engine.dynamic_rows(core, bank)[:] = rows
        self._engine.set_waiting(core, bank, tick, word)

    def places(self, core: int) -> NDArray[np.int32]:
        """What is in the places of the neurons of a core now, as `Rewiring.there` had it at first; a copy."""
        return self._engine.places(core).copy()

    def history(self, core: int, history: int) -> tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.int32]]:
        """What a core remembers of its spikes: ticks int32[n, 16], traces int16[traces, n, 16], last entries int32[n].

        Copies. The first entry of a neuron stands for the time before any spike, those behind its last are not in use.
        """
        tick, trace, last, _ = self._engine.history(core, history)
        return tick.copy(), trace.copy(), last.copy()

    def doses(self, core: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """What a core remembers of dopamine: ticks int32[n, 16], concentrations after them, last entries int32[n].

        Copies, laid out as `history`.

        Raises
        ------
        KeyError
            If nothing brings dopamine to the core.
        """
        found = self._engine.doses(core)
        if not found:
            raise KeyError(f"{self._label(core)} has no dopamine")
        tick, after, last, _ = found
        return tick.copy(), after.copy(), last.copy()

    def clear(self, core: int) -> None:
        """Drop what was recorded of a core so far."""
        self._engine.clear(core)

    def statistics(self) -> Statistics:
        """What was counted since the image was loaded, or since the last reset."""
        cores = self.image.cores
        sent = [self._engine.sent(number, key_limit(core)) for number, core in enumerate(cores)]
        packets = block_packets(self._fabric, self.image, sent)
        lost = packets[self._fabric.drop_block].astype(np.uint64)
        machine = self.image.machine
        drops = np.zeros(machine.width * machine.height, dtype=np.uint64)
        np.add.at(drops, self._fabric.drop_chip, lost)
        return Statistics(
            ticks=self.tick - self._first_tick,
            cycles_per_tick=self.image.cycles_per_tick,
            cores=tuple(self._core_statistics(number, core) for number, core in enumerate(cores)),
            link_packets=link_traffic(self._fabric, machine, packets),
            packets_dropped=int(lost.sum()),
            drops=drops.reshape(machine.width, machine.height),
        )

    def troubles(self) -> list[str]:
        """Which of the `TROUBLES` may be above 0, ``packets_dropped``, and ``overloaded_links``.

        This takes a tenth of the time of `statistics`, for those who run a tick at a time.  No link carries more
        packets than all cores have sent.
        """
        accounts = [self._engine.account(number) for number in range(len(self.image.cores))]
        counts = [name for name in TROUBLES if any(account[name] for account in accounts)]
        seconds = (self.tick - self._first_tick) * self.image.cycles_per_tick / self.image.machine.clock_hz
        busy = sum(account["fired"] for account in accounts) > self.image.machine.link_capacity * seconds
        dropped = len(self._fabric.drop_block) > 0
        return [*counts, *["packets_dropped"] * dropped, *["overloaded_links"] * busy]

    def _core_statistics(self, number: int, core: Core) -> CoreStatistics:
        account = self._engine.account(number)
        total, fired = account.pop("cycles_total"), account.pop("fired")
        return CoreStatistics(
            label=core.label,
            x=core.x,
            y=core.y,
            p=core.p,
            cycles_mean=total / max(self.tick - self._first_tick, 1),
            spikes=0 if isinstance(core, DelayCore) else fired,
            packets_sent=fired if sends(core) else 0,
            **account,
        )

    def inject(self, currents: Mapping[int, Sequence[Injected]]) -> None:
        """Have other currents flow into the neurons of the cores that are named, from the next tick on.

        Raises
        ------
        ImageError
            If a core does not take them, or they contradict themselves; then nothing is changed.
        """
        cores, before = list(self.image.cores), {}
        for number, given in currents.items():
            program, neurons = self._program(number), cores[number]
            assert isinstance(neurons, NeuronCore)
            before[number] = neurons
            cores[number] = changed = replace(neurons, currents=tuple(given))
            check_currents(changed, program)
        self.image = replace(self.image, cores=tuple(cores))
        for number, given in currents.items():
            self._cycles[number] = with_currents(self._cycles[number], before[number].currents, given)
            self._engine.set_currents(number, given, self._cycles[number][0])

    def carry_over(self, previous: Emulator) -> int:
        """Go on from where `previous` is, with the parameters, weights and recordings of this image.

        Time, state, ring buffers, delay queues and random numbers are taken over, and what synapses with dynamics
        remember (`emulator.carry_over`); what `previous` recorded and counted stays with it.  Sums in the ring buffers
        are rounded where this image scales weights otherwise.
        Spikes that wait in delay stages are repeated where this image repeats them, and meet its rows.

        Returns
        -------
        dropped : int
            Repeats of spikes by delay stages of `previous` that were yet to come, and that this image does not make.

        Raises
        ------
        EmulatorError
            If the cores are not the same slices; delay stages and cores with synapses may come and go.
        """
        engine = self._start(previous.tick)
        dropped = carry_over((previous.image, previous._engine), (self.image, engine))
        self._engine = engine
        return dropped

    def _label(self, core: int) -> str:
        return repr(self.image.cores[core].label)

    def _program(self, core: int) -> Program:
        neurons = self.image.cores[core]
        if not isinstance(neurons, NeuronCore):
            raise KeyError(f"{self._label(core)} runs no program")
        return self.image.programs[neurons.program]

    def _register(self, core: int, name: str) -> int:
        for number, register in enumerate(self._program(core).registers):
            if register.name == name and register.role in READABLE:
                return number
        raise KeyError(f"{self._label(core)} has no register {name!r} that outlives a tick")

    def _recording(self, core: int, variable: str) -> int:
        neurons = self.image.cores[core]
        recordings = neurons.recordings if isinstance(neurons, NeuronCore) else ()
        for number, recording in enumerate(recordings):
            if recording.variable == variable:
                return number
        raise KeyError(f"{self._label(core)} does not record {variable!r}")
