"""Synapses side by side in registers: moved there and back in whole vectors, since rows are short.

A loop over the five synapses of a row costs more than they do.  So what goes into registers is copied in vectors of 16
words, whatever comes behind the row in memory with the rest; the lanes behind are those of the next row, which is laid
later, or not looked at.  Rows and registers end with room for that (`emulator.banks`).  Back in the row nothing
but its own words may be written.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #if defined(__AVX512F__)
    #include <immintrin.h>
    #endif

    enum { VECTOR = 16 };

    static inline void fill_lanes(int32_t *to, int32_t word, int32_t n)
    {
        for (int32_t i = 0; i < n; i += VECTOR)
            for (int32_t j = 0; j < VECTOR; j++)
                to[i + j] = word;
    }
    static inline void lay_words(int32_t *to, const int32_t *from, int32_t n)
    {
        for (int32_t i = 0; i < n; i += VECTOR)
            memcpy(to + i, from + i, VECTOR * sizeof(int32_t));
    }
    static inline void lay_weights(int32_t *restrict to, const uint16_t *restrict from, int32_t n, int32_t shift)
    {
        for (int32_t i = 0; i < n; i += VECTOR)
            for (int32_t j = 0; j < VECTOR; j++)
                to[i + j] = (int32_t) ((uint32_t) from[i + j] << shift);
    }
    /* To the resolution of weights: to the nearest, from 0 to the largest. */
    static inline void round_lanes(uint16_t *restrict to, const int32_t *restrict from, int32_t n, int32_t shift)
    {
        uint32_t half = (1u << shift) >> 1;
        for (int32_t i = 0; i < n; i += VECTOR)
            for (int32_t j = 0; j < VECTOR; j++) {
                int32_t nearest = (int32_t) ((uint32_t) from[i + j] + half) >> shift;
                nearest = nearest < 0 ? 0 : nearest;
                to[i + j] = (uint16_t) (nearest > UINT16_MAX ? UINT16_MAX : nearest);
            }
    }
    /* Where the words of a ring buffer are that synapses with these controls add to. */
    static inline void lay_places(uint16_t **to, uint16_t *ring, const uint16_t *control, uint32_t now,
                                  uint32_t inside, int32_t n)
    {
        for (int32_t i = 0; i < n; i += VECTOR)
            for (int32_t j = 0; j < VECTOR; j++)
                to[i + j] = ring + ((control[i + j] + now) & inside);
    }
    /* Add to ring buffers; a sum stops at the largest word, and `over` tells which do. Whether any does. */
    static inline int32_t add_lanes(uint16_t *const *place, const uint16_t *sent, uint8_t *over, int32_t n)
    {
        uint32_t any = 0;
        for (int32_t i = 0; i < n; i++) {
            uint32_t sum = *place[i] + (uint32_t) sent[i], more = sum >> 16;
            over[i] = (uint8_t) more;
            any |= more;
            *place[i] = (uint16_t) (sum | (0 - more));
        }
        return any;
    }
    #if defined(__AVX512F__)
    static inline void store_words(int32_t *to, const int32_t *from, int32_t n)
    {
        for (; n > 0; n -= VECTOR, to += VECTOR, from += VECTOR) {
            __mmask16 wanted = n < VECTOR ? (1u << n) - 1 : 0xFFFF;
            _mm512_mask_storeu_epi32(to, wanted, _mm512_loadu_si512(from));
        }
    }
    #else
    static inline void store_words(int32_t *to, const int32_t *from, int32_t n)
    {
        for (; n >= 4; n -= 4, to += 4, from += 4)
            memcpy(to, from, 4 * sizeof(int32_t));
        for (int32_t i = 0; i < (n & 3); i++)
            to[i] = from[i];
    }
    #endif
    """
    enum:
        VECTOR
    void fill_lanes(int32_t* to, int32_t word, int32_t n) noexcept nogil
    void lay_words(int32_t* to, const int32_t* source, int32_t n) noexcept nogil
    void lay_weights(int32_t* to, const uint16_t* source, int32_t n, int32_t shift) noexcept nogil
    void round_lanes(uint16_t* to, const int32_t* source, int32_t n, int32_t shift) noexcept nogil
    void lay_places(uint16_t** to, uint16_t* ring, const uint16_t* control, uint32_t now, uint32_t inside,
                    int32_t n) noexcept nogil
    bint add_lanes(uint16_t** place, const uint16_t* sent, uint8_t* over, int32_t n) noexcept nogil
    void store_words(int32_t* to, const int32_t* source, int32_t n) noexcept nogil
