"""The machine: chips, links, memories, routing tables, and cores that run programs in fixed point.

This package knows no neuroscience.  It owns its input formats (the machine description, the machine
image, the program of a core) and runs an image tick by tick; it can be used alone.
"""

import os

# The OpenMP runtime reads this once, when the engine is loaded. Threads meet twice a tick; one that spins while it
# waits takes the processor from the one it waits for, which made two threads fifty times slower on a busy machine.
os.environ.setdefault("GOMP_SPINCOUNT", "0")
