# The loops that run a program: one loop an operation, over all neurons of a core.
#
# Included by one shell for each instruction set (update_base, update_avx2, update_avx512), so that the same
# source is compiled for each.  Most loops are plain and the compiler vectorises them.  An instruction may
# write a register that it reads, since each word depends on words of the same neuron only; the pragma tells
# the compiler so, which would otherwise test for overlap and fall back to one neuron at a time.  The others are
# written out for vectors (``vectors.pxi``).
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

include "vectors.pxi"

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    /* as emulator.program.Op */
    enum { ADD, SUB, MUL, DECAY, SHL, SHR, GE, GT, AND, OR, SELECT, COPY, DIV, SCALE, LOOKUP, LERP, LSR,
           POW, BINOMIAL, SCALE16 };
    enum { BLOCK = 256, LANES = 16, MOST_TRIALS = 1023 };

    #define WRAP(x) ((int32_t)(uint32_t)(x))
    #define EACH _Pragma("GCC ivdep") for (int i = 0; i < n; i++)

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

    static void raise_to(int32_t *o, const int32_t *a, const int32_t *b, int n) {
        int done = 0;
    #ifdef PRODUCT
        for (; done + WIDTH <= n; done += WIDTH) {
            words power = ALL(-1), square = LOAD(a + done), left = GREATER(LOAD(b + done), ALL(0));
            for (; ANY(left); left = SHIFT_RIGHT(left, _mm_cvtsi32_si128(1))) {
                power = CHOOSE(left, fraction_product(power, square), power);
                square = fraction_product(square, square);
            }
            STORE(o + done, power);
        }
    #endif
        for (; done < n; done++) {
            uint32_t power = UINT32_MAX, square = a[done];
            for (int32_t left = b[done] > 0 ? b[done] : 0; left; left >>= 1) {
                power = left & 1 ? ((uint64_t)power * square + square) >> 32 : power;
                square = ((uint64_t)square * square + square) >> 32;
            }
            o[done] = WRAP(power);
        }
    }

    static inline int32_t greatest(const int32_t *a) {
        int32_t found = 0;
        for (int i = 0; i < LANES; i++)
            found = a[i] > found ? a[i] : found;
        return found;
    }

    /* Draws for a few neurons at once, for as many trials as any of them has. */
    static inline void draw_some(int32_t *count, const int32_t *trials, const uint32_t *probability, uint32_t *seed) {
        int32_t most = greatest(trials), last = most < MOST_TRIALS ? most : MOST_TRIALS;
        for (int32_t trial = 0; trial < last; trial++)
            for (int i = 0; i < LANES; i++) {
                uint32_t x = seed[i] += 0x9E3779B9u;
                x = (x ^ x >> 16) * 0x7FEB352Du;
                x = (x ^ x >> 15) * 0x846CA68Bu;
                x ^= x >> 16;
                count[i] += (trial < trials[i]) & ((x < probability[i]) | (probability[i] == UINT32_MAX));
            }
    }

    static void count_successes(int32_t *o, const int32_t *a, const int32_t *b, const int32_t *c, int n) {
        for (int start = 0, size; start < n; start += size) {
            int32_t count[LANES] = { 0 }, trials[LANES] = { 0 };
            uint32_t probability[LANES] = { 0 }, seed[LANES] = { 0 };
            size = n - start < LANES ? n - start : LANES;
            memcpy(trials, a + start, size * sizeof(int32_t));
            memcpy(probability, b + start, size * sizeof(int32_t));
            memcpy(seed, c + start, size * sizeof(int32_t));
            draw_some(count, trials, probability, seed);
            memcpy(o + start, count, size * sizeof(int32_t));
        }
    }

    /* Operations that take so long that a call costs nothing beside them: inlined, they would slow the others. */
    static __attribute__((noinline)) void run_long_instruction(int op, int shift, int32_t *o, const int32_t *a,
                                                               const int32_t *b, const int32_t *c,
                                                               const int32_t *table, int n) {
        switch (op) {
        case DIV: divide(o, a, b, n); break;
        case SCALE: scale(o, a, b, shift, n); break;
        case LOOKUP: look_up(o, a, table, n); break;
        case LERP: interpolate(o, a, table, n); break;
        case POW: raise_to(o, a, b, n); break;
        case BINOMIAL: count_successes(o, a, b, c, n); break;
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
        case SCALE16: EACH o[i] = (int16_t)a[i] * (int16_t)b[i] >> shift; break;
        default: run_long_instruction(op, shift, o, a, b, c, table, n);
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
