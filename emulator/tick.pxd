"""The first half of a tick, core by core: neurons move, sources fire, and who spikes is noted."""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memmove, memset

from emulator.doses cimport remember_doses
from emulator.growable cimport extend, push, push_pair
from emulator.injected cimport inject
from emulator.plastic cimport remember_spikes
from emulator.random cimport unit_draws
from emulator.rewire cimport rewire
from emulator.state cimport ARRAY, DELAY, NEURONS, RANDOM, SLOTS, Core, Machine, Recorder
from emulator.trains cimport NEVER, emit
from emulator.update cimport program_t

cdef extern from *:
    """
    static inline void set_bit(uint64_t *words, int32_t bit)
    {
        __atomic_fetch_or(words + (bit >> 6), (uint64_t) 1 << (bit & 63), __ATOMIC_RELAXED);
    }
    static inline int32_t any_set(const int32_t *words, int32_t n)
    {
        int32_t all = 0;
        for (int32_t i = 0; i < n; i++)
            all |= words[i];
        return all;
    }
    static inline void widen(int32_t *to, const uint16_t *from, int32_t n, int32_t shift)
    {
        for (int32_t i = 0; i < n; i++)
            to[i] = (int32_t) ((uint32_t) from[i] << shift);
    }
    /* Add words of two halves; how many halves were too large, the lower of which carry into the upper. */
    static inline int64_t add_words(uint16_t *restrict to, const uint16_t *restrict from, int32_t words)
    {
        int64_t lost = 0;
        for (int32_t i = 0; i < words; i++) {
            uint32_t a, b, sum;
            memcpy(&a, to + 2 * i, 4);
            memcpy(&b, from + 2 * i, 4);
            sum = a + b;
            lost += ((sum ^ a ^ b) >> 16 & 1) + (sum < a);
            memcpy(to + 2 * i, &sum, 4);
        }
        return lost;
    }
    """
    void set_bit(uint64_t* words, int32_t bit) noexcept nogil
    int32_t any_set(const int32_t* words, int32_t n) noexcept nogil
    int64_t add_words(uint16_t* to, const uint16_t* source, int32_t words) noexcept nogil
    void widen(int32_t* to, const uint16_t* source, int32_t n, int32_t shift) noexcept nogil

cdef enum:
    FORGET_AFTER = 4096     # pairs; seldom enough that moving the rest to the front costs nothing


cdef inline void start_tick(Machine* machine, int32_t number, int32_t thread, int32_t tick,
                            program_t run) noexcept nogil:
    """All that core `number` does before the packets of this tick arrive."""
    cdef Core* core = &machine.cores[number]
    core.out.n = 0
    core.cycles = core.costs.tick
    if core.rewiring != NULL:
        core.cycles += rewire(core, tick, core.costs.attempt, core.costs.own_attempt)
    if core.kind == NEURONS:
        update_neurons(core, core.registers + thread * core.register_count, tick, run)
    elif core.kind == RANDOM:
        emit(core.random, tick, &core.out)
    elif core.kind == ARRAY:
        emit_array(core, tick)
    elif core.kind == DELAY:
        repeat_heard(core, tick)
    if core.doses != NULL:
        core.cycles += remember_doses(core, tick, thread, run)
    if core.out.n:
        note_spikes(core, tick)
        if core.history_count:
            core.cycles += remember_spikes(core, tick, thread, run)
        if core.sends:
            set_bit(machine.spiking + (tick & 1) * machine.spiking_words, number)


cdef inline void note_spikes(Core* core, int32_t tick) noexcept nogil:
    """Count and record the spikes of this tick."""
    cdef Py_ssize_t k
    cdef int32_t i
    core.fired += core.out.n
    core.cycles += core.out.n * core.costs.spike
    for k in range(core.out.n):
        i = core.out.data[k]
        core.sent[i] += 1
        if core.record_spikes != NULL and core.record_spikes[i]:
            push_pair(&core.spikes, tick, i)


cdef inline void update_neurons(Core* core, int32_t** registers, int32_t tick, program_t run) noexcept nogil:
    """Record, take the inputs of this tick, run the program, find who spikes."""
    cdef const int32_t* spike
    cdef int32_t i
    record(core, registers, tick, False)
    gather(core, tick)
    take_inputs(core, registers, tick, True)
    draw_numbers(core, registers)
    if tick >= core.currents.next_change:
        inject(core.currents, registers[core.current_register], core.n, tick)
    run(core.code, core.instructions, registers, core.n)
    record(core, registers, tick, True)
    spike = registers[core.spike_register]
    if any_set(spike, core.n):
        for i in range(core.n):
            if spike[i]:
                push(&core.out, i)


cdef inline void gather(Core* core, int32_t tick) noexcept nogil:
    """Add the slots of the cores with synapses of these neurons to the own one; done twice it changes no more.

    They write to their slots in the second half of a tick only.
    """
    cdef int64_t offset = (<int64_t> (tick & (SLOTS - 1))) << core.slot_bits
    cdef int32_t words = (1 << core.slot_bits) // 2
    cdef uint16_t* slot
    cdef int32_t f
    for f in range(core.feeder_count):
        slot = core.feeders[f].ring + offset
        core.tally.saturations += add_words(core.ring + offset, slot, words)
        memset(slot, 0, words * sizeof(uint32_t))


cdef inline void take_inputs(Core* core, int32_t** registers, int32_t tick, bint clear) noexcept nogil:
    """Ring-buffer slot of this tick to the receptor registers."""
    cdef uint16_t* slot = core.ring + ((<int64_t> (tick & (SLOTS - 1))) << core.slot_bits)
    cdef int32_t receptor
    for receptor in range(core.receptors):
        widen(registers[core.receptor_register[receptor]], slot + ((<int64_t> receptor) << core.index_bits), core.n,
              core.shift[receptor])
    if clear:
        memset(slot, 0, (<size_t> core.receptors << core.index_bits) * sizeof(uint16_t))


cdef inline void draw_numbers(Core* core, int32_t** registers) noexcept nogil:
    """Random numbers of this tick, from the streams of the neurons."""
    cdef int32_t k
    for k in range(core.random_count):
        unit_draws(core.streams, core.n, registers[core.random_register[k]])


cdef inline void record(Core* core, int32_t** registers, int32_t tick, bint after) noexcept nogil:
    """Take the samples that are due in this tick, of those read before the program or after it."""
    cdef Recorder* recorder
    cdef const int32_t* words
    cdef int32_t* sample
    cdef int32_t r, i
    for r in range(core.recorder_count):
        recorder = &core.recorders[r]
        if recorder.after == after and recorder.due == tick:
            recorder.due += recorder.interval
            words = registers[recorder.register_number]
            sample = extend(&recorder.samples, recorder.n)
            if sample != NULL:
                for i in range(recorder.n):
                    sample[i] = <int32_t> (<uint32_t> words[recorder.index[i]] << recorder.shift)


cdef inline void emit_array(Core* core, int32_t tick) noexcept nogil:
    """The spikes that the image gives for this tick."""
    while core.array_cursor < core.array_length and core.array_tick[core.array_cursor] == tick:
        push(&core.out, core.array_index[core.array_cursor])
        core.array_cursor += 1


cdef inline void repeat_heard(Core* core, int32_t tick) noexcept nogil:
    """Stage s repeats what was heard ``16 * (s + 1)`` ticks ago; what the last stage has repeated is forgotten."""
    cdef int32_t stage
    cdef int64_t* cursor
    cdef const int32_t* pair
    for stage in range(core.stages):
        cursor = &core.stage_cursor[stage]
        while 2 * cursor[0] < core.heard.n:
            pair = core.heard.data + 2 * cursor[0]
            if pair[0] != tick - SLOTS * (stage + 1):
                break
            if core.send[<int64_t> stage * core.n + pair[1]]:
                push(&core.out, (stage << core.stage_shift) | pair[1])
            cursor[0] += 1
    if core.stage_cursor[core.stages - 1] > FORGET_AFTER:
        forget(core)


cdef inline void forget(Core* core) noexcept nogil:
    """Drop what all stages have repeated from the front of the queue."""
    cdef int64_t done = core.stage_cursor[core.stages - 1]
    cdef int32_t stage
    core.heard.n -= 2 * done
    memmove(core.heard.data, core.heard.data + 2 * done, core.heard.n * sizeof(int32_t))
    for stage in range(core.stages):
        core.stage_cursor[stage] -= done
