"""Running a program on a core, with the widest vectors that this computer has.

The loops are in ``update.pxi``; ``update_base``, ``update_avx2`` and ``update_avx512`` are the same loops
compiled for three instruction sets.  The one that is used is chosen once, when this module is imported;
all give the same words.  `PROGRAM_ADDRESS` is the C function of the chosen one, for other extension
modules: cast it to ``emulator.update.program_t``.
"""

import importlib

import numpy as np

from libc.stdint cimport int32_t

from emulator.program import Role

cdef extern from *:
    """
    #if defined(__x86_64__) && defined(__GNUC__)
    static int has_avx2(void) { return __builtin_cpu_supports("avx2"); }
    static int has_avx512(void) {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    }
    #else
    static int has_avx2(void) { return 0; }
    static int has_avx512(void) { return 0; }
    #endif
    """
    bint has_avx2() nogil
    bint has_avx512() nogil

cdef enum:
    MAX_REGISTERS = 1024
    LINE_BYTES = 64


def available_sets():
    """Return the names of the instruction sets that this computer has, best first."""
    return tuple(
        name for name, has in (("avx512", has_avx512()), ("avx2", has_avx2()), ("base", True)) if has
    )


def address_of(name):
    """Return the address of the C function compiled for the instruction set `name`."""
    if name not in available_sets():
        raise ValueError(f"instruction set {name!r} is not one of {', '.join(available_sets())}")
    return importlib.import_module(f"emulator.update_{name}").address()


INSTRUCTION_SET = available_sets()[0]
PROGRAM_ADDRESS = address_of(INSTRUCTION_SET)


def aligned(int rows, int n, dtype=np.int32):
    """Zeros [rows, n] whose rows start on a cache line, for speed."""
    item = np.dtype(dtype).itemsize
    per_line = LINE_BYTES // item
    width = (n + per_line - 1) // per_line * per_line
    buffer = np.zeros(rows * width + per_line, dtype=dtype)
    start = -buffer.ctypes.data % LINE_BYTES // item
    return buffer[start:start + rows * width].reshape(rows, width)[:, :n]


def allocate(program, values, int n):
    """Registers of a core of `n` neurons: words of `values` by register name, constants and zeros.

    Returns int32[registers, n]; row r is register r, unused where it is a table.
    """
    registers = aligned(len(program.registers), n)
    for row, register in zip(registers, program.registers):
        row[:] = values.get(register.name, register.value)
    return registers


def run(program, int32_t[:, :] registers not None, size_t function=PROGRAM_ADDRESS):
    """Run `program` once over int32[registers, n], in place, by the kernel at the address `function`.

    Rows of tables are left alone: the words of a table are the program's.
    """
    cdef const int32_t[:, ::1] code = program.code
    cdef const int32_t[::1] words
    cdef int32_t* pointers[MAX_REGISTERS]
    cdef Py_ssize_t count = registers.shape[0], r
    cdef int n = <int>registers.shape[1]
    if count != len(program.registers) or count > MAX_REGISTERS:
        raise ValueError(f"program '{program.name}' has {len(program.registers)} registers, got {count} rows")
    if n > 1 and registers.strides[1] != sizeof(int32_t):
        raise ValueError(f"program '{program.name}': the words of a register must be adjacent in memory")
    if n == 0 or code.shape[0] == 0:
        return
    for r in range(count):
        pointers[r] = &registers[r, 0]
    tables = {number: program.table(number).words for number in program.numbers(Role.TABLE)}
    for r, table in tables.items():
        words = table
        pointers[r] = <int32_t*> &words[0]
    with nogil:
        (<program_t>function)(&code[0, 0], <int>code.shape[0], pointers, n)
