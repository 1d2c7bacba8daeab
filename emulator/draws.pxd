"""Random words of synapses, for loops without Python; what they are is told in `draws.pyx`."""

from libc.stdint cimport uint32_t, uint64_t

cdef extern from *:
    """
    #define DRAW_GAMMA 0x9E3779B97F4A7C15ULL
    static inline uint64_t draw_mix(uint64_t z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
    """
    uint64_t DRAW_GAMMA
    uint64_t draw_mix(uint64_t z) noexcept nogil


cdef inline uint32_t draw_word(uint64_t key, uint32_t synapse, uint64_t number) noexcept nogil:
    """Draw `number` of the stream of one synapse of the projection that has this `key`."""
    return <uint32_t> (draw_mix(draw_mix(key + (<uint64_t> synapse + 1) * DRAW_GAMMA) + (number + 1) * DRAW_GAMMA) >> 32)
