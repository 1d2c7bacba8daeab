"""`emulator.share.run_share`, compiled for AVX2."""

include "share.pxi"
