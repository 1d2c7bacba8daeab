"""Rows of synapses that release: what a spike sends follows from the spikes before it and from chance.

Each synapse has states and parameters of its own.  The program runs over the synapses of all rows of a batch at once;
what it sends is rounded to the resolution of the ring buffer.
"""

from libc.stdint cimport int32_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

from emulator.draws cimport draw_word
from emulator.plastic cimport add_to_ring, controls_of, register_of, registers_of, run_lanes
from emulator.row cimport LAST_SPIKE, PLASTIC_SIZE
from emulator.state cimport DRAW, LANES, SENT, SINCE_PRE, WEIGHT, Core, Dynamic, Piece, Tally, Workbench
from emulator.update cimport program_t

cdef enum:
    SPIKES = 2              # word of a row: spikes so far
    RELEASE_HEADER = 3      # words before the weights, plastic size included
    LARGEST = 0xFFFF


cdef inline void take_release_row(Workbench* bench, uint32_t* row, int32_t tick) noexcept nogil:
    """Put a row on the bench; its last spike is the one of this tick from now on."""
    bench.row[bench.row_count] = row
    bench.before[bench.row_count] = <int32_t> row[LAST_SPIKE]
    row[LAST_SPIKE] = <uint32_t> tick
    bench.row_count += 1


cdef inline void process_release_rows(Core* core, Dynamic* bank, int32_t tick, int32_t thread, Workbench* bench,
                                      program_t run, Tally* tally) noexcept nogil:
    """Let the rows on the bench release into the ring buffer."""
    cdef uint32_t* row
    cdef int32_t count, first, n, k
    bench.lane_count = bench.piece_count = 0
    for k in range(bench.row_count):
        row = bench.row[k]
        count = <int32_t> row[row[PLASTIC_SIZE] + 2]
        first = 0
        while first < count:
            n = min(count - first, LANES - bench.lane_count)
            lay_piece(bank, bench, k, first, n, count, tick, thread)
            first += n
            if bench.lane_count == LANES:
                release_pieces(core, bank, tick, thread, bench, run, tally)
        tally.dynamic_events += count
        row[SPIKES] += 1
    release_pieces(core, bank, tick, thread, bench, run, tally)
    tally.dynamic_rows += bench.row_count
    bench.row_count = 0


cdef inline int32_t* words_of(uint32_t* row, int32_t number, int32_t count) noexcept nogil:
    """Words number `number` of the `count` synapses of a row."""
    return <int32_t*> (row + RELEASE_HEADER + (count + 1) // 2 + number * count)


cdef inline void lay_piece(Dynamic* bank, Workbench* bench, int32_t k, int32_t first, int32_t n, int32_t count,
                           int32_t tick, int32_t thread) noexcept nogil:
    """Put synapses ``first .. first + n`` of row `k` on the bench."""
    cdef int32_t** registers = registers_of(&bank.release, thread)
    cdef uint32_t* row = bench.row[k]
    cdef const uint16_t* stored = <const uint16_t*> (row + RELEASE_HEADER) + first
    cdef int32_t lane = bench.lane_count
    cdef int32_t* weight = register_of(&bank.release, registers, WEIGHT)
    cdef int32_t* since = register_of(&bank.release, registers, SINCE_PRE)
    cdef int32_t j
    for j in range(n):
        if weight != NULL:
            weight[lane + j] = <int32_t> (<uint32_t> stored[j] << bank.shift)
        if since != NULL:
            since[lane + j] = tick - bench.before[k]
    for j in range(bank.word_count):
        if bank.word_register[j] >= 0:
            memcpy(registers[bank.word_register[j]] + lane, words_of(row, j, count) + first, n * sizeof(int32_t))
    if bank.draws:
        draw_words(bank, registers, row, words_of(row, bank.word_count - 1, count) + first, lane, n)
    bench.piece[bench.piece_count] = Piece(row, first, lane, n)
    bench.piece_count += 1
    bench.lane_count += n


cdef inline void draw_words(const Dynamic* bank, int32_t** registers, const uint32_t* row, const int32_t* stream,
                            int32_t lane, int32_t n) noexcept nogil:
    """Random numbers, s0.31, for synapses of the given streams."""
    cdef uint64_t number = <uint64_t> row[SPIKES] * <uint64_t> bank.draws
    cdef int32_t* words
    cdef int32_t d, j
    for d in range(bank.draws):
        words = register_of(&bank.release, registers, DRAW + d)
        if words != NULL:
            for j in range(n):
                words[lane + j] = <int32_t> (draw_word(bank.key, <uint32_t> stream[j], number + d) >> 1)


cdef inline void release_pieces(Core* core, Dynamic* bank, int32_t tick, int32_t thread, Workbench* bench,
                                program_t run, Tally* tally) noexcept nogil:
    """Run the program over what is on the bench; keep the states, and add what is sent to the ring buffer."""
    cdef int32_t** registers = registers_of(&bank.release, thread)
    cdef const int32_t* sent = register_of(&bank.release, registers, SENT)
    cdef int32_t p
    run_lanes(&bank.release, registers, bench.lane_count, run)
    tally.routine_cycles += bench.lane_count * bank.release.cycles
    for p in range(bench.piece_count):
        send_piece(core, bank, &bench.piece[p], registers, sent + bench.piece[p].lane, tick, tally)
    bench.lane_count = bench.piece_count = 0


cdef inline void send_piece(Core* core, const Dynamic* bank, const Piece* piece, int32_t** registers,
                            const int32_t* sent, int32_t tick, Tally* tally) noexcept nogil:
    """States back to the row, and what was `sent` to the ring buffer."""
    cdef int32_t count = <int32_t> piece.row[piece.row[PLASTIC_SIZE] + 2]
    cdef int32_t half = (1 << bank.shift) >> 1
    cdef uint16_t rounded[LANES]
    cdef int32_t j
    for j in range(bank.state_count):
        memcpy(words_of(piece.row, j, count) + piece.first, registers[bank.word_register[j]] + piece.lane,
               piece.n * sizeof(int32_t))
    for j in range(piece.n):
        rounded[j] = <uint16_t> min(max((sent[j] + half) >> bank.shift, 0), LARGEST)
    add_to_ring(core, controls_of(piece), rounded, piece.n, tick, tally)
