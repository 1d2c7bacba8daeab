"""`emulator.dynamic.fetch_rows`, compiled for the baseline of the platform."""

include "fetch.pxi"
