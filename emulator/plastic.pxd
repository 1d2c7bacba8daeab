"""Plastic rows: what a spike of either side leaves behind, and what becomes of the weights.

A weight is brought up to date when its row is fetched, that is when the source spikes (sPyNNaker
``synapse_dynamics_stdp_mad_impl.c``).  Until then the spikes of the target wait in the history of the neuron, each
with the traces that it left (``post_events.h``).  A history has 16 entries; the first stands for the time before any
spike and stays, so that of more than 15 spikes the oldest are lost.

A row is fetched in tick t, and was before in tick s.  A spike of the target in tick p counts as one in p + back.  So
the spikes with s < p + back <= t are applied in order, then that of the source.  (A back of -1 is for sources whose
spikes are late by a tick more than a row can wait; there a spike of the target in the very tick s is applied too.)  Rows are taken in batches, and the
programs run over all synapses of a batch at once: a round for the first spike of those that have one to apply, a
round for the second, and so on.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t
from libc.string cimport memmove

from emulator.row cimport LAST_SPIKE, PLASTIC_SIZE
from emulator.state cimport (
    HISTORY,
    LANES,
    POST_TRACE,
    PRE_TRACE,
    SEEN_POST,
    SEEN_PRE,
    SINCE_POST,
    SINCE_PRE,
    SLOTS,
    WEIGHT,
    Core,
    Dynamic,
    History,
    Lane,
    Routine,
    Tally,
    Workbench,
)
from emulator.update cimport program_t

cdef extern from *:
    """
    #include <stdint.h>

    enum { ONE_TRACE = 1 << 11, LONG_AGO = INT32_MAX };

    /* How many entries of a history are at or before `tick`; those that are not in use come after all. */
    static inline int32_t entries_until(const int32_t *time, int32_t tick)
    {
        int32_t n = 0;
        for (int i = 0; i < 16; i++)
            n += time[i] <= tick;
        return n;
    }
    """
    const int32_t ONE_TRACE
    const int32_t LONG_AGO
    int32_t entries_until(const int32_t* time, int32_t tick) noexcept nogil


cdef inline int32_t* register_of(const Routine* routine, int32_t** registers, int32_t given) noexcept nogil:
    """The words of a register that the routine is given; NULL if it does not want it."""
    return registers[routine.given[given]] if routine.given[given] >= 0 else NULL


cdef inline int32_t** registers_of(const Routine* routine, int32_t thread) noexcept nogil:
    """The registers of a routine in a thread."""
    return routine.registers + thread * routine.register_count


# --- spikes of the target ---------------------------------------------------------------------------------------------


cdef inline int64_t remember_spikes(Core* core, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """Put the spikes of this tick into all histories; the cycles that it takes."""
    cdef int32_t h, start, n
    cdef int64_t cycles = 0
    for h in range(core.history_count):
        start = 0
        while start < core.out.n:
            n = <int32_t> min(core.out.n - start, LANES)
            add_post_spikes(&core.histories[h], core.out.data + start, n, core.n, tick, thread, run)
            start += n
        cycles += core.out.n * core.histories[h].add_post.cycles
    return cycles


cdef inline void add_post_spikes(History* history, const int32_t* neuron, int32_t n, int32_t neurons, int32_t tick,
                                 int32_t thread, program_t run) noexcept nogil:
    """Add a spike of each of `n` neurons, with the traces that it leaves."""
    cdef const Routine* routine = &history.add_post
    cdef int32_t** registers = registers_of(routine, thread)
    cdef int32_t* since = register_of(routine, registers, SINCE_POST)
    cdef int32_t* seen = register_of(routine, registers, SEEN_POST)
    cdef int32_t* words
    cdef int16_t* trace
    cdef int32_t k, t, entry
    for k in range(n):
        entry = neuron[k] * HISTORY + history.last[neuron[k]]
        if since != NULL:
            since[k] = tick - history.time[entry]
        if seen != NULL:
            seen[k] = ONE_TRACE if history.time[entry] else 0
    for t in range(history.traces):
        trace = history.trace + t * neurons * HISTORY
        words = register_of(routine, registers, POST_TRACE + t)
        for k in range(n):
            words[k] = trace[neuron[k] * HISTORY + history.last[neuron[k]]]
    run(routine.code, routine.instructions, registers, n)
    for k in range(n):
        entry = new_entry(history, neuron[k], neurons)
        history.time[entry] = tick
        for t in range(history.traces):
            history.trace[t * neurons * HISTORY + entry] = <int16_t> register_of(routine, registers, POST_TRACE + t)[k]


cdef inline int32_t new_entry(History* history, int32_t neuron, int32_t neurons) noexcept nogil:
    """The entry for the next spike of a neuron; if there is none, the oldest spike is dropped."""
    cdef int32_t first = neuron * HISTORY + 1
    cdef int32_t t
    cdef int16_t* trace
    if history.last[neuron] < HISTORY - 1:
        history.last[neuron] += 1
        return first - 1 + history.last[neuron]
    memmove(history.time + first, history.time + first + 1, (HISTORY - 2) * sizeof(int32_t))
    for t in range(history.traces):
        trace = history.trace + t * neurons * HISTORY + first
        memmove(trace, trace + 1, (HISTORY - 2) * sizeof(int16_t))
    return first + HISTORY - 2


# --- spikes of the source ---------------------------------------------------------------------------------------------


cdef inline int16_t* traces_of(uint32_t* row) noexcept nogil:
    """The traces that a row keeps."""
    return <int16_t*> (row + LAST_SPIKE + 1)


cdef inline void take_plastic_row(Workbench* bench, const Dynamic* bank, uint32_t* row, int32_t tick) noexcept nogil:
    """Put a row on the bench; its last spike is the one of this tick from now on."""
    cdef int32_t t, k = bench.row_count
    bench.row[k] = row
    bench.before[k] = <int32_t> row[LAST_SPIKE]
    for t in range(bank.traces):
        bench.old_trace[t][k] = traces_of(row)[t]
    row[LAST_SPIKE] = <uint32_t> tick
    bench.row_count += 1


cdef inline void process_plastic_rows(Core* core, Dynamic* bank, int32_t tick, int32_t thread, Workbench* bench,
                                      program_t run, Tally* tally) noexcept nogil:
    """Bring the rows on the bench up to date and add them to the ring buffer."""
    cdef const uint32_t* fixed
    cdef const uint16_t* control
    cdef uint16_t* weight
    cdef uint32_t j
    cdef int32_t k
    add_pre_spikes(bank, tick, thread, bench, run)
    tally.routine_cycles += bench.row_count * bank.add_pre.cycles
    for k in range(bench.row_count):
        fixed = bench.row[k] + 1 + bench.row[k][PLASTIC_SIZE]
        control = <const uint16_t*> (fixed + 2)
        weight = <uint16_t*> (traces_of(bench.row[k]) + ((bank.traces + 1) & ~1))
        for j in range(fixed[1]):
            lay_lane(core, bank, bench, k, weight + j, control[j], tick)
            if bench.lane_count == LANES:
                process_lanes(core, bank, tick, thread, bench, run, tally)
        tally.dynamic_events += fixed[1]
    process_lanes(core, bank, tick, thread, bench, run, tally)
    tally.dynamic_rows += bench.row_count
    bench.row_count = 0


cdef inline void add_pre_spikes(Dynamic* bank, int32_t tick, int32_t thread, Workbench* bench,
                                program_t run) noexcept nogil:
    """The traces that the spikes of this tick leave, on the bench and in the rows."""
    cdef const Routine* routine = &bank.add_pre
    cdef int32_t** registers = registers_of(routine, thread)
    cdef int32_t* since = register_of(routine, registers, SINCE_PRE)
    cdef int32_t* seen = register_of(routine, registers, SEEN_PRE)
    cdef int32_t* words
    cdef int32_t k, t
    if bank.traces == 0:
        return
    for k in range(bench.row_count):
        if since != NULL:
            since[k] = tick - bench.before[k]
        if seen != NULL:
            seen[k] = ONE_TRACE if bench.before[k] else 0
    for t in range(bank.traces):
        words = register_of(routine, registers, PRE_TRACE + t)
        for k in range(bench.row_count):
            words[k] = bench.old_trace[t][k]
    run(routine.code, routine.instructions, registers, bench.row_count)
    for t in range(bank.traces):
        words = register_of(routine, registers, PRE_TRACE + t)
        for k in range(bench.row_count):
            bench.new_trace[t][k] = <int16_t> words[k]
            traces_of(bench.row[k])[t] = <int16_t> words[k]


cdef inline void lay_lane(const Core* core, const Dynamic* bank, Workbench* bench, int32_t row, uint16_t* weight,
                          uint16_t control, int32_t tick) noexcept nogil:
    """Put a synapse on the bench: find the spikes of its target that count."""
    cdef Lane* lane = &bench.lane[bench.lane_count]
    cdef int32_t inside = (SLOTS << core.slot_bits) - 1
    cdef int32_t neuron = control & ((1 << core.index_bits) - 1)
    cdef const int32_t* time = bank.history.time + neuron * HISTORY
    cdef int32_t until
    lane.weight = weight
    lane.words = <int32_t> (<uint32_t> weight[0] << bank.shift)
    lane.row = row
    lane.place = (control + (tick << core.slot_bits)) & inside
    lane.back = bank.back[(control >> core.slot_bits) & (SLOTS - 1)]
    until = entries_until(time, max(tick - lane.back, 0))
    lane.first = neuron * HISTORY + entries_until(time, max(bench.before[row] - max(lane.back, 0), 0))
    lane.last = neuron * HISTORY + until - 1 if until > 1 else -1
    bench.lane_count += 1


cdef inline void process_lanes(Core* core, Dynamic* bank, int32_t tick, int32_t thread, Workbench* bench,
                               program_t run, Tally* tally) noexcept nogil:
    """Apply all spikes to the synapses on the bench, store their weights, and add them to the ring buffer."""
    cdef int32_t nth = 0
    cdef int32_t n = choose_lanes(bench, nth)
    cdef int32_t k
    while n:
        apply_post(core, bank, bench, nth, n, thread, run)
        tally.routine_cycles += n * bank.apply_post.cycles
        nth += 1
        n = choose_lanes(bench, nth)
    for k in range(bench.lane_count):
        if bench.lane[k].last >= 0:
            bench.chosen[n] = k
            n += 1
    apply_pre(core, bank, bench, n, tick, thread, run)
    tally.routine_cycles += n * bank.apply_pre.cycles
    for k in range(bench.lane_count):
        send(core, &bench.lane[k], bank.shift, tally)
    bench.lane_count = 0


cdef inline int32_t choose_lanes(Workbench* bench, int32_t nth) noexcept nogil:
    """Choose the synapses that have an `nth` spike of the target to apply; how many they are."""
    cdef int32_t k, n = 0
    for k in range(bench.lane_count):
        if bench.lane[k].first + nth <= bench.lane[k].last:
            bench.chosen[n] = k
            n += 1
    return n


cdef inline void apply_post(const Core* core, const Dynamic* bank, Workbench* bench, int32_t nth, int32_t n,
                            int32_t thread, program_t run) noexcept nogil:
    """The weights of the `n` chosen synapses after the `nth` spike of the target.

    The interval between two spikes of the target takes in the delay back to the later one, as on the machine.
    """
    cdef const Routine* routine = &bank.apply_post
    cdef const History* history = bank.history
    cdef int32_t** registers = registers_of(routine, thread)
    cdef int32_t* since_pre = register_of(routine, registers, SINCE_PRE)
    cdef int32_t* since_post = register_of(routine, registers, SINCE_POST)
    cdef const Lane* lane
    cdef int32_t k, entry
    for k in range(n):
        lane = &bench.lane[bench.chosen[k]]
        entry = lane.first + nth
        if since_pre != NULL:
            since_pre[k] = history.time[entry] + lane.back - bench.before[lane.row]
        if since_post != NULL:
            since_post[k] = history.time[entry] + lane.back - history.time[entry - 1]
    give_traces(routine, registers, core.n, bank, bench, &bench.old_trace[0][0], nth, n, True)
    give_seen(routine, registers, bank, bench, nth, n, True)
    run_weights(routine, registers, bench, n, run)


cdef inline void apply_pre(const Core* core, const Dynamic* bank, Workbench* bench, int32_t n, int32_t tick,
                           int32_t thread, program_t run) noexcept nogil:
    """The weights of the `n` chosen synapses after the spike of the source."""
    cdef const Routine* routine = &bank.apply_pre
    cdef int32_t** registers = registers_of(routine, thread)
    cdef int32_t* since_pre = register_of(routine, registers, SINCE_PRE)
    cdef int32_t* since_post = register_of(routine, registers, SINCE_POST)
    cdef const Lane* lane
    cdef int32_t k, since
    for k in range(n):
        lane = &bench.lane[bench.chosen[k]]
        if since_pre != NULL:
            since_pre[k] = tick - bench.before[lane.row]
        if since_post != NULL:
            since = tick - lane.back - bank.history.time[lane.last]
            since_post[k] = since if since >= 0 else LONG_AGO
    give_traces(routine, registers, core.n, bank, bench, &bench.new_trace[0][0], 0, n, False)
    give_seen(routine, registers, bank, bench, 0, n, False)
    run_weights(routine, registers, bench, n, run)


cdef inline void give_traces(const Routine* routine, int32_t** registers, int32_t neurons, const Dynamic* bank,
                             const Workbench* bench, const int32_t* pre, int32_t nth, int32_t n,
                             bint of_nth) noexcept nogil:
    """Traces `pre` of the rows, and those of the `nth` spike of the target or of its last one."""
    cdef int32_t* words
    cdef const int16_t* trace
    cdef const Lane* lane
    cdef int32_t k, t
    for t in range(bank.traces):
        words = register_of(routine, registers, PRE_TRACE + t)
        if words != NULL:
            for k in range(n):
                words[k] = pre[t * LANES + bench.lane[bench.chosen[k]].row]
    for t in range(bank.history.traces):
        words = register_of(routine, registers, POST_TRACE + t)
        if words != NULL:
            trace = bank.history.trace + t * neurons * HISTORY
            for k in range(n):
                lane = &bench.lane[bench.chosen[k]]
                words[k] = trace[lane.first + nth if of_nth else lane.last]


cdef inline void give_seen(const Routine* routine, int32_t** registers, const Dynamic* bank, const Workbench* bench,
                           int32_t nth, int32_t n, bint of_nth) noexcept nogil:
    """Whether there was a spike before, of the source and of the target."""
    cdef int32_t* pre = register_of(routine, registers, SEEN_PRE)
    cdef int32_t* post = register_of(routine, registers, SEEN_POST)
    cdef const Lane* lane
    cdef int32_t k
    if pre != NULL:
        for k in range(n):
            pre[k] = ONE_TRACE if bench.before[bench.lane[bench.chosen[k]].row] else 0
    if post != NULL:
        for k in range(n):
            lane = &bench.lane[bench.chosen[k]]
            post[k] = ONE_TRACE if bank.history.time[lane.first + nth - 1 if of_nth else lane.last] else 0


cdef inline void run_weights(const Routine* routine, int32_t** registers, Workbench* bench, int32_t n,
                             program_t run) noexcept nogil:
    """Run a routine over the weights of the chosen synapses."""
    cdef int32_t* weight = register_of(routine, registers, WEIGHT)
    cdef int32_t k
    for k in range(n):
        weight[k] = bench.lane[bench.chosen[k]].words
    run(routine.code, routine.instructions, registers, n)
    for k in range(n):
        bench.lane[bench.chosen[k]].words = weight[k]


cdef inline void send(Core* core, const Lane* lane, int32_t shift, Tally* tally) noexcept nogil:
    """Store the weight of a synapse, 16 bits of it, and add it to the ring buffer."""
    cdef uint16_t stored = <uint16_t> (lane.words >> shift)
    cdef uint32_t sum = core.ring[lane.place] + <uint32_t> stored
    cdef uint32_t over = sum >> 16
    lane.weight[0] = stored
    core.ring[lane.place] = <uint16_t> (sum | (0 - over))
    tally.saturations += over
