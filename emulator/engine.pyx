"""The engine: an image linked into C structures, and the loop that runs them tick by tick.

A tick has two halves, and all cores finish the first before any begins the second.  In the first each core
takes the slot of its ring buffer that is due, runs its program and notes who spikes (``tick.pxd``).  In the
second each core takes the packets that reach it (``deliver.pxd``).  In either half a core writes nothing but
its own state, so the cores are spread over threads and the result is the same for any number of them.

`Engine` is what `emulator.emulator.Emulator` drives; nothing else uses it.
"""

import numpy as np

from cython.parallel cimport parallel, threadid
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from openmp cimport omp_get_num_threads

from emulator.barrier cimport Barrier, meet
from emulator.deliver cimport finish_tick
from emulator.growable cimport Ints, copied, push, release
from emulator.poisson cimport PoissonTrains
from emulator.state cimport (
    ARRAY, DELAY, NEURONS, POISSON, SLOTS, Core, Costs, Feed, Group, Injection, Machine, Recorder, Tally,
)
from emulator.tick cimport inject, start_tick, take_inputs
from emulator.update cimport program_t

from emulator.fabric import key_limit, sends
from emulator.image import ArrayCore, DelayCore, NeuronCore, PoissonCore
from emulator.poisson import PoissonTrains as Trains
from emulator.program import Role
from emulator.update import PROGRAM_ADDRESS, aligned

cdef void* zeros(size_t count, size_t size) except NULL:
    """Memory of `count` zeroed items, at least one; freed by `Engine`."""
    cdef void* memory = calloc(count if count else 1, size)
    if memory == NULL:
        raise MemoryError("no memory left to load the image")
    return memory


cdef int32_t* address32(array) except? NULL:
    """Address of an int32 array; NULL if it is empty. Whoever takes it keeps the array alive."""
    cdef const int32_t[:] view = array
    return <int32_t*> &view[0] if view.shape[0] else NULL


cdef void run_share(Machine* machine, program_t program, int32_t first, int32_t last, int32_t thread,
                    int32_t threads, Barrier* barrier) noexcept nogil:
    """The share of one thread: every so many-th core, always the same ones, whose state stays in its cache."""
    cdef int32_t tick, number
    for tick in range(first, last):
        number = thread
        while number < machine.core_count:
            start_tick(machine, number, thread, tick, program)
            number += threads
        meet(barrier, threads)
        number = thread
        while number < machine.core_count:
            finish_tick(machine, number, tick)
            number += threads
        meet(barrier, threads)


cdef class Engine:
    """The running machine.

    Parameters
    ----------
    image : MachineImage
        Checked.
    feeds, hearing : Feeds, Hearing
        What `emulator.link` made of it.
    costs : int64[cores, 5]
        Cycles of a tick, a spike, a packet, a row and a synaptic event on each core.
    threads : int
    tick : int
        The first tick to run.
    """

    cdef Machine machine
    cdef Barrier barrier
    cdef int threads
    cdef readonly int tick
    cdef program_t program
    cdef list keep           # arrays that C structures point into
    cdef list owned          # by core: arrays of its registers by number, None for scratch
    cdef list rings          # by core: uint16[16, types, 2**index_bits], None for other cores
    cdef list trains         # by core: PoissonTrains or None
    cdef list cores

    def __cinit__(self):
        self.machine.cores = NULL
        self.machine.feeds = NULL
        self.machine.spiking = NULL

    def __init__(self, image, feeds, hearing, costs, int threads, int tick=0):
        self.threads = threads
        self.tick = tick
        self.program = <program_t> <size_t> PROGRAM_ADDRESS
        self.keep = []
        self.cores = list(image.cores)
        count = len(self.cores)
        self.owned = [None] * count
        self.rings = [None] * count
        self.trains = [None] * count
        self.machine.core_count = count
        self.machine.cycles_per_tick = image.cycles_per_tick
        self.machine.cores = <Core*> zeros(count, sizeof(Core))
        self.machine.spiking_words = (count + 63) // 64
        self.machine.spiking = <uint64_t*> zeros(2 * self.machine.spiking_words, sizeof(uint64_t))
        constants = Constants(max((core.n for core in self.cores), default=0))
        for number, core in enumerate(self.cores):
            self._load(number, core, costs[number])
            if isinstance(core, NeuronCore):
                self._load_neurons(number, core, image.programs[core.program], constants)
            elif isinstance(core, PoissonCore):
                self._load_poisson(number, core, image.timestep)
            elif isinstance(core, ArrayCore):
                self._load_array(number, core)
            else:
                self._load_delay(number, core)
        self._share_scratch(image, constants)
        self._connect(feeds, hearing)

    def __dealloc__(self):
        cdef int32_t number
        if self.machine.cores != NULL:
            for number in range(self.machine.core_count):
                release_core(&self.machine.cores[number])
        free(self.machine.cores)
        free(self.machine.feeds)
        free(self.machine.spiking)

    # Loading

    def _load(self, int number, core, costs):
        """What all cores have."""
        cdef Core* state = &self.machine.cores[number]
        state.n = core.n
        state.costs = Costs(costs[0], costs[1], costs[2], costs[3], costs[4])
        state.sends = sends(core)
        state.sent = <int64_t*> zeros(max(core.n, key_limit(core)), sizeof(int64_t))
        if len(core.record_spikes):
            flags = np.zeros(core.n, dtype=np.uint8)
            flags[core.record_spikes] = 1
            state.record_spikes = self._bytes(flags)

    def _load_neurons(self, int number, core, program, constants):
        """Registers but for the scratch, ring buffer, recordings and injected currents."""
        cdef Core* state = &self.machine.cores[number]
        cdef uint16_t[:, :, ::1] ring
        cdef int32_t k
        code = program.code
        receptors = program.numbers(Role.RECEPTOR)
        state.kind = NEURONS
        state.code = self._ints(code.reshape(-1))
        state.instructions = len(code)
        state.register_count = len(program.registers)
        state.spike_register = program.spike
        state.current_register = next(iter(program.numbers(Role.CURRENT)), -1)
        state.receptors = len(receptors)
        state.receptor_register = self._ints(np.array(receptors, dtype=np.int32))
        state.shift = self._ints(np.array(core.shift, dtype=np.int32))
        state.index_bits = core.index_bits
        state.slot_bits = core.index_bits + core.type_bits
        ring_words = aligned(1, SLOTS << state.slot_bits, np.uint16)[0]
        ring = ring_words.reshape(SLOTS, 1 << core.type_bits, 1 << core.index_bits)
        state.ring = &ring[0, 0, 0]
        self.rings[number] = np.asarray(ring)
        self.owned[number] = constants.registers(program, core)
        state.recorders = <Recorder*> zeros(len(core.recordings), sizeof(Recorder))
        state.recorder_count = len(core.recordings)
        for k, recording in enumerate(core.recordings):
            self._load_recorder(&state.recorders[k], recording, program)
        state.injections = <Injection*> zeros(len(core.currents), sizeof(Injection))
        state.injection_count = len(core.currents)
        for k, current in enumerate(core.currents):
            state.injections[k] = Injection(
                len(current.index), self._ints(current.index), len(current.tick), self._ints(current.tick),
                self._ints(current.amplitude), 0
            )

    cdef int _load_recorder(self, Recorder* recorder, recording, program) except -1:
        register, shift = recorded(program, recording.variable)
        recorder.register_number = register
        recorder.shift = shift
        recorder.after = program.registers[register].role != Role.STATE
        recorder.interval = recording.interval
        recorder.due = -(-self.tick // recording.interval) * recording.interval
        recorder.n = len(recording.index)
        recorder.index = self._ints(recording.index)
        return 0

    def _load_poisson(self, int number, core, timestep):
        cdef Core* state = &self.machine.cores[number]
        trains = Trains(core.rate, core.start, core.stop, core.seed, timestep, self.tick)
        state.kind = POISSON
        self.set_trains(number, trains)

    def _load_array(self, int number, core):
        cdef Core* state = &self.machine.cores[number]
        state.kind = ARRAY
        state.array_tick = self._ints(core.tick)
        state.array_index = self._ints(core.index)
        state.array_length = len(core.tick)
        state.array_cursor = np.searchsorted(core.tick, self.tick)

    def _load_delay(self, int number, core):
        cdef Core* state = &self.machine.cores[number]
        state.kind = DELAY
        state.stages = len(core.send)
        state.stage_shift = core.stage_shift
        state.stage_cursor = <int64_t*> zeros(state.stages, sizeof(int64_t))
        state.send = self._bytes(np.ascontiguousarray(core.send).view(np.uint8).reshape(-1))

    def _share_scratch(self, image, constants):
        """Link the registers: each thread has one block of scratch for all cores, which stays in its cache."""
        cdef Core* state
        cdef int32_t* scratch
        cdef int thread, r, width
        programs = [image.programs[core.program] for core in self.cores if isinstance(core, NeuronCore)]
        deepest = max((len(program.registers) for program in programs), default=0)
        blocks = [aligned(deepest, constants.n) for _ in range(self.threads)]
        self.keep.append(blocks)
        for number, core in enumerate(self.cores):
            if not isinstance(core, NeuronCore):
                continue
            state = &self.machine.cores[number]
            state.registers = <int32_t**> zeros(self.threads * state.register_count, sizeof(int32_t*))
            for thread in range(self.threads):
                for r in range(state.register_count):
                    array = self.owned[number][r]
                    array = blocks[thread][r] if array is None else array
                    state.registers[thread * state.register_count + r] = address32(array)

    def _connect(self, feeds, hearing):
        """Link what the cores hear."""
        cdef const int64_t[::1] feed_start = feeds.start
        cdef const int64_t[::1] base = feeds.base
        cdef const int64_t[::1] group_start = hearing.start
        cdef const int64_t[::1] first = hearing.first
        cdef const int64_t[::1] pair_start = hearing.pair_start
        cdef const uint32_t[::1] stride = feeds.stride
        cdef const uint32_t[::1] index_mask = feeds.index_mask
        cdef const uint32_t[::1] filter_mask = feeds.filter_mask
        cdef const uint32_t[::1] filter_key = feeds.filter_key
        cdef const uint32_t[::1] rows
        cdef const uint32_t* first_row
        cdef int32_t number
        cdef int64_t f
        cdef Feed* feed
        self.machine.feeds = <Feed*> zeros(len(feeds.base), sizeof(Feed))
        for number in range(self.machine.core_count):
            first_row = NULL
            if isinstance(self.cores[number], NeuronCore) and len(self.cores[number].rows):
                rows = self.cores[number].rows
                self.keep.append(rows)
                first_row = &rows[0]
            for f in range(feed_start[number], feed_start[number + 1]):
                feed = &self.machine.feeds[f]
                feed.index_mask = index_mask[f]
                feed.filter_mask = filter_mask[f]
                feed.filter_key = filter_key[f]
                if base[f] >= 0:
                    feed.stride = stride[f]
                    feed.offset = <int32_t> base[f]
                    feed.rows = first_row + base[f]
        self.keep.append(pair_start)
        self.machine.pair_start = &pair_start[0]
        self._group(hearing)

    def _group(self, hearing):
        """Link the sets of sources that the cores hear."""
        columns = {"bits": hearing.bits, "first": hearing.first, "word": hearing.word, "single": hearing.single}
        groups = np.zeros(len(hearing.word), dtype=[(name, column.dtype) for name, column in columns.items()])
        assert groups.dtype.itemsize == sizeof(Group)
        for name, column in columns.items():
            groups[name] = column
        cdef const uint8_t[::1] memory = groups.view(np.uint8)
        cdef const int64_t[::1] start = hearing.start
        cdef int32_t number
        self.keep.append(memory)
        for number in range(self.machine.core_count):
            self.machine.cores[number].group_count = start[number + 1] - start[number]
            if start[number + 1] > start[number]:
                self.machine.cores[number].groups = <const Group*> &memory[start[number] * <int64_t> sizeof(Group)]

    cdef int32_t* _ints(self, array) except? NULL:
        """Address of an int32 array that lives as long as the engine."""
        array = np.ascontiguousarray(array, dtype=np.int32)
        self.keep.append(array)
        return address32(array)

    cdef const uint8_t* _bytes(self, array) except? NULL:
        cdef const uint8_t[::1] view = array
        self.keep.append(array)
        return &view[0] if view.shape[0] else NULL

    # Running

    def run(self, int ticks):
        """Run `ticks` ticks."""
        cdef Machine* machine = &self.machine
        cdef program_t program = self.program
        cdef int32_t first = self.tick
        cdef int32_t last = first + ticks
        cdef int32_t number
        with nogil, parallel(num_threads=self.threads):
            run_share(machine, program, first, last, threadid(), omp_get_num_threads(), &self.barrier)
        self.tick = last
        for number in range(machine.core_count):
            if out_of_memory(&machine.cores[number]):
                raise MemoryError("no memory left for spikes and samples")
            if self.trains[number] is not None:
                (<PoissonTrains> self.trains[number]).advance_to(last)

    # Reading and writing the state

    def register(self, int core, int register):
        """The words of a register that is not scratch, as they are: int32[n]; not a copy."""
        return self.owned[core][register]

    def ring(self, int core):
        """The ring buffer of a core: uint16[16, types, neurons], rounded up to powers of two; not a copy."""
        return self.rings[core]

    def trains_of(self, int core):
        """The Poisson trains of a core."""
        return self.trains[core]

    def set_trains(self, int core, PoissonTrains trains):
        """Go on with `trains`."""
        self.trains[core] = trains
        self.machine.cores[core].poisson = trains.c_sources()

    def heard(self, int core):
        """What a delay core heard and has yet to repeat: (tick, index), int32."""
        cdef Core* state = &self.machine.cores[core]
        cdef int64_t done = state.stage_cursor[state.stages - 1]
        return copied(&state.heard_tick)[done:], copied(&state.heard_index)[done:]

    def set_heard(self, int core, tick, index):
        """Go on from what another delay core heard before this tick."""
        cdef Core* state = &self.machine.cores[core]
        cdef int32_t stage
        state.heard_tick.n = state.heard_index.n = 0
        for t, i in zip(tick.tolist(), index.tolist()):
            push(&state.heard_tick, t)
            push(&state.heard_index, i)
        for stage in range(state.stages):
            state.stage_cursor[stage] = np.searchsorted(tick, self.tick - SLOTS * (stage + 1))

    def samples(self, int core, int recording):
        """What recording number `recording` of a core has sampled: int32[samples, neurons], a copy."""
        cdef Recorder* recorder = &self.machine.cores[core].recorders[recording]
        return copied(&recorder.samples).reshape(-1, recorder.n)

    def spikes(self, int core):
        """Recorded spikes of a core: (tick, index), int32, copies."""
        cdef Core* state = &self.machine.cores[core]
        return copied(&state.spike_tick), copied(&state.spike_index)

    def clear(self, int core):
        """Drop spikes and samples of a core."""
        cdef Core* state = &self.machine.cores[core]
        cdef int32_t r
        release(&state.spike_tick)
        release(&state.spike_index)
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
        block = aligned(state.register_count, state.n)
        registers = <int32_t**> zeros(state.register_count, sizeof(int32_t*))
        try:
            for r in range(state.register_count):
                if self.owned[core][r] is not None:
                    block[r] = self.owned[core][r]
                registers[r] = address32(block[r])
            if recorder.after:
                self._tick_of_copy(state, registers)
            index = np.asarray(<const int32_t[:recorder.n]> recorder.index)
            return (block[recorder.register_number][index] << recorder.shift)[None]
        finally:
            free(registers)

    cdef void _tick_of_copy(self, Core* state, int32_t** registers):
        cdef int32_t change = state.next_change
        cdef int32_t r
        take_inputs(state, registers, self.tick, False)
        if self.tick >= change:
            inject(state, registers, self.tick)
            state.next_change = change
        self.program(state.code, state.instructions, registers, state.n)

    def sent(self, int core, int limit):
        """Packets sent so far by number: int64[limit]."""
        cdef Core* state = &self.machine.cores[core]
        return np.array(<int64_t[:limit]> state.sent) if limit else np.zeros(0, dtype=np.int64)

    def account(self, int core):
        """Counts of a core by name; see `emulator.statistics.CoreStatistics`. `fired`: spikes, or packets repeated."""
        cdef Core* state = &self.machine.cores[core]
        cdef Tally tally = state.tally
        return {
            "cycles_total": state.cycles_total,
            "cycles_max": state.cycles_max,
            "overruns": state.overruns,
            "fired": state.fired,
            "packets_received": tally.packets,
            "unmatched": tally.unmatched,
            "rows": tally.rows,
            "synaptic_events": tally.events,
            "saturations": tally.saturations,
        }


class Constants:
    """Registers that cores share: constants, and parameters that are the same for all neurons of a core."""

    def __init__(self, n):
        self.n = n
        self.shared = {}

    def registers(self, program, core):
        """The registers of a core by number; None for those of scratch."""
        state = iter(aligned(len(program.registers), core.n))
        arrays = []
        for register in program.registers:
            if register.role == Role.CONSTANT:
                arrays.append(self.same(register.value, core.n))
            elif register.role in (Role.RECEPTOR, Role.SCRATCH):
                arrays.append(None)
            elif register.role == Role.CURRENT:
                arrays.append(next(state))
            else:
                values = core.registers[register.name]
                uniform = register.role == Role.PARAMETER and np.all(values == values[0])
                arrays.append(self.same(int(values[0]), core.n) if uniform else filled(next(state), values))
        return arrays

    def same(self, value, n):
        """`n` words of `value`."""
        if value not in self.shared:
            self.shared[value] = filled(aligned(1, self.n)[0], value)
        return self.shared[value][:n]


def filled(array, values):
    """`array`, holding `values`."""
    array[:] = values
    return array


def recorded(program, variable):
    """Register and left shift of a variable that can be recorded; KeyError if there is none."""
    for name, register, shift in program.recorded:
        if name == variable:
            return register, shift
    raise KeyError(variable)


cdef bint out_of_memory(const Core* core) noexcept:
    cdef int32_t r
    for r in range(core.recorder_count):
        if core.recorders[r].samples.failed:
            return True
    return (core.out.failed or core.spike_tick.failed or core.spike_index.failed or core.heard_tick.failed
            or core.heard_index.failed)


cdef void release_core(Core* core) noexcept:
    cdef int32_t r
    for r in range(core.recorder_count):
        release(&core.recorders[r].samples)
    release(&core.heard_tick)
    release(&core.heard_index)
    release(&core.out)
    release(&core.spike_tick)
    release(&core.spike_index)
    free(core.recorders)
    free(core.injections)
    free(core.registers)
    free(core.stage_cursor)
    free(core.sent)
