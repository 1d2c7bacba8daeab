"""`emulator.dynamic.fetch_rows`, compiled for AVX2."""

include "fetch.pxi"
