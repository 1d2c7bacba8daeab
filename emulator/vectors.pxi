# Vectors of words: the operations that the loops of ``update.pxi`` are written in, for AVX-512 and for AVX2.
#
# Products need 64 bits a lane, and compilers spend most of their time on widening.  Here they are written out: the
# multiplier takes the even 32-bit lanes of its operands as they stand, so one product serves the even neurons, one
# (of operands shuffled down by a lane) the odd ones, and a blend puts the wanted 32 bits of both side by side.  DECAY
# has one signed and one unsigned factor: a * b = a * signed(b) + (a << 32 where the top bit of b is set).
#
# CHOOSE takes x where the lowest bit of `bits` is set, else y.  DOUBLES loads half a vector of words, which fill a
# vector of doubles, and CUT makes words of these again: the low 32 bits of each, cut towards zero.
#
# Without these instruction sets nothing is defined, and the loops are plain C.

cdef extern from *:
    """
    #include <stdint.h>

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
    #define UNSIGNED_PRODUCT(a, b) _mm512_mul_epu32(a, b)
    #define PLUS_WIDE(x, y) _mm512_add_epi64(x, y)
    #define ANY(x) _mm512_test_epi32_mask(x, x)
    #define CHOOSE(bits, x, y) _mm512_mask_blend_epi32(_mm512_test_epi32_mask(bits, ALL(1)), y, x)
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
    #define UNSIGNED_PRODUCT(a, b) _mm256_mul_epu32(a, b)
    #define PLUS_WIDE(x, y) _mm256_add_epi64(x, y)
    #define ANY(x) !_mm256_testz_si256(x, x)
    #define CHOOSE(bits, x, y) _mm256_blendv_epi8(y, x, MINUS(ALL(0), _mm256_and_si256(bits, ALL(1))))
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
    /* floor((x + 1) y / 2^32), x and y unsigned */
    static inline words fraction_product(words x, words y) {
        words even = RIGHT(LEFT(y, 32), 32), odd = RIGHT(y, 32);
        even = PLUS_WIDE(UNSIGNED_PRODUCT(x, y), even);
        odd = PLUS_WIDE(UNSIGNED_PRODUCT(ODD(x), odd), odd);
        return BLEND(RIGHT(even, 32), odd);
    }
    #endif
    """
