"""The kernels of ``update.pxi``, compiled for AVX2."""

include "update.pxi"
