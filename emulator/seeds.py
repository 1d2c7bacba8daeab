"""Seeds: streams of random numbers that are distinct, and the same whatever is drawn beside them.

SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators") serves as a counter-based
hash: the finaliser of a seed and the number of a thing gives the thing a key, and the finalisers of key + k gamma are
its words.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOW = np.uint64(0xFFFFFFFF)
"""The low half of a word."""
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_WORD = 0xFFFFFFFFFFFFFFFF


def hashed(seed: int, thing: int, counter: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The words of number `counter` that belong to `thing`.

    Parameters
    ----------
    seed, thing : int
        Any integers; only their low 64 bits count.
    counter : uint64[n]
    """
    # Arrays of one word: arithmetic of arrays wraps in silence.
    one, other = (np.array([number & _WORD], dtype=np.uint64) for number in (seed, thing))
    key = _mix(_mix(one + _GAMMA) + other + _GAMMA)
    return _mix(key + counter * _GAMMA)


def source_seeds(network_seed: int, population: int, first: int, n: int) -> NDArray[np.uint32]:
    """Seeds of sources ``first .. first + n - 1`` of a population: uint32[n, 4], distinct streams."""
    words = hashed(network_seed, population, np.arange(2 * first, 2 * (first + n), dtype=np.uint64))
    return np.stack([words & LOW, words >> np.uint64(32)], axis=-1).reshape(n, 4).astype(np.uint32)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64: a bijection of 64-bit words in which every bit of `z` matters."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
