"""The C function that processes rows of synapses with dynamics, for the widest vectors that this computer has."""

from __future__ import annotations

import importlib

from emulator.update import INSTRUCTION_SET

FETCH_ADDRESS: int = importlib.import_module(f"emulator.fetch_{INSTRUCTION_SET}").address()
"""Its address: cast it to ``emulator.dynamic.fetch_t``."""
