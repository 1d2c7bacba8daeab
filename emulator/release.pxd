"""Rows of synapses that release: what a spike sends follows from the spikes before it and from chance.

Each synapse has states and parameters of its own.  The program runs over the synapses of all rows of a batch at once,
those of several cores if they have the same program; what it sends is rounded to the resolution of the ring buffer.
"""

from libc.stdint cimport int32_t, uint16_t, uint32_t, uint64_t

from emulator.draws cimport draw_word
from emulator.lanes cimport add_lanes, fill_lanes, lay_places, lay_weights, lay_words, round_lanes, store_words
from emulator.plastic cimport controls_of, register_of, registers_of, run_lanes, synapses_of
from emulator.state cimport DRAW, SENT, SINCE_PRE, SLOTS, WEIGHT, Core, Dynamic, Piece, Workbench
from emulator.update cimport program_t

cdef enum:
    SPIKES = 2              # word of a row: spikes so far
    RELEASE_HEADER = 3      # words before the weights, plastic size included


cdef inline int32_t* words_of(uint32_t* row, int32_t number, int32_t count) noexcept nogil:
    """Words number `number` of the `count` synapses of a row."""
    return <int32_t*> (row + RELEASE_HEADER + (count + 1) // 2 + number * count)


cdef inline void lay_releasing(Workbench* bench, int32_t k, int32_t first, int32_t n, int32_t tick,
                               int32_t thread) noexcept nogil:
    """Put synapses ``first .. first + n`` of row `k` on the bench."""
    cdef const Core* core = bench.of[k].core
    cdef const Dynamic* bank = bench.of[k].bank
    cdef int32_t** registers = registers_of(&bank.release, thread)
    cdef uint32_t* row = bench.row[k]
    cdef int32_t count = synapses_of(row)
    cdef int32_t lane = bench.lane_count
    cdef int32_t* weight = register_of(&bank.release, registers, WEIGHT)
    cdef int32_t* since = register_of(&bank.release, registers, SINCE_PRE)
    cdef int32_t j
    if weight != NULL:
        lay_weights(weight + lane, <const uint16_t*> (row + RELEASE_HEADER) + first, n, bank.shift)
    if since != NULL:
        fill_lanes(since + lane, tick - bench.before[k], n)
    for j in range(bank.word_count):
        if bank.word_register[j] >= 0:
            lay_words(registers[bank.word_register[j]] + lane, words_of(row, j, count) + first, n)
    if bank.draws:
        draw_words(bank, registers, row, words_of(row, bank.word_count - 1, count) + first, lane, n)
    bench.piece[bench.piece_count] = Piece(row, bench.of[k], first, lane, n)
    lay_places(bench.place + lane, core.ring, controls_of(&bench.piece[bench.piece_count]),
               <uint32_t> tick << core.slot_bits, (<uint32_t> SLOTS << core.slot_bits) - 1, n)
    bench.piece_count += 1
    bench.lane_count += n


cdef inline void draw_words(const Dynamic* bank, int32_t** registers, const uint32_t* row, const int32_t* stream,
                            int32_t lane, int32_t n) noexcept nogil:
    """Random numbers, s0.31, for synapses of the given streams."""
    cdef uint64_t number = <uint64_t> (row[SPIKES] - 1) * <uint64_t> bank.draws
    cdef int32_t* words
    cdef int32_t d, j
    for d in range(bank.draws):
        words = register_of(&bank.release, registers, DRAW + d)
        if words != NULL:
            for j in range(n):
                words[lane + j] = <int32_t> (draw_word(bank.key, <uint32_t> stream[j], number + d) >> 1)


cdef inline void release_lanes(Workbench* bench, int32_t tick, int32_t thread, program_t run) noexcept nogil:
    """Run the program over what is on the bench; keep the states, and add what is sent to the ring buffers."""
    cdef const Dynamic* bank = bench.of[0].bank
    cdef int32_t** registers = registers_of(&bank.release, thread)
    cdef const int32_t* sent = register_of(&bank.release, registers, SENT)
    cdef int32_t p
    run_lanes(&bank.release, registers, bench.lane_count, run)
    for p in range(bench.piece_count):
        keep_states(bank, &bench.piece[p], registers)
        round_lanes(bench.sent + bench.piece[p].lane, sent + bench.piece[p].lane, bench.piece[p].n,
                    bench.piece[p].visit.bank.shift)
        bench.piece[p].visit.tally.routine_cycles += bench.piece[p].n * bank.release.cycles
    if add_lanes(bench.place, bench.sent, bench.over, bench.lane_count):
        for p in range(bench.piece_count):
            count_saturations(bench, &bench.piece[p])


cdef inline void keep_states(const Dynamic* bank, const Piece* piece, int32_t** registers) noexcept nogil:
    """States back to the row."""
    cdef int32_t count = synapses_of(piece.row)
    cdef int32_t j
    for j in range(bank.state_count):
        store_words(words_of(piece.row, j, count) + piece.first, registers[bank.word_register[j]] + piece.lane, piece.n)


cdef inline void count_saturations(const Workbench* bench, const Piece* piece) noexcept nogil:
    """Count the synapses of a piece that found the ring buffer full."""
    cdef int32_t lane
    for lane in range(piece.lane, piece.lane + piece.n):
        piece.visit.tally.saturations += bench.over[lane]
