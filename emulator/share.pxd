"""The loop over ticks, and what a thread does in it.

All that a core does in a tick is inlined here, so that it is compiled for the instruction sets that there may be, as the
programs of cores are (``share.pxi``).
"""

from libc.stdint cimport int32_t

from emulator.barrier cimport Barrier, meet
from emulator.deliver cimport finish_tick, finish_visits
from emulator.state cimport Machine
from emulator.tick cimport start_tick
from emulator.update cimport program_t

# share(machine, program, first, last, thread, threads, barrier): `run_share` as it is compiled for an instruction set.
ctypedef void (*share_t)(Machine*, program_t, int32_t, int32_t, int32_t, int32_t, Barrier*) noexcept nogil


cdef inline void run_share(Machine* machine, program_t program, int32_t first, int32_t last, int32_t thread,
                           int32_t threads, Barrier* barrier) noexcept nogil:
    """The share of one thread: every so many-th core, always the same ones, whose state stays in its cache."""
    cdef int32_t tick, number
    for tick in range(first, last):
        number = thread
        while number < machine.core_count:
            start_tick(machine, number, thread, tick, program)
            number += threads
        meet(barrier, threads)
        number = thread
        while number < machine.core_count:
            finish_tick(machine, number, thread, tick, program)
            number += threads
        finish_visits(machine, thread, tick, program)
        meet(barrier, threads)
