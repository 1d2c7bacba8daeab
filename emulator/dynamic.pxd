"""Rows of synapses with dynamics: noted when a packet comes, fetched in the same tick or some ticks later.

A row may be asked for twice in a tick, by two packets of one source.  The second must find what the first left, so
the rows on the bench are processed before a row comes that is there already.
"""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t
from libc.string cimport memmove

from emulator.growable cimport push, push_pair
from emulator.modulated cimport process_modulated_rows
from emulator.plastic cimport add_to_ring, process_plastic_rows, take_plastic_row
from emulator.release cimport process_release_rows, take_release_row
from emulator.row cimport LAST_SPIKE, PLASTIC_CONTROL_COUNT, PLASTIC_SIZE
from emulator.state cimport LANES, Core, Dynamic, Feed, Tally, Workbench
from emulator.update cimport program_t

cdef extern from *:
    """
    #define prefetch_row(address) __builtin_prefetch(address, 1, 3)
    """
    void prefetch_row(const void* address) noexcept nogil

cdef enum:
    LINE_WORDS = 16
    MOST_LINES = 8          # of a row, asked for at once
    KEPT_PAIRS = 4096       # so seldom is the queue moved to the front


cdef inline void note_row(Core* core, const Feed* feed, uint32_t i, int32_t tick) noexcept nogil:
    """Note the row of packet `i`, and ask for it if it is needed in this tick."""
    cdef Dynamic* bank = &core.dynamic[feed.bank - 1]
    cdef int32_t word = feed.offset + <int32_t> ((i & feed.index_mask) * feed.stride)
    cdef uint32_t ahead = 0
    push_pair(&bank.waiting, tick + bank.defer, word)
    if bank.heard != NULL:
        push(bank.heard, word)
    if bank.defer == 0:
        while ahead < feed.stride and ahead < MOST_LINES * LINE_WORDS:
            prefetch_row(bank.rows + word + ahead)
            ahead += LINE_WORDS


# fetch(core, tick, thread, bench, run, tally): `fetch_rows` as it is compiled for an instruction set.
ctypedef void (*fetch_t)(Core*, int32_t, int32_t, Workbench*, program_t, Tally*) noexcept nogil


cdef inline void fetch_rows(Core* core, int32_t tick, int32_t thread, Workbench* bench, program_t run,
                            Tally* tally) noexcept nogil:
    """Process all rows that are due in this tick."""
    cdef int32_t b
    for b in range(core.dynamic_count):
        if core.dynamic[b].waiting.n:
            fetch_rows_of_bank(core, &core.dynamic[b], tick, thread, bench, run, tally)


cdef inline void fetch_rows_of_bank(Core* core, Dynamic* bank, int32_t tick, int32_t thread, Workbench* bench,
                                    program_t run, Tally* tally) noexcept nogil:
    """Process the rows of one bank that are due."""
    cdef const int32_t* pair = bank.waiting.data + 2 * bank.fetched
    cdef const int32_t* end = bank.waiting.data + bank.waiting.n
    cdef uint32_t* row
    while pair < end and pair[0] <= tick:
        row = bank.rows + pair[1]
        if bank.fixed:
            add_fixed_row(core, row, tick, tally)
            pair += 2
            continue
        if bench.row_count == LANES or (bench.row_count and row[LAST_SPIKE] == <uint32_t> tick):
            process_rows(core, bank, tick, thread, bench, run, tally)
        if bank.releases:
            take_release_row(bench, row, tick)
        else:
            take_plastic_row(bench, bank, row, tick)
        pair += 2
    if bench.row_count:
        process_rows(core, bank, tick, thread, bench, run, tally)
    bank.fetched = (pair - bank.waiting.data) // 2
    if bank.fetched == bank.waiting.n // 2 or bank.fetched >= KEPT_PAIRS:
        forget_fetched(bank)


cdef inline void add_fixed_row(Core* core, uint32_t* row, int32_t tick, Tally* tally) noexcept nogil:
    """Add a row of fixed weights to the ring buffer; it costs what other rows of fixed weights do."""
    cdef const uint32_t* count = row + row[PLASTIC_SIZE] + PLASTIC_CONTROL_COUNT
    add_to_ring(core, <const uint16_t*> (count + 1), <const uint16_t*> (row + 1), <int32_t> count[0], tick, tally)
    tally.events += count[0]
    tally.rows += 1


cdef inline void process_rows(Core* core, Dynamic* bank, int32_t tick, int32_t thread, Workbench* bench,
                              program_t run, Tally* tally) noexcept nogil:
    """Process the rows on the bench."""
    if bank.releases:
        process_release_rows(core, bank, tick, thread, bench, run, tally)
    elif bank.modulated:
        process_modulated_rows(core, bank, tick, thread, bench, run, tally)
    else:
        process_plastic_rows(core, bank, tick, thread, bench, run, tally)


cdef inline void forget_fetched(Dynamic* bank) noexcept nogil:
    """Drop what has been fetched from the front of the queue."""
    bank.waiting.n -= 2 * bank.fetched
    memmove(bank.waiting.data, bank.waiting.data + 2 * bank.fetched, bank.waiting.n * sizeof(int32_t))
    bank.fetched = 0
