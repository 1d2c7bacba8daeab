"""Modulated rows: plastic ones whose spikes change eligibilities, which with dopamine change the weights.

As with other plastic rows, all that has happened since the row was fetched before is gone through when it is fetched
again.  Here that are two kinds of events: spikes of the target, and arrivals of dopamine.  Each synapse goes from event
to event, and through the time between two of them by the program `elapse`; those on the bench go side by side, to the
first event of each, to the second, and so on.  At last all go to the tick of the fetch, where the spike of the source is.

A dose of tick a counts as one of ``a + lag``, as a spike of the target counts as one of ``p + back``.
"""

from libc.stdint cimport int32_t, uint16_t, uint32_t

from emulator.plastic cimport (
    add_to_ring,
    apply_post,
    apply_pre,
    choose_with_target_seen,
    controls_of,
    entries_until,
    register_of,
    registers_of,
    run_lanes,
    synapses_of,
    weights_of,
)
from emulator.row cimport LAST_SPIKE
from emulator.state cimport (
    DOPAMINE,
    DOSE,
    ELIGIBILITY,
    HISTORY,
    SINCE,
    SLOTS,
    WEIGHT,
    Core,
    Dynamic,
    Piece,
    Routine,
    Tally,
    Workbench,
)
from emulator.update cimport program_t

cdef enum:
    FRACTION_WORD = 0       # words of each synapse: what its weight is above the stored one
    ELIGIBILITY_WORD = 1
    FRACTION_BITS = 15      # of a weight in steps of the stored one
    NO_EVENT = 0x7FFFFFFF


cdef inline int32_t* learning_words(const Dynamic* bank, const Piece* piece, int32_t number) noexcept nogil:
    """Words number `number` of the synapses of a piece."""
    cdef int32_t count = synapses_of(piece.row)
    cdef uint32_t* words = piece.row + LAST_SPIKE + 1 + (bank.traces + 1) // 2 + (count + 1) // 2
    return <int32_t*> words + number * count + piece.first


cdef inline void lay_learning(Workbench* bench, int32_t tick) noexcept nogil:
    """Weights in full, eligibilities, and the dopamine that counts, for the piece that was laid last."""
    cdef const Piece* piece = &bench.piece[bench.piece_count - 1]
    cdef const Core* core = piece.visit.core
    cdef const Dynamic* bank = piece.visit.bank
    cdef int32_t index_mask = (1 << core.index_bits) - 1
    cdef const uint16_t* weight = weights_of(bank, piece)
    cdef const uint16_t* control = controls_of(piece)
    cdef const int32_t* fraction = learning_words(bank, piece, FRACTION_WORD)
    cdef const int32_t* eligibility = learning_words(bank, piece, ELIGIBILITY_WORD)
    cdef int32_t j, lane, lag, before, begun, entry
    for j in range(piece.n):
        lane = piece.lane + j
        before = bench.before[bench.from_row[lane]]
        lag = bank.lag[(control[j] >> core.slot_bits) & (SLOTS - 1)]
        entry = (control[j] & index_mask) * HISTORY
        bench.weight[lane] = <int32_t> ((<uint32_t> weight[j] << FRACTION_BITS) + <uint32_t> fraction[j])
        bench.eligibility[lane] = eligibility[j]
        bench.now[lane] = before
        bench.lag[lane] = lag
        begun = max(before - max(lag, 0), 0)
        bench.next_dose[lane] = entry + entries_until(bank.doses.time + entry, begun)
        bench.last_dose[lane] = entry + entries_until(bank.doses.time + entry, max(tick - lag, 0)) - 1
        if before:
            piece.visit.tally.merged += bank.doses.lost[entry // HISTORY] > begun


cdef inline void learn(Workbench* bench, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """Take the synapses on the bench through all events, store them, and add their weights to the ring buffer."""
    cdef Core* core = bench.of[0].core
    cdef const Dynamic* bank = bench.of[0].bank
    cdef Tally* tally = &bench.of[0].tally
    cdef int32_t n, posts, p
    find_dopamine(bank, bench, thread, run)
    tally.routine_cycles += bench.lane_count * bank.doses.add_dose.cycles
    n = choose_with_event(bank, bench)
    while n:
        elapse(bank, bench, n, thread, run)
        posts = take_doses(bank, bench, n)
        apply_post(core, bank, bench, ELIGIBILITY, bench.eligibility, posts, thread, run)
        tally.routine_cycles += n * bank.elapse.cycles + posts * bank.apply_post.cycles
        n = choose_with_event(bank, bench)
    n = choose_all(bench, tick)
    elapse(bank, bench, n, thread, run)
    tally.routine_cycles += n * bank.elapse.cycles
    n = choose_with_target_seen(bench)
    apply_pre(core, bank, bench, ELIGIBILITY, bench.eligibility, n, tick, thread, run)
    tally.routine_cycles += n * bank.apply_pre.cycles
    for p in range(bench.piece_count):
        store_learning(core, bank, &bench.piece[p], bench, tick, tally)


cdef inline void find_dopamine(const Dynamic* bank, Workbench* bench, int32_t thread, program_t run) noexcept nogil:
    """The concentration that each synapse starts with: what the dose before has left since."""
    cdef const Routine* routine = &bank.doses.add_dose
    cdef int32_t** registers = registers_of(routine, thread)
    cdef int32_t* dopamine = register_of(routine, registers, DOPAMINE)
    cdef int32_t* since = register_of(routine, registers, SINCE)
    cdef int32_t* dose = register_of(routine, registers, DOSE)
    cdef int32_t k, entry
    for k in range(bench.lane_count):
        entry = bench.next_dose[k] - 1
        dopamine[k] = bank.doses.after[entry]
        if since != NULL:
            since[k] = max(bench.now[k] - bench.lag[k] - bank.doses.time[entry], 0)
        if dose != NULL:
            dose[k] = 0
    run_lanes(routine, registers, bench.lane_count, run)
    for k in range(bench.lane_count):
        bench.dopamine[k] = dopamine[k]


cdef inline int32_t choose_with_event(const Dynamic* bank, Workbench* bench) noexcept nogil:
    """Choose the synapses that have an event left, and find when it is; how many they are."""
    cdef int32_t k, spike, dose, n = 0
    for k in range(bench.lane_count):
        spike = bank.history.time[bench.first[k]] + bench.back[k] if bench.first[k] <= bench.last[k] else NO_EVENT
        dose = bank.doses.time[bench.next_dose[k]] + bench.lag[k] if bench.next_dose[k] <= bench.last_dose[k] else NO_EVENT
        bench.chosen[n] = k
        bench.until[k] = min(spike, dose)
        bench.entry[n] = bench.first[k] if spike <= dose else -1
        n += bench.until[k] < NO_EVENT
    return n


cdef inline int32_t choose_all(Workbench* bench, int32_t tick) noexcept nogil:
    """Choose all synapses, to go through the time up to `tick`; how many they are."""
    cdef int32_t k
    for k in range(bench.lane_count):
        bench.chosen[k] = k
        bench.until[k] = tick
    return bench.lane_count


cdef inline int32_t take_doses(const Dynamic* bank, Workbench* bench, int32_t n) noexcept nogil:
    """Let dopamine arrive where it is the event of the `n` chosen synapses; choose the others, how many they are."""
    cdef int32_t k, lane, posts = 0
    for k in range(n):
        lane = bench.chosen[k]
        if bench.entry[k] < 0:
            bench.dopamine[lane] = bank.doses.after[bench.next_dose[lane]]
            bench.next_dose[lane] += 1
        else:
            bench.chosen[posts] = lane
            bench.entry[posts] = bench.entry[k]
            bench.first[lane] += 1
            posts += 1
    return posts


cdef inline void elapse(const Dynamic* bank, Workbench* bench, int32_t n, int32_t thread, program_t run) noexcept nogil:
    """Take the `n` chosen synapses through the time until their next event."""
    cdef const Routine* routine = &bank.elapse
    cdef int32_t** registers = registers_of(routine, thread)
    cdef int32_t* weight = register_of(routine, registers, WEIGHT)
    cdef int32_t* eligibility = register_of(routine, registers, ELIGIBILITY)
    cdef int32_t* dopamine = register_of(routine, registers, DOPAMINE)
    cdef int32_t* since = register_of(routine, registers, SINCE)
    cdef int32_t k, lane
    for k in range(n):
        lane = bench.chosen[k]
        weight[k], eligibility[k] = bench.weight[lane], bench.eligibility[lane]
        dopamine[k] = bench.dopamine[lane]
        if since != NULL:
            since[k] = max(bench.until[lane] - bench.now[lane], 0)
        bench.now[lane] = max(bench.until[lane], bench.now[lane])
    run_lanes(routine, registers, n, run)
    for k in range(n):
        lane = bench.chosen[k]
        bench.weight[lane], bench.eligibility[lane] = weight[k], eligibility[k]
        bench.dopamine[lane] = dopamine[k]


cdef inline void store_learning(Core* core, const Dynamic* bank, const Piece* piece, const Workbench* bench,
                                int32_t tick, Tally* tally) noexcept nogil:
    """Store weights, rounded to the nearest, with what that leaves, and eligibilities; add the weights to the ring."""
    cdef uint16_t* weight = weights_of(bank, piece)
    cdef int32_t* fraction = learning_words(bank, piece, FRACTION_WORD)
    cdef int32_t* eligibility = learning_words(bank, piece, ELIGIBILITY_WORD)
    cdef uint32_t word
    cdef int32_t j
    for j in range(piece.n):
        word = <uint32_t> bench.weight[piece.lane + j]
        weight[j] = <uint16_t> ((word + (1 << FRACTION_BITS - 1)) >> FRACTION_BITS)
        fraction[j] = <int32_t> (word - (<uint32_t> weight[j] << FRACTION_BITS))
        eligibility[j] = bench.eligibility[piece.lane + j]
    add_to_ring(core, controls_of(piece), weight, piece.n, tick, tally)
