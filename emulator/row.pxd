"""The format of a synaptic row, as `emulator.image` tells it, for C code."""

cdef enum:
    PLASTIC_SIZE = 0            # words of the header; all of a row is fixed, so two of them are 0
    FIXED_COUNT = 1
    PLASTIC_CONTROL_COUNT = 2
    HEADER_WORDS = 3
    WEIGHT_SHIFT = 16           # lowest bit of the weight in a synaptic word
