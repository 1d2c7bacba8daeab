"""`emulator.share.run_share`, compiled for the baseline of the platform."""

include "share.pxi"
