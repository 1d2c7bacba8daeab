"""Fixed-point operations on 32-bit words, as C functions for other extension modules to inline.

A word is an int32.  What it stands for is told by the letters in a function's name: ``k`` is s16.15
(accum), ``uk`` u16.16, ``lr`` s0.31, ``ulr`` u0.32, ``int`` a plain integer; unsigned ones are bit patterns.
A plain operation wraps, one that ends in ``_sat`` saturates.  These are the rules of the ARM compiler's
ISO/IEC TR 18037 types and of sPyNNaker's ``maths-util.h`` and ``neuron/decay.h``, checked against results of
that code.  Division by zero, which has no result there, gives 0.
"""

from libc.stdint cimport INT32_MAX, INT32_MIN, int32_t, int64_t, uint32_t, uint64_t


cdef inline int32_t low(int64_t x) noexcept nogil:
    """Low 32 bits: what wraps."""
    return <int32_t><uint32_t><uint64_t>x


cdef inline int32_t saturated(int64_t x) noexcept nogil:
    """Nearest word."""
    return INT32_MAX if x > INT32_MAX else INT32_MIN if x < INT32_MIN else <int32_t>x


cdef inline uint64_t unsigned_word(int32_t x) noexcept nogil:
    """The word as an unsigned number."""
    return <uint64_t><uint32_t>x


cdef inline uint64_t shifted_up(int64_t x, int32_t n) noexcept nogil:
    """x * 2^n for a negative x too, modulo 2^64."""
    return (<uint64_t>x) << n


# --- sums -------------------------------------------------------------------------------------------

cdef inline int32_t k_add(int32_t a, int32_t b) noexcept nogil:
    return low(<int64_t>a + b)


cdef inline int32_t k_sub(int32_t a, int32_t b) noexcept nogil:
    return low(<int64_t>a - b)


cdef inline int32_t k_neg(int32_t a) noexcept nogil:
    return low(-<int64_t>a)


cdef inline int32_t k_add_sat(int32_t a, int32_t b) noexcept nogil:
    return saturated(<int64_t>a + b)


# --- products ---------------------------------------------------------------------------------------

cdef inline int32_t k_mul(int32_t a, int32_t b) noexcept nogil:
    """Product towards minus infinity."""
    return low((<int64_t>a * b) >> 15)


cdef inline int32_t k_mul_sat(int32_t a, int32_t b) noexcept nogil:
    """Product to the nearest, half up, then saturated."""
    return saturated((<int64_t>a * b + (1 << 14)) >> 15)


cdef inline int32_t k_mul_int(int32_t a, int32_t b) noexcept nogil:
    return low(<int64_t>a * b)


cdef inline int32_t lr_mul(int32_t a, int32_t b) noexcept nogil:
    """Product towards minus infinity; it wraps for -1 * -1."""
    return low((<int64_t>a * b) >> 31)


cdef inline int32_t k_mul_lr(int32_t a, int32_t b) noexcept nogil:
    """C's mixed product: taken to the nearest in s32.31, then cut to s16.15."""
    return low((<int64_t>a * b + (1 << 14)) >> 31)


cdef inline int32_t k_mul_ulr(int32_t a, int32_t b) noexcept nogil:
    """C's mixed product: the factor is cut to s32.31, the product taken to the nearest there, then cut to s16.15."""
    return low((<int64_t>a * <int64_t>(unsigned_word(b) >> 1) + (1 << 14)) >> 31)


cdef inline int32_t k_decay(int32_t a, int32_t b) noexcept nogil:
    """s16.15 times u0.32 towards minus infinity, as synapses decay."""
    return low((<int64_t>a * <int64_t>unsigned_word(b)) >> 32)


cdef inline int32_t uk_mul(int32_t a, int32_t b) noexcept nogil:
    """Product towards zero."""
    return low(<int64_t>((unsigned_word(a) * unsigned_word(b)) >> 16))


cdef inline int32_t ulr_mul(int32_t a, int32_t b) noexcept nogil:
    """Product to the nearest, half up; it does not overflow, since both are below 1."""
    return low(<int64_t>((unsigned_word(a) * unsigned_word(b) + (<uint64_t>1 << 31)) >> 32))


cdef inline int32_t k_mul_ulr_to_ulr(int32_t a, int32_t b) noexcept nogil:
    """s16.15 times u0.32 as u0.32, wrapped."""
    return low(<int64_t>((<uint64_t><int64_t>a * unsigned_word(b)) >> 15))


# --- quotients --------------------------------------------------------------------------------------

cdef inline int32_t k_div(int32_t a, int32_t b) noexcept nogil:
    """Quotient towards zero."""
    return low(<int64_t>shifted_up(a, 15) / b) if b else 0


cdef inline int32_t k_div_sat(int32_t a, int32_t b) noexcept nogil:
    return saturated(<int64_t>shifted_up(a, 15) / b) if b else 0


cdef inline int32_t uk_div(int32_t a, int32_t b) noexcept nogil:
    return low(<int64_t>((unsigned_word(a) << 16) / unsigned_word(b))) if b else 0


cdef inline int32_t kdivk(int32_t a, int32_t b) noexcept nogil:
    """sPyNNaker's own quotient: both are sign-extended and divided as if unsigned, so a and b should be >= 0."""
    return low(<int64_t>(shifted_up(a, 15) / <uint64_t><int64_t>b)) if b else 0


cdef inline int32_t kdivui(int32_t a, int32_t b) noexcept nogil:
    """sPyNNaker's quotient of an accum >= 0 by an unsigned integer."""
    return low(<int64_t>(<uint64_t><int64_t>a / unsigned_word(b))) if b else 0


# --- conversions and shifts -------------------------------------------------------------------------

cdef inline int32_t shift_left(int32_t a, int32_t n) noexcept nogil:
    return low(<int64_t>shifted_up(a, n))


cdef inline int32_t shift_right(int32_t a, int32_t n) noexcept nogil:
    return a >> n


cdef inline int32_t k_to_int(int32_t a) noexcept nogil:
    """Integer part, towards zero."""
    return a / (1 << 15)


cdef inline int32_t int_to_k(int32_t a) noexcept nogil:
    return shift_left(a, 15)


cdef inline int32_t k_to_ulr(int32_t a) noexcept nogil:
    return shift_left(a, 17)


cdef inline int32_t ulr_to_k(int32_t a) noexcept nogil:
    return low(<int64_t>(unsigned_word(a) >> 17))


cdef inline int32_t k_to_lr(int32_t a) noexcept nogil:
    return shift_left(a, 16)


cdef inline int32_t lr_to_k(int32_t a) noexcept nogil:
    return a >> 16


cdef inline int32_t k_to_uk(int32_t a) noexcept nogil:
    return shift_left(a, 1)


cdef inline int32_t uk_to_k(int32_t a) noexcept nogil:
    return low(<int64_t>(unsigned_word(a) >> 1))
