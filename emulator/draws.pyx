"""Random words of synapses: draw k of a synapse is a function of k, with no state to keep or to share.

A stream that is passed from one draw to the next would make a synapse depend on its neighbours, on the core
that it is put on and on the order in which packets come.  So each synapse has a stream of its own, and a word
of it is found from where it stands: SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
generators") as a counter-based hash, the key of a projection made of network seed and projection number, the
key of a synapse of that and of its place in the projection, and the word of that and of the number of the draw.
Spike k of the source of a synapse that needs d words takes the draws ``k * d ... k * d + d - 1``.
"""

import numpy as np

from libc.stdint cimport uint32_t, uint64_t

from emulator.draws cimport DRAW_GAMMA, draw_mix, draw_word

_LOW = 0xFFFFFFFFFFFFFFFF


def projection_key(network_seed, projection):
    """The key of a projection, given two integers of which the low 64 bits count."""
    cdef uint64_t seed = network_seed & _LOW
    cdef uint64_t number = projection & _LOW
    return draw_mix(draw_mix(seed + DRAW_GAMMA) + (number + 1) * DRAW_GAMMA)


def synapse_words(uint64_t key, const uint32_t[::1] synapses, const uint64_t[::1] numbers):
    """Draw ``numbers[i]`` of synapse ``synapses[i]`` of a projection, for each i.

    Parameters
    ----------
    key : int
        What `projection_key` returns.
    synapses : uint32[n]
        Places of the synapses in their projection.
    numbers : uint64[n]
        Which draw of each.

    Returns
    -------
    uint32[n]
        Uniform words.
    """
    assert numbers.shape[0] == synapses.shape[0]
    cdef Py_ssize_t n = synapses.shape[0], i
    out = np.empty(n, dtype=np.uint32)
    cdef uint32_t[::1] words = out
    with nogil:
        for i in range(n):
            words[i] = draw_word(key, synapses[i], numbers[i])
    return out
