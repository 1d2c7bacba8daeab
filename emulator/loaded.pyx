"""An image, linked into C structures: what `emulator.engine` runs.

Nothing big is copied: the structures point into the arrays of the image, which are kept alive here, and
above all into its synaptic rows.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from emulator.banks cimport Banks
from emulator.growable cimport release
from emulator.injected cimport NEVER, InjectedCurrents
from emulator.lanes cimport VECTOR
from emulator.random cimport UniformStreams
from emulator.state cimport (
    ARRAY,
    DELAY,
    LANES,
    NEURONS,
    RANDOM,
    SLOTS,
    SYNAPSES,
    Core,
    Costs,
    Feed,
    Group,
    Recorder,
    Workbench,
)
from emulator.trains cimport Trains

from emulator.banks import Banks as LoadedBanks, bench
from emulator.fabric import key_limit, sends
from emulator.image import ArrayCore, NeuronCore, PoissonCore, RenewalCore, SynapseCore
from emulator.poisson import PoissonTrains
from emulator.program import Role
from emulator.registers import SharedRows, rows_of
from emulator.renewal import RenewalTrains
from emulator.update import aligned
from emulator.waves import Waveforms


cdef void* zeros(size_t count, size_t size) except NULL:
    """Memory of `count` zeroed items, at least one."""
    cdef void* memory = calloc(count if count else 1, size)
    if memory == NULL:
        raise MemoryError("no memory left to load the image")
    return memory


cdef int32_t* address(row) except? NULL:
    """Address of int32 words; NULL if there are none. Whoever takes it keeps the array alive."""
    cdef const int32_t[::1] words = row
    return <int32_t*> &words[0] if words.shape[0] else NULL


cdef void release_core(Core* core) noexcept:
    """Free what a core holds."""
    cdef int32_t r
    for r in range(core.recorder_count):
        release(&core.recorders[r].samples)
    release(&core.heard)
    release(&core.out)
    release(&core.spikes)
    free(core.recorders)
    free(core.registers)
    free(core.feeders)
    free(core.stage_cursor)
    free(core.sent)


cdef class Loaded:
    """An image in C structures, at the beginning of a tick.

    Parameters
    ----------
    image : MachineImage
        Checked.
    feeds, hearing : Feeds, Hearing
        What `emulator.link` and `emulator.hearing` made of it.
    costs : list of 9 int by core
        Cycles of a tick, a spike, a packet, a row and a synaptic event; of a row and an event of synapses with dynamics;
        of an attempt to rewire, and of one at a place of the core besides.
    threads : int
        Threads that will run it, each with scratch registers of its own.
    tick : int
        The first tick to run.
    """

    def __init__(self, image, feeds, hearing, costs, int threads, int tick=0):
        self.threads = threads
        self.tick = tick
        self.cores = list(image.cores)
        count = len(self.cores)
        self.rows, self.rings, self.trains, self.streams, self.banks = ([None] * count for _ in range(5))
        self.injected = [None] * count
        self.timestep = image.timestep
        self.waveforms = Waveforms(image.timestep, tick)
        self.kept = []
        self.machine.core_count = count
        self.machine.cycles_per_tick = image.cycles_per_tick
        self.machine.cores = <Core*> zeros(count, sizeof(Core))
        self.machine.spiking_words = (count + 63) // 64
        self.machine.spiking = <uint64_t*> zeros(2 * self.machine.spiking_words, sizeof(uint64_t))
        self.machine.benches = <Workbench*> zeros(threads, sizeof(Workbench))
        shared = SharedRows(max((core.n for core in self.cores), default=0))
        lanes = SharedRows(LANES + VECTOR)
        benches = [bench(image) for _ in range(threads)]
        for number, core in enumerate(self.cores):
            self._load(number, core, costs[number])
            if isinstance(core, NeuronCore):
                self.rows[number] = rows_of(image.programs[core.program], core, shared)
                self._load_neurons(number, core, image.programs[core.program])
                self._load_synapses(number, core)
                self.set_streams(number, UniformStreams(core.seed))
                if core.histories or core.dynamic or core.dopamine:
                    self._load_banks(number, LoadedBanks(image, core, benches, lanes))
            elif isinstance(core, PoissonCore):
                window = core.start, core.stop, core.seed
                self._load_trains(number, PoissonTrains(core.rate, *window, timestep=image.timestep, tick=tick))
            elif isinstance(core, RenewalCore):
                window = core.start, core.stop, core.seed
                self._load_trains(number, RenewalTrains(core.intervals, *window, timestep=image.timestep, tick=tick))
            elif isinstance(core, ArrayCore):
                self._load_array(number, core)
            elif isinstance(core, SynapseCore):
                self.machine.cores[number].kind = SYNAPSES
                self._load_ring(number, self.cores[core.neurons])
            else:
                self._load_delay(number, core)
        self._link_feeders()
        self._link_registers()
        self._link_feeds(feeds)
        self._link_senders(hearing)

    def __dealloc__(self):
        cdef int32_t number
        if self.machine.cores != NULL:
            for number in range(self.machine.core_count):
                release_core(&self.machine.cores[number])
        free(self.machine.cores)
        free(self.machine.feeds)
        free(self.machine.spiking)
        free(self.machine.benches)

    def _load(self, int number, core, costs):
        """What all cores have."""
        cdef Core* state = &self.machine.cores[number]
        state.n = core.n
        state.costs = Costs(costs[0], costs[1], costs[2], costs[3], costs[4], costs[5], costs[6], costs[7], costs[8])
        state.sends = sends(core)
        state.sent = <int64_t*> zeros(max(core.n, key_limit(core)), sizeof(int64_t))
        if len(core.record_spikes):
            flags = np.zeros(core.n, dtype=np.uint8)
            flags[core.record_spikes] = 1
            state.record_spikes = <uint8_t*> self.bytes_of(flags)

    def _load_neurons(self, int number, core, program):
        """The program, what it records and the currents injected."""
        cdef Core* state = &self.machine.cores[number]
        cdef int32_t k
        state.kind = NEURONS
        state.code = self.ints(program.code.reshape(-1))
        state.instructions = len(program.code)
        state.register_count = len(program.registers)
        state.registers = <int32_t**> zeros(self.threads * state.register_count, sizeof(int32_t*))
        state.spike_register = program.spike
        state.current_register = next(iter(program.numbers(Role.CURRENT)), -1)
        state.receptors = len(program.numbers(Role.RECEPTOR))
        state.receptor_register = self.ints(program.numbers(Role.RECEPTOR))
        state.random_register = self.ints(program.numbers(Role.RANDOM))
        state.random_count = len(program.numbers(Role.RANDOM))
        state.recorders = <Recorder*> zeros(len(core.recordings), sizeof(Recorder))
        state.recorder_count = len(core.recordings)
        for k, recording in enumerate(core.recordings):
            self.load_recorder(&state.recorders[k], recording, program)
        self.set_currents(number, core.currents, state.costs.tick)

    def set_currents(self, int number, currents, int64_t tick_cost):
        """Have `currents` flow into the neurons of a core from the next tick on; a tick of it costs `tick_cost`."""
        cdef Core* state = &self.machine.cores[number]
        cdef InjectedCurrents injected = InjectedCurrents(currents, self.waveforms, self.timestep)
        if self.injected[number] is not None:
            self.waveforms.drop(self.injected[number].waves)
        self.injected[number] = injected
        state.currents = &injected.currents
        state.currents.next_change = NEVER if state.current_register < 0 else 0
        state.costs.tick = tick_cost

    cdef int load_recorder(self, Recorder* recorder, recording, program) except -1:
        """What is recorded, from the next due tick on."""
        [(register, shift)] = [(r, shift) for name, r, shift in program.recorded if name == recording.variable]
        recorder.register_number = register
        recorder.shift = shift
        recorder.after = program.registers[register].role != Role.STATE
        recorder.interval = recording.interval
        recorder.due = -(-self.tick // recording.interval) * recording.interval
        recorder.n = len(recording.index)
        recorder.index = self.ints(recording.index)
        return 0

    def _load_synapses(self, int number, core):
        """The shifts of the inputs, and the ring buffer."""
        self.machine.cores[number].shift = self.ints(core.shift)
        self._load_ring(number, core)

    def _load_ring(self, int number, core):
        """A ring buffer as that of the neurons `core`, and how a synaptic word is laid out."""
        cdef Core* state = &self.machine.cores[number]
        cdef uint16_t[:, :, ::1] ring
        state.index_bits = core.index_bits
        state.slot_bits = core.index_bits + core.type_bits
        words = aligned(1, SLOTS << state.slot_bits, np.uint16)[0]
        ring = words.reshape(SLOTS, 1 << core.type_bits, 1 << core.index_bits)
        state.ring = &ring[0, 0, 0]
        self.rings[number] = np.asarray(ring)

    def set_streams(self, int number, UniformStreams streams):
        """Have a core of neurons draw from `streams`."""
        self.streams[number] = streams
        self.machine.cores[number].streams = streams.address()

    def _load_banks(self, int number, Banks banks):
        """Histories of spikes and rows of synapses with dynamics."""
        cdef Core* state = &self.machine.cores[number]
        self.banks[number] = banks
        state.histories, state.history_count = banks.histories, banks.history_count
        state.dynamic, state.dynamic_count = banks.dynamic, banks.dynamic_count
        state.doses = &banks.doses if banks.dosed else NULL
        state.rewiring = banks.rewiring

    def _load_trains(self, int number, Trains trains):
        """Random sources."""
        self.machine.cores[number].kind = RANDOM
        self.machine.cores[number].random = &trains.sources
        self.trains[number] = trains

    def _load_array(self, int number, core):
        """Given spikes."""
        cdef Core* state = &self.machine.cores[number]
        state.kind = ARRAY
        state.array_tick = self.ints(core.tick)
        state.array_index = self.ints(core.index)
        state.array_length = len(core.tick)
        state.array_cursor = np.searchsorted(core.tick, self.tick)

    def _load_delay(self, int number, core):
        """Delay stages, which have heard nothing yet."""
        cdef Core* state = &self.machine.cores[number]
        state.kind = DELAY
        state.stages = len(core.send)
        state.stage_shift = core.stage_shift
        state.stage_cursor = <int64_t*> zeros(state.stages, sizeof(int64_t))
        state.send = <uint8_t*> self.bytes_of(np.ascontiguousarray(core.send))

    def _link_feeders(self):
        """Point each core of neurons at the cores with synapses of its neurons, in their order."""
        cdef Core* state
        cdef int32_t number
        feeders = [[] for _ in self.cores]
        for number, core in enumerate(self.cores):
            if isinstance(core, SynapseCore):
                feeders[core.neurons].append(number)
        for number, found in enumerate(feeders):
            state = &self.machine.cores[number]
            state.feeders = <Core**> zeros(len(found), sizeof(Core*))
            for feeder in found:
                state.feeders[state.feeder_count] = &self.machine.cores[<int32_t> feeder]
                state.feeder_count += 1

    def _link_registers(self):
        """Point the register tables at the rows; each thread has one block of scratch for all cores."""
        cdef Core* state
        cdef int thread, register
        deepest = max((len(rows) for rows in self.rows if rows is not None), default=0)
        widest = max((core.n for core in self.cores), default=0)
        for thread in range(self.threads):
            scratch = aligned(deepest, widest)
            self.kept.append(scratch)
            for number, rows in enumerate(self.rows):
                state = &self.machine.cores[number]
                for register, row in enumerate(rows or ()):
                    row = scratch[register] if row is None else row
                    state.registers[thread * state.register_count + register] = address(row)

    def _link_feeds(self, feeds):
        """Point the feeds at the rows of their targets."""
        cdef const int64_t[::1] start = feeds.start
        cdef const int32_t[::1] bank = feeds.bank
        cdef const int64_t[::1] base = feeds.base
        cdef const uint32_t[::1] stride = feeds.stride
        cdef const uint32_t[::1] index_mask = feeds.index_mask
        cdef const uint32_t[::1] filter_mask = feeds.filter_mask
        cdef const uint32_t[::1] filter_key = feeds.filter_key
        cdef const uint32_t[::1] words
        cdef const uint32_t* first
        cdef int32_t number
        cdef int64_t f
        self.machine.feeds = <Feed*> zeros(len(feeds.base), sizeof(Feed))
        for number, core in enumerate(self.cores):
            first = NULL
            if isinstance(core, (NeuronCore, SynapseCore)) and len(core.rows):
                words = core.rows
                self.kept.append(core.rows)
                first = &words[0]
            for f in range(start[number], start[number + 1]):
                self.machine.feeds[f].index_mask = index_mask[f]
                self.machine.feeds[f].filter_mask = filter_mask[f]
                self.machine.feeds[f].filter_key = filter_key[f]
                self.machine.feeds[f].bank = bank[f]
                if base[f] >= 0:
                    self.machine.feeds[f].stride = stride[f]
                    self.machine.feeds[f].offset = <int32_t> base[f]
                    self.machine.feeds[f].rows = first + base[f] if bank[f] == 0 else NULL

    def _link_senders(self, hearing):
        """Point each core at the set of the sources that it hears."""
        cdef const int64_t[::1] start = hearing.start
        cdef const int64_t[::1] pair_start = hearing.pair_start
        cdef int32_t number
        columns = {"bits": hearing.bits, "first": hearing.first, "word": hearing.word, "single": hearing.single}
        groups = np.zeros(len(hearing.word), dtype=[(name, column.dtype) for name, column in columns.items()])
        assert groups.dtype.itemsize == sizeof(Group)
        for name, column in columns.items():
            groups[name] = column
        cdef const Group* first = <const Group*> self.bytes_of(groups)
        self.kept.append(hearing.pair_start)
        self.machine.pair_start = &pair_start[0]
        for number in range(self.machine.core_count):
            self.machine.cores[number].groups = first + start[number]
            self.machine.cores[number].group_count = start[number + 1] - start[number]

    cdef int32_t* ints(self, array) except? NULL:
        """Address of int32 words that live as long as this."""
        words = np.ascontiguousarray(array, dtype=np.int32)
        self.kept.append(words)
        return address(words)

    cdef void* bytes_of(self, array) except? NULL:
        """Address of the memory of an array that lives as long as this."""
        cdef const uint8_t[::1] memory = array.reshape(-1).view(np.uint8)
        self.kept.append(memory)
        return <void*> &memory[0] if memory.shape[0] else NULL
