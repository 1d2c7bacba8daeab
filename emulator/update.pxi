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
# Neurons are taken in blocks whose registers fit the first-level cache, a whole number of vectors first and
# then the few that are left.

from libc.stdint cimport int32_t

from emulator.update cimport program_t

cdef extern from *:
    """
    #include <stdint.h>

    enum { ADD, SUB, MUL, DECAY, SHL, SHR, GE, GT, AND, OR, SELECT, COPY };  /* as emulator.program.Op */
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

    static inline void run_instruction(int op, int shift, int32_t *o, const int32_t *a, const int32_t *b,
                                       const int32_t *c, int n) {
        switch (op) {
        case ADD: EACH o[i] = WRAP((uint32_t)a[i] + (uint32_t)b[i]); break;
        case SUB: EACH o[i] = WRAP((uint32_t)a[i] - (uint32_t)b[i]); break;
        case MUL: multiply(o, a, b, n); break;
        case DECAY: decay(o, a, b, n); break;
        case SHL: EACH o[i] = WRAP((uint32_t)a[i] << shift); break;
        case SHR: EACH o[i] = a[i] >> shift; break;
        case GE: EACH o[i] = -(a[i] >= b[i]); break;
        case GT: EACH o[i] = -(a[i] > b[i]); break;
        case AND: EACH o[i] = a[i] & b[i]; break;
        case OR: EACH o[i] = a[i] | b[i]; break;
        case SELECT: EACH o[i] = (b[i] & a[i]) | (c[i] & ~a[i]); break;
        case COPY: EACH o[i] = a[i]; break;
        }
    }

    static void run_program(const int32_t *code, int instructions, int32_t **registers, int n) {
        for (int start = 0, size; start < n; start += size) {
            int rest = n - start, whole = rest / LANES * LANES;
            size = rest > BLOCK ? BLOCK : whole ? whole : rest;
            for (const int32_t *w = code; w < code + 6 * instructions; w += 6) {
                int32_t *o = registers[w[1]] + start;
                const int32_t *a = registers[w[2]] + start, *b = registers[w[3]] + start, *c = registers[w[4]] + start;
                if (size % LANES == 0)
                    run_instruction(w[0], w[5], o, a, b, c, size / LANES * LANES);
                else
                    run_instruction(w[0], w[5], o, a, b, c, size);
            }
        }
    }
    """
    void run_program(const int32_t* code, int instructions, int32_t** registers, int n) noexcept nogil

cdef program_t _run = run_program


def address() -> int:
    """Address of this instruction set's C function, of type ``program_t``."""
    return <size_t>_run
