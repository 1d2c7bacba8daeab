"""The kernels of ``update.pxi``, compiled for the baseline of the platform."""

include "update.pxi"
