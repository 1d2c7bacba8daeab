"""`emulator.share.run_share`, compiled for AVX-512."""

include "share.pxi"
