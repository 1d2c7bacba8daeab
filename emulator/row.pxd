"""The format of a synaptic row, as `emulator.image` tells it, for C code."""

cdef enum:
    PLASTIC_SIZE = 0            # words of the header of a row without a plastic part
    FIXED_COUNT = 1
    PLASTIC_CONTROL_COUNT = 2
    HEADER_WORDS = 3
    LAST_SPIKE = 1              # first word of a plastic part
    WEIGHT_SHIFT = 16           # lowest bit of the weight in a synaptic word
