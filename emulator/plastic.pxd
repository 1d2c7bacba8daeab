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

from emulator.lanes cimport VECTOR
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
    Piece,
    Routine,
    Tally,
    Visit,
    Workbench,
)
from emulator.update cimport program_t

cdef extern from *:
    """
    #include <stdint.h>

    enum { ONE_TRACE = 1 << 11, LONG_AGO = INT32_MAX };

    /* How many entries of a history are at or before `tick`; those that are not in use come after all. */
    #if defined(__AVX512F__)
    #include <immintrin.h>
    static inline int32_t entries_until(const int32_t *time, int32_t tick)
    {
        return __builtin_popcount(_mm512_cmple_epi32_mask(_mm512_loadu_si512(time), _mm512_set1_epi32(tick)));
    }
    #else
    static inline int32_t entries_until(const int32_t *time, int32_t tick)
    {
        int32_t n = 0;
        for (int i = 0; i < 16; i++)
            n += time[i] <= tick;
        return n;
    }
    #endif
    """
    const int32_t ONE_TRACE
    const int32_t LONG_AGO
    int32_t entries_until(const int32_t* time, int32_t tick) noexcept nogil


cdef inline int32_t* register_of(const Routine* routine, int32_t** registers, int32_t given) noexcept nogil:
    """The words of a register that the routine is given; NULL if it does not want it."""
    return registers[routine.given[given]] if routine.given[given] >= 0 else NULL


cdef inline void run_lanes(const Routine* routine, int32_t** registers, int32_t n, program_t run) noexcept nogil:
    """Run a routine over `n` lanes: in whole vectors, for what it makes of the lanes behind them is not looked at."""
    run(routine.code, routine.instructions, registers, (n + VECTOR - 1) & ~(VECTOR - 1))


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
    run_lanes(routine, registers, n, run)
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
    history.lost[neuron] = history.time[first]
    memmove(history.time + first, history.time + first + 1, (HISTORY - 2) * sizeof(int32_t))
    for t in range(history.traces):
        trace = history.trace + t * neurons * HISTORY + first
        memmove(trace, trace + 1, (HISTORY - 2) * sizeof(int16_t))
    return first + HISTORY - 2


# --- spikes of the source ---------------------------------------------------------------------------------------------


cdef inline int16_t* traces_of(uint32_t* row) noexcept nogil:
    """The traces that a row keeps."""
    return <int16_t*> (row + LAST_SPIKE + 1)


cdef inline int32_t synapses_of(const uint32_t* row) noexcept nogil:
    """The number of synapses of a row."""
    return <int32_t> row[row[PLASTIC_SIZE] + 2]


cdef inline void add_pre_spikes(Workbench* bench, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """The traces that the spikes of this tick leave, on the bench and in the rows."""
    cdef const Dynamic* bank = bench.of[0].bank
    cdef const Routine* routine = &bank.add_pre
    cdef int32_t** registers = registers_of(routine, thread)
    cdef int32_t* since = register_of(routine, registers, SINCE_PRE)
    cdef int32_t* seen = register_of(routine, registers, SEEN_PRE)
    cdef int32_t* words
    cdef int32_t k, t
    bench.of[0].tally.routine_cycles += bench.row_count * routine.cycles
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
    run_lanes(routine, registers, bench.row_count, run)
    for t in range(bank.traces):
        words = register_of(routine, registers, PRE_TRACE + t)
        for k in range(bench.row_count):
            bench.new_trace[t][k] = <int16_t> words[k]
            traces_of(bench.row[k])[t] = <int16_t> words[k]


cdef inline uint16_t* weights_of(const Dynamic* bank, const Piece* piece) noexcept nogil:
    """The stored weights of the synapses of a piece."""
    return <uint16_t*> traces_of(piece.row) + ((bank.traces + 1) & ~1) + piece.first


cdef inline const uint16_t* controls_of(const Piece* piece) noexcept nogil:
    """The controls of the synapses of a piece."""
    return <const uint16_t*> (piece.row + piece.row[PLASTIC_SIZE] + 3) + piece.first


cdef inline void lay_plastic(Workbench* bench, int32_t k, int32_t first, int32_t n, int32_t tick) noexcept nogil:
    """Put synapses ``first .. first + n`` of row `k` on the bench: find the spikes of their targets that count."""
    cdef Visit* visit = bench.of[k]
    cdef const Core* core = visit.core
    cdef const Dynamic* bank = visit.bank
    cdef Piece* piece = &bench.piece[bench.piece_count]
    cdef int32_t lane = bench.lane_count
    cdef int32_t before = bench.before[k]
    cdef int32_t index_mask = (1 << core.index_bits) - 1
    cdef const uint16_t* weight
    cdef const uint16_t* control
    cdef int32_t entry, until, back, begun, j
    piece[0] = Piece(bench.row[k], visit, first, lane, n)
    weight, control = weights_of(bank, piece), controls_of(piece)
    for j in range(n):
        bench.from_row[lane + j] = k
        bench.weight[lane + j] = <int32_t> (<uint32_t> weight[j] << bank.shift)
    for j in range(n):
        back = bank.back[(control[j] >> core.slot_bits) & (SLOTS - 1)]
        entry = (control[j] & index_mask) * HISTORY
        until = entries_until(bank.history.time + entry, max(tick - back, 0))
        bench.back[lane + j] = back
        begun = max(before - max(back, 0), 0)
        bench.first[lane + j] = entry + entries_until(bank.history.time + entry, begun)
        bench.last[lane + j] = entry + until - 1 if until > 1 else -1
        if bench.first[lane + j] == entry + 1 and before:
            visit.tally.forgotten += bank.history.lost[entry // HISTORY] > begun
    bench.piece_count += 1
    bench.lane_count += n


cdef inline void change_weights(Workbench* bench, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """Apply all spikes to the synapses on the bench, store their weights, and add them to the ring buffer."""
    cdef Visit* visit = bench.of[0]
    cdef const Dynamic* bank = visit.bank
    cdef int32_t nth = 0
    cdef int32_t n = choose_with_spike(bench, nth)
    cdef int32_t p
    while n:
        apply_post(visit.core, bank, bench, WEIGHT, bench.weight, n, thread, run)
        visit.tally.routine_cycles += n * bank.apply_post.cycles
        nth += 1
        n = choose_with_spike(bench, nth)
    n = choose_with_target_seen(bench)
    apply_pre(visit.core, bank, bench, WEIGHT, bench.weight, n, tick, thread, run)
    visit.tally.routine_cycles += n * bank.apply_pre.cycles
    for p in range(bench.piece_count):
        store_piece(visit.core, bank, &bench.piece[p], bench.weight + bench.piece[p].lane, tick, &visit.tally)


cdef inline int32_t choose_with_spike(Workbench* bench, int32_t nth) noexcept nogil:
    """Choose the synapses that have an `nth` spike of the target to apply; how many they are."""
    cdef int32_t k, n = 0
    for k in range(bench.lane_count):
        bench.chosen[n] = k
        bench.entry[n] = bench.first[k] + nth
        n += bench.entry[n] <= bench.last[k]
    return n


cdef inline int32_t choose_with_target_seen(Workbench* bench) noexcept nogil:
    """Choose the synapses whose target has spiked; how many they are."""
    cdef int32_t k, n = 0
    for k in range(bench.lane_count):
        bench.chosen[n] = k
        bench.entry[n] = bench.last[k]
        n += bench.last[k] >= 0
    return n


cdef inline void apply_post(const Core* core, const Dynamic* bank, Workbench* bench, int32_t what, int32_t* values,
                            int32_t n, int32_t thread, program_t run) noexcept nogil:
    """The `values` (`WEIGHT`, or `what` else changes) of the `n` chosen synapses after a spike of the target.

    The interval between two spikes of the target takes in the delay back to the later one, as on the machine.
    """
    cdef const Routine* routine = &bank.apply_post
    cdef int32_t** registers = registers_of(routine, thread)
    cdef const int32_t* time = bank.history.time
    cdef int32_t* since_pre = register_of(routine, registers, SINCE_PRE)
    cdef int32_t* since_post = register_of(routine, registers, SINCE_POST)
    cdef int32_t* seen_post = register_of(routine, registers, SEEN_POST)
    cdef int32_t k, c
    if since_pre != NULL:
        for k in range(n):
            c = bench.chosen[k]
            since_pre[k] = time[bench.entry[k]] + bench.back[c] - bench.before[bench.from_row[c]]
    if since_post != NULL:
        for k in range(n):
            since_post[k] = time[bench.entry[k]] + bench.back[bench.chosen[k]] - time[bench.entry[k] - 1]
    if seen_post != NULL:
        for k in range(n):
            seen_post[k] = ONE_TRACE if time[bench.entry[k] - 1] else 0
    give_pre(routine, registers, bank, bench, &bench.old_trace[0][0], n)
    give_post_traces(routine, registers, bank, bench, core.n, n)
    run_chosen(routine, register_of(routine, registers, what), registers, bench, values, n, run)


cdef inline void apply_pre(const Core* core, const Dynamic* bank, Workbench* bench, int32_t what, int32_t* values,
                           int32_t n, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """The `values` of the `n` chosen synapses after the spike of the source."""
    cdef const Routine* routine = &bank.apply_pre
    cdef int32_t** registers = registers_of(routine, thread)
    cdef const int32_t* time = bank.history.time
    cdef int32_t* since_pre = register_of(routine, registers, SINCE_PRE)
    cdef int32_t* since_post = register_of(routine, registers, SINCE_POST)
    cdef int32_t* seen_post = register_of(routine, registers, SEEN_POST)
    cdef int32_t k, since
    if since_pre != NULL:
        for k in range(n):
            since_pre[k] = tick - bench.before[bench.from_row[bench.chosen[k]]]
    if since_post != NULL:
        for k in range(n):
            since = tick - bench.back[bench.chosen[k]] - time[bench.entry[k]]
            since_post[k] = since if since >= 0 else LONG_AGO
    if seen_post != NULL:
        for k in range(n):
            seen_post[k] = ONE_TRACE if time[bench.entry[k]] else 0
    give_pre(routine, registers, bank, bench, &bench.new_trace[0][0], n)
    give_post_traces(routine, registers, bank, bench, core.n, n)
    run_chosen(routine, register_of(routine, registers, what), registers, bench, values, n, run)


cdef inline void give_pre(const Routine* routine, int32_t** registers, const Dynamic* bank, const Workbench* bench,
                          const int32_t* traces, int32_t n) noexcept nogil:
    """What spikes of the source left: `traces` of the rows, and whether there was a spike before."""
    cdef int32_t* seen = register_of(routine, registers, SEEN_PRE)
    cdef int32_t* words
    cdef int32_t k, t
    for t in range(bank.traces):
        words = register_of(routine, registers, PRE_TRACE + t)
        if words != NULL:
            for k in range(n):
                words[k] = traces[t * LANES + bench.from_row[bench.chosen[k]]]
    if seen != NULL:
        for k in range(n):
            seen[k] = ONE_TRACE if bench.before[bench.from_row[bench.chosen[k]]] else 0


cdef inline void give_post_traces(const Routine* routine, int32_t** registers, const Dynamic* bank,
                                  const Workbench* bench, int32_t neurons, int32_t n) noexcept nogil:
    """The traces that the spike of the target left."""
    cdef int32_t* words
    cdef const int16_t* trace
    cdef int32_t k, t
    for t in range(bank.history.traces):
        words = register_of(routine, registers, POST_TRACE + t)
        if words != NULL:
            trace = bank.history.trace + t * neurons * HISTORY
            for k in range(n):
                words[k] = trace[bench.entry[k]]


cdef inline void run_chosen(const Routine* routine, int32_t* words, int32_t** registers, const Workbench* bench,
                            int32_t* values, int32_t n, program_t run) noexcept nogil:
    """Run a routine over the `values` of the chosen synapses, which it has in the register `words`."""
    cdef int32_t k
    for k in range(n):
        words[k] = values[bench.chosen[k]]
    run_lanes(routine, registers, n, run)
    for k in range(n):
        values[bench.chosen[k]] = words[k]


cdef inline void store_piece(Core* core, const Dynamic* bank, const Piece* piece, const int32_t* words, int32_t tick,
                             Tally* tally) noexcept nogil:
    """Store 16 bits of each weight, and add them to the ring buffer."""
    cdef uint16_t* weight = weights_of(bank, piece)
    cdef int32_t j
    for j in range(piece.n):
        weight[j] = <uint16_t> (words[j] >> bank.shift)
    add_to_ring(core, controls_of(piece), weight, piece.n, tick, tally)


cdef inline void add_to_ring(Core* core, const uint16_t* control, const uint16_t* sent, int32_t n, int32_t tick,
                             Tally* tally) noexcept nogil:
    """Add what `n` synapses send to the ring buffer."""
    cdef uint16_t* ring = core.ring
    cdef uint32_t now = <uint32_t> tick << core.slot_bits
    cdef uint32_t inside = (<uint32_t> SLOTS << core.slot_bits) - 1
    cdef uint32_t place, sum, over, saturations = 0
    cdef int32_t j
    for j in range(n):
        place = (control[j] + now) & inside
        sum = ring[place] + <uint32_t> sent[j]
        over = sum >> 16
        saturations += over
        ring[place] = <uint16_t> (sum | (0 - over))
    tally.saturations += saturations
