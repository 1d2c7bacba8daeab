"""`emulator.dynamic.fetch_rows`, compiled for AVX-512."""

include "fetch.pxi"
