"""What `emulator.engine` sees of a loaded image."""

from libc.stdint cimport int32_t

from emulator.growable cimport Ints
from emulator.state cimport Machine, Recorder
from emulator.trains cimport Trains


cdef class Loaded:
    cdef Machine machine
    cdef int threads
    cdef readonly int tick
    cdef list cores          # of the image
    cdef list rows           # by core: rows of its registers, None for scratch; None for cores without a program
    cdef list rings          # by core: uint16[16, types, 2**index_bits], or None
    cdef list trains         # by core: Trains, or None
    cdef list streams        # by core: UniformStreams, or None
    cdef list injected       # by core: InjectedCurrents, or None
    cdef object waveforms
    cdef double timestep
    cdef list banks          # by core: Banks, or None
    cdef list kept           # arrays that the structures point into

    cdef int load_recorder(self, Recorder* recorder, recording, program) except -1
    cdef int32_t* ints(self, array) except? NULL
    cdef void* bytes_of(self, array) except? NULL


cdef void* zeros(size_t count, size_t size) except NULL
cdef int32_t* address(row) except? NULL
