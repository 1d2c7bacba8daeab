"""Exponential and square root of s16.15 words, bit for bit as a SpiNNaker core computes them.

**Exponential.**  An argument that is no integer is z - i/16 - t with an integer z above it, 0 <= i < 16 and
0 <= t < 1/16, so that exp(x) = exp(z) (1 - m_i) (1 - p(t)), where m_i = 1 - exp(-i/16) is a table and p
a quadratic that is close to 1 - exp(-t).  The three factors are multiplied as exp(z) in 32.32, each
factor 1 - y taken as ``e - e * y`` with y in u0.32, and the result is cut to the format asked for.

**Square root.**  The argument is shifted up to X in [1, 2) and R = 1 / sqrt(X) found by Newton's
R' = R + (1 - X R^2) R / 2, with R held as 1 - r/2; then sqrt(x) is X R, shifted back, times sqrt(1/2)
if the shift was odd.  Three steps on the upper 32 bits of r are followed by two on all 64.  It is not a
correctly rounded root: exact squares may come out one too small, and some large roots one too big.

The algorithms and constants are those of spinn_common (``stdfix-exp.c``, ``sqrt.c``, ``utils.h``), which are
Lester's, the square root after J.-M. Muller, "Elementary Functions", 2006; their rounding is kept, since it
decides the last bits.
"""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint32_t, uint64_t

cdef extern from *:
    """
    typedef unsigned __int128 uint128_t;
    """
    ctypedef unsigned long long uint128_t

cdef enum:
    ONE = 1 << 15
    LOWEST_INTEGER = -13
    INTEGERS = 26
    STEP_BITS = 11          # t < 2^11 / 2^15 = 1/16
    LARGEST = 363408        # exp of more does not fit s16.15
    SMALLEST = -340695      # exp of less is below half of the lowest bit

cdef uint64_t[INTEGERS] EXP_OF_INTEGER      # exp(n) in 32.32, from n = LOWEST_INTEGER
cdef uint32_t[16] STEP_LOSS                 # 1 - exp(-i/16) in u0.32

# p(t) = 5294 + t (4293434720 - 2081624032 t) in u0.32: a fit to 1 - exp(-t), from stdfix-exp.c
cdef uint32_t CONSTANT_TERM = 5294
cdef uint32_t LINEAR_TERM = 4293434720U
cdef uint32_t QUADRATIC_TERM = 2081624032

cdef uint32_t SQRT_HALF = 3037000500U        # sqrt(1/2) in u0.32, rounded


def _fill_tables():
    """Fill the tables; in decimal arithmetic, since exp(10) * 2^32 is too near a half for float64."""
    with localcontext() as context:
        context.prec = 40
        for n in range(INTEGERS):
            power = (LOWEST_INTEGER + Decimal(n)).exp()
            EXP_OF_INTEGER[n] = int((power * 2**32).to_integral_value(ROUND_HALF_EVEN))
        for i in range(16):
            loss = 1 - (-Decimal(i) / 16).exp()
            STEP_LOSS[i] = int((loss * 2**32).to_integral_value(ROUND_HALF_EVEN))


_fill_tables()


# --- exponential ------------------------------------------------------------------------------------

cdef inline uint64_t fraction_of(uint64_t e, uint32_t y) noexcept nogil:
    """e * y with y in u0.32, to the nearest; what is one below a half goes up too, as in ``utils.h``."""
    return (e >> 32) * y + (((e & 0xFFFFFFFFU) * y + <uint64_t>0x80000001U) >> 32)


cdef inline uint32_t high_product(uint32_t x, uint32_t y) noexcept nogil:
    return <uint32_t>((<uint64_t>x * y) >> 32)


cdef uint64_t exp_wide(int32_t x) noexcept nogil:
    """exp(x) in 32.32, for x in [LOWEST_INTEGER, 12]."""
    cdef int32_t above = (x + ONE - 1) >> 15
    cdef uint32_t below = <uint32_t>(above * ONE - x), t
    cdef uint64_t e = EXP_OF_INTEGER[above - LOWEST_INTEGER]
    if below:
        e -= fraction_of(e, STEP_LOSS[below >> STEP_BITS])
        t = (below & ((1 << STEP_BITS) - 1)) << 17
        e -= fraction_of(e, CONSTANT_TERM + high_product(LINEAR_TERM - high_product(QUADRATIC_TERM, t), t))
    return e


cdef int32_t expk(int32_t x) noexcept nogil:
    """exp of an s16.15 as s16.15, truncated."""
    if x > LARGEST:
        return INT32_MAX
    if x < SMALLEST:
        return 0
    return <int32_t>(exp_wide(x) >> 17)


cdef int32_t expuk(int32_t x) noexcept nogil:
    """exp of an s16.15 as u16.16, truncated; exp(0) is 0 there."""
    if x > LARGEST:
        return -1
    if x == 0 or x < LOWEST_INTEGER * ONE:
        return 0
    return <int32_t><uint32_t>(exp_wide(x) >> 16)


cdef int32_t expulr(int32_t x) noexcept nogil:
    """exp of an s16.15 as u0.32; it wraps for x >= 0, so that exp(0) is 0."""
    if x > LARGEST:
        return INT32_MAX
    if x < SMALLEST:
        return 0
    return <int32_t><uint32_t>exp_wide(x)


# --- square root ------------------------------------------------------------------------------------

cdef inline uint64_t rounded_product(uint64_t x, uint32_t y) noexcept nogil:
    """x * y / 2^32 to the nearest, half up."""
    return <uint64_t>((<uint128_t>x * y + (<uint64_t>1 << 31)) >> 32)


cdef inline uint64_t wide_product(uint64_t x, uint64_t y) noexcept nogil:
    """x * y / 2^64, of whose lowest partial product only one bit is kept."""
    cdef uint64_t x_low = x & 0xFFFFFFFFU, y_low = y & 0xFFFFFFFFU
    cdef uint128_t middle = <uint128_t>(x >> 32) * y_low + <uint128_t>x_low * (y >> 32)
    middle += (x_low * y_low >> 31) & 1
    return (x >> 32) * (y >> 32) + <uint64_t>((middle + (<uint64_t>1 << 31)) >> 32)


cdef inline uint64_t times_root(uint32_t x, uint64_t r) noexcept nogil:
    """X (1 - r/2) in 1.63, of X in 1.31 and r in 0.64."""
    return (<uint64_t>x << 32) - (rounded_product(r, x) >> 1)


cdef inline uint64_t improved(uint32_t x, uint64_t r, bint wide) noexcept nogil:
    """Newton's step on r; unless `wide`, r has 32 bits, and so have the products with it."""
    cdef uint64_t half = r >> 1, y = times_root(x, r), size
    y -= wide_product(y, half) if wide else rounded_product(y, <uint32_t>(half >> 32))
    cdef int64_t error = <int64_t>(y - (<uint64_t>1 << 63))
    size = <uint64_t>-error if error < 0 else <uint64_t>error
    y = rounded_product(size, <uint32_t>(half >> 32))
    if wide:
        y += rounded_product(size, <uint32_t>half) >> 32
    size -= y
    return r - 2 * size if error < 0 else r + 2 * size


cdef int32_t sqrtk(int32_t x) noexcept nogil:
    """Square root of an s16.15; 0 for a negative one."""
    if x <= 0 or x == ONE:
        return x if x > 0 else 0
    cdef int shift = 0
    while not (<uint32_t>x << shift) >> 31:
        shift += 1
    cdef uint32_t mantissa = <uint32_t>x << shift
    cdef uint64_t r = <uint64_t>((mantissa & <uint32_t>INT32_MAX) >> 1) << 32
    cdef int step
    for step in range(5):
        r = improved(mantissa, r if step >= 3 else r >> 32 << 32, step >= 3)
    cdef uint64_t root = times_root(mantissa, r) >> (16 + ((shift - 16) >> 1))
    if shift & 1:
        root = rounded_product(root, SQRT_HALF)
    return <int32_t>(root >> 32)
