"""The machine: chips, links, memories, routing tables, and cores that run programs in fixed point.

This package knows no neuroscience.  It owns its input formats (the machine description, the machine
image, the program of a core) and runs an image tick by tick; it can be used alone.
"""
