# The loops that run a program: one loop an operation, over all neurons of a core.
#
# Included by one shell for each instruction set (update_base, update_avx2, update_avx512), so that the same
# source is compiled for each.  Most loops are plain and the compiler vectorises them.  An instruction may
# write a register that it reads, since each word depends on words of the same neuron only; the pragma tells
# the compiler so, which would otherwise test for overlap and fall back to one neuron at a time.
#
# The two products need 64 bits a lane, and compilers spend most of their time on widening.  With vectors
# they are written out: the multiplier takes the even 32-bit lanes of its operands as they stand, so one
# product serves the even neurons, one (of operands shuffled down by a lane) the odd ones, and a blend puts
# the wanted 32 bits of both side by side.  DECAY has one signed and one unsigned factor:
# a * b = a * signed(b) + (a << 32 where the top bit of b is set).
#
# DIV is done in doubles, which have no other rounding than that of the quotient, and it does no harm.
# The dividend N = a * 2^15 is an integer of at most 2^46 and the divisor D one of at most 2^31, so both are exact.
# The quotient is rounded to the nearest double, which is off by at most |N/D| 2^-53 <= 2^-7 / |D|.  A quotient that
# is no integer is at least 1 / |D| away from the next one, so rounding never takes it there, and cutting it
# towards zero gives what cutting the exact quotient gives.  AVX2 has no conversion to 64 bits: there the integer, which
# is below 2^51, is added to 1.5 * 2^52, a double whose lowest bit counts ones, so that its low 32 bits are those of the
# sum.  A division by zero makes an infinity or a NaN, whose low 32 bits, converted either way, are 0.
#
# Neurons are taken in blocks whose registers fit the first-level cache, a whole number of vectors first and
# then the few that are left.

from libc.stdint cimport int32_t

from emulator.update cimport program_t

cdef extern from *:
    """
    #include <stdint.h>

    /* as emulator.program.Op */
    enum { ADD, SUB, MUL, DECAY, SHL, SHR, GE, GT, AND, OR, SELECT, COPY, DIV, SCALE, LOOKUP, LERP, LSR };
    enum { BLOCK = 256, LANES = 16 };

    #define WRAP(x) ((int32_t)(uint32_t)(x))
    #define EACH _Pragma("GCC ivdep") for (int i = 0; i < n; i++)

    #if defined(__AVX512F__) && defined(__AVX512DQ__)
    #include <immintrin.h>
    enum { WIDTH = 16 };
    typedef __m512i words;
    #define LOAD(p) _mm512_loadu_si512(p)
    #define STORE(p, x) _mm512_storeu_si512(p, x)
    #define PRODUCT(a, b) _mm512_mul_epi32(a, b)
    #define ODD(x) _mm512_shuffle_epi32(x, 0xF5)
    #define RIGHT(x, n) _mm512_srli_epi64(x, n)
    #define LEFT(x, n) _mm512_slli_epi64(x, n)
    #define BLEND(even, odd) _mm512_mask_blend_epi32(0xAAAA, even, odd)
    #define ADD_WHERE_NEGATIVE(x, a, b) _mm512_mask_add_epi32(x, _mm512_movepi32_mask(b), x, a)
    #define RIGHT_BY(x, count) _mm512_srl_epi64(x, count)
    #define LEFT_BY(x, count) _mm512_sll_epi64(x, count)
    #define SHIFT_RIGHT(x, count) _mm512_srl_epi32(x, count)
    #define SHIFT_LEFT(x, count) _mm512_sll_epi32(x, count)
    #define ALL(x) _mm512_set1_epi32(x)
    #define PLUS(x, y) _mm512_add_epi32(x, y)
    #define MINUS(x, y) _mm512_sub_epi32(x, y)
    #define LESSER(x, y) _mm512_min_epi32(x, y)
    #define GREATER(x, y) _mm512_max_epi32(x, y)
    #define GATHER(p, x) _mm512_i32gather_epi32(x, p, 4)
    #define DOUBLES(p) _mm512_cvtepi32_pd(_mm256_loadu_si256((const __m256i *)(p)))
    #define TIMES_ONE(x) _mm512_mul_pd(x, _mm512_set1_pd(32768.0))
    #define DIVIDE(x, y) _mm512_div_pd(x, y)
    #define CUT(x) _mm512_cvtepi64_epi32(_mm512_cvttpd_epi64(x))
    #define STORE_HALF(p, x) _mm256_storeu_si256((__m256i *)(p), x)
    #elif defined(__AVX2__)
    #include <immintrin.h>
    enum { WIDTH = 8 };
    typedef __m256i words;
    #define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
    #define STORE(p, x) _mm256_storeu_si256((__m256i *)(p), x)
    #define PRODUCT(a, b) _mm256_mul_epi32(a, b)
    #define ODD(x) _mm256_shuffle_epi32(x, 0xF5)
    #define RIGHT(x, n) _mm256_srli_epi64(x, n)
    #define LEFT(x, n) _mm256_slli_epi64(x, n)
    #define BLEND(even, odd) _mm256_blend_epi32(even, odd, 0xAA)
    #define ADD_WHERE_NEGATIVE(x, a, b) _mm256_add_epi32(x, _mm256_and_si256(a, _mm256_srai_epi32(b, 31)))
    #define RIGHT_BY(x, count) _mm256_srl_epi64(x, count)
    #define LEFT_BY(x, count) _mm256_sll_epi64(x, count)
    #define SHIFT_RIGHT(x, count) _mm256_srl_epi32(x, count)
    #define SHIFT_LEFT(x, count) _mm256_sll_epi32(x, count)
    #define ALL(x) _mm256_set1_epi32(x)
    #define PLUS(x, y) _mm256_add_epi32(x, y)
    #define MINUS(x, y) _mm256_sub_epi32(x, y)
    #define LESSER(x, y) _mm256_min_epi32(x, y)
    #define GREATER(x, y) _mm256_max_epi32(x, y)
    #define GATHER(p, x) _mm256_i32gather_epi32((const int *)(p), x, 4)
    #define DOUBLES(p) _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)(p)))
    #define TIMES_ONE(x) _mm256_mul_pd(x, _mm256_set1_pd(32768.0))
    #define DIVIDE(x, y) _mm256_div_pd(x, y)
    #define WHOLE(x) _mm256_round_pd(x, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)
    #define BITS(x) _mm256_castpd_si256(_mm256_add_pd(WHOLE(x), _mm256_set1_pd(0x1.8p52)))
    #define EVEN(x) _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6))
    #define CUT(x) _mm256_castsi256_si128(EVEN(BITS(x)))
    #define STORE_HALF(p, x) _mm_storeu_si128((__m128i *)(p), x)
    #endif

    #ifdef PRODUCT
    /* floor(x y / 2^n), n from 0 to 32 */
    typedef struct { __m128i right, left; } amount;
    static inline amount amount_of(int n) {
        amount made = { _mm_cvtsi32_si128(n), _mm_cvtsi32_si128(32 - n) };
        return made;
    }
    static inline words scaled_product(words x, words y, amount n) {
        return BLEND(RIGHT_BY(PRODUCT(x, y), n.right), LEFT_BY(PRODUCT(ODD(x), ODD(y)), n.left));
    }
    #endif

    static inline void multiply(int32_t *o, const int32_t *a, const int32_t *b, int n) {
        int done = 0;
    #ifdef PRODUCT
        for (; done + WIDTH <= n; done += WIDTH) {
            words x = LOAD(a + done), y = LOAD(b + done);
            STORE(o + done, BLEND(RIGHT(PRODUCT(x, y), 15), LEFT(PRODUCT(ODD(x), ODD(y)), 17)));
        }
    #endif
        o += done; a += done; b += done; n -= done;
        EACH o[i] = WRAP((uint64_t)((int64_t)a[i] * b[i]) >> 15);
    }

    static inline void decay(int32_t *o, const int32_t *a, const int32_t *b, int n) {
        int done = 0;
    #ifdef PRODUCT
        for (; done + WIDTH <= n; done += WIDTH) {
            words x = LOAD(a + done), y = LOAD(b + done);
            words high = BLEND(ODD(PRODUCT(x, y)), PRODUCT(ODD(x), ODD(y)));
            STORE(o + done, ADD_WHERE_NEGATIVE(high, x, y));
        }
    #endif
        o += done; a += done; b += done; n -= done;
        EACH o[i] = WRAP((uint32_t)((int64_t)a[i] * b[i] >> 32) + (uint32_t)(a[i] & (b[i] >> 31)));
    }

    static void scale(int32_t *o, const int32_t *a, const int32_t *b, int shift, int n) {
        int done = 0;
    #ifdef PRODUCT
        amount by = amount_of(shift);
        for (; done + WIDTH <= n; done += WIDTH)
            STORE(o + done, scaled_product(LOAD(a + done), LOAD(b + done), by));
    #endif
        o += done; a += done; b += done; n -= done;
        EACH o[i] = WRAP((uint64_t)((int64_t)a[i] * b[i]) >> shift);
    }

    static void divide(int32_t *o, const int32_t *a, const int32_t *b, int n) {
        int done = 0;
    #ifdef PRODUCT
        for (; done + WIDTH / 2 <= n; done += WIDTH / 2)
            STORE_HALF(o + done, CUT(DIVIDE(TIMES_ONE(DOUBLES(a + done)), DOUBLES(b + done))));
    #endif
        o += done; a += done; b += done; n -= done;
        for (int i = 0; i < n; i++)
            o[i] = b[i] ? WRAP((int64_t)(a[i] * 32768.0 / b[i])) : 0;
    }

    static void look_up(int32_t *o, const int32_t *a, const int32_t *table, int n) {
        int32_t first = table[0], shift = table[1], size = table[2], last = first + ((size - 1) << shift);
        const int32_t *values = table + 3;
        int done = 0;
    #ifdef PRODUCT
        for (; done + WIDTH <= n; done += WIDTH) {
            words distance = MINUS(LESSER(GREATER(LOAD(a + done), ALL(first)), ALL(last)), ALL(first));
            STORE(o + done, GATHER(values, SHIFT_RIGHT(distance, _mm_cvtsi32_si128(shift))));
        }
    #endif
        for (; done < n; done++)
            o[done] = values[((a[done] < first ? first : a[done] > last ? last : a[done]) - first) >> shift];
    }

    static void interpolate(int32_t *o, const int32_t *a, const int32_t *table, int n) {
        int32_t first = table[0], shift = table[1], size = table[2], last = first + ((size - 1) << shift);
        const int32_t *values = table + 3;
        int done = 0;
    #ifdef PRODUCT
        amount by = amount_of(shift);
        for (; done + WIDTH <= n; done += WIDTH) {
            words distance = MINUS(LESSER(GREATER(LOAD(a + done), ALL(first)), ALL(last)), ALL(first));
            words entry = LESSER(SHIFT_RIGHT(distance, by.right), ALL(size - 2));
            words low = GATHER(values, entry), rise = MINUS(GATHER(values + 1, entry), low);
            words beyond = MINUS(distance, SHIFT_LEFT(entry, by.right));
            STORE(o + done, PLUS(low, scaled_product(rise, beyond, by)));
        }
    #endif
        for (; done < n; done++) {
            int32_t distance = (a[done] < first ? first : a[done] > last ? last : a[done]) - first;
            int32_t entry = distance >> shift < size - 2 ? distance >> shift : size - 2;
            int64_t rise = WRAP((uint32_t)values[entry + 1] - (uint32_t)values[entry]);
            int64_t beyond = (uint32_t)distance - ((uint32_t)entry << shift);
            o[done] = WRAP((uint32_t)values[entry] + (uint32_t)(rise * beyond >> shift));
        }
    }

    /* Operations that take so long that a call costs nothing beside them: inlined, they would slow the others. */
    static __attribute__((noinline)) void run_long_instruction(int op, int shift, int32_t *o, const int32_t *a,
                                                               const int32_t *b, const int32_t *table, int n) {
        switch (op) {
        case DIV: divide(o, a, b, n); break;
        case SCALE: scale(o, a, b, shift, n); break;
        case LOOKUP: look_up(o, a, table, n); break;
        case LERP: interpolate(o, a, table, n); break;
        }
    }

    static inline __attribute__((always_inline)) void run_instruction(int op, int shift, int32_t *o, const int32_t *a,
                                                                      const int32_t *b, const int32_t *c,
                                                                      const int32_t *table, int n) {
        switch (op) {
        case ADD: EACH o[i] = WRAP((uint32_t)a[i] + (uint32_t)b[i]); break;
        case SUB: EACH o[i] = WRAP((uint32_t)a[i] - (uint32_t)b[i]); break;
        case MUL: multiply(o, a, b, n); break;
        case DECAY: decay(o, a, b, n); break;
        case SHL: EACH o[i] = WRAP((uint32_t)a[i] << shift); break;
        case SHR: EACH o[i] = a[i] >> shift; break;
        case LSR: EACH o[i] = WRAP((uint32_t)a[i] >> shift); break;
        case GE: EACH o[i] = -(a[i] >= b[i]); break;
        case GT: EACH o[i] = -(a[i] > b[i]); break;
        case AND: EACH o[i] = a[i] & b[i]; break;
        case OR: EACH o[i] = a[i] | b[i]; break;
        case SELECT: EACH o[i] = (b[i] & a[i]) | (c[i] & ~a[i]); break;
        case COPY: EACH o[i] = a[i]; break;
        default: run_long_instruction(op, shift, o, a, b, table, n);
        }
    }

    static void run_program(const int32_t *code, int instructions, int32_t **registers, int n) {
        for (int start = 0, size; start < n; start += size) {
            int rest = n - start, whole = rest / LANES * LANES;
            size = rest > BLOCK ? BLOCK : whole ? whole : rest;
            for (const int32_t *w = code; w < code + 6 * instructions; w += 6) {
                int32_t *o = registers[w[1]] + start;
                const int32_t *a = registers[w[2]] + start, *c = registers[w[4]] + start;
                const int32_t *b = registers[w[3]] + start, *table = registers[w[3]];
                if (size % LANES == 0)
                    run_instruction(w[0], w[5], o, a, b, c, table, size / LANES * LANES);
                else
                    run_instruction(w[0], w[5], o, a, b, c, table, size);
            }
        }
    }
    """
    void run_program(const int32_t* code, int instructions, int32_t** registers, int n) noexcept nogil

cdef program_t _run = run_program


def address() -> int:
    """Address of this instruction set's C function, of type ``program_t``."""
    return <size_t>_run
