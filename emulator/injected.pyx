"""Currents injected into the neurons of a core: steps, of which each holds until the next, and waves.

The currents of a core are summed anew in each tick in which one of them changes.  The words of waves are computed
outside (`emulator.waves.Waveforms`), a block of ticks ahead.
"""

import numpy as np

from libc.stdint cimport int32_t
from libc.stdlib cimport calloc, free

from emulator.image import WaveCurrent
from emulator.waves import BLOCK


cdef class InjectedCurrents:
    """The currents of one core.

    Parameters
    ----------
    currents : sequence of Current or WaveCurrent
        Of the image.
    waveforms : Waveforms
        What has the words of the waves.
    timestep : float
        ms.
    """

    def __init__(self, currents, waveforms, double timestep):
        cdef Injection* injection
        cdef int32_t k
        assert BLOCK == WAVE_MASK + 1
        self.kept = []
        self.waves = [current.wave for current in currents if isinstance(current, WaveCurrent)]
        self.currents.count = len(currents)
        self.currents.injections = <Injection*> calloc(max(len(currents), 1), sizeof(Injection))
        if self.currents.injections == NULL:
            raise MemoryError("no memory left to load injected currents")
        for k, current in enumerate(currents):
            injection = &self.currents.injections[k]
            injection.n = len(current.index)
            if np.all(np.diff(current.index) == 1):
                injection.first = current.index[0] if injection.n else 0
            else:
                injection.index = self.ints(current.index)
            if isinstance(current, WaveCurrent):
                injection.wave = self.ints(waveforms.take(current.wave))
                injection.start, injection.stop = current.wave.ticks(timestep)
            else:
                injection.changes = len(current.tick)
                injection.tick = self.ints(current.tick)
                injection.amplitude = self.ints(current.amplitude)

    def __dealloc__(self):
        free(self.currents.injections)

    cdef const int32_t* ints(self, array) except? NULL:
        """Address of words that live as long as this."""
        cdef const int32_t[::1] words = np.ascontiguousarray(array, dtype=np.int32)
        self.kept.append(words)
        return &words[0] if words.shape[0] else NULL
