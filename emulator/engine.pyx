"""The engine: runs a loaded image tick by tick (``share.pxd`` has the loop), and is the way to its state.

A tick has two halves, and all cores finish the first before any begins the second.  In the first each core
takes the slot of its ring buffer that is due, runs its program and notes who spikes (``tick.pxd``).  In the
second each core takes the packets that reach it (``deliver.pxd``).  In either half a core writes nothing but
its own state, so the cores are spread over threads and the result is the same for any number of them.  (A core of
neurons also empties slots of its synapse cores in the first half, in which these do not touch them.)

`Engine` is what `emulator.emulator.Emulator` drives; nothing else uses it.
"""

import numpy as np

from cython.parallel cimport parallel, threadid
from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport free
from libc.string cimport memset
from openmp cimport omp_get_num_threads

from emulator.barrier cimport Barrier
from emulator.growable cimport Ints, copied, push, push_pair, release
from emulator.injected cimport inject
from emulator.loaded cimport Loaded, address, zeros
from emulator.random cimport UniformStreams
from emulator.share cimport share_t
from emulator.state cimport SLOTS, Core, Dynamic, Machine, Recorder, Rewiring, Tally
from emulator.tick cimport draw_numbers, gather, take_inputs
from emulator.trains cimport Trains
from emulator.update cimport program_t

from emulator.share import SHARE_ADDRESS
from emulator.update import PROGRAM_ADDRESS


cdef bint out_of_memory(const Core* core) noexcept:
    """Whether a spike or a sample was lost."""
    cdef int32_t r
    for r in range(core.recorder_count):
        if core.recorders[r].samples.failed:
            return True
    for r in range(core.dynamic_count):
        if core.dynamic[r].waiting.failed or (core.dynamic[r].heard != NULL and core.dynamic[r].heard.failed):
            return True
    return core.out.failed or core.spikes.failed or core.heard.failed


cdef class Engine(Loaded):
    """A loaded image that runs; parameters as for `Loaded`."""

    cdef Barrier barrier

    def run(self, int ticks):
        """Run `ticks` ticks."""
        cdef int end = self.tick + ticks
        while self.tick < end:
            self.run_until(min(end, self.tick + self.waveforms.supply(self.tick)))

    cdef int run_until(self, int32_t last) except -1:
        """Run until tick `last`, for which the words of waves are there."""
        cdef Machine* machine = &self.machine
        cdef program_t program = <program_t> <size_t> PROGRAM_ADDRESS
        cdef share_t share = <share_t> <size_t> SHARE_ADDRESS
        cdef int32_t first = self.tick
        cdef int32_t number
        for number in range(machine.core_count):
            if self.trains[number] is not None:
                (<Trains> self.trains[number]).run_until(last)
        with nogil, parallel(num_threads=self.threads):
            share(machine, program, first, last, threadid(), omp_get_num_threads(), &self.barrier)
        self.tick = last
        for number in range(machine.core_count):
            if out_of_memory(&machine.cores[number]):
                raise MemoryError("no memory left for spikes and samples")
        return 0

    def register(self, int core, int register):
        """The words of a register that is not scratch, as they are: int32[n]; not a copy."""
        return self.rows[core][register]

    def ring(self, int core):
        """The ring buffer of a core: uint16[16, types, neurons], rounded up to powers of two; not a copy."""
        return self.rings[core]

    def dynamic_rows(self, int core, int bank):
        """The rows of a bank of synapses with dynamics, as they are: uint32[words]; not a copy."""
        return self.banks[core].rows[bank]

    def places(self, int core):
        """What is in the places of the neurons of a core, as they are: int32[n * places, 4]; not a copy."""
        return self.banks[core].there

    def heard_by(self, int core, int partners):
        """Words of the rows that spikes of some partners asked for in the last tick."""
        return copied(&self.machine.cores[core].rewiring.partners[partners].heard)

    def set_heard_by(self, int core, int partners, words):
        """Have another engine's last spikes of some partners."""
        cdef Ints* heard = &self.machine.cores[core].rewiring.partners[partners].heard
        heard.n = 0
        for word in words.tolist():
            push(heard, word)

    def waiting(self, int core, int bank):
        """Rows of a bank that are yet to be fetched: (tick, word), int32."""
        cdef Dynamic* dynamic = &self.machine.cores[core].dynamic[bank]
        pairs = copied(&dynamic.waiting).reshape(-1, 2)[dynamic.fetched:]
        return pairs[:, 0].copy(), pairs[:, 1].copy()

    def set_waiting(self, int core, int bank, tick, word):
        """Have rows fetched that another engine has yet to fetch."""
        cdef Dynamic* dynamic = &self.machine.cores[core].dynamic[bank]
        dynamic.waiting.n = dynamic.fetched = 0
        for t, w in zip(tick.tolist(), word.tolist()):
            push_pair(&dynamic.waiting, t, w)

    def history(self, int core, int history):
        """Ticks and traces of the spikes of each neuron, its last entry, and the tick of the latest spike that had to go.

        They are (int32[n, 16], int16[traces, n, 16], int32[n], int32[n]), not copies. The first entry stands for the time before any spike, those behind the last are not in use.
        """
        return self.banks[core].remembered[history]

    def doses(self, int core):
        """Ticks of the arrivals of dopamine at each neuron, concentrations after them, its last entry; () without.

        They are (int32[n, 16], int32[n, 16], int32[n], int32[n]), not copies, and laid out as histories are; the last
        tells the tick of the latest arrival that has been merged into the one before.
        """
        return self.banks[core].dosed if self.banks[core] is not None else ()

    def trains_of(self, int core):
        """The trains of a core of random sources."""
        return self.trains[core]

    def streams_of(self, int core):
        """The streams of random numbers of a core of neurons."""
        return self.streams[core]

    def heard(self, int core):
        """What a delay core heard and has yet to repeat: (tick, index), int32."""
        cdef Core* state = &self.machine.cores[core]
        pairs = copied(&state.heard).reshape(-1, 2)[state.stage_cursor[state.stages - 1]:]
        return pairs[:, 0].copy(), pairs[:, 1].copy()

    def set_heard(self, int core, tick, index):
        """Go on from what another delay core heard before this tick."""
        cdef Core* state = &self.machine.cores[core]
        cdef int32_t stage
        state.heard.n = 0
        for t, i in zip(tick.tolist(), index.tolist()):
            push_pair(&state.heard, t, i)
        for stage in range(state.stages):
            state.stage_cursor[stage] = np.searchsorted(tick, self.tick - SLOTS * (stage + 1))

    def samples(self, int core, int recording):
        """What recording number `recording` of a core has sampled: int32[samples, neurons], a copy."""
        cdef Recorder* recorder = &self.machine.cores[core].recorders[recording]
        return copied(&recorder.samples).reshape(-1, recorder.n)

    def spikes(self, int core):
        """Recorded spikes of a core: (tick, index), int32, copies."""
        pairs = copied(&self.machine.cores[core].spikes).reshape(-1, 2)
        return pairs[:, 0].copy(), pairs[:, 1].copy()

    def clear(self, int core):
        """Drop spikes and samples of a core."""
        cdef Core* state = &self.machine.cores[core]
        cdef int32_t r
        release(&state.spikes)
        for r in range(state.recorder_count):
            release(&state.recorders[r].samples)

    def present(self, int core, int recording):
        """The sample that this tick will take, if it is due: int32[1, neurons], else int32[0, neurons].

        The tick is run for a copy of the state: what is recorded may follow from inputs of the tick.
        """
        cdef Core* state = &self.machine.cores[core]
        cdef Recorder* recorder = &state.recorders[recording]
        cdef int32_t** registers
        cdef int r
        if recorder.due != self.tick:
            return np.zeros((0, recorder.n), dtype=np.int32)
        block = [np.zeros(state.n, dtype=np.int32) if row is None else np.array(row) for row in self.rows[core]]
        registers = <int32_t**> zeros(state.register_count, sizeof(int32_t*))
        try:
            for r in range(state.register_count):
                registers[r] = address(block[r])
            if recorder.after:
                self.run_copy(state, registers, self.streams[core].copy())
            index = np.asarray(<const int32_t[:recorder.n]> recorder.index)
            return (block[recorder.register_number][index] << recorder.shift)[None]
        finally:
            free(registers)

    cdef void run_copy(self, Core* state, int32_t** registers, UniformStreams streams):
        """What the coming tick would do to `registers`, drawing from `streams`, both copies; the state stays as it is.
        """
        cdef program_t program = <program_t> <size_t> PROGRAM_ADDRESS
        cdef int32_t change = state.currents.next_change
        cdef uint32_t* own = state.streams
        state.streams = streams.address()
        draw_numbers(state, registers)
        state.streams = own
        gather(state, self.tick)
        take_inputs(state, registers, self.tick, False)
        if self.tick >= change:
            self.waveforms.supply(self.tick)
            inject(state.currents, registers[state.current_register], state.n, self.tick)
            state.currents.next_change = change
        program(state.code, state.instructions, registers, state.n)

    def sent(self, int core, int limit):
        """Packets sent so far by number: int64[limit]."""
        cdef Core* state = &self.machine.cores[core]
        return np.array(<int64_t[:limit]> state.sent) if limit else np.zeros(0, dtype=np.int64)

    def account(self, int core):
        """Counts of a core by name; see `emulator.statistics.CoreStatistics`. `fired`: spikes, or packets repeated."""
        cdef Core* state = &self.machine.cores[core]
        cdef Tally tally = state.tally
        cdef Rewiring* rewiring = state.rewiring
        cdef Rewiring nothing
        memset(&nothing, 0, sizeof(Rewiring))
        if rewiring == NULL:
            rewiring = &nothing
        return {
            "cycles_total": state.cycles_total,
            "cycles_max": state.cycles_max,
            "overruns": state.overruns,
            "fired": state.fired,
            "packets_received": tally.packets,
            "unmatched": tally.unmatched,
            "rows": tally.rows + tally.dynamic_rows,
            "synaptic_events": tally.events + tally.dynamic_events,
            "saturations": tally.saturations,
            "dynamic_events": tally.dynamic_events,
            "attempts": rewiring.made,
            "formed": rewiring.formed,
            "eliminated": rewiring.eliminated,
            "full_rows": rewiring.full,
            "forgotten": tally.forgotten,
            "merged": tally.merged,
        }
