"""The random draws of a SpiNNaker core, for loops without Python; what they are is told in `random.pyx`."""

from libc.stdint cimport int32_t, uint32_t, uint64_t

cdef extern from *:
    """
    /* Marsaglia's JKISS: a linear congruence, a xor-shift and a multiply-with-carry, summed. */
    static inline uint32_t kiss64_draw(uint32_t *s)
    {
        uint64_t carry = 4294584393ULL * s[2] + s[3];
        s[0] = 314527869u * s[0] + 1234567u;
        s[1] ^= s[1] << 5;
        s[1] ^= s[1] >> 7;
        s[1] ^= s[1] << 22;
        s[2] = (uint32_t) carry;
        s[3] = (uint32_t) (carry >> 32);
        return s[0] + s[1] + s[2];
    }
    """
    uint32_t kiss64_draw(uint32_t* state) noexcept nogil

cdef enum:
    ISI_SCALE = 1000  # a slow source counts its time in thousandths of a tick


cdef class UniformStreams:
    cdef readonly int n
    cdef uint32_t[::1] state      # four words a stream

    cdef uint32_t* address(self) noexcept


cdef inline void unit_draws(uint32_t* states, int32_t n, int32_t* out) noexcept nogil:
    """The next number of each of `n` streams, in [0, 1) as s0.31."""
    cdef int32_t i
    for i in range(n):
        out[i] = <int32_t> (kiss64_draw(states + 4 * i) >> 1)


cdef inline uint32_t exponential_draw(uint32_t* state) noexcept nogil:
    """A variate of mean 1 as s16.15 (von Neumann's method: count the falling runs of even length)."""
    cdef uint32_t whole = 0
    cdef uint32_t first, low, high
    while True:
        first = low = kiss64_draw(state)
        while True:
            high = kiss64_draw(state)
            if low < high:
                return whole + (first >> 17)
            low = kiss64_draw(state)
            if low >= high:
                break
        whole += 1 << 15


cdef inline uint32_t poisson_draw(uint32_t* state, uint32_t exp_minus_lambda) noexcept nogil:
    """A Poisson count: how many u0.32 uniforms multiply up before they fall to exp(-lambda) (Knuth)."""
    cdef uint32_t product = 0xFFFFFFFF
    cdef uint32_t count = 0
    while True:
        product = <uint32_t> ((<uint64_t> product * kiss64_draw(state) + 0x80000000U) >> 32)
        if product <= exp_minus_lambda:
            return count
        count += 1


cdef inline uint32_t time_to_spike_draw(uint32_t* state, uint32_t mean_isi_ticks) noexcept nogil:
    """Time to the next spike of a slow source in thousandths of a tick; wraps at 32 bits, as on the core."""
    cdef uint32_t scaled = (exponential_draw(state) * <uint32_t> ISI_SCALE + (1 << 14)) >> 15
    return scaled * mean_isi_ticks
