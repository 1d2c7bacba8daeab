"""The second half of a tick, core by core: packets find their rows, rows are added to the ring buffers.

A core takes the spikes of this tick source by source, in the order of the image.  Rows lie anywhere in
memory, and waiting for them would take most of the time.  So the rows are noted in a batch first, the first line of
each being asked for; then they are added one after the other, the rest of a row being asked for while the
rows before it are added.  (Measured with rows of 125 words: 560 M synaptic events a second, against 300 M where
four lines of each row are asked for when it is noted.)
"""

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset

from emulator.dynamic cimport fetch_rows, note_row
from emulator.growable cimport Ints, push_pair
from emulator.row cimport FIXED_COUNT, HEADER_WORDS, WEIGHT_SHIFT
from emulator.state cimport DELAY, SLOTS, VISITS, Core, Feed, Group, Machine, Tally, Workbench
from emulator.update cimport program_t

cdef extern from *:
    """
    #define prefetch(address) __builtin_prefetch(address, 0, 3)
    #define lowest_bit(word) __builtin_ctzll(word)
    #define count_bits(word) __builtin_popcountll(word)
    """
    void prefetch(const void* address) noexcept nogil
    int32_t lowest_bit(uint64_t word) noexcept nogil
    int32_t count_bits(uint64_t word) noexcept nogil

cdef enum:
    BATCH = 256
    SENDERS = 32
    LINE_WORDS = 16
    AHEAD = 8           # rows between the one that is added and the one that is asked for
    AHEAD_WORDS = 512   # of a row; what comes after these the processor foresees by itself

ctypedef struct Batch:
    int32_t n
    const uint32_t* row[BATCH]
    uint32_t stride[BATCH]

ctypedef struct Sender:
    const Feed* feeds
    int64_t feed_count
    const Ints* out

ctypedef struct Senders:
    int32_t n
    Sender sender[SENDERS]


cdef inline void finish_tick(Machine* machine, int32_t number, int32_t thread, int32_t tick,
                             program_t run) noexcept nogil:
    """Core `number` takes its packets of this tick; then its tick is over, unless it has rows with dynamics to fetch.

    Those are processed for several cores at once, by `finish_visits`: so their programs find more synapses to run over,
    and the rows have time to come from memory.
    """
    cdef Core* core = &machine.cores[number]
    cdef uint64_t* spiking = machine.spiking + (tick & 1) * machine.spiking_words
    cdef Workbench* bench = &machine.benches[thread]
    cdef const Group* group
    cdef Tally tally
    cdef Senders senders
    cdef Batch batch
    cdef uint64_t heard
    cdef int64_t g
    memset(&tally, 0, sizeof(Tally))
    senders.n = 0
    batch.n = 0
    for g in range(core.group_count):
        group = &core.groups[g]
        heard = group.bits & spiking[group.word]
        while heard:
            note_sender(machine, group, heard, &senders)
            heard &= heard - 1
            if senders.n == SENDERS:
                take_senders(core, &senders, tick, &batch, &tally)
    take_senders(core, &senders, tick, &batch, &tally)
    add_rows(core, &batch, tick, &tally)
    if number & 63 == 0:
        # The other set was read in the tick before and is written in the next.
        machine.spiking[((tick & 1) ^ 1) * machine.spiking_words + (number >> 6)] = 0
    if core.dynamic_count:
        bench.visit[bench.visit_count].core = core
        bench.visit[bench.visit_count].tally = tally
        bench.visit_count += 1
        if bench.visit_count == VISITS:
            finish_visits(machine, thread, tick, run)
    else:
        close_account(core, &tally, machine.cycles_per_tick)


cdef inline void finish_visits(Machine* machine, int32_t thread, int32_t tick, program_t run) noexcept nogil:
    """Process the rows with dynamics that some cores have noted; then their tick is over, too."""
    cdef Workbench* bench = &machine.benches[thread]
    cdef int32_t v
    if bench.visit_count:
        fetch_rows(bench, tick, thread, run)
    for v in range(bench.visit_count):
        close_account(bench.visit[v].core, &bench.visit[v].tally, machine.cycles_per_tick)
    bench.visit_count = 0


cdef inline void note_sender(Machine* machine, const Group* group, uint64_t heard, Senders* senders) noexcept nogil:
    """Note the source of the lowest bit of `heard`, and ask for its feeds."""
    cdef Sender* sender = &senders.sender[senders.n]
    cdef int32_t bit = lowest_bit(heard)
    cdef int64_t first = group.first + count_bits(group.bits & (((<uint64_t> 1) << bit) - 1))
    sender.feed_count = 1
    if not group.single:
        sender.feed_count = machine.pair_start[first + 1] - machine.pair_start[first]
        first = machine.pair_start[first]
    sender.feeds = machine.feeds + first
    sender.out = &machine.cores[64 * group.word + bit].out
    prefetch(sender.feeds)
    senders.n += 1


cdef inline void take_senders(Core* core, Senders* senders, int32_t tick, Batch* batch, Tally* tally) noexcept nogil:
    """The packets of all sources noted."""
    cdef int32_t k
    for k in range(senders.n):
        take_packets(core, senders.sender[k].feeds, senders.sender[k].feed_count, senders.sender[k].out, tick, batch,
                     tally)
    senders.n = 0


cdef inline void take_packets(Core* core, const Feed* feeds, int64_t feed_count, const Ints* out, int32_t tick,
                              Batch* batch, Tally* tally) noexcept nogil:
    """The packets of one source, in the order in which they were sent, however many feeds they are spread over."""
    cdef Py_ssize_t k
    cdef int64_t f
    cdef uint32_t i
    for k in range(out.n):
        i = <uint32_t> out.data[k]
        for f in range(feed_count):
            if i & feeds[f].filter_mask == feeds[f].filter_key:
                take_packet(core, &feeds[f], i, tick, batch, tally)


cdef inline void take_packet(Core* core, const Feed* feed, uint32_t i, int32_t tick, Batch* batch,
                             Tally* tally) noexcept nogil:
    """Packet number `i` of a source: note its row, or put it in the queue of a delay core."""
    cdef const uint32_t* row
    if feed.bank > 0:
        note_row(core, feed, i, tick)
        return
    tally.packets += 1
    if feed.stride == 0:
        tally.unmatched += feed.bank == 0
    elif core.kind == DELAY:
        push_pair(&core.heard, tick, feed.offset + <int32_t> (i & feed.index_mask))
    else:
        row = feed.rows + <uint64_t> (i & feed.index_mask) * feed.stride
        prefetch(row)
        batch.row[batch.n] = row
        batch.stride[batch.n] = feed.stride
        batch.n += 1
        if batch.n == BATCH:
            add_rows(core, batch, tick, tally)


cdef inline void add_rows(Core* core, Batch* batch, int32_t tick, Tally* tally) noexcept nogil:
    """Add the rows of the batch to the ring buffer; a sum stops at 0xffff and is counted."""
    cdef uint16_t* ring = core.ring
    cdef uint32_t now = <uint32_t> tick << core.slot_bits
    cdef uint32_t inside = (<uint32_t> SLOTS << core.slot_bits) - 1
    cdef uint32_t word, place, sum, over, saturations = 0
    cdef const uint32_t* row
    cdef uint32_t j
    cdef int32_t k
    for k in range(batch.n):
        if k + AHEAD < batch.n:
            ask_for(batch.row[k + AHEAD], batch.stride[k + AHEAD])
        row = batch.row[k]
        tally.events += row[FIXED_COUNT]
        for j in range(HEADER_WORDS, HEADER_WORDS + row[FIXED_COUNT]):
            word = row[j]
            place = (word + now) & inside
            sum = ring[place] + (word >> WEIGHT_SHIFT)
            over = sum >> 16
            saturations += over
            ring[place] = <uint16_t> (sum | (0 - over))
    tally.rows += batch.n
    tally.saturations += saturations
    batch.n = 0


cdef inline void ask_for(const uint32_t* row, uint32_t stride) noexcept nogil:
    """Have all lines of a row but the first brought to the cache."""
    cdef uint32_t word = LINE_WORDS
    while word < stride and word < AHEAD_WORDS:
        prefetch(row + word)
        word += LINE_WORDS


cdef inline void close_account(Core* core, const Tally* tally, double cycles_per_tick) noexcept nogil:
    """Cycles of this tick, and whether they were too many."""
    core.cycles += (tally.packets * core.costs.packet + tally.rows * core.costs.row
                    + tally.events * core.costs.event + tally.dynamic_rows * core.costs.dynamic_row
                    + tally.dynamic_events * core.costs.dynamic_event + tally.routine_cycles)
    core.cycles_total += core.cycles
    if core.cycles > core.cycles_max:
        core.cycles_max = core.cycles
    if core.cycles > cycles_per_tick:
        core.overruns += 1
    core.tally.packets += tally.packets
    core.tally.unmatched += tally.unmatched
    core.tally.rows += tally.rows
    core.tally.events += tally.events
    core.tally.saturations += tally.saturations
    core.tally.dynamic_rows += tally.dynamic_rows
    core.tally.dynamic_events += tally.dynamic_events
    core.tally.forgotten += tally.forgotten
    core.tally.merged += tally.merged
