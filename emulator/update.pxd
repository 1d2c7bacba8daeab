"""The C function that runs a program; see ``update.pyx``."""

from libc.stdint cimport int32_t

# run(code, instructions, registers, n): `code` holds `instructions` rows of six words
# [op, out, a, b, c, n]; registers[r] points at the n words of register r.
ctypedef void (*program_t)(const int32_t*, int, int32_t**, int) noexcept nogil
