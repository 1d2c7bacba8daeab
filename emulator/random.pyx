"""Random numbers as SpiNNaker software draws them, for use from Python.

The generator is Marsaglia's JKISS, which spinn_common calls ``mars_kiss64``: four words of state, 32
random bits a draw.  From its stream come, bit for bit as on a core,

- exponential variates in s16.15, by von Neumann's comparison method (Ripley 1987, "Stochastic
  Simulation", p. 230): no logarithm is needed;
- Poisson counts, by Knuth's product of uniforms, the product held in u0.32;
- times to the next spike of a slow source, in thousandths of a tick: a rounded exponential variate
  times the mean inter-spike interval in whole ticks.

Sources: Marsaglia 2011, "RNGs with periods exceeding 10^(40million)", sci.math; spinn_common
``random.c`` and sPyNNaker ``spike_source_poisson.c`` for constants, formats and order of draws.

The functions advance `state` (uint32[4], C-contiguous) in place.
"""

import numpy as np

from libc.stdint cimport int32_t, uint32_t

from emulator.random cimport exponential_draw, kiss64_draw, poisson_draw, time_to_spike_draw, unit_draws

DEFAULT_STATE = (123456789, 987654321, 43219876, 6543217)
"""State that the generator starts from where no seed is given."""


def validated(seed):
    """A copy of `seed` (uint32[..., 4]) that the generator accepts: second word not 0, fourth 1..698769068."""
    state = np.array(seed, dtype=np.uint32)
    if state.ndim == 0 or state.shape[state.ndim - 1] != 4:
        raise ValueError(f"a KISS-64 seed has 4 words, got shape {state.shape}")
    state[..., 1][state[..., 1] == 0] = 13031301
    state[..., 3] = state[..., 3] % np.uint32(698769068) + np.uint32(1)
    return state


cdef class UniformStreams:
    """Streams of uniform numbers, one a neuron, that both simulators draw from.

    Parameters
    ----------
    seed : uint32[n, 4]
        Seed of each stream, before validation.
    """

    def __init__(self, seed):
        state = validated(seed)
        if state.ndim != 2:
            raise ValueError(f"streams take seeds of shape [n, 4], got {state.shape}")
        self.n = len(state)
        self.state = state.reshape(4 * self.n)

    def draw(self):
        """The next number of each stream, in [0, 1) as s0.31: int32[n]."""
        out = np.empty(self.n, dtype=np.int32)
        cdef int32_t[::1] words = out
        if self.n:
            unit_draws(&self.state[0], self.n, &words[0])
        return out

    def copy(self):
        """The same streams, to go on from here on their own."""
        cdef UniformStreams other = UniformStreams.__new__(UniformStreams)
        other.n = self.n
        other.state = np.array(self.state)
        return other

    cdef uint32_t* address(self) noexcept:
        return &self.state[0] if self.n else NULL


def kiss64(uint32_t[::1] state, Py_ssize_t n):
    """The next `n` uniform words (uint32[n])."""
    assert state.shape[0] == 4
    cdef uint32_t[::1] out = np.empty(n, dtype=np.uint32)
    for i in range(n):
        out[i] = kiss64_draw(&state[0])
    return np.asarray(out)


def exponential(uint32_t[::1] state, Py_ssize_t n):
    """The next `n` exponential variates of mean 1 (int32[n], s16.15)."""
    assert state.shape[0] == 4
    cdef int32_t[::1] out = np.empty(n, dtype=np.int32)
    for i in range(n):
        out[i] = <int32_t> exponential_draw(&state[0])
    return np.asarray(out)


def poisson(uint32_t[::1] state, uint32_t exp_minus_lambda, Py_ssize_t n):
    """The next `n` Poisson counts (uint32[n]) for ``exp(-lambda)`` in u0.32."""
    assert state.shape[0] == 4
    cdef uint32_t[::1] out = np.empty(n, dtype=np.uint32)
    for i in range(n):
        out[i] = poisson_draw(&state[0], exp_minus_lambda)
    return np.asarray(out)


def time_to_spike(uint32_t[::1] state, uint32_t mean_isi_ticks, Py_ssize_t n):
    """The next `n` intervals of a slow source (uint32[n], thousandths of a tick)."""
    assert state.shape[0] == 4
    cdef uint32_t[::1] out = np.empty(n, dtype=np.uint32)
    for i in range(n):
        out[i] = time_to_spike_draw(&state[0], mean_isi_ticks)
    return np.asarray(out)
