"""Fixed-point operations and functions over numpy arrays of 32-bit words.

Operands are integers or integer arrays that broadcast against each other; results are int32 words of the
broadcast shape.  Of an unsigned format the word is the bit pattern: ``words.view(numpy.uint32)`` is its
number.  What each does is told in ``fixed_point.pxd`` and ``functions.pyx``.
"""

import numpy as np

from libc.stdint cimport int32_t

from emulator cimport fixed_point, functions

ctypedef int32_t (*unary_t)(int32_t) noexcept nogil
ctypedef int32_t (*binary_t)(int32_t, int32_t) noexcept nogil


def as_words(values):
    """Integers in -2^31 .. 2^32-1 as int32 words.

    Raises
    ------
    TypeError
        If `values` are not integers.
    OverflowError
        If one does not fit a word.
    """
    array = np.asarray(values)
    if array.dtype == np.int32:
        return array
    if array.dtype.kind not in "iu":
        raise TypeError(f"fixed-point words must be integers, got {array.dtype}")
    wide = array.astype(np.int64)
    if wide.size and (wide.min() < -(2**31) or wide.max() >= 2**32):
        raise OverflowError(f"{array} does not fit 32-bit words")
    return (wide & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


cdef class Unary:
    """A function of one word, over arrays."""

    cdef unary_t function

    def __call__(self, a):
        words = as_words(a)
        cdef const int32_t[::1] x = np.ascontiguousarray(words).reshape(-1)
        out = np.empty(x.shape[0], dtype=np.int32)
        cdef int32_t[::1] y = out
        cdef Py_ssize_t i
        with nogil:
            for i in range(x.shape[0]):
                y[i] = self.function(x[i])
        return out.reshape(words.shape)


cdef class Binary:
    """A function of two words, over arrays."""

    cdef binary_t function

    def __call__(self, a, b):
        left, right = np.broadcast_arrays(as_words(a), as_words(b))
        cdef const int32_t[::1] x = np.ascontiguousarray(left).reshape(-1)
        cdef const int32_t[::1] y = np.ascontiguousarray(right).reshape(-1)
        out = np.empty(x.shape[0], dtype=np.int32)
        cdef int32_t[::1] z = out
        cdef Py_ssize_t i
        with nogil:
            for i in range(x.shape[0]):
                z[i] = self.function(x[i], y[i])
        return out.reshape(left.shape)


cdef Unary unary(unary_t function):
    cdef Unary made = Unary()
    made.function = function
    return made


cdef Binary binary(binary_t function):
    cdef Binary made = Binary()
    made.function = function
    return made


k_add = binary(fixed_point.k_add)
k_sub = binary(fixed_point.k_sub)
k_add_sat = binary(fixed_point.k_add_sat)
k_mul = binary(fixed_point.k_mul)
k_mul_sat = binary(fixed_point.k_mul_sat)
k_mul_int = binary(fixed_point.k_mul_int)
k_mul_lr = binary(fixed_point.k_mul_lr)
k_decay = binary(fixed_point.k_decay)
lr_mul = binary(fixed_point.lr_mul)
k_mul_ulr = binary(fixed_point.k_mul_ulr)
uk_mul = binary(fixed_point.uk_mul)
ulr_mul = binary(fixed_point.ulr_mul)
k_mul_ulr_to_ulr = binary(fixed_point.k_mul_ulr_to_ulr)
k_div = binary(fixed_point.k_div)
k_div_sat = binary(fixed_point.k_div_sat)
uk_div = binary(fixed_point.uk_div)
kdivk = binary(fixed_point.kdivk)
kdivui = binary(fixed_point.kdivui)
shift_left = binary(fixed_point.shift_left)
shift_right = binary(fixed_point.shift_right)

k_neg = unary(fixed_point.k_neg)
k_to_int = unary(fixed_point.k_to_int)
int_to_k = unary(fixed_point.int_to_k)
k_to_ulr = unary(fixed_point.k_to_ulr)
ulr_to_k = unary(fixed_point.ulr_to_k)
k_to_lr = unary(fixed_point.k_to_lr)
lr_to_k = unary(fixed_point.lr_to_k)
k_to_uk = unary(fixed_point.k_to_uk)
uk_to_k = unary(fixed_point.uk_to_k)

expk = unary(functions.expk)
expuk = unary(functions.expuk)
expulr = unary(functions.expulr)
sqrtk = unary(functions.sqrtk)
