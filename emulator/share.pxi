# The loop over ticks, included by one shell for each instruction set as ``update.pxi`` is.

from emulator.share cimport run_share, share_t

cdef share_t _share = run_share


def address() -> int:
    """Address of this instruction set's C function, of type ``share_t``."""
    return <size_t>_share
