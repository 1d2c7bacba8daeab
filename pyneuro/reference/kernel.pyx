"""Formulas over blocks of cells: `pyneuro.reference.formula` traces them, here they are run.

Every operation is a loop over the cells of a block, compiled for what the processor can do; the registers of a block stay
in the nearest cache.
"""

import numpy as np

from libc.stdint cimport int32_t

cdef extern from *:
    """
    #include <math.h>
    #include <stdint.h>
    #include <string.h>

    enum { ADD, SUB, MUL, DIV, MIN, MAX, GE, GT, AND, OR, NOT, WHERE, EXP, EXPM1, LOG, SQRT, SIN, COS, TANH };

    /* exp(x) = 2^k exp(r), |r| <= log(2) / 2, by Taylor's series: the C library's is not vectorised.  Adding 1.5 * 2^52
       rounds to an integer, which is then in the low bits.  2^k in two factors, or it would overflow too early.
       Less 1 it is 2^k (exp(r) - 1) + (2^k - 1), whose terms do not cancel. */
    static inline __attribute__((always_inline)) double exponential(double x, int less_one) {
        const double magic = 6755399441055744.0;
        double bounded = x > 710.0 ? 710.0 : (x < -745.0 ? -745.0 : x);
        double shifted = bounded * 1.4426950408889634 + magic, k = shifted - magic;
        double r = bounded - k * 0.693147180369123816490 - k * 1.90821492927058770002e-10;
        double p = 1.0 / 6227020800.0;
        p = p * r + 1.0 / 479001600.0;
        p = p * r + 1.0 / 39916800.0;
        p = p * r + 1.0 / 3628800.0;
        p = p * r + 1.0 / 362880.0;
        p = p * r + 1.0 / 40320.0;
        p = p * r + 1.0 / 5040.0;
        p = p * r + 1.0 / 720.0;
        p = p * r + 1.0 / 120.0;
        p = p * r + 1.0 / 24.0;
        p = p * r + 1.0 / 6.0;
        p = p * r + 0.5;
        p = p * r + 1.0;
        p = less_one ? p * r : p * r + 1.0;
        double half = (double)0.5 * k, low = (half + magic) - magic, high = k - low;
        double a = low + (magic + 1023.0), b = high + (magic + 1023.0);
        uint64_t m, n;
        memcpy(&m, &a, 8);
        memcpy(&n, &b, 8);
        m <<= 52;
        n <<= 52;
        memcpy(&a, &m, 8);
        memcpy(&b, &n, 8);
        return less_one ? p * a * b + (a * b - 1.0) : p * a * b;
    }

    CLONES static void evaluate(const int32_t *code, int count, double **r, int n) {
        for (const int32_t *w = code; w < code + 5 * count; w += 5) {
            double *o = r[w[1]];
            const double *a = r[w[2]], *b = r[w[3]], *c = r[w[4]];
            switch (w[0]) {
            case ADD: EACH o[i] = a[i] + b[i]; break;
            case SUB: EACH o[i] = a[i] - b[i]; break;
            case MUL: EACH o[i] = a[i] * b[i]; break;
            case DIV: EACH o[i] = a[i] / b[i]; break;
            case MIN: EACH o[i] = a[i] < b[i] || a[i] != a[i] ? a[i] : b[i]; break;
            case MAX: EACH o[i] = a[i] > b[i] || a[i] != a[i] ? a[i] : b[i]; break;
            case GE: EACH o[i] = a[i] >= b[i]; break;
            case GT: EACH o[i] = a[i] > b[i]; break;
            case AND: EACH o[i] = a[i] * b[i]; break;
            case OR: EACH o[i] = a[i] > b[i] ? a[i] : b[i]; break;
            case NOT: EACH o[i] = 1.0 - a[i]; break;
            case WHERE: EACH o[i] = a[i] != 0.0 ? b[i] : c[i]; break;
            case EXP: EACH o[i] = exponential(a[i], 0); break;
            case EXPM1: EACH o[i] = exponential(a[i], 1); break;
            case LOG: for (int i = 0; i < n; i++) o[i] = log(a[i]); break;
            case SQRT: EACH o[i] = sqrt(a[i]); break;
            case SIN: for (int i = 0; i < n; i++) o[i] = sin(a[i]); break;
            case COS: for (int i = 0; i < n; i++) o[i] = cos(a[i]); break;
            case TANH: for (int i = 0; i < n; i++) o[i] = tanh(a[i]); break;
            }
        }
    }
    """
    void evaluate(const int32_t *code, int count, double **r, int n) nogil


cdef class Kernel:
    """A formula with room for the registers of one block of cells.

    Parameters
    ----------
    formula : Formula
        What is computed.
    """

    def __init__(self, formula):
        cdef int number
        self.code = formula.code
        self.constants = [np.asarray(values, np.float64, order="C") for values in formula.constants]
        self.symbols = formula.symbols
        self.space = np.zeros((formula.registers, BLOCK))
        self.outputs = np.array(list(formula.outputs.values()), np.int32)
        self.pointers = np.array([self.space.base.ctypes.data + 8 * BLOCK * n for n in range(formula.registers)], np.int64)
        each = [values.ndim > 0 for values in self.constants]
        for number, values in enumerate(self.constants):
            if not each[number]:
                self.space.base[self.symbols + number] = values
        first = self.symbols
        self.bases = np.array(
            [values.ctypes.data if own else self.pointers[first + n] for n, (values, own) in enumerate(zip(self.constants, each))],
            np.int64,
        )
        self.strides = np.array([8 * own for own in each], np.int64)

    cdef void place(self, Py_ssize_t start) noexcept nogil:
        """Let the constants be those of the cells from `start` on."""
        cdef Py_ssize_t i
        for i in range(self.bases.shape[0]):
            self.pointers[self.symbols + i] = self.bases[i] + self.strides[i] * start

    cdef void spread(self) noexcept nogil:
        """Let the constants be those of the lanes, each given by `take`."""
        cdef Py_ssize_t i
        for i in range(self.bases.shape[0]):
            self.pointers[self.symbols + i] = <long long>&self.space[self.symbols + i, 0]

    cdef void take(self, int lane, Py_ssize_t cell) noexcept nogil:
        """Give a lane the constants of a cell."""
        cdef Py_ssize_t i
        for i in range(self.bases.shape[0]):
            if self.strides[i]:
                self.space[self.symbols + i, lane] = (<const double *>(self.bases[i] + self.strides[i] * cell))[0]

    cdef void symbol(self, int number, const double *values) noexcept nogil:
        """Let a symbol be `values`."""
        self.pointers[number] = <long long>values

    cdef double *output(self, int number) noexcept nogil:
        """What the formula returned under a name, by the number of the name."""
        return <double *>self.pointers[self.outputs[number]]

    cdef void run(self, int n) noexcept nogil:
        """Compute the formula for `n` cells."""
        if self.code.shape[0]:
            evaluate(&self.code[0, 0], <int>self.code.shape[0], <double **>&self.pointers[0], n)
