"""Rows of synapses with dynamics: noted when a packet comes, fetched in the same tick or some ticks later.

The cores of a thread are visited in groups: first each notes its rows, which are asked for, then the rows of all are
processed, bank by bank.  A row goes on the bench with others that have the same programs; then the synapses of all rows
there are laid side by side, in lanes, and the programs run over as many of them as there are lanes at a time.
(Each of 17 cores gets two rows of five synapses a tick, in a network of 4,000 cells: alone they would fill one vector.)

A row may be asked for twice in a tick, by two packets of one source.  The second must find what the first left, so
the rows on the bench are processed before a row comes that is there already.
"""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t
from libc.string cimport memmove

from emulator.growable cimport push, push_pair
from emulator.modulated cimport lay_learning, learn
from emulator.plastic cimport add_pre_spikes, add_to_ring, change_weights, lay_plastic, synapses_of, traces_of
from emulator.release cimport SPIKES, lay_releasing, release_lanes
from emulator.row cimport LAST_SPIKE, PLASTIC_CONTROL_COUNT, PLASTIC_SIZE
from emulator.state cimport LANES, Core, Dynamic, Feed, Tally, Visit, Workbench
from emulator.update cimport program_t

cdef extern from *:
    """
    #define prefetch_row(address) __builtin_prefetch(address, 1, 3)
    """
    void prefetch_row(const void* address) noexcept nogil

cdef enum:
    LINE_WORDS = 16
    FIRST_WORDS = 48        # of a row, asked for when it is noted
    KEPT_PAIRS = 4096       # so seldom is the queue moved to the front


cdef inline void note_row(Core* core, const Feed* feed, uint32_t i, int32_t tick) noexcept nogil:
    """Note the row of packet `i`, and ask for it if it is needed in this tick."""
    cdef Dynamic* bank = &core.dynamic[feed.bank - 1]
    cdef int32_t word = feed.offset + <int32_t> ((i & feed.index_mask) * feed.stride)
    push_pair(&bank.waiting, tick + bank.defer, word)
    if bank.heard != NULL:
        push(bank.heard, word)
    if bank.defer == 0:
        ask_for_words(bank.rows + word, 0, min(feed.stride, <uint32_t> FIRST_WORDS))


cdef inline void ask_for_words(const uint32_t* row, uint32_t first, uint32_t stop) noexcept nogil:
    """Have words of a row brought to the cache, from `first` on."""
    while first < stop:
        prefetch_row(row + first)
        first += LINE_WORDS


cdef inline void fetch_rows(Workbench* bench, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """Process all rows of the cores visited that are due in this tick."""
    cdef int32_t b, v, banks = 0
    cdef Visit* visit
    for v in range(bench.visit_count):
        banks = max(banks, bench.visit[v].core.dynamic_count)
    for b in range(banks):
        for v in range(bench.visit_count):
            visit = &bench.visit[v]
            if b < visit.core.dynamic_count:
                visit.bank = &visit.core.dynamic[b]
                fetch_rows_of_bank(bench, visit, tick, thread, run)
        process_rows(bench, tick, thread, run)


cdef inline void fetch_rows_of_bank(Workbench* bench, Visit* visit, int32_t tick, int32_t thread,
                                    program_t run) noexcept nogil:
    """Put the rows of one bank that are due on the bench; those that are there are processed when need be."""
    cdef Dynamic* bank = visit.bank
    cdef const int32_t* pair = bank.waiting.data + 2 * bank.fetched
    cdef const int32_t* end = bank.waiting.data + bank.waiting.n
    cdef uint32_t* row
    if pair == end or pair[0] > tick:
        return
    if bench.row_count and not alike(bank, bench.of[0].bank):
        process_rows(bench, tick, thread, run)
    while pair < end and pair[0] <= tick:
        row = bank.rows + pair[1]
        if bank.fixed:
            add_fixed_row(visit.core, row, tick, &visit.tally)
        else:
            if bench.row_count == LANES or row[LAST_SPIKE] == <uint32_t> tick:
                process_rows(bench, tick, thread, run)
            take_row(bench, visit, row, tick)
        pair += 2
    bank.fetched = (pair - bank.waiting.data) // 2
    if bank.fetched == bank.waiting.n // 2 or bank.fetched >= KEPT_PAIRS:
        forget_fetched(bank)


cdef inline bint alike(const Dynamic* bank, const Dynamic* other) noexcept nogil:
    """Whether one program does for the rows of both."""
    return bank.releases and other.releases and bank.program == other.program


cdef inline void add_fixed_row(Core* core, uint32_t* row, int32_t tick, Tally* tally) noexcept nogil:
    """Add a row of fixed weights to the ring buffer; it costs what other rows of fixed weights do."""
    cdef const uint32_t* count = row + row[PLASTIC_SIZE] + PLASTIC_CONTROL_COUNT
    add_to_ring(core, <const uint16_t*> (count + 1), <const uint16_t*> (row + 1), <int32_t> count[0], tick, tally)
    tally.events += count[0]
    tally.rows += 1


cdef inline void take_row(Workbench* bench, Visit* visit, uint32_t* row, int32_t tick) noexcept nogil:
    """Put a row on the bench; its last spike is the one of this tick from now on."""
    cdef int32_t t, k = bench.row_count
    bench.row[k], bench.of[k] = row, visit
    bench.before[k] = <int32_t> row[LAST_SPIKE]
    ask_for_words(row, FIRST_WORDS, row[PLASTIC_SIZE])
    row[LAST_SPIKE] = <uint32_t> tick
    if visit.bank.releases:
        row[SPIKES] += 1
    else:
        for t in range(visit.bank.traces):
            bench.old_trace[t][k] = traces_of(row)[t]
    bench.row_count += 1


cdef inline void process_rows(Workbench* bench, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """Process the rows on the bench, if there are any: synapse beside synapse."""
    cdef int32_t count, first, n, k
    if bench.row_count == 0:
        return
    bench.lane_count = bench.piece_count = 0
    if not bench.of[0].bank.releases:
        add_pre_spikes(bench, tick, thread, run)
    for k in range(bench.row_count):
        count = synapses_of(bench.row[k])
        first = 0
        while first < count:
            n = min(count - first, LANES - bench.lane_count)
            lay(bench, k, first, n, tick, thread)
            first += n
            if bench.lane_count == LANES:
                process_lanes(bench, tick, thread, run)
        bench.of[k].tally.dynamic_events += count
        bench.of[k].tally.dynamic_rows += 1
    process_lanes(bench, tick, thread, run)
    bench.row_count = 0


cdef inline void lay(Workbench* bench, int32_t k, int32_t first, int32_t n, int32_t tick,
                     int32_t thread) noexcept nogil:
    """Lay synapses ``first .. first + n`` of row `k` in the lanes that are free."""
    if bench.of[k].bank.releases:
        lay_releasing(bench, k, first, n, tick, thread)
    else:
        lay_plastic(bench, k, first, n, tick)
        if bench.of[k].bank.modulated:
            lay_learning(bench, tick)


cdef inline void process_lanes(Workbench* bench, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """Process the synapses that have been laid."""
    if bench.of[0].bank.releases:
        release_lanes(bench, tick, thread, run)
    elif bench.of[0].bank.modulated:
        learn(bench, tick, thread, run)
    else:
        change_weights(bench, tick, thread, run)
    bench.lane_count = bench.piece_count = 0


cdef inline void forget_fetched(Dynamic* bank) noexcept nogil:
    """Drop what has been fetched from the front of the queue."""
    bank.waiting.n -= 2 * bank.fetched
    memmove(bank.waiting.data, bank.waiting.data + 2 * bank.fetched, bank.waiting.n * sizeof(int32_t))
    bank.fetched = 0
