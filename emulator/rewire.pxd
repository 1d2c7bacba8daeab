"""The attempts of a tick at synapses that come and go; what they are is told in `rewiring.py`.

A place knows the row of its synapse and which synapse of the row it is.  When one goes, the last of the row takes
its number, and the place of that one is looked for among those of its neuron.
"""

from libc.math cimport floor
from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t

from emulator.draws cimport draw_word
from emulator.growable cimport Ints
from emulator.row cimport PLASTIC_CONTROL_COUNT, PLASTIC_SIZE
from emulator.state cimport Core, Dynamic, Partners, Place, Rewiring

cdef enum:
    EMPTY = -1

# `emulator.rewiring.Draw`, which a test holds these to.
cdef enum:
    DRAW_CELL
    DRAW_PLACE
    DRAW_PROJECTION
    DRAW_PARTNER
    DRAW_CHANCE
    DRAW_DELAY


cdef inline int32_t below(const Rewiring* rewiring, int32_t draw, int64_t attempt, int64_t n) noexcept nogil:
    """A random number from 0 to ``n - 1``."""
    return <int32_t> (<uint64_t> draw_word(rewiring.key, draw, attempt) * <uint64_t> n >> 32)


cdef inline int64_t chance(const Rewiring* rewiring, int64_t attempt) noexcept nogil:
    """The word that must be below a threshold."""
    return draw_word(rewiring.key, DRAW_CHANCE, attempt)


cdef inline int64_t rewire(Core* core, int32_t tick, int64_t all_cycles, int64_t own_cycles) noexcept nogil:
    """Make the attempts of `tick`; the cycles that it takes to draw all of them, and to make those at own places."""
    cdef Rewiring* rewiring = core.rewiring
    cdef int64_t first = <int64_t> floor(tick * rewiring.attempts)
    cdef int64_t stop = <int64_t> floor((tick + 1.0) * rewiring.attempts)
    cdef int64_t before = rewiring.made, attempt
    cdef int32_t neuron, k
    for attempt in range(first, stop):
        neuron = below(rewiring, DRAW_CELL, attempt, rewiring.cells) - rewiring.first
        if 0 <= neuron < core.n:
            rewiring.made += 1
            try_place(core, rewiring, neuron, below(rewiring, DRAW_PLACE, attempt, rewiring.places), attempt)
    for k in range(rewiring.partner_count):
        rewiring.partners[k].heard.n = 0
    return (stop - first) * all_cycles + (rewiring.made - before) * own_cycles


cdef inline void try_place(Core* core, Rewiring* rewiring, int32_t neuron, int32_t number,
                           int64_t attempt) noexcept nogil:
    """Let a synapse go, or come, at one place."""
    cdef Place* place = rewiring.there + <int64_t> neuron * rewiring.places + number
    if place.partner == EMPTY:
        rewiring.formed += form(core, rewiring, neuron, place, attempt)
    else:
        rewiring.eliminated += eliminate(core, rewiring, place, attempt)


# --- rows -------------------------------------------------------------------------------------------------------------


cdef inline uint32_t* row_of(const Core* core, const Partners* partners, int32_t bank, int32_t cell) noexcept nogil:
    """The row of a cell in one of the banks of its kind."""
    cdef int32_t block = cell // partners.width
    cdef int64_t at = <int64_t> bank * partners.blocks + block
    return (core.dynamic[partners.banks[bank]].rows + partners.address[at]
            + <int64_t> (cell - block * partners.width) * partners.stride[at])


cdef inline uint32_t* count_of(uint32_t* row) noexcept nogil:
    """The word that counts the synapses of a row."""
    return row + row[PLASTIC_SIZE] + PLASTIC_CONTROL_COUNT


cdef inline uint16_t* stored_weights(const Dynamic* bank, uint32_t* row) noexcept nogil:
    return <uint16_t*> (row + 1 + bank.header)


cdef inline uint16_t* stored_controls(uint32_t* row) noexcept nogil:
    return <uint16_t*> (count_of(row) + 1)


# --- synapses that go -------------------------------------------------------------------------------------------------


cdef inline bint eliminate(Core* core, Rewiring* rewiring, Place* place, int64_t attempt) noexcept nogil:
    """Try to let the synapse at `place` go; whether it is gone."""
    cdef const Partners* partners = &rewiring.partners[place.partner]
    cdef uint32_t* row = row_of(core, partners, place.bank, place.cell)
    cdef const Dynamic* bank = &core.dynamic[partners.banks[place.bank]]
    cdef uint16_t* weight = stored_weights(bank, row)
    cdef uint16_t* control = stored_controls(row)
    cdef bint weak = weight[place.synapse] < partners.weak
    cdef int32_t last
    if chance(rewiring, attempt) >= (rewiring.loss_if_weak if weak else rewiring.loss):
        return False
    last = <int32_t> count_of(row)[0] - 1
    if place.synapse != last:
        weight[place.synapse] = weight[last]
        control[place.synapse] = control[last]
        renumber(rewiring, control[last] & ((1 << core.index_bits) - 1), place, last)
    count_of(row)[0] = <uint32_t> last
    place.partner = EMPTY
    return True


cdef inline void renumber(Rewiring* rewiring, int32_t neuron, const Place* gone, int32_t last) noexcept nogil:
    """Synapse `last` of the row of `gone`, which is one of `neuron`, has taken the number of `gone`."""
    cdef Place* place = rewiring.there + <int64_t> neuron * rewiring.places
    cdef int32_t p
    for p in range(rewiring.places):
        if (place[p].partner == gone.partner and place[p].cell == gone.cell and place[p].bank == gone.bank
                and place[p].synapse == last):
            place[p].synapse = gone.synapse
            return


# --- synapses that come -----------------------------------------------------------------------------------------------


cdef inline bint form(Core* core, Rewiring* rewiring, int32_t neuron, Place* place, int64_t attempt) noexcept nogil:
    """Try to let a synapse come to `place`; whether it is there."""
    cdef int32_t partner, cell, delay, synapse
    cdef const Partners* partners
    cdef uint32_t* row
    if not choose(rewiring, attempt, &partner, &cell):
        return False
    partners = &rewiring.partners[partner]
    if chance(rewiring, attempt) >= chance_of(rewiring, partners, cell, rewiring.first + neuron):
        return False
    if not rewiring.repeats and is_there(rewiring, neuron, partner, cell):
        return False
    delay = below(rewiring, DRAW_DELAY, attempt, partners.delays)
    row = row_of(core, partners, partners.served[delay], cell)
    synapse = append(&core.dynamic[partners.banks[partners.served[delay]]], row, partners.weight,
                     <uint16_t> (partners.control[delay] | neuron))
    if synapse < 0:
        rewiring.full += 1
        return False
    place[0] = Place(partner, cell, partners.served[delay], synapse)
    return True


cdef inline int32_t append(const Dynamic* bank, uint32_t* row, uint16_t weight, uint16_t control) noexcept nogil:
    """Put a synapse behind the others of a row; its number, or -1 if there is no room."""
    cdef uint32_t* count = count_of(row)
    cdef int32_t synapse = <int32_t> count[0]
    if synapse >= 2 * (<int32_t> row[PLASTIC_SIZE] - bank.header):
        return -1
    stored_weights(bank, row)[synapse] = weight
    stored_controls(row)[synapse] = control
    count[0] += 1
    return synapse


cdef inline bint choose(Rewiring* rewiring, int64_t attempt, int32_t* partner, int32_t* cell) noexcept nogil:
    """Choose who is to send; False if nobody can be chosen."""
    cdef int64_t heard = 0, number
    cdef int32_t k
    if not rewiring.of_spikes:
        partner[0] = below(rewiring, DRAW_PROJECTION, attempt, rewiring.partner_count)
        cell[0] = below(rewiring, DRAW_PARTNER, attempt, rewiring.partners[partner[0]].cells)
        return True
    for k in range(rewiring.partner_count):
        heard += rewiring.partners[k].heard.n
    if heard == 0:
        return False
    number = below(rewiring, DRAW_PARTNER, attempt, min(heard, rewiring.of_spikes))
    k = 0
    while number >= rewiring.partners[k].heard.n:
        number -= rewiring.partners[k].heard.n
        k += 1
    partner[0] = k
    cell[0] = cell_of(&rewiring.partners[k], rewiring.partners[k].heard.data[number])
    return True


cdef inline int32_t cell_of(const Partners* partners, int32_t word) noexcept nogil:
    """The cell whose row begins at a word of the bank that hears spikes."""
    cdef const int32_t* address = partners.address + <int64_t> partners.hears * partners.blocks
    cdef const int32_t* stride = partners.stride + <int64_t> partners.hears * partners.blocks
    cdef int32_t block = partners.blocks - 1
    while address[block] > word:
        block -= 1
    return block * partners.width + (word - address[block]) // stride[block]


cdef inline bint is_there(const Rewiring* rewiring, int32_t neuron, int32_t partner, int32_t cell) noexcept nogil:
    """Whether the neuron has a synapse from a cell."""
    cdef const Place* place = rewiring.there + <int64_t> neuron * rewiring.places
    cdef int32_t p
    for p in range(rewiring.places):
        if place[p].partner == partner and place[p].cell == cell:
            return True
    return False


cdef inline int64_t chance_of(const Rewiring* rewiring, const Partners* partners, int32_t source,
                              int32_t target) noexcept nogil:
    """How many random words let a synapse come."""
    cdef int64_t across = apart(source // rewiring.width, target // rewiring.width, rewiring.width)
    cdef int64_t along = apart(source % rewiring.height, target % rewiring.height, rewiring.height)
    cdef int64_t squared = across * across + along * along
    return partners.chances[squared] if squared < partners.distances else 0


cdef inline int64_t apart(int64_t one, int64_t other, int64_t size) noexcept nogil:
    """The distance of two places on a circle of `size`, of either sign; on one of a single place there is none."""
    cdef int64_t distance = one - other if one > other else other - one
    if size == 1:
        return 0
    return distance - size if distance > size // 2 else distance
