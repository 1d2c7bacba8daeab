"""A look at every synaptic row that a packet can fetch, before any does."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from emulator.row cimport FIXED_COUNT, HEADER_WORDS, PLASTIC_CONTROL_COUNT, PLASTIC_SIZE

cdef enum Fault:
    NONE_FOUND
    ROW_OUTSIDE
    ROW_TOO_LONG
    ROW_UNKNOWN_TARGET
    ROW_WRONG_PART

OUTSIDE = ROW_OUTSIDE
TOO_LONG = ROW_TOO_LONG
UNKNOWN_TARGET = ROW_UNKNOWN_TARGET
WRONG_PART = ROW_WRONG_PART


cdef int fault_of(const uint32_t* row, uint32_t stride, uint32_t n, uint32_t types, int index_bits,
                  int type_bits) noexcept nogil:
    """What is wrong with a row of `stride` words that lies in memory; 0 if nothing is."""
    cdef uint32_t count = row[FIXED_COUNT]
    cdef uint32_t index_mask = (1U << index_bits) - 1
    cdef uint32_t type_mask = (1U << type_bits) - 1
    cdef uint32_t wrong = 0
    cdef uint32_t j, word
    if count > stride - HEADER_WORDS:
        return ROW_TOO_LONG
    if row[PLASTIC_SIZE] or row[PLASTIC_CONTROL_COUNT]:
        return ROW_WRONG_PART
    for j in range(HEADER_WORDS, HEADER_WORDS + count):
        word = row[j]
        wrong |= ((word & index_mask) >= n) | (((word >> index_bits) & type_mask) >= types)
    return ROW_UNKNOWN_TARGET if wrong else NONE_FOUND


cdef int fault_of_dynamic(const uint32_t* row, uint32_t stride, uint32_t header, uint32_t words, bint spare, uint32_t n,
                          uint32_t types, int index_bits, int type_bits) noexcept nogil:
    """The same of a row whose synapses have dynamics: `header` words, weights, and `words` for each synapse.

    If there is `spare` room for weights, there must be as much for controls.
    """
    cdef uint32_t size = row[PLASTIC_SIZE]
    cdef uint32_t index_mask = (1U << index_bits) - 1
    cdef uint32_t type_mask = (1U << type_bits) - 1
    cdef const uint16_t* controls
    cdef uint32_t count, wrong = 0
    cdef uint32_t j
    if size > stride - HEADER_WORDS:
        return ROW_TOO_LONG
    count = row[size + PLASTIC_CONTROL_COUNT]
    if count > 2 * stride or size + HEADER_WORDS + (count + 1) // 2 > stride:
        return ROW_TOO_LONG
    if row[size + FIXED_COUNT]:
        return ROW_WRONG_PART
    if spare:
        if size < header or count > 2 * (size - header):
            return ROW_WRONG_PART
        if 2 * size - header + HEADER_WORDS > stride:
            return ROW_TOO_LONG
    elif size != header + (count + 1) // 2 + words * count:
        return ROW_WRONG_PART
    controls = <const uint16_t*> (row + size + HEADER_WORDS)
    for j in range(count):
        wrong |= ((controls[j] & index_mask) >= n) | (((controls[j] >> index_bits) & type_mask) >= types)
    return ROW_UNKNOWN_TARGET if wrong else NONE_FOUND


def first_bad_row(const uint32_t[::1] rows, int header, uint32_t words, bint spare, uint32_t n, uint32_t types, int index_bits, int type_bits,
                  const int64_t[::1] base, const uint32_t[::1] stride, const uint32_t[::1] index_mask,
                  const uint32_t[::1] filter_mask, const uint32_t[::1] filter_key, const int64_t[::1] limit,
                  const uint32_t[::1] neuron_mask, const int64_t[::1] neurons):
    """Look at the rows of all numbers below ``limit[f]`` of each feed f of a core of `n` neurons.

    A core's static rows have a `header` of -1, others so many words before the weights, and `words`
    for each synapse; such rows may have `spare` room for more synapses.
    Numbers i that the source never sends are left out: ``i & neuron_mask`` is one of its `neurons`.

    Returns
    -------
    fault, feed, number : int
        The first fault (`OUTSIDE` the rows, `TOO_LONG` for its stride, `UNKNOWN_TARGET`, `WRONG_PART`) and whose row has it;
        fault is 0 if there is none.
    """
    cdef int64_t f, i, place
    cdef int fault
    with nogil:
        for f in range(base.shape[0]):
            if base[f] < 0:
                continue
            for i in range(limit[f]):
                if (<uint32_t> i & filter_mask[f]) != filter_key[f] or (i & neuron_mask[f]) >= neurons[f]:
                    continue
                place = base[f] + <int64_t> (<uint32_t> i & index_mask[f]) * stride[f]
                if place + stride[f] > rows.shape[0]:
                    fault = ROW_OUTSIDE
                elif header >= 0:
                    fault = fault_of_dynamic(&rows[place], stride[f], header, words, spare, n, types, index_bits,
                                             type_bits)
                else:
                    fault = fault_of(&rows[place], stride[f], n, types, index_bits, type_bits)
                if fault:
                    with gil:
                        return fault, f, i
    return 0, 0, 0
