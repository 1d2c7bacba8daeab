"""The kernels of ``update.pxi``, compiled for AVX-512."""

include "update.pxi"
