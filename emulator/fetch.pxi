# The work on rows of synapses with dynamics, included by one shell for each instruction set as ``update.pxi`` is.

from emulator.dynamic cimport fetch_rows, fetch_t

cdef fetch_t _fetch = fetch_rows


def address() -> int:
    """Address of this instruction set's C function, of type ``fetch_t``."""
    return <size_t>_fetch
