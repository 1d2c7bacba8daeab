"""Random words of synapses: streams that do not depend on what else is drawn."""

from __future__ import annotations

import numpy as np

from emulator.draws import projection_key, synapse_words

MASK = 2**64 - 1


def mix(z: int) -> int:
    """The finaliser of SplitMix64, in Python's integers."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def test_words_are_those_of_the_hash() -> None:
    gamma = 0x9E3779B97F4A7C15
    key = mix(mix((7 + gamma) & MASK) + 4 * gamma & MASK)
    assert projection_key(7, 3) == key
    numbers = np.array([0, 2**40, 5], np.uint64)
    expected = [mix(mix(key + (9 + 1) * gamma & MASK) + (int(n) + 1) * gamma & MASK) >> 32 for n in numbers]
    assert synapse_words(key, np.full(3, 9, np.uint32), numbers).tolist() == expected


def test_words_do_not_depend_on_their_company() -> None:
    key = projection_key(1, 2)
    synapses, numbers = np.arange(50, dtype=np.uint32), np.arange(50, dtype=np.uint64)
    together = synapse_words(key, synapses, numbers)
    alone = [int(synapse_words(key, synapses[i : i + 1], numbers[i : i + 1])[0]) for i in range(50)]
    assert together.tolist() == alone


def test_words_are_uniform_and_streams_differ() -> None:
    """Means within 4 standard errors, over synapses and along a stream; no correlation between neighbours."""
    n = 20000
    key = projection_key(-1, 0)
    zeros, counting = np.zeros(n, np.uint32), np.arange(n, dtype=np.uint32)
    across = synapse_words(key, counting, np.zeros(n, np.uint64)) / 2.0**32
    along = synapse_words(key, zeros, counting.astype(np.uint64)) / 2.0**32
    other = synapse_words(projection_key(0, 0), zeros, counting.astype(np.uint64)) / 2.0**32
    for words in (across, along, other):
        assert abs(words.mean() - 0.5) < 4.0 / np.sqrt(12.0 * n)
        assert abs(np.corrcoef(words[1:], words[:-1])[0, 1]) < 4.0 / np.sqrt(n)
    assert abs(np.corrcoef(along, other)[0, 1]) < 4.0 / np.sqrt(n)
